# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who is let into one namespace, or two, and has no right outside of them."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.verify.expectations import read_expectations, verify
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
    service,
    service_account,
    unused_name,
)

NARROW = [
    {"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get", "list", "watch", "create", "patch", "delete"]},
    {"apiGroups": [""], "resources": ["resourcequotas"], "verbs": ["get", "list", "create", "patch"]},
]
"""Not even the namespace itself may be looked at, nor what is in it besides."""


def let_in(cluster, namespace, home, cluster_role):
    """Bind the account of ``home`` to a ClusterRole in a namespace, which may list what the engine lists first."""
    binding = role_binding(namespace, "team", role_name=cluster_role, kind="ClusterRole")
    binding["subjects"] = [{"kind": "ServiceAccount", "name": "team", "namespace": home}]
    cluster.admin.create(f"/apis/{RBAC}/v1/namespaces/{namespace}/rolebindings", binding, "tests")
    cluster.wait_for_right(f"system:serviceaccount:{home}:team", "list", "secrets", namespace)


def account(cluster, namespace):
    """Options of an identity that is bound to nothing yet."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    cluster.admin.create(path, service_account(namespace, "team"), "tests")
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    token = cluster.admin.create(f"{path}/team/token", request, "tests")["status"]["token"]
    return {"host": cluster.admin.server, "api_key": token, "ca_cert": str(cluster.root / "pki" / "ca.crt")}


@pytest.fixture
def team(cluster, namespace):
    """The admin of one namespace."""
    found = account(cluster, namespace)
    let_in(cluster, namespace, namespace, "admin")
    return found


@pytest.fixture
def narrow(cluster, namespace):
    """Somebody with a role of two kinds in one namespace."""
    name = unused_name("narrow")
    cluster_role = {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": NARROW}
    cluster.admin.create(f"/apis/{RBAC}/v1/clusterroles", cluster_role, "tests")
    found = account(cluster, namespace)
    let_in(cluster, namespace, namespace, name)
    return found


def test_the_admin_of_a_namespace_plans_applies_prunes_and_finds_drift(cluster, namespace, team):
    documents = [config_map(namespace), secret(namespace), service(namespace), deployment(namespace, replicas=1), role(namespace)]
    wanted = one_set("s", namespace, *documents)
    checked = cluster.run(wanted, check=True, auth=team).ok()
    assert checked.planned == {identity(document): "create" for document in documents}
    uid = cluster.get(f"Namespace/-/{namespace}")["metadata"]["uid"]
    assert checked.result["cluster_uid"] == f"namespace:{uid}"
    assert [w for w in checked.result["warnings"] if "kube-system" in w] == [
        "this identity may not read the namespace kube-system, whose uid names a cluster; its plans are bound to "
        f"the uid of the namespace {namespace} instead"
    ]
    done = cluster.run(wanted, auth=team, lock=True, approved_digest=checked.result["digest"]).ok()
    assert done.written == set(checked.planned)
    again = cluster.run(wanted, auth=team).ok()
    assert (again.tried, again.result["counts"]["unchanged"]) == ([], len(documents))
    cluster.edit(documents[0], {"data": {"extra": "1"}})
    drift = cluster.run(wanted, check=True, auth=team, verify="full", foreign="report").ok()
    assert [(row["path"], row["manager"]) for row in drift.result["foreign"]] == [("data.extra", "intruder")]
    gone = cluster.run(one_set("s", namespace, *documents[:-1]), auth=team, prune={"mode": "delete"}).ok()
    assert gone.planned == {identity(documents[-1]): "delete"}


def test_an_admin_of_two_namespaces_waits_in_both(cluster, namespace, team):
    second = cluster.namespace()
    let_in(cluster, second, namespace, "admin")
    wanted = one_set("s", namespace, deployment(namespace, replicas=1), deployment(second, replicas=1), secret(second))
    done = cluster.run(wanted, auth=team).ok()
    assert done.planned == {identity(document): "create" for document in wanted["definition"]}
    assert cluster.run(wanted, auth=team).ok().tried == []


def test_a_role_without_the_namespace_itself_is_enough(cluster, namespace, narrow):
    wanted = one_set("s", namespace, config_map(namespace), secret(namespace))
    checked = cluster.run(wanted, check=True, auth=narrow).ok()
    assert checked.result["cluster_uid"].startswith("server:")
    assert any("its plans are bound to the server's address" in warning for warning in checked.result["warnings"])
    done = cluster.run(wanted, auth=narrow, approved_digest=checked.result["digest"]).ok()
    assert done.written == set(checked.planned) == {identity(document) for document in wanted["definition"]}
    assert cluster.run(wanted, auth=narrow).ok().tried == []


def test_without_a_set_nothing_outside_is_asked_either(cluster, namespace, narrow):
    done = cluster.run(definition=config_map(namespace), auth=narrow).ok()
    assert done.written == {identity(config_map(namespace))}
    assert cluster.run(definition=config_map(namespace), auth=narrow).ok().writes == []


def test_who_may_not_see_pods_is_not_told_that_none_is_disturbed(cluster, namespace, narrow):
    wanted = one_set("s", namespace, quota(namespace, pods="3"))
    plan = cluster.run(wanted, check=True, auth=narrow).ok()
    (change,) = plan.result["plan"]
    assert (change["impact"], "whether pods run there cannot be seen" in change["reason"]) == ("disruptive", True)
    refused = cluster.run(wanted, auth=narrow, allowed_impact=["safe", "restart"])
    assert "impact disruptive" in refused.message and refused.writes == []
    plan = cluster.run(wanted, check=True).ok()
    assert {change["impact"] for change in plan.result["plan"]} == {"safe"}, "nobody is there, and the administrator sees that"


def test_what_is_not_allowed_is_refused_before_the_first_write_and_named(cluster, namespace, team):
    for stranger in (namespace_of(unused_name()), config_map("default", "not-ours")):
        refused = cluster.run(one_set("s", namespace, config_map(namespace), stranger), auth=team)
        assert "403" in refused.message and "forbidden" in refused.message
        assert refused.writes == []


def test_expectations_in_the_namespace_are_checked(cluster, namespace, team):
    cluster.run(one_set("s", namespace, config_map(namespace), quota(namespace, configmaps="9"))).ok()
    client = cluster.client("verifier", **team)
    rows = [{"name": "there", "meaning": "it is", "api_version": "v1", "kind": "ConfigMap", "namespace": namespace, "object": "settings"}]
    (verdict,) = verify(client, read_expectations([(row, "here") for row in rows]))
    client.close()
    assert verdict.passed, verdict.found


def test_an_orphan_of_kinds_that_nobody_grants_any_more_says_who_removes_it(cluster, namespace, narrow):
    cluster.run(one_set("gone", namespace, service(namespace))).ok()
    stays = one_set("stays", namespace, config_map(namespace))
    options = {"remove_sets": ["gone"], "variables": {"remove_sets": "my_sets"}, "prune": {"mode": "delete", "max_percent": 100}}
    refused = cluster.run(stays, **options, administered={"command": "make access"}, auth=narrow)
    assert "make access" in refused.message
    assert """the same command with -e '{"my_sets": ["gone"]}'""" in refused.message
    assert refused.writes == []
    done = cluster.run(stays, **options).ok()
    assert done.change(identity(service(namespace)))["action"] == "delete"
