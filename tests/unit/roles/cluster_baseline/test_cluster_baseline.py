# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import jmespath
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.administration import Administration
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.too_much import too_much

SET = "cluster-baseline"
RBAC = "rbac.authorization.k8s.io"
POLICIES = {"gantry-workloads", "gantry-cronjobs", "gantry-pods", "gantry-ephemeral-containers", "gantry-namespaces"}
CLUSTERS = ["sandbox", "dev-euw1", "staging-euw1", "prod-euw1", "prod-euw1b", "prod-euc1", "dr-eun1"]


@pytest.fixture(params=CLUSTERS)
def cluster(request, shipped):
    """One after the other, every cluster of the shipped inventories."""
    return shipped[request.param]


def test_the_shipped_clusters_are_all_here(shipped):
    assert sorted(shipped) == sorted(CLUSTERS)


def test_each_team_has_a_namespace_with_its_level_and_its_payer(cluster):
    namespaces = {d["metadata"]["name"]: d["metadata"]["labels"] for d in cluster.documents(SET, "Namespace")}
    teams = cluster.model["teams"]
    assert namespaces.keys() == {team["namespace"] for team in teams.values()}
    for name, team in teams.items():
        labels = namespaces[team["namespace"]]
        assert (labels["owner"], labels["cost-center"]) == (name, team["cost_center"])
        assert labels["pod-security.kubernetes.io/enforce"] == team["pod_security"]
        assert labels["pod-security.kubernetes.io/audit"] == "restricted"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ResourceQuota", "team"),
        ("LimitRange", "containers"),
        ("NetworkPolicy", "default-deny"),
        ("NetworkPolicy", "allow-dns-and-apiserver"),
        ("Role", "team-developers"),
        ("Role", "team-operators"),
        ("RoleBinding", "team-developers"),
        ("RoleBinding", "team-operators"),
        ("RoleBinding", "gantry-deployer"),
        ("ServiceAccount", "default"),
    ],
)
def test_each_namespace_is_furnished(cluster, kind, name):
    found = {d["metadata"]["namespace"] for d in cluster.documents(SET, kind) if d["metadata"]["name"] == name}
    assert found == {team["namespace"] for team in cluster.model["teams"].values()}


