# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The deployer: rights derived from the declared sets are enough for them, and for nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.grants import separated
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    RBAC,
    config_map,
    deployment,
    identity,
    namespace_of,
    one_set,
    quota,
    role,
    role_binding,
    secret,
    unused_name,
)

DEPLOYER = "gantry:deployer"
ENTRY = "gantry-deployer"
COMMAND = "make access"
ROOT = Path(__file__).resolve().parents[3]


def cluster_role(name, rules):
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}


@pytest.fixture
def home():
    return unused_name()


@pytest.fixture
def documents(home):
    """A namespace with the way into it and what shall be there."""
    way_in = role_binding(home, ENTRY, role_name=f"entry-{home}", user=DEPLOYER, kind="ClusterRole")
    bounded = namespace_of(home)
    bounded["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": "baseline"}
    return [bounded, way_in, config_map(home), secret(home), deployment(home), role(home), role_binding(home), quota(home, pods="9")]


@pytest.fixture
def deployer(cluster, namespace, home, documents):
    """The deployer's access, after an administrator applied what only one may."""
    content = {"set": "s", "namespace": namespace, "role": "tests", "documents": documents}
    _left, gathered = separated([content])
    rights = gathered["grants"]
    everywhere = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"deployer-{home}"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": f"deployer-{home}"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": DEPLOYER}],
    }
    access = [cluster_role(f"deployer-{home}", rights["cluster"]), cluster_role(f"entry-{home}", rights["namespace"]), everywhere]
    records = role_binding(namespace, ENTRY, role_name=f"entry-{home}", user=DEPLOYER, kind="ClusterRole")
    cluster.run(one_set("access", namespace, *access, records), owner="administrator").ok()
    cluster.run(one_set("theirs", namespace, *documents[:2])).ok()
    for place in (namespace, home):
        cluster.wait_for_right(DEPLOYER, "list", "secrets", place)
    return {"kubeconfig": str(cluster.root / "deployer.kubeconfig")}


def test_it_plans_applies_finds_drift_and_prunes_what_is_declared(cluster, namespace, documents, deployer):
    own = documents[2:]
    wanted = one_set("s", namespace, *own)
    checked = cluster.run(wanted, check=True, auth=deployer).ok()
    assert checked.planned == {identity(document): "create" for document in own}
    assert {change["impact"] for change in checked.result["plan"]} == {"safe"}, "it sees that no pod runs under the new quota"
    done = cluster.run(wanted, auth=deployer, lock=True).ok()
    assert done.written == set(checked.planned)
    assert {request.user for request in done.sent} == {DEPLOYER}
    again = cluster.run(wanted, auth=deployer, lock=True).ok()
    assert (again.tried, [request.uri for request in again.sent if request.code == 403]) == ([], [])
    cluster.edit(own[0], {"data": {"extra": "1"}})
    drift = cluster.run(wanted, check=True, auth=deployer, verify="full", foreign="report").ok()
    assert [(row["path"], row["manager"]) for row in drift.result["foreign"]] == [("data.extra", "intruder")]
    assert not [warning for warning in drift.result["warnings"] if "managedFields only" in warning]
    less = [document for document in own if document["kind"] != "Secret"]
    gone = cluster.run(one_set("s", namespace, *less), auth=deployer, prune={"mode": "delete"}).ok()
    assert gone.planned == {identity(own[1]): "delete"}


def test_what_an_administrator_applied_is_compared_without_a_right_to_write_it(cluster, namespace, home, documents, deployer):
    sets = [one_set("s", namespace, *documents[2:]), one_set("theirs", namespace, *documents[:2])]
    administered = {"sets": ["theirs"], "command": COMMAND}
    done = cluster.run(*sets, administered=administered, auth=deployer).ok()
    assert done.written == {identity(document) for document in documents[2:]}
    again = cluster.run(*sets, administered=administered, auth=deployer).ok()
    assert (again.tried, again.result["changed"]) == ([], False)

    cluster.edit(documents[0], {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}})
    planned = cluster.run(*sets, administered={**administered, "refuse": False}, check=True, auth=deployer).ok()
    (row,) = planned.result["plan"]
    assert (row["id"], row["fields"]) == (identity(documents[0]), ["metadata.labels.pod-security.kubernetes.io/enforce"])
    refused = cluster.run(*sets, administered=administered, auth=deployer)
    assert refused.writes == []
    assert identity(documents[0]) in refused.message
    assert COMMAND in refused.message


