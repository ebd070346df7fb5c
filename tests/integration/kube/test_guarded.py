# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an account in the deployer's own namespace may more than it, the policies of its access keep it from becoming that account."""

from __future__ import annotations

import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.grants import separated
from ansible_collections.gantry.platform.plugins.module_utils._kube.declare.setfile import set_file
from ansible_collections.gantry.platform.plugins.module_utils._kube.declare.store import write_set
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    RBAC,
    config_map,
    deployment,
    namespace_of,
    one_set,
    role,
    role_binding,
    service_account,
    unused_name,
)
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import ROOT, Face
from ansible_collections.gantry.platform.tests.kit.waiting import until

DEPLOYER = "gantry:deployer"
REFUSED = "what runs as an account that may more than the deployer is an administrator's"
BASELINE = ROOT / "roles" / "cluster_baseline"
KINDS = {
    "Pod": ("v1", "pods", ()),
    "ReplicationController": ("v1", "replicationcontrollers", ("template",)),
    "Deployment": ("apps/v1", "deployments", ("template",)),
    "StatefulSet": ("apps/v1", "statefulsets", ("template",)),
    "DaemonSet": ("apps/v1", "daemonsets", ("template",)),
    "ReplicaSet": ("apps/v1", "replicasets", ("template",)),
    "Job": ("batch/v1", "jobs", ("template",)),
    "CronJob": ("batch/v1", "cronjobs", ("jobTemplate", "template")),
}


def workload(kind, namespace, account):
    """Something of this kind that runs as an account; as the namespace's default where none is named."""
    labels = {"app": kind.lower()}
    pod = {"containers": [{"name": "c", "image": "images.consciousness.example/tests/app:1"}], "restartPolicy": "Always"}
    pod |= {"serviceAccountName": account} if account else {}
    pod |= {"restartPolicy": "Never"} if kind in ("Job", "CronJob") else {}
    spec = pod
    for name in reversed(KINDS[kind][2]):
        spec = {name: {"metadata": {"labels": labels}, "spec": spec}} if name == "template" else {name: {"spec": spec}}
    if kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
        spec["selector"] = {"matchLabels": labels}
    spec |= {"ReplicationController": {"selector": labels}, "CronJob": {"schedule": "0 0 1 1 *"}, "StatefulSet": {"serviceName": "s"}}.get(
        kind, {}
    )
    return {"apiVersion": KINDS[kind][0], "kind": kind, "metadata": {"name": kind.lower(), "namespace": namespace}, "spec": spec}


@pytest.fixture(scope="module")
def home():
    return unused_name("guarded")


@pytest.fixture(scope="module")
def guarded(cluster, home, tmp_path_factory):
    """A namespace that the deployer is let into, with an account that may more than it, after an administrator applied the access."""
    folder = tmp_path_factory.mktemp("guarded")
    bounded = namespace_of(home)
    bounded["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": "baseline"}
    greedy = role(home, "greedy")
    greedy["rules"] = [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]
    bound = role_binding(home, "greedy", role_name="greedy")
    bound["subjects"] = [{"kind": "ServiceAccount", "name": "mighty", "namespace": home}]
    entry = role_binding(home, "gantry-deployer", role_name="gantry-deployer-namespace", user=DEPLOYER, kind="ClusterRole")
    documents = [bounded, entry, service_account(home, "mighty"), greedy, bound, config_map(home), deployment(home, replicas=1)]
    sets = separated([set_file("s", home, [(document, "tests") for document in documents])])
    assert sets[-1]["grants"]["accounts"] == [f"{home}/mighty"]
    for content in sets:
        write_set(str(folder), content)
    administered = [document for document in documents if document["kind"] not in ("ConfigMap", "Deployment")]
    cluster.run(one_set("theirs", "default", *administered)).ok()
    variables = {"platform_model": {"store": str(folder)}, "cluster_baseline_owner": "tests", "cluster_baseline_deployer": DEPLOYER}
    path = str(BASELINE / "templates" / "access.yaml.j2")
    apply = {"owner": "tests", "apply_set": {"name": "access", "namespace": "default"}, "template": path, "force_conflicts": True}
    face = Face("action", folder, cluster.kubeconfig)
    keys = {"vars": variables, "vars_files": [str(BASELINE / "vars" / "main.yml")]}
    played = face.play({"name": "access", "gantry.platform.kube_apply": apply}, keys=keys)
    assert played.code == 0, played.output
    # All that somebody may do in a namespace who is no administrator of it: what refuses is the policies alone.
    edit = role_binding(home, "edit", role_name="edit", user=DEPLOYER, kind="ClusterRole")
    cluster.admin.create(f"/apis/{RBAC}/v1/namespaces/{home}/rolebindings", edit, "tests")
    client = cluster.client("deployer", kubeconfig=str(cluster.root / "deployer.kubeconfig"))
    until(lambda: REFUSED in tried(client, workload("Pod", home, "mighty"))[1], "the policies to hold")
    yield client
    client.close()
    gone = {"apply_set": {"name": "access", "namespace": "default"}, "definition": [config_map("default", "kept")], "owner": "tests"}
    limits = {"mode": "delete", "data": ["Namespace"], "max_percent": 100}
    cluster.run(apply_set=gone["apply_set"], definition=gone["definition"], prune=limits).ok()


def tried(client, document, path="", method="POST"):
    """What the server says to a request that is not carried out."""
    group, _slash, version = document["apiVersion"].rpartition("/")
    root = f"/apis/{group}/{version}" if group else "/api/v1"
    place = path or f"{root}/namespaces/{document['metadata']['namespace']}/{KINDS[document['kind']][1]}"
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    answer = client.pool.request(method, f"{place}?dryRun=All", json.dumps(document).encode(), {"Content-Type": kind})
    return answer.status, answer.body.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_who_is_no_administrator_runs_something_as_a_mighty_account(home, guarded, kind):
    status, said = tried(guarded, workload(kind, home, "mighty"))
    assert (status, REFUSED in said) == (403, True), said
    status, said = tried(guarded, workload(kind, home, ""))
    assert status == 201, said


def test_what_runs_as_one_is_changed_by_an_administrator_alone(cluster, home, guarded):
    """Its image, or the account of what runs already; the server's own controllers go on with what the administrator made."""
    mighty = workload("Deployment", home, "mighty")
    path = cluster.path(mighty)
    cluster.admin.create(path.rpartition("/")[0], mighty, "tests")
    until(
        lambda: [pod for pod in cluster.list("Pod", home) if pod["spec"]["serviceAccountName"] == "mighty"],
        "the controllers to make its pod",
    )
    away = {**mighty, "spec": {"template": {"spec": {"serviceAccountName": "default"}}}}
    image = {
        **mighty,
        "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "images.consciousness.example/tests/evil:1"}]}}},
    }
    for change in (away, image):
        status, said = tried(guarded, change, path, "PATCH")
        assert (status, REFUSED in said) == (403, True), said
    own = {**workload("Deployment", home, ""), "metadata": {"name": "own", "namespace": home}}
    cluster.admin.create(path.rpartition("/")[0], own, "tests")
    there = f"{path.rpartition('/')[0]}/own"
    status, said = tried(guarded, {**own, "spec": {"template": {"spec": {"serviceAccountName": "mighty"}}}}, there, "PATCH")
    assert (status, REFUSED in said) == (403, True), said
    status, said = tried(guarded, {**own, "spec": {"replicas": 2}}, there, "PATCH")
    assert status == 200, said
    status, said = tried(cluster.admin, image, path, "PATCH")
    assert status == 200, said
