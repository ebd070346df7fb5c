# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.grants import grants
from hypothesis import given
from hypothesis import strategies as st

RBAC = "rbac.authorization.k8s.io"
READ_PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
GROWING = [
    {"apiGroups": [""], "resources": ["*"], "verbs": ["get"]},
    {"apiGroups": ["*"], "resources": ["pods"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]},
    {"apiGroups": [RBAC], "resources": ["clusterroles"], "verbs": ["get", "escalate"]},
    {"apiGroups": [RBAC], "resources": ["clusterroles"], "verbs": ["bind"]},
]


def of(*documents, expectations=()):
    return grants([{"set": "s", "documents": list(documents), "expectations": list(expectations)}], "entry-role", "entry")


def role(kind="ClusterRole", name="r", rules=(READ_PODS,), **more):
    metadata = {"name": name} if kind == "ClusterRole" else {"name": name, "namespace": "n"}
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": list(rules), **more}


def cluster_binding(to):
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "b"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": to},
    }


def allowed(rules, group, resource, verb, name=""):
    return any(
        group in rule.get("apiGroups", ())
        and resource in rule.get("resources", ())
        and verb in rule["verbs"]
        and (not rule.get("resourceNames") or name in rule["resourceNames"])
        for rule in rules
    )


def test_what_is_cluster_scoped_is_granted_by_name_and_never_to_delete():
    given = of({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}})
    for verb in ("get", "create", "patch"):
        assert allowed(given["cluster"], "", "namespaces", verb, "n")
    assert not allowed(given["cluster"], "", "namespaces", "create", "kube-system")
    assert not allowed(given["cluster"], "", "namespaces", "delete", "n")
    assert given["namespaces"] == ["n"]


def test_what_is_namespaced_is_granted_where_the_deployer_is_bound():
    given = of({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "n"}})
    for verb in ("get", "list", "watch", "create", "patch", "delete"):
        assert allowed(given["namespace"], "apps", "deployments", verb)
    assert allowed(given["cluster"], "apps", "deployments", "list")
    assert not allowed(given["cluster"], "apps", "deployments", "patch")


def test_secrets_are_read_in_namespaces_alone():
    given = of(expectations=[{"api_version": "v1", "kind": "Secret"}])
    assert allowed(given["namespace"], "", "secrets", "get")
    assert not allowed(given["cluster"], "", "secrets", "get")
    assert not allowed(given["cluster"], "", "secrets", "list")


def test_kinds_that_the_last_inventory_had_can_be_found_and_removed():
    given = of()
    assert allowed(given["cluster"], "autoscaling", "horizontalpodautoscalers", "list")
    assert allowed(given["namespace"], "policy", "poddisruptionbudgets", "delete")


def test_custom_resources_go_by_their_definitions():
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "geese.farm.example"},
        "spec": {"group": "farm.example", "scope": "Cluster", "names": {"kind": "Goose", "plural": "geese"}, "versions": [{"name": "v1"}]},
    }
    given = of(crd, {"apiVersion": "farm.example/v1", "kind": "Goose", "metadata": {"name": "g"}})
    assert allowed(given["cluster"], "farm.example", "geese", "patch", "g")
    assert not allowed(given["cluster"], "farm.example", "geese", "patch", "h")


@pytest.mark.parametrize(
    ("api_version", "kind", "resource"),
    [
        ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
        ("networking.k8s.io/v1", "Ingress", "ingresses"),
        ("v1", "Endpoints", "endpoints"),
        ("gateway.networking.k8s.io/v1", "Gateway", "gateways"),
    ],
)
def test_plurals_of_known_kinds(api_version, kind, resource):
    given = of({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "namespace": "n"}})
    assert allowed(given["namespace"], api_version.rpartition("/")[0], resource, "patch")


def test_whoever_writes_a_role_holds_its_rights():
    assert READ_PODS in of(role())["cluster"]
    assert READ_PODS in of(role("Role"))["namespace"]
    assert of(role(), role("Role"))["withheld"] == []


@pytest.mark.parametrize("kind", ["Role", "ClusterRole"])
@pytest.mark.parametrize("rule", GROWING)
def test_rights_that_grow_are_withheld_and_told(kind, rule):
    given = of(role(kind, rules=[rule, READ_PODS]))
    assert rule not in given["cluster"] + given["namespace"]
    assert READ_PODS in given["cluster"] + given["namespace"]
    (told,) = given["withheld"]
    assert f"{kind}.{RBAC}/" in told


def test_no_binding_leads_to_more_than_the_deployer_holds():
    given = of(role(name="wide", rules=GROWING[:1]), cluster_binding("wide"))
    assert not allowed(given["cluster"], RBAC, "clusterroles", "bind", "wide")
    given = of(cluster_binding("cluster-admin"))
    assert not allowed(given["cluster"], RBAC, "clusterroles", "bind", "cluster-admin")
    assert "cluster-admin" in given["withheld"][0]
    given = of(cluster_binding("system:auth-delegator"))
    assert allowed(given["cluster"], RBAC, "clusterroles", "bind", "system:auth-delegator")


def test_a_role_that_gathers_others_is_an_administrators():
    assert of(role(rules=[], aggregationRule={"clusterRoleSelectors": []}))["withheld"]


def test_the_deployer_enters_a_namespace_by_one_binding_to_one_role():
    given = of()
    assert allowed(given["cluster"], RBAC, "rolebindings", "patch", "entry")
    assert not allowed(given["cluster"], RBAC, "rolebindings", "patch", "other")
    assert allowed(given["cluster"], RBAC, "clusterroles", "bind", "entry-role")
    assert not allowed(given["cluster"], RBAC, "clusterroles", "bind", "admin")


WORDS = st.sampled_from(["*", "get", "bind", "escalate", "impersonate", "pods", "clusterroles", ""])
RULES = st.fixed_dictionaries({key: st.lists(WORDS, min_size=1, max_size=3) for key in ("apiGroups", "resources", "verbs")})


@given(st.lists(RULES, max_size=4), st.sampled_from(["Role", "ClusterRole"]))
def test_whatever_is_declared_no_grant_has_a_wildcard_or_an_unnamed_growing_verb(rules, kind):
    found = of(role(kind, rules=rules))
    for rule in found["cluster"] + found["namespace"]:
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        if {"bind", "escalate", "impersonate"} & set(rule["verbs"]):
            assert (rule["verbs"], rule["resourceNames"]) == (["bind"], ["entry-role"])