def test_a_right_that_it_lacks_is_told_with_the_command(cluster, namespace, documents, deployer):
    cluster.run(one_set("s", namespace, *documents[2:]), auth=deployer).ok()
    elsewhere = cluster.namespace()
    administered = {"sets": [], "command": COMMAND}
    for stranger in (config_map(elsewhere), secret(elsewhere)):
        refused = cluster.run(one_set("s", namespace, *documents[2:], stranger), administered=administered, auth=deployer)
        assert "forbidden" in refused.message
        assert COMMAND in refused.message
        assert refused.writes == []


def test_it_cannot_give_what_it_does_not_have(cluster, namespace, home, documents, deployer):
    own = documents[2:]
    cluster.run(one_set("s", namespace, *own), auth=deployer).ok()
    greedy = role(home, "greedy")
    greedy["rules"] = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    refused = cluster.run(one_set("s", namespace, *own, greedy), auth=deployer)
    assert "attempting to grant RBAC permissions not currently held" in refused.message
    assert refused.writes == []


def test_it_cannot_read_secrets_where_it_was_not_let_in(cluster, namespace, deployer):
    elsewhere = cluster.namespace()
    client = cluster.client("deployer", **deployer)
    for path in ("/api/v1/secrets", f"/api/v1/namespaces/{elsewhere}/secrets"):
        assert client.pool.request("GET", path).status == 403
    client.close()


def identify(cluster, path, user, **more):
    """The module, as an administrator; what it answered."""
    given = {"kubeconfig": str(cluster.root / "admin.kubeconfig"), "user": user, "dest": str(path), **more}
    task = {"hosts": "localhost", "gather_facts": False, "tasks": [{"gantry.platform.kube_identity": given, "register": "made"}]}
    task["tasks"].append({"ansible.builtin.debug": {"msg": "changed={{ made.changed }} expires={{ made.expires }}"}})
    book = path.with_suffix(".yml")
    book.write_text(json.dumps([task]), encoding="utf-8")
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", book]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    words = ["-e", f"ansible_python_interpreter={sys.executable}"]
    done = subprocess.run([*command, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("user", ["somebody:new", "system:serviceaccount:{namespace}:deployer"])
def test_an_administrator_gives_it_an_identity_that_is_renewed_before_it_ends(cluster, namespace, tmp_path, user):
    user = user.format(namespace=namespace)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "deployer", "namespace": namespace}}
    cluster.run(one_set("account", namespace, account)).ok()
    path = tmp_path / "some" / "where.kubeconfig"
    path.parent.mkdir()
    code, said = identify(cluster, path, user)
    assert (code, "changed=True" in said) == (0, True), said
    assert path.stat().st_mode & 0o077 == 0
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    client = cluster.client("new", kubeconfig=str(path))
    seen = client.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", body, "test")["status"]["userInfo"]
    client.close()
    assert seen["username"] == user
    assert "system:masters" not in seen["groups"]
    made = path.read_bytes()
    code, said = identify(cluster, path, user)
    assert (code, "changed=False" in said, path.read_bytes()) == (0, True, made), said
    code, said = identify(cluster, path, user, renew_before=1000)
    assert (code, path.read_bytes() != made) == (0, True), said
    made = path.read_bytes()
    code, said = identify(cluster, path, "somebody:else")
    assert code != 0
    assert "of somebody else" in said
    assert path.read_bytes() == made
