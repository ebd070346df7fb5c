# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.grants import grants, separated
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.administered import (
    RBAC,
    allowed,
    binding,
    cluster_role,
    content,
    deployment,
    entry,
    namespace,
    role,
)
from hypothesis import given
from hypothesis import strategies as st

READ_PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}


def of(*documents, expectations=()):
    return grants([content(namespace("n"), entry("n"), *documents, expectations=expectations)])


def test_beyond_its_namespaces_it_reads_and_writes_nothing():
    found = of(cluster_role("r", [READ_PODS]), deployment())
    assert {verb for rule in found["cluster"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert allowed(found["cluster"], "", "namespaces", "list")
    assert allowed(found["cluster"], RBAC, "clusterroles", "get")
    assert allowed(found["cluster"], "", "pods", "list"), "who cannot see pods takes every new wall for a disturbance"


def test_what_is_namespaced_is_granted_where_the_deployer_is_bound():
    found = of(deployment())
    for verb in ("get", "list", "watch", "create", "patch", "delete"):
        assert allowed(found["namespace"], "apps", "deployments", verb)
    assert allowed(found["cluster"], "apps", "deployments", "list")
    assert not allowed(found["cluster"], "apps", "deployments", "patch")
    assert found["namespaces"] == ["gantry-system", "n"]


def test_secrets_are_read_in_namespaces_alone():
    found = of(expectations=[{"name": "s", "meaning": "there", "api_version": "v1", "kind": "Secret"}])
    assert allowed(found["namespace"], "", "secrets", "get")
    assert not any(allowed(found["cluster"], "", "secrets", verb) for verb in ("get", "list", "watch"))


def test_kinds_that_the_last_inventory_had_can_be_found_and_removed():
    found = of()
    assert allowed(found["cluster"], "autoscaling", "horizontalpodautoscalers", "list")
    assert allowed(found["namespace"], "policy", "poddisruptionbudgets", "delete")


def test_custom_resources_go_by_their_definitions():
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "geese.farm.example"},
        "spec": {
            "group": "farm.example",
            "scope": "Namespaced",
            "names": {"kind": "Goose", "plural": "geese"},
            "versions": [{"name": "v1"}],
        },
    }
    found = of(crd, {"apiVersion": "farm.example/v1", "kind": "Goose", "metadata": {"name": "g", "namespace": "n"}})
    assert allowed(found["namespace"], "farm.example", "geese", "patch")
    assert not allowed(found["namespace"], "apiextensions.k8s.io", "customresourcedefinitions", "patch")


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
    found = of({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "namespace": "n"}})
    assert allowed(found["namespace"], api_version.rpartition("/")[0], resource, "patch")


def test_whoever_writes_a_role_holds_its_rights_and_no_others():
    assert READ_PODS in of(role([READ_PODS]))["namespace"]
    exec_ = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}
    found = of(role([READ_PODS, exec_]), cluster_role("c", [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]}]))
    assert READ_PODS not in found["namespace"], "the whole role is an administrator's"
    assert exec_ not in found["namespace"] + found["cluster"]
    assert not any(allowed(found["cluster"] + found["namespace"], "", "nodes", verb) for verb in ("get", "list"))


def test_bindings_are_granted_in_namespaces_alone():
    found = of(binding("RoleBinding", "b", "Role", "r"), role([READ_PODS]))
    assert allowed(found["namespace"], RBAC, "rolebindings", "patch")
    assert not allowed(found["cluster"], RBAC, "rolebindings", "patch")


def test_sets_that_were_separated_keep_the_rights_as_they_were_found():
    contents = [content(namespace("n"), entry("n"), deployment())]
    apart = separated(contents)
    assert grants(apart) == grants(contents)
    assert [document["kind"] for document in apart[0]["documents"]] == ["Deployment"]


WORDS = st.sampled_from(["*", "get", "bind", "escalate", "impersonate", "pods", "pods/exec", "clusterroles", ""])
RULES = st.fixed_dictionaries({key: st.lists(WORDS, min_size=1, max_size=3) for key in ("apiGroups", "resources", "verbs")})


@given(st.lists(RULES, max_size=4), st.sampled_from(["Role", "ClusterRole"]))
def test_whatever_is_declared_no_grant_has_a_wildcard_or_a_growing_verb(rules, kind):
    found = of(role(rules) if kind == "Role" else cluster_role("c", rules))
    for rule in found["cluster"] + found["namespace"]:
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        assert not {"bind", "escalate", "impersonate"} & set(rule["verbs"])
        assert "pods/exec" not in rule["resources"]
