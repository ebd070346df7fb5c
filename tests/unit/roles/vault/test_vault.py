# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import yaml
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT, declare

ROLE = CHECKOUT / "roles" / "vault"
SET = "vault"
HUBS = ("dev-euw1", "staging-euw1", "prod-euw1", "dr-eun1")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """The sandbox with ``make up AREAS=vault``."""
    folder = tmp_path_factory.mktemp("sandbox")
    return declare(folder, [CHECKOUT / "inventories" / "sandbox.yml"], ["cluster_baseline", "vault", "workloads"], "vault")["sandbox"]


def test_servers_stand_in_the_hub_and_every_cluster_has_its_tokens_reviewed(shipped):
    for name, cluster in shipped.items():
        if not cluster.model["settings"]["areas"]["vault"]:
            continue
        kinds = {document["kind"] for document in cluster.documents(SET)}
        assert ("StatefulSet" in kinds) is (name in HUBS), name
        assert cluster.one(SET, "ServiceAccount", "vault-token-reviewer")
        assert cluster.one(SET, "ClusterRoleBinding", "vault-token-reviewer")["roleRef"]["name"] == "system:auth-delegator"


def test_a_lost_node_or_zone_costs_one_server(shipped):
    for name in HUBS:
        servers = shipped[name].one(SET, "StatefulSet", "vault")
        pod = servers["spec"]["template"]["spec"]
        (apart,) = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert apart["topologyKey"] == "kubernetes.io/hostname"
        (spread,) = pod["topologySpreadConstraints"]
        assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "DoNotSchedule")
        assert servers["spec"]["replicas"] == 3
        assert shipped[name].one(SET, "PodDisruptionBudget", "vault")["spec"]["maxUnavailable"] == 1
        assert servers["spec"]["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}


def test_the_cloud_opens_it_and_servers_find_each_other(shipped, sandbox):
    config = shipped["prod-euw1"].one(SET, "ConfigMap", "vault")["data"]["vault.hcl"]
    assert 'seal "awskms" {' in config
    assert 'kms_key_id = "alias/consciousness-prod-vault"' in config
    assert [f"https://vault-{number}.vault-internal:8200" in config for number in range(4)] == [True, True, True, False]
    assert "seal" not in sandbox.one(SET, "ConfigMap", "vault")["data"]["vault.hcl"]
    names = shipped["prod-euw1"].one(SET, "Certificate", "vault")["spec"]["dnsNames"]
    assert {f"vault-{number}.vault-internal" for number in range(3)} | {"vault.consciousness.example"} <= set(names)


def test_only_namespaces_of_teams_and_of_monitoring_call_it(shipped):
    rules = shipped["prod-euw1"].one(SET, "NetworkPolicy", "vault")["spec"]["ingress"]
    (callers,) = [
        peer["namespaceSelector"]["matchExpressions"][0]["values"]
        for peer in rules[0]["from"]
        if "matchExpressions" in peer.get("namespaceSelector", {})
    ]
    assert sorted(callers) == ["cortex", "memory", "monitoring", "senses", "trust"]
    assert rules[1]["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "vault", "component": "server"}}}]
    assert all(rule["to"] and all(rule["to"]) for rule in shipped["prod-euw1"].one(SET, "NetworkPolicy", "vault")["spec"]["egress"])


def test_a_run_may_speak_for_the_services_of_a_team_and_for_nobody_else(shipped):
    (rule,) = shipped["prod-euw1"].one(SET, "Role", "vault-verification", "trust")["rules"]
    assert rule == {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": ["consent-ledger", "identity-registry", "insight-explorer"],
        "verbs": ["create"],
    }


def test_no_secret_of_the_set_has_a_value(shipped):
    for cluster in shipped.values():
        (secret,) = cluster.documents(SET, "Secret")
        assert (secret["metadata"]["name"], secret["type"]) == ("vault-token-reviewer", "kubernetes.io/service-account-token")
        assert "data" not in secret


def test_defaults_are_the_specified_options():
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    defaults = set(yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8")))
    for entry in ("declare", "initialise"):
        assert set(specs[entry]["options"]) == defaults
