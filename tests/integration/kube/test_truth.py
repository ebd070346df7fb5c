# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is called right is right: somebody covers his tracks, controllers write, things are deleted by hand."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.yaml import load_yaml
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.errors import ApiError
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    IMAGE,
    RBAC,
    autoscaler,
    config_map,
    deployment,
    handed_over_replicas,
    identity,
    job,
    namespace_of,
    one_set,
    policy,
    policy_binding,
    quota,
    secret,
    service,
    service_account,
    unused_name,
)
from ansible_collections.gantry.platform.tests.kit.waiting import until


def cluster_role(name, *verbs):
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": list(verbs) or ["get"]}]
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}


@pytest.fixture(scope="module")
def stranger(cluster, tmp_path_factory):
    """A second kubeconfig: another identity that may do everything, as a compromised administrator may."""
    accounts = unused_name("strangers")
    cluster.run(definition=[namespace_of(accounts), service_account(accounts, "stranger")], wait=False).ok()
    binding = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": accounts},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "namespace": accounts, "name": "stranger"}],
    }
    cluster.run(definition=[binding], wait=False).ok()
    cluster.wait_for_right(f"system:serviceaccount:{accounts}:stranger", "create", "configmaps", accounts)
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    token = cluster.admin.create(f"/api/v1/namespaces/{accounts}/serviceaccounts/stranger/token", asked, "tests")["status"]["token"]
    config = _config(cluster.kubeconfig)
    config["users"] = [{"name": "stranger", "user": {"token": token}}]
    config["contexts"][0]["context"]["user"] = "stranger"
    config["current-context"] = config["contexts"][0]["name"]
    path = tmp_path_factory.mktemp("stranger") / "kubeconfig"
    path.write_text(json.dumps(config))
    client = cluster.client("stranger", kubeconfig=str(path))
    yield client
    client.close()


def _config(path):
    return load_yaml(Path(path).read_text(), str(path))


class Attack:
    """Changes an object and puts ``managedFields`` back as they were, byte for byte."""

    def __init__(self, cluster, client):
        self.cluster, self.client = cluster, client

    def __call__(self, document, change, whole=False):
        path = self.cluster.path(document)
        before = self.client.get(path)
        hacked = copy.deepcopy(before)
        change(hacked)
        if whole:
            self.client.replace(path, hacked, "kube_apply:tests")
        else:
            members = [{"op": "add", "path": f"/{key}", "value": hacked[key]} for key in hacked if hacked[key] != before.get(key)]
            self.client.json_patch(path, members, "somebody")
        fields = before["metadata"]["managedFields"]
        self.client.json_patch(path, [{"op": "replace", "path": "/metadata/managedFields", "value": fields}], "somebody")
        after = self.client.get(path)
        assert _declared_fields(after) == _declared_fields(before) and _said(after) != _said(before)


def _declared_fields(document):
    return [entry for entry in document["metadata"]["managedFields"] if entry.get("subresource") != "status"]


def _said(document):
    """What the object says, without what the server and the controllers keep."""
    said = {key: value for key, value in document.items() if key not in ("metadata", "status")}
    return said | {key: document["metadata"].get(key) for key in ("labels", "finalizers")}


@pytest.fixture
def attack(cluster, stranger):
    return Attack(cluster, stranger)


