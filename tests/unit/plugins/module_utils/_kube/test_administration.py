# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.administration import Administration
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.grants import separated
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.too_much import too_much
from ansible_collections.gantry.platform.plugins.module_utils._kube.declare.foretold import refuse_broken
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.administered import (
    RBAC,
    account,
    binding,
    cluster_role,
    content,
    deployment,
    entry,
    namespace,
    role,
)

HOME = (namespace("n"), entry("n"))


def rule(resources, verbs, group="", **more):
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split(), **more}


def why(document, *others, of=""):
    """Why the document is an administrator's, empty where it is the deployer's."""
    judged = Administration([content(*HOME, document, *others, of=of)])
    (found,) = [
        item.ref for item in judged.items if item.body["kind"] == document["kind"] and item.ref.name == document["metadata"]["name"]
    ]
    return judged.reasons.get(found, "")


GROWING = [
    rule("*", "get"),
    rule("pods", "*"),
    rule("pods", "get", "*"),
    {"nonResourceURLs": ["*"], "verbs": ["get"]},
    rule("users", "impersonate"),
    rule("clusterroles", "escalate", RBAC),
    rule("clusterroles", "bind", RBAC, resourceNames=["one"]),
    rule("signers", "approve", "certificates.k8s.io"),
    rule("signers", "sign", "certificates.k8s.io"),
    rule("certificatesigningrequests/approval", "update", "certificates.k8s.io"),
    rule("certificatesigningrequests", "create", "certificates.k8s.io"),
    rule("serviceaccounts/token", "create"),
    rule("nodes/proxy", "get"),
    rule("pods/exec", "get"),
    rule("pods/attach", "create"),
    rule("pods/portforward", "create"),
    rule("pods/ephemeralcontainers", "patch"),
    rule("persistentvolumes", "create"),
    rule("mutatingwebhookconfigurations", "patch", "admissionregistration.k8s.io"),
    rule("validatingwebhookconfigurations", "create", "admissionregistration.k8s.io"),
    rule("validatingadmissionpolicybindings", "delete", "admissionregistration.k8s.io"),
    rule("customresourcedefinitions", "update", "apiextensions.k8s.io"),
    rule("apiservices", "create", "apiregistration.k8s.io"),
    rule("namespaces", "patch"),
    rule("clusterrolebindings", "create", RBAC),
]


@pytest.mark.parametrize("growing", GROWING, ids=lambda row: " ".join(str(value) for value in row.values()))
def test_a_right_that_grows_makes_its_role_and_what_binds_it_an_administrators(growing):
    assert too_much(growing, beyond=False)
    greedy = role([rule("pods", "get"), growing])
    assert why(greedy)
    assert why(binding("RoleBinding", "b", "Role", "r", [account("a")]), greedy)


@pytest.mark.parametrize(
    ("right", "beyond"),
    [
        (rule("secrets", "list"), True),
        (rule("secrets", "watch", resourceNames=["one"]), True),
        (rule("deployments", "patch", "apps"), True),
        (rule("leases", "update", "coordination.k8s.io"), True),
    ],
    ids=str,
)
def test_some_rights_are_too_much_in_every_namespace_alone(right, beyond):
    assert too_much(right, beyond=True)
    assert not too_much(right, beyond=False)


@pytest.mark.parametrize(
    "right", [rule("pods nodes", "get list watch"), rule("tokenreviews", "create", "authentication.k8s.io"), rule("events", "create patch")]
)
def test_reading_and_reviews_lead_nowhere(right):
    assert not too_much(right, beyond=True)


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("v1", "Namespace"),
        ("v1", "PersistentVolume"),
        (f"{RBAC}/v1", "ClusterRole"),
        (f"{RBAC}/v1", "ClusterRoleBinding"),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
        ("apiregistration.k8s.io/v1", "APIService"),
        ("certificates.k8s.io/v1", "CertificateSigningRequest"),
        ("scheduling.k8s.io/v1", "PriorityClass"),
    ],
)
def test_what_is_cluster_scoped_is_an_administrators(api_version, kind):
    assert why({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "roleRef": {}})


def test_a_cluster_scoped_custom_resource_is_known_by_its_definition():
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "policies.k.example"},
        "spec": {"group": "k.example", "scope": "Cluster", "names": {"kind": "Policy", "plural": "policies"}, "versions": [{"name": "v1"}]},
    }
    assert why({"apiVersion": "k.example/v1", "kind": "Policy", "metadata": {"name": "p"}}, crd)


def test_what_the_deployer_is_for_is_its_own():
    for document in (
        deployment(),
        role([rule("pods", "get")]),
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n"}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "n"}},
    ):
        assert why(document) == "", document["kind"]
    assert why(binding("RoleBinding", "b", "Role", "r", [account("a")]), role([rule("pods", "get")])) == ""


def test_where_the_deployer_is_not_let_in_everything_is_an_administrators():
    assert why(deployment(namespace_="kube-system"))
    assert why(deployment(namespace_="open"), namespace("open", "privileged"), entry("open"))
    assert why(deployment(namespace_="open"), namespace("open", ""), entry("open"))
    assert why(deployment(namespace_="other"), namespace("other"))
    assert why(deployment(namespace_="other"), namespace("other", "baseline"), entry("other")) == ""


def test_a_way_into_a_namespace_that_is_open_is_not_applied_by_anybody():
    left, gathered = separated([content(namespace("open", "privileged"), entry("open"))])
    assert [document["kind"] for document in left["documents"] + gathered["documents"]] == ["Namespace"]