def test_nobody_talks_by_default_and_everybody_may_ask_dns_and_the_apiserver(cluster):
    namespace = cluster.model["teams"]["cortex"]["namespace"]
    deny = cluster.one(SET, "NetworkPolicy", "default-deny", namespace)["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [], "egress": []}
    dns, apiserver = cluster.one(SET, "NetworkPolicy", "allow-dns-and-apiserver", namespace)["spec"]["egress"]
    assert {port["port"] for port in dns["ports"]} == {53}
    network = cluster.model["cluster"]["network"]
    first, nodes = [peer["ipBlock"]["cidr"] for peer in apiserver["to"]]
    assert first == network["service_cidr"].replace(".0/16", ".1/32")
    assert nodes == network["node_cidr"]


def test_priorities_follow_the_tiers(cluster):
    classes = {d["metadata"]["name"]: d["value"] for d in cluster.documents(SET, "PriorityClass")}
    assert classes == {tier["priority_class"]: tier["priority"] for tier in cluster.model["recovery"]["tiers"].values()}
    assert {service["priority_class"] for service in cluster.model["services"].values()} <= classes.keys()


def test_team_roles_have_no_wildcard_no_secret_and_no_way_up(cluster):
    roles = cluster.documents(SET, "Role")
    for rule in [rule for role in roles for rule in role["rules"]]:
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        assert "secrets" not in rule["resources"]
        assert not {"bind", "escalate", "impersonate"} & set(rule["verbs"])
        assert not {"roles", "rolebindings", "namespaces", "serviceaccounts/token", "pods/exec"} & set(rule["resources"])
        assert "pods" not in rule["resources"] or "create" not in rule["verbs"]
    developers = [rule for role in roles if role["metadata"]["name"] == "team-developers" for rule in role["rules"]]
    assert {verb for rule in developers for verb in rule["verbs"]} == {"get", "list", "watch"}


def test_groups_of_the_identity_provider_get_their_own_namespace_alone(cluster):
    for name, team in cluster.model["teams"].items():
        for group in ("developers", "operators"):
            (subject,) = cluster.one(SET, "RoleBinding", f"team-{group}", team["namespace"])["subjects"]
            assert (subject["kind"], subject["name"]) == ("Group", team["identity_groups"][group]), name
    assert cluster.documents(SET, "ClusterRoleBinding") == []


def test_volumes_are_encrypted_and_one_class_is_the_default(cluster):
    classes = {d["metadata"]["name"]: d for d in cluster.documents(SET, "StorageClass")}
    default = [d for d in classes.values() if d["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"]
    assert [d["metadata"]["name"] for d in default] == ["encrypted"]
    assert classes["encrypted-retained"]["reclaimPolicy"] == "Retain"
    if cluster.model["cluster"]["provider"] == "eks":
        assert all(d["parameters"]["encrypted"] == "true" for d in classes.values())


def test_policies_are_bound_with_the_actions_of_the_inventory_and_leave_the_system_alone(cluster):
    assert {d["metadata"]["name"] for d in cluster.documents(SET, "ValidatingAdmissionPolicy")} == POLICIES
    bindings = {d["metadata"]["name"]: d["spec"] for d in cluster.documents(SET, "ValidatingAdmissionPolicyBinding")}
    assert bindings.keys() == POLICIES
    for name, spec in bindings.items():
        assert spec["policyName"] == name
        assert spec["validationActions"] == cluster.model["security"]["admission"]["actions"]
        names, mark = spec["matchResources"]["namespaceSelector"]["matchExpressions"]
        assert set(names["values"]) >= {"kube-system", "kube-public", "kube-node-lease", "gantry-system"}
        assert not {team["namespace"] for team in cluster.model["teams"].values()} & set(names["values"])
        assert mark == {"key": "gantry.dev/component", "operator": "DoesNotExist"}


def test_policies_name_versions_and_let_what_exists_be_finished(cluster):
    judged = {}
    for policy in cluster.documents(SET, "ValidatingAdmissionPolicy"):
        spec = policy["spec"]
        assert "paramKind" not in spec
        assert spec["failurePolicy"] == "Fail"
        for rule in spec["matchConstraints"]["resourceRules"]:
            assert rule["apiVersions"] == ["v1"]
            judged.setdefault(policy["metadata"]["name"], set()).update(rule["resources"])
        if policy["metadata"]["name"] in ("gantry-workloads", "gantry-cronjobs", "gantry-pods"):
            (condition,) = spec["matchConditions"]
            assert "deletionTimestamp" in condition["expression"]
            assert "object.spec != oldObject.spec" in condition["expression"]
    assert judged == {
        "gantry-workloads": {"deployments", "statefulsets", "daemonsets", "jobs"},
        "gantry-cronjobs": {"cronjobs"},
        "gantry-pods": {"pods"},
        "gantry-ephemeral-containers": {"pods/ephemeralcontainers"},
        "gantry-namespaces": {"namespaces"},
    }


def test_the_probe_is_a_workload_that_breaks_the_policy_where_a_team_works(cluster):
    probes = [
        json.loads(d["metadata"]["annotations"]["gantry.dev/probe"])
        for d in cluster.documents(SET, "ValidatingAdmissionPolicy")
        if "gantry.dev/probe" in d["metadata"]["annotations"]
    ]
    (probe,) = probes
    assert probe["kind"] == "Deployment"
    assert probe["metadata"]["namespace"] in {team["namespace"] for team in cluster.model["teams"].values()}
    assert not probe["spec"]["template"]["spec"]["containers"][0]["image"].startswith(tuple(cluster.model["settings"]["registries"]))


def test_what_loosens_or_holds_everywhere_is_an_administrators(cluster):
    judged = Administration([content for name, content in cluster.sets.items() if name != "deployer-access"])
    theirs = {item.ref.kind for item in judged.items if item.ref in judged.reasons}
    assert theirs >= {"Namespace", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "PriorityClass", "StorageClass"}
    assert {ref.name for ref in judged.reasons if ref.kind == "Role"} >= {"team-operators"}, "who may forward ports"
    assert judged.entered == {team["namespace"] for team in cluster.model["teams"].values()} | {"gantry-system", "vault"}
    assert judged.dropped == set()


def test_the_deployers_roles_have_no_wildcard_and_write_nothing_beyond_its_namespaces(cluster):
    for role in cluster.documents("deployer-access", "ClusterRole"):
        for rule in role["rules"]:
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            assert not too_much(rule, beyond=role["metadata"]["name"] == "gantry-deployer"), rule


def test_the_guards_hold_whoever_asks_but_for_administrators(cluster):
    guards = {d["metadata"]["name"]: d["spec"] for d in cluster.documents("deployer-access", "ValidatingAdmissionPolicy")}
    bindings = {d["metadata"]["name"]: d["spec"] for d in cluster.documents("deployer-access", "ValidatingAdmissionPolicyBinding")}
    assert guards.keys() == bindings.keys() == {"gantry-deployer-guard", "gantry-deployer-secrets"}
    for name, spec in guards.items():
        assert bindings[name]["validationActions"] == ["Deny"]
        assert spec["failurePolicy"] == "Fail"
        conditions = {row["name"]: row["expression"] for row in spec["matchConditions"]}
        assert "check('escalate')" in conditions["not-by-an-administrator"]
        assert not any(cluster.model["cluster"]["identity"] in text for text in conditions.values()), (
            "judged is what is asked, not who asks"
        )


def condition(cluster, name):
    (found,) = [row["condition"] for row in cluster.sets[SET]["expectations"] if row["name"] == name]
    return jmespath.compile(found)


def test_expectations_see_wildcards_secrets_pods_and_ways_up_in_any_role(shipped):
    sandbox = shipped["sandbox"]
    sound = sandbox.one(SET, "Role", "team-operators", "cortex")
    for name in ("roles-cortex", "secrets-cortex", "pods-cortex", "escalation-cortex"):
        assert condition(sandbox, name).search(sound) is True
        assert condition(sandbox, name).search({"metadata": {"name": "empty"}, "rules": None}) is True

    def broken(name, **rule):
        return condition(sandbox, name).search({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], **rule}]})

    assert broken("roles-cortex", verbs=["*"]) is False
    assert broken("secrets-cortex", resources=["secrets"]) is False
    assert broken("pods-cortex", verbs=["create"]) is False
    assert broken("pods-cortex", resources=["pods/eviction"], verbs=["create"]) is True
    assert broken("escalation-cortex", verbs=["impersonate"]) is False