def attacked(cluster, namespace):
    """A set of many kinds, and how each is turned."""
    name = unused_name("truth")
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe", "namespace": namespace, "labels": {name: "yes"}}}
    labelled = namespace_of(unused_name("truth"), **{"pod-security.kubernetes.io/enforce": "restricted"})
    rows = [
        (cluster_role(name), lambda o: o["rules"][0].update(verbs=["*"])),
        (policy(name, name, "yes", "false", probe), lambda o: o["spec"]["validations"][0].update(expression="true")),
        (policy_binding(name), lambda o: o["spec"].update(validationActions=["Audit"])),
        (secret(namespace, password="right"), lambda o: o["data"].update(password=base64.b64encode(b"wrong").decode())),
        (config_map(namespace, colour="red"), lambda o: o["data"].update(colour="blue")),
        (
            deployment(namespace, env={"A": "1"}),
            lambda o: o["spec"]["template"]["spec"]["containers"][0].update(image=IMAGE.replace("0", "1")),
        ),
        (service(namespace), lambda o: o["spec"].update(selector={"app": "mine"})),
        (quota(namespace, pods="5"), lambda o: o["spec"]["hard"].update(pods="500")),
        (labelled, lambda o: o["metadata"]["labels"].update({"pod-security.kubernetes.io/enforce": "privileged"})),
    ]
    return [document for document, _change in rows], {identity(document): (document, change) for document, change in rows}


@pytest.mark.parametrize("whole", [False, True], ids=["patch", "put"])
def test_who_puts_managed_fields_back_is_seen_by_plan_apply_and_drift(cluster, namespace, attack, whole):
    documents, changes = attacked(cluster, namespace)
    wanted = one_set("s", namespace, *documents)
    cluster.run(wanted, wait=False).ok()
    assert cluster.run(wanted, wait=False).ok().tried == []
    before = {one: cluster.get(document) for one, (document, _change) in changes.items()}
    for document, change in changes.values():
        attack(document, change, whole)
    plan = cluster.run(wanted, check=True).ok()
    assert plan.planned == dict.fromkeys(changes, "update")
    assert {row["reason"].partition(";")[0] for row in plan.result["plan"]} == {"changed by somebody whom managedFields do not name"}
    drift = cluster.run(wanted, check=True, verify="full", foreign="report", force_conflicts=True).ok()
    assert (drift.planned, drift.writes) == (plan.planned, [])
    assert "cmlnaHQ" not in str(drift.result) and "d3Jvbmc" not in str(drift.result)
    done = cluster.run(wanted, wait=False).ok()
    assert done.written == set(changes)
    for one, (document, _change) in changes.items():
        now = cluster.get(document)
        if document["kind"] == "ValidatingAdmissionPolicyBinding":  # a list that is a set: what is ours is back beside what is theirs
            assert now["spec"].pop("validationActions") == ["Audit", *before[one]["spec"].pop("validationActions")]
        assert _said(now) == _said(before[one])
    assert cluster.run(wanted, wait=False).ok().tried == []


def overwrite(stranger, path, change):
    """A PUT of the changed object, again where a controller wrote its status meanwhile."""

    def done():
        body = stranger.get(path)
        change(body)
        try:
            return stranger.replace(path, body, "x")
        except ApiError as error:
            assert error.status == 409, error
            return None

    until(done, "the object to be overwritten")


def test_no_client_can_put_generation_and_resource_version_back(cluster, namespace, stranger):
    for document in (deployment(namespace), config_map(namespace)):
        cluster.run(one_set(f"s-{document['kind'].lower()}", namespace, document), wait=False).ok()
        path = cluster.path(document)
        before = stranger.get(path)
        generation = {name: before["metadata"][name] for name in ("generation",) if name in before["metadata"]}
        overwrite(stranger, path, lambda o: (o.get("spec") or o["data"]).update({"paused": True} if "spec" in o else {"colour": "blue"}))
        overwrite(stranger, path, lambda o, kept=generation: o["metadata"].update(kept))
        after = stranger.get(path)["metadata"]
        assert after["resourceVersion"] != before["metadata"]["resourceVersion"]
        assert after.get("generation") is None or after["generation"] != before["metadata"]["generation"]