@pytest.mark.parametrize("kind", ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"])
def test_a_token_is_an_administrators_and_so_is_its_account(kind):
    metadata = {"name": "t", "namespace": "n", "annotations": {"kubernetes.io/service-account.name": "a"}}
    token = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind}
    assert why(token)
    assert why({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "n"}}, token)


MIGHTY = (cluster_role("c", [rule("secrets", "get")]), binding("ClusterRoleBinding", "b", "ClusterRole", "c", [account("mighty")]))


def test_what_runs_as_an_account_that_may_more_is_an_administrators():
    assert "mighty" in why(deployment("mighty"), *MIGHTY)
    assert why(deployment("weak"), *MIGHTY) == ""
    judged = Administration([content(*HOME, *MIGHTY)])
    assert list(judged.accounts) == ["n/mighty"]


@pytest.mark.parametrize(
    "bound",
    [
        binding("ClusterRoleBinding", "b", "ClusterRole", "cluster-admin", [account("mighty")]),
        binding("ClusterRoleBinding", "b", "ClusterRole", "edit", [account("mighty")]),
        binding("ClusterRoleBinding", "b", "ClusterRole", "cluster-admin", [{"kind": "Group", "name": "system:serviceaccounts:n"}]),
        binding("ClusterRoleBinding", "b", "ClusterRole", "cluster-admin", [{"kind": "User", "name": "system:serviceaccount:n:mighty"}]),
        binding("RoleBinding", "b", "Role", "system:controller:token-cleaner", [account("mighty")], namespace_="kube-system"),
    ],
    ids=str,
)
def test_however_an_account_comes_to_more(bound):
    assert why(deployment("mighty"), bound)


def test_a_role_that_gathers_others_is_too_much():
    gathering = cluster_role("g", [], aggregationRule={"clusterRoleSelectors": []})
    assert why(deployment("a"), gathering, binding("ClusterRoleBinding", "b", "ClusterRole", "g", [account("a")]))


def test_a_component_whose_accounts_may_more_is_an_administrators_as_a_whole():
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "n"}}
    assert why(config, *MIGHTY, of="component")
    assert why(config, *MIGHTY, of="vault") == "", "the roles of the platform itself work beside such an account"


def hook(selector, resources=("pods",)):
    service = {"name": "s", "namespace": "n"}
    one = {
        "name": "h",
        "clientConfig": {"service": service},
        "rules": [{"resources": list(resources)}],
        **({"namespaceSelector": selector} if selector else {}),
    }
    group = "admissionregistration.k8s.io/v1"
    return {"apiVersion": group, "kind": "MutatingWebhookConfiguration", "metadata": {"name": "h"}, "webhooks": [one]}


def test_who_answers_for_the_server_is_an_administrators():
    own = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["n"]}]}
    assert why(deployment(), hook(None))
    assert why(deployment(), hook(own, ["*"]))
    assert why(deployment(), hook(own)) == "", "called for pods of the deployer's own namespaces alone"
    api = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "a"},
        "spec": {"service": {"name": "s", "namespace": "n"}},
    }
    assert why(deployment(), api)


def test_rights_for_everybody_and_kubernetes_own_roles_are_bound_by_an_administrator():
    plain = role([rule("pods", "get")])
    assert why(binding("RoleBinding", "b", "Role", "r", [{"kind": "Group", "name": "system:unauthenticated"}]), plain)
    assert why(binding("RoleBinding", "b", "ClusterRole", "admin", [account("a")]))


def test_sets_keep_what_is_left_and_one_gathers_the_rest_with_reasons():
    row = {"name": "e", "meaning": "there", "api_version": "v1", "kind": "Pod"}
    one, two, gathered = separated([content(*HOME, deployment(), expectations=[row]), content(*MIGHTY, name="t")])
    assert ([d["kind"] for d in one["documents"]], one["expectations"]) == (["Deployment"], [row])
    assert two["documents"] == []
    assert gathered["set"] == "administration"
    assert set(gathered["reasons"]) == {
        f"{document['kind']}{'.' + RBAC if RBAC in document['apiVersion'] else ''}/{document['metadata'].get('namespace', '-')}/{document['metadata']['name']}"
        for document in gathered["documents"]
    }
    assert one["digest"] != separated([content(*HOME)])[0]["digest"]


def test_no_role_may_call_a_set_like_the_one_that_gathers():
    with pytest.raises(InputError, match="needs another name"):
        separated([content(*HOME, name="administration")])


ADMINS = {
    "name": "cluster-admin",
    "meaning": "Nobody but administrators is bound to cluster-admin",
    "api_version": f"{RBAC}/v1",
    "kind": "ClusterRoleBinding",
    "condition": "roleRef.name != 'cluster-admin'",
    "exception": "name its subjects in some_variable",
}


def test_a_binding_that_breaks_the_baseline_is_told_before_anything_is_contacted_with_its_exception():
    velero = binding("ClusterRoleBinding", "velero", "ClusterRole", "cluster-admin", [account("velero")])
    with pytest.raises(InputError) as refusal:
        refuse_broken([content(velero, name="component-velero"), content(expectations=[ADMINS])])
    for word in ("ClusterRoleBinding", "velero", "Nobody but administrators", "name its subjects in some_variable"):
        assert word in refusal.value.message
    refuse_broken([content(binding("ClusterRoleBinding", "v", "ClusterRole", "view")), content(expectations=[ADMINS])])