def test_expectations_know_who_may_be_cluster_admin(shipped):
    def holds(cluster, role, *subjects):
        binding = {"metadata": {"name": "x"}, "roleRef": {"name": role}, "subjects": [{"name": name} for name in subjects]}
        return condition(shipped[cluster], "cluster-admin").search(binding)

    assert holds("prod-euw1", "cluster-admin", "system:masters") is True
    assert holds("prod-euw1", "cluster-admin", "system:masters", "somebody") is False
    assert holds("prod-euw1", "view", "somebody") is True
    assert holds("prod-euw1", "cluster-admin", "eks:addon-manager") is True
    assert holds("sandbox", "cluster-admin", "eks:addon-manager") is False
    assert condition(shipped["sandbox"], "cluster-admin").search({"roleRef": {"name": "cluster-admin"}}) is True


def test_expectations_look_at_our_own_cluster_roles(shipped):
    look = condition(shipped["sandbox"], "cluster-roles")
    wide = {"rules": [{"verbs": ["*"], "resources": ["*"], "apiGroups": ["*"]}]}
    assert look.search({"metadata": {"name": "cluster-admin"}, **wide}) is True
    assert look.search({"metadata": {"name": "ours", "labels": {"owner": "consciousness"}}, **wide}) is False
    for role in shipped["sandbox"].documents("deployer-access", "ClusterRole"):
        assert look.search(role) is True


def test_expectations_want_policies_that_were_checked_and_bindings_that_act(cluster):
    generation = {"metadata": {"generation": 2}, "status": {"observedGeneration": 2, "typeChecking": {}}}
    unsound = {**generation, "status": {"observedGeneration": 2, "typeChecking": {"expressionWarnings": [{"warning": "undefined field"}]}}}
    for name in POLICIES:
        assert condition(cluster, f"policy-{name}").search(generation) is True
        assert condition(cluster, f"policy-{name}").search(unsound) is False
        assert condition(cluster, f"policy-{name}").search({"metadata": {"generation": 1}}) is False
        bound = cluster.one(SET, "ValidatingAdmissionPolicyBinding", name)
        assert condition(cluster, f"binding-{name}").search(bound) is True
        assert condition(cluster, f"binding-{name}").search({"spec": {"validationActions": ["Audit"]}}) is False


def test_a_namespace_without_its_level_or_with_an_open_network_is_seen(cluster):
    namespace = cluster.model["teams"]["trust"]["namespace"]
    live = {**cluster.one(SET, "Namespace", namespace), "status": {"phase": "Active"}}
    assert condition(cluster, f"namespace-{namespace}").search(live) is True
    assert condition(cluster, f"namespace-{namespace}").search({**live, "metadata": {"labels": {}}}) is False
    deny = cluster.one(SET, "NetworkPolicy", "default-deny", namespace)
    assert condition(cluster, f"network-{namespace}").search(deny) is True
    assert condition(cluster, f"network-{namespace}").search({"spec": {**deny["spec"], "ingress": [{}]}}) is False


def test_a_quota_that_nobody_counts_is_seen(cluster):
    look = condition(cluster, "quota-cortex")
    # The server writes quantities in its own way.
    hard = {"requests.cpu": "256", "pods": "1k"}
    assert look.search({"spec": {"hard": hard}, "status": {"hard": dict(hard)}}) is True
    assert look.search({"spec": {"hard": hard}, "status": {}}) is False
    assert look.search({"spec": {"hard": {"pods": "1k"}}, "status": {"hard": {"pods": "1k"}}}) is False


def test_expectations_name_the_sections_that_they_answer(cluster):
    rows = cluster.sets[SET]["expectations"]
    sections = {row["meaning"].rpartition("CIS-EKS ")[2].rstrip(")") for row in rows if "CIS-EKS" in row["meaning"]}
    assert sections == {"4.1.1", "4.1.2", "4.1.3", "4.1.4", "4.1.5", "4.1.8", "4.2", "4.3.2", "4.6.3"}