def test_a_harmless_write_of_somebody_else_costs_no_write_and_no_dry_run(cluster, namespace):
    documents = [
        config_map(namespace),
        secret(namespace),
        service_account(namespace),
        cluster_role(unused_name("truth")),
        service(namespace),
    ]
    wanted = one_set("s", namespace, *documents)
    cluster.run(wanted).ok()
    for document in documents:
        cluster.edit(document, {"metadata": {"annotations": {"example.com/note": "x"}}})
    for _run in range(2):
        again = cluster.run(wanted).ok()
        assert (again.tried, again.planned) == ([], {})


def test_what_controllers_do_to_new_objects_makes_the_second_run_write_nothing(cluster, namespace):
    app = deployment(namespace, replicas=None)
    wanted = one_set(
        "s", namespace, app, autoscaler(namespace), quota(namespace, pods="9"), handed_over=[handed_over_replicas(namespace, seed=1)]
    )
    cluster.run(wanted).ok()
    cluster.edit(app, {"spec": {"replicas": 3}}, "autoscaler", subresource="scale")
    until(lambda: cluster.get(quota(namespace))["status"]["used"]["pods"] == "3", "the quota to count")
    again = cluster.run(wanted, wait=False).ok()
    assert (again.tried, again.planned) == ([], {})
    assert len([request for request in again.sent if "/deployments" in request.uri]) == 2
    assert len([request for request in again.sent if "resourcequotas" in request.uri]) == 1


def test_a_record_of_before_is_read_looked_at_once_and_renewed(cluster, namespace):
    documents = [config_map(namespace), cluster_role(unused_name("truth"))]
    wanted = one_set("s", namespace, *documents)
    cluster.run(wanted).ok()
    (parent,) = cluster.parents_in(namespace)
    content = json.loads(_unpacked(parent))
    content["objects"] = [row[:4] for row in content["objects"]]
    packed = base64.b64encode(_packed(json.dumps(content))).decode()
    cluster.edit(f"Secret/{namespace}/s", {"data": {"record": packed}}, "kube_apply:tests-set")
    first = cluster.run(wanted).ok()
    assert (first.written, first.planned) == (set(), {f"Secret/{namespace}/s": "update"})
    assert cluster.run(wanted).ok().tried == []


def _unpacked(parent):
    return gzip.decompress(base64.b64decode(parent["data"]["record"]))


def _packed(text):
    return gzip.compress(text.encode(), mtime=0)


# what owns nothing, and what is empty


def test_an_object_with_nothing_but_a_name_is_right_the_second_time(cluster, namespace):
    documents = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": unused_name("bare")}}, service_account(namespace)]
    cluster.run(definition=documents).ok()
    again = cluster.run(definition=documents).ok()
    assert (again.writes, again.planned, again.result["counts"]["unchanged"]) == ([], {}, 2)
    assert cluster.run(definition=documents, check=True, verify="full", foreign="report").ok().result["foreign"] == []


def with_empties(namespace):
    app = deployment(namespace, replicas=1)
    app["metadata"] |= {"annotations": {}, "labels": {}, "finalizers": []}
    app["spec"]["template"]["metadata"] |= {"annotations": {}}
    app["spec"]["template"]["spec"] |= {"nodeSelector": {}, "tolerations": [], "volumes": [], "imagePullSecrets": [], "securityContext": {}}
    app["spec"]["template"]["spec"]["containers"][0] |= {
        "env": [],
        "args": [],
        "resources": {"limits": {}},
        "volumeMounts": [],
        "ports": [],
    }
    daemon = copy.deepcopy(app) | {"kind": "DaemonSet"}
    daemon["metadata"]["name"] = "daemon"
    daemon["spec"].pop("replicas")
    once = job(namespace)
    once["metadata"] |= {"annotations": {}, "labels": {}}
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "claim", "namespace": namespace, "annotations": {}, "labels": {}, "finalizers": []},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}, "limits": {}}},
    }
    account = service_account(namespace) | {"secrets": [], "imagePullSecrets": []}
    token = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": "token",
            "namespace": namespace,
            "annotations": {"kubernetes.io/service-account.name": "runner"},
            "labels": {},
        },
        "data": {},
    }
    settings = config_map(namespace) | {"data": {}, "binaryData": {}}
    settings["metadata"]["annotations"] = {}
    shop = service(namespace)
    shop["metadata"]["annotations"] = {}
    shop["spec"] |= {"externalIPs": [], "loadBalancerSourceRanges": []}
    wall = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "wall", "namespace": namespace, "annotations": {}},
        "spec": {"podSelector": {}, "ingress": [], "egress": [], "policyTypes": ["Ingress", "Egress"]},
    }
    place = namespace_of(unused_name("empty"))
    place["metadata"] |= {"annotations": {}, "labels": {}}
    role = cluster_role(unused_name("truth")) | {"rules": []}
    role["metadata"] |= {"annotations": {}, "labels": {}}
    return [app, daemon, once, claim, account, token, settings, shop, wall, place, role]


@pytest.mark.parametrize("recorded", [True, False], ids=["set", "no-set"])
def test_what_is_empty_claims_nothing_and_the_second_run_writes_nothing(cluster, namespace, recorded):
    documents = with_empties(namespace)
    wanted = {"sets": [one_set("s", namespace, *documents)]} if recorded else {"definition": documents}
    parents = [{"namespace": namespace, "name": "s"}]
    cluster.run(**wanted, parents=parents, wait=False).ok()
    until(lambda: "deployment.kubernetes.io/revision" in cluster.get(documents[0])["metadata"].get("annotations", {}), "the controller")
    until(lambda: "token" in cluster.get(documents[5]).get("data", {}), "the token")
    again = cluster.run(**wanted, parents=parents, wait=False).ok()
    assert (again.writes, again.planned) == ([], {})


def test_a_wall_without_doors_stays_a_claim(cluster, namespace):
    wall = with_empties(namespace)[8]
    wanted = one_set("s", namespace, wall)
    cluster.run(wanted).ok()
    cluster.edit(wall, {"spec": {"ingress": [{}]}})
    checked = cluster.run(wanted, check=True, force_conflicts=True).ok()
    assert checked.change(identity(wall))["action"] == "update"


# controllers


def test_what_controllers_fill_in_is_not_foreign(cluster, namespace):
    token = with_empties(namespace)[5]
    del token["data"]
    documents = [*with_empties(namespace)[:5], token, service(namespace), autoscaler(namespace), quota(namespace, pods="50")]
    root = config_map(namespace, "kube-root-ca.crt")
    del root["data"]
    root["metadata"]["labels"] = {"ours": "yes"}
    aggregated = cluster_role(unused_name("truth"))
    del aggregated["rules"]
    aggregated["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {"truth": namespace}}]}
    part = cluster_role(unused_name("truth"), "list")
    part["metadata"]["labels"] = {"truth": namespace}
    until(lambda: cluster.find(root), "the certificate")
    documents += [root, aggregated, part]
    wanted = one_set("s", namespace, *documents)
    cluster.run(wanted, wait=False).ok()
    until(lambda: "token" in cluster.get(token).get("data", {}), "the token")
    until(lambda: cluster.get(aggregated).get("rules"), "the aggregation")
    for verify in ("recorded", "full"):
        found = cluster.run(wanted, check=True, verify=verify, foreign="report", force_conflicts=True).ok()
        assert (found.result["foreign"], found.planned) == ([], {})


def test_bookkeeping_of_a_controller_is_no_field_of_a_plan(cluster, namespace):
    daemon = deployment(namespace) | {"kind": "DaemonSet"}
    del daemon["spec"]["replicas"]
    wanted = one_set("s", namespace, daemon)
    cluster.run(wanted, wait=False).ok()
    daemon["spec"]["template"]["spec"]["containers"][0]["image"] = IMAGE.replace("0", "2")
    change = cluster.run(wanted, check=True).ok().change(identity(daemon))
    assert change["fields"] == ["spec.template.spec.containers[name=app].image"]
    cluster.run(wanted, wait=False).ok()
    assert cluster.run(wanted).ok().planned == {}


# jobs


def test_a_job_that_was_deleted_by_hand_is_made_again(cluster, namespace):
    once = job(namespace)
    once["spec"]["suspend"] = True
    wanted = one_set("s", namespace, once)
    cluster.run(wanted).ok()
    cluster.delete(once)
    until(lambda: cluster.find(once) is None, "the job to go")
    assert cluster.run(wanted, check=True, verify="full", foreign="report").ok().planned == {identity(once): "create"}
    assert cluster.run(wanted).ok().written == {identity(once)}
    assert cluster.run(wanted).ok().writes == []


def test_a_job_that_was_seen_to_complete_is_not_run_twice(cluster, namespace):
    once = job(namespace)
    wanted = one_set("s", namespace, once)
    cluster.run(wanted).ok()
    assert any(one["type"] == "Complete" for one in cluster.get(once)["status"]["conditions"])
    cluster.delete(once)
    until(lambda: cluster.find(once) is None, "the job to go")
    assert cluster.run(wanted).ok().tried == []


# fields that were handed over


def scaled(cluster, namespace, replicas, *handed):
    app = deployment(namespace, replicas=replicas)
    return one_set("s", namespace, app, *([autoscaler(namespace)] if handed else []), handed_over=list(handed))


@pytest.mark.parametrize("autoscaled", [None, 2, 5], ids=["seeded", "scaled-to-the-same", "scaled"])
def test_a_field_that_was_handed_over_is_taken_back_and_handed_over_again(cluster, namespace, autoscaled):
    app = deployment(namespace)
    handed = scaled(cluster, namespace, None, handed_over_replicas(namespace, seed=1))
    fixed = scaled(cluster, namespace, 2)
    cluster.run(handed, wait=False, prune={"mode": "delete"}).ok()
    if autoscaled:
        cluster.edit(app, {"spec": {"replicas": autoscaled}}, "autoscaler", subresource="scale")
    cluster.run(fixed, wait=False, prune={"mode": "delete"}).ok()
    assert cluster.get(app)["spec"]["replicas"] == 2
    assert cluster.run(fixed, wait=False, prune={"mode": "delete"}).ok().tried == []
    cluster.run(handed, wait=False, prune={"mode": "delete"}).ok()
    assert cluster.get(app)["spec"]["replicas"] == 2
    assert cluster.run(handed, wait=False, prune={"mode": "delete"}).ok().tried == []


def test_a_selector_that_was_handed_over_is_taken_back(cluster, namespace):
    shop = service(namespace)
    rule = {
        "api_version": "v1",
        "kind": "Service",
        "namespace": namespace,
        "name": "app",
        "path": "spec.selector",
        "seed": {"app": "app"},
        "reason": "under a rollout",
    }
    cluster.run(one_set("s", namespace, shop, handed_over=[rule])).ok()
    cluster.edit(shop, {"spec": {"selector": {"app": "app", "hash": "1"}}}, "rollouts-controller")
    assert cluster.run(one_set("s", namespace, shop, handed_over=[rule])).ok().writes == []
    shop["spec"]["selector"] = {"app": "other"}
    cluster.run(one_set("s", namespace, shop)).ok()
    assert cluster.get(shop)["spec"]["selector"] == {"app": "other"}


def test_what_was_never_handed_over_stays_a_conflict(cluster, namespace):
    app = deployment(namespace, replicas=None)
    cluster.run(one_set("s", namespace, app), wait=False).ok()
    cluster.edit(app, {"spec": {"replicas": 5}}, "somebody")
    refused = cluster.run(one_set("s", namespace, deployment(namespace, replicas=2)), wait=False)
    assert "spec.replicas changed by 'somebody'" in refused.message and refused.writes == []
