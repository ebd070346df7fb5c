# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import jmespath
import pytest
import yaml
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import copy_of_the_inventories
from ansible_collections.gantry.platform.tests.unit.roles.declared import declare
from ansible_collections.gantry.platform.tests.unit.roles.operated import operated

SET = "workloads"
AGENT = "vault.hashicorp.com/"
SERVERS_OWN = {
    "Service": {"clusterIP", "clusterIPs", "ipFamilies", "healthCheckNodePort"},
    "ServiceAccount": {"secrets", "imagePullSecrets"},
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """An inventory of what is allowed but seldom: YAML's own words as names, secrets from the environment, one zone, no autoscaling."""
    folder = tmp_path_factory.mktemp("odd")
    inventories = copy_of_the_inventories(folder)
    shared = inventories / "group_vars" / "all"

    def change(path, edit):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        edit(content)
        path.write_text(yaml.safe_dump(content), encoding="utf-8")

    def services(content):
        content["platform_services"] = {
            "on": {
                "description": 'Says "yes": {no}',
                "team": "off",
                "tier": "t3",
                "data_class": "internal",
                "replicas": {"min": 1, "max": 1},
                "probes": {"readiness": {"period_seconds": 3}, "liveness": {"path": "/live, {really} #1"}},
                "config": {"MODE": "no", "LEVEL": "007"},
                "dependencies": ["two"],
            },
            "two": {"description": "Is called", "team": "off", "tier": "t0", "data_class": "internal", "replicas": {"min": 2, "max": 2}},
        }

    def teams(content):
        cortex = {**content["platform_teams"]["cortex"], "cost_center": "yes"}
        content["platform_teams"] = {"off": cortex}

    change(shared / "40_services.yml", services)
    change(shared / "30_teams.yml", teams)
    change(shared / "50_slos.yml", lambda content: content.update(platform_slos={}))
    change(shared / "70_recovery.yml", lambda content: [tier.pop("description") for tier in content["platform_recovery"]["tiers"].values()])
    sandbox = inventories / "group_vars" / "sandbox_environment"
    change(
        sandbox / "20_overrides.yml",
        lambda content: content.update(
            platform_environment_overrides={
                "security": {"vault": {"delivery": "operator"}},
                "settings": {"areas": {"alerting": False, "monitoring": False, "slo": False}, "components": {"vault-secrets-operator": {}}},
            }
        ),
    )
    released = {name: {"digest": "sha256:" + "a" * 64} for name in ("on", "two")}
    change(sandbox / "release.yml", lambda content: content.update(platform_release={"services": released}))
    references = {"platform_secret_references": {"services": {"on": {"TOKEN": "env:GANTRY_TOKEN"}, "two": {"KEY": "vault:sandbox/two#c"}}}}
    (sandbox / "90_secret_references.yml").write_text(yaml.safe_dump(references), encoding="utf-8")
    change(inventories / "host_vars" / "sandbox.yml", lambda content: content["platform_cluster"].update(zones=["one"], provider="kind"))
    run = tmp_path_factory.mktemp("declared")
    return declare(run, [inventories / "sandbox.yml"], ["cluster_baseline", "workloads"])["sandbox"]


def every(shipped, kind):
    """(cluster, document) for all documents of a kind in all environments."""
    return [(cluster, document) for cluster in shipped.values() for document in cluster.documents(SET, kind)]


def service_of(cluster, document):
    return cluster.model["services"][document["metadata"]["name"]]


def test_every_cluster_gets_every_service_of_its_environment(shipped):
    assert len(shipped) == 7
    for cluster in shipped.values():
        names = {document["metadata"]["name"] for document in cluster.documents(SET, "Deployment")}
        assert names == set(cluster.model["services"])
        assert len(names) >= 12


def test_all_objects_say_whose_they_are(shipped):
    for cluster in shipped.values():
        for document in cluster.documents(SET):
            service = service_of(cluster, document)
            labels = document["metadata"]["labels"]
            assert document["metadata"]["namespace"] == service["namespace"]
            assert (labels["owner"], labels["cost-center"]) == (service["team"], service["cost_center"])


def test_pods_run_what_was_released_without_a_token(shipped):
    for cluster, deployment in every(shipped, "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["automountServiceAccountToken"] is False
        assert container["image"].partition("@sha256:")[2] == service_of(cluster, deployment)["digest"].removeprefix("sha256:")


def test_probes_speak_the_service_protocol(shipped):
    for cluster, deployment in every(shipped, "Deployment"):
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        wanted = "grpc" if service_of(cluster, deployment)["protocol"] == "grpc" else "httpGet"
        for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
            assert container[probe].keys() == {wanted, "periodSeconds", "timeoutSeconds", "failureThreshold"}


def test_selectors_pick_the_pods_that_are_made(shipped):
    for cluster in shipped.values():
        pods = {d["metadata"]["name"]: d["spec"]["template"]["metadata"]["labels"] for d in cluster.documents(SET, "Deployment")}
        for kind, path in (
            ("Deployment", "spec.selector.matchLabels"),
            ("Service", "spec.selector"),
            ("PodDisruptionBudget", "spec.selector.matchLabels"),
            ("NetworkPolicy", "spec.podSelector.matchLabels"),
        ):
            for document in cluster.documents(SET, kind):
                selector = jmespath.search(path, document)
                assert [name for name, labels in pods.items() if selector.items() <= labels.items()] == [document["metadata"]["name"]]


def test_pods_of_what_matters_must_spread_over_zones(shipped):
    for cluster, deployment in every(shipped, "Deployment"):
        zone, host = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert (zone["topologyKey"], host["topologyKey"]) == ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        strict = service_of(cluster, deployment)["tier"] in ("t0", "t1")
        assert zone["whenUnsatisfiable"] == ("DoNotSchedule" if strict else "ScheduleAnyway")
        assert zone["nodeTaintsPolicy"] == "Honor"
        assert host["whenUnsatisfiable"] == "ScheduleAnyway"


def test_autoscalers_and_budgets_where_replicas_allow_them(shipped):
    for cluster in shipped.values():
        replicas = {name: service["replicas"] for name, service in cluster.model["services"].items()}
        scaled = {d["metadata"]["name"]: d["spec"] for d in cluster.documents(SET, "HorizontalPodAutoscaler")}
        assert scaled.keys() == {name for name, wanted in replicas.items() if wanted["max"] > wanted["min"]}
        for name, spec in scaled.items():
            assert (spec["minReplicas"], spec["maxReplicas"]) == (replicas[name]["min"], replicas[name]["max"])
        budgets = {d["metadata"]["name"] for d in cluster.documents(SET, "PodDisruptionBudget")}
        assert budgets == {name for name, wanted in replicas.items() if wanted["min"] > 1}
        handed = {row["name"]: row for row in cluster.sets[SET]["handed_over"]}
        assert handed.keys() == scaled.keys()
        for name, row in handed.items():
            assert (row["kind"], row["path"], row["seed"]) == ("Deployment", "spec.replicas", replicas[name]["min"])
            assert row["namespace"] == cluster.model["services"][name]["namespace"]


def callers_of(policy):
    return {
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
        if "podSelector" in peer
    }


def test_network_policies_are_the_dependencies_from_both_ends(shipped):
    for cluster in shipped.values():
        services = cluster.model["services"]
        policies = {d["metadata"]["name"]: d for d in cluster.documents(SET, "NetworkPolicy")}
        assert policies.keys() == services.keys()
        calls = {(caller, name) for name, policy in policies.items() for caller in callers_of(policy)}
        assert calls == {(name, called) for name, service in services.items() for called in service["dependencies"]}
        goes = {
            (name, peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"])
            for name, policy in policies.items()
            for rule in policy["spec"]["egress"]
            for peer in rule["to"]
            if peer.get("podSelector", {}).get("matchLabels", {}).get("component") != "server" and "ipBlock" not in peer
        }
        assert goes == calls


def test_no_network_rule_is_open(shipped, odd):
    for cluster in (*shipped.values(), odd):
        for policy in cluster.documents(SET, "NetworkPolicy"):
            spec = policy["spec"]
            assert spec["policyTypes"] == ["Ingress", "Egress"]
            # A rule with no peers lets everybody in, and so does a peer that selects nothing.
            assert all(rule["from"] and all(rule["from"]) and rule["ports"] for rule in spec["ingress"])
            assert all(rule["to"] and all(rule["to"]) and rule["ports"] for rule in spec["egress"])
            exposed = service_of(cluster, policy)["exposed"]
            gates = [peer for rule in spec["ingress"] for peer in rule["from"] if "podSelector" not in peer]
            assert gates == ([{"namespaceSelector": {"matchLabels": {"gantry.dev/gateway": "true"}}}] if exposed else [])


def test_nothing_is_declared_that_the_server_or_a_controller_owns(shipped):
    for cluster in shipped.values():
        for document in cluster.documents(SET):
            assert "status" not in document
            assert not SERVERS_OWN.get(document["kind"], set()) & {*document, *document.get("spec", {})}
            if document["kind"] == "Service":
                assert all("nodePort" not in port for port in document["spec"]["ports"])


def test_secrets_are_referenced_and_never_written_out(shipped):
    prod = shipped["prod-euw1"]
    (container,) = prod.one(SET, "Deployment", "identity-registry")["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [
        {"name": f"{name}_FILE", "value": f"/vault/secrets/{name}"} for name in ("SIGNING_KEY", "IDENTITY_DATABASE_URL")
    ]
    # What lies in Vault is the agent's to bring.
    assert prod.documents(SET, "Secret") == []


def test_the_agent_is_told_what_to_bring_and_logs_in_with_a_token_of_its_own(shipped):
    template = shipped["prod-euw1"].one(SET, "Deployment", "identity-registry")["spec"]["template"]
    said = {
        key.removeprefix("vault.hashicorp.com/"): value
        for key, value in template["metadata"]["annotations"].items()
        if key.startswith("vault.hashicorp.com/")
    }
    assert said["agent-inject"] == "true"
    assert (said["role"], said["auth-path"]) == ("identity-registry", "auth/kubernetes-prod-euw1")
    assert said["service"] == "https://vault.consciousness.example:8200"
    assert said["agent-image"].startswith("images.consciousness.example/"), "an admission policy refuses other registries"
    assert said["agent-inject-secret-SIGNING_KEY"] == "prod/data/identity-registry/generated"
    assert said["agent-inject-template-SIGNING_KEY"] == (
        '{{- with secret "prod/data/identity-registry/generated" -}}{{- if sprig_hasKey .Data.data "SIGNING_KEY" -}}'
        '{{ index .Data.data "SIGNING_KEY" }}{{- else -}}{{ sprig_fail "the key SIGNING_KEY is missing" }}{{- end -}}{{- end -}}'
    )
    assert said["agent-inject-file-SIGNING_KEY"] == "SIGNING_KEY", "the injector would write small letters"
    assert said["agent-inject-secret-IDENTITY_DATABASE_URL"] == "database/creds/identity-registry-identity"
    assert "@identity.db.consciousness.example:5432/identity?sslmode=verify-full" in said["agent-inject-template-IDENTITY_DATABASE_URL"]
    (token,) = [volume for volume in template["spec"]["volumes"] if volume["name"] == said["agent-service-account-token-volume-name"]]
    assert token["projected"]["sources"] == [{"serviceAccountToken": {"path": "token", "audience": "vault", "expirationSeconds": 3600}}]
    quiet = shipped["prod-euw1"].one(SET, "Deployment", "dream-scheduler")["spec"]["template"]
    assert not [key for key in quiet["metadata"]["annotations"] if "vault" in key]


def test_a_file_may_have_any_name_that_a_variable_has(tmp_path):
    long, ended = "K" * 80, "TOKEN_"
    references = {long: "vault:sandbox/store#a", ended: "vault:sandbox/store#b"}
    inventory = operated(tmp_path / "inventories", references, delivery="injector")
    deployment = declare(tmp_path, [inventory], ["workloads"])["sandbox"].one(SET, "Deployment", "store")
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    file = f"{AGENT}agent-inject-file-"
    marks = {text: key.removeprefix(file) for key, text in annotations.items() if key.startswith(file)}
    assert {long, ended, "SIGNING_KEY", "MEMORY_DATABASE_URL"} <= set(marks) and len(set(marks.values())) == len(marks)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,61}[A-Za-z0-9]", key.partition("/")[2]) for key in annotations if AGENT in key)
    for name, key in {long: "a", ended: "b"}.items():
        assert annotations[f"{AGENT}agent-inject-secret-{marks[name]}"] == "sandbox/data/store"
        assert f'index .Data.data "{key}"' in annotations[f"{AGENT}agent-inject-template-{marks[name]}"]


def test_pods_reach_vault_and_their_database_and_nobody_else_does(shipped):
    def goes(cluster, name):
        rules = shipped[cluster].one(SET, "NetworkPolicy", name)["spec"]["egress"]
        return [(peer, rule["ports"][0]["port"]) for rule in rules for peer in rule["to"]]

    beside = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "vault"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "vault", "component": "server"}},
    }
    assert goes("prod-euw1", "memory-store") == [(beside, 8200), ({"ipBlock": {"cidr": "10.64.0.0/16"}}, 5432)]
    assert goes("prod-euc1", "memory-store")[0] == ({"ipBlock": {"cidr": "10.64.0.0/16"}}, 8200), "the hub's nodes"
    assert goes("sandbox", "memory-store") == [], "the area is off there"
    assert not [port for _peer, port in goes("prod-euw1", "dream-scheduler") if port in (8200, 5432)]


def test_with_the_operator_a_secret_is_read_where_it_will_write_it(odd):
    (container,) = odd.one(SET, "Deployment", "two")["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "two-vault", "key": "KEY"}}}]


def test_a_secret_of_references_is_made_for_what_lies_outside_of_vault(odd):
    (secret,) = odd.documents(SET, "Secret")
    assert secret["metadata"]["name"] == "on"
    assert secret["data"] == {"TOKEN": {"reference": "env:GANTRY_TOKEN"}}
    (container,) = odd.one(SET, "Deployment", "on")["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "on", "key": "TOKEN"}}}]


def test_what_pods_read_at_their_start_starts_new_ones(shipped, odd):
    def mark(cluster, name):
        return cluster.one(SET, "Deployment", name)["spec"]["template"]["metadata"]["annotations"]["gantry.dev/config"]

    name = "consciousness-engine"
    assert mark(shipped["sandbox"], name) == mark(shipped["dev-euw1"], name)
    assert mark(shipped["sandbox"], name) != mark(shipped["prod-euw1"], name)
    assert shipped["prod-euw1"].one(SET, "ConfigMap", name)["data"] == shipped["prod-euw1"].model["services"][name]["config"]
    # The same configuration with secrets and without them is not the same start.
    archive = "experience-archive"
    assert shipped["prod-euw1"].model["services"][archive]["config"] == shipped["sandbox"].model["services"][archive]["config"]
    assert mark(shipped["prod-euw1"], archive) != mark(shipped["sandbox"], archive)
    assert mark(odd, "on")


def test_names_and_words_stay_what_the_inventory_says(odd):
    deployment = odd.one(SET, "Deployment", "on", "off")
    assert deployment["metadata"]["labels"]["owner"] == "off"
    assert deployment["metadata"]["labels"]["cost-center"] == "yes"
    assert deployment["metadata"]["annotations"]["gantry.dev/description"] == 'Says "yes": {no}'
    assert odd.one(SET, "ConfigMap", "on")["data"] == {"MODE": "no", "LEVEL": "007", "LOG_LEVEL": "info", "LOG_FORMAT": "json"}
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/live, {really} #1"
    assert callers_of(odd.one(SET, "NetworkPolicy", "two")) == {"on"}


def test_one_zone_needs_no_spreading_over_zones_and_one_pod_is_never_taken_away_first(odd):
    deployment = odd.one(SET, "Deployment", "on")
    assert [c["topologyKey"] for c in deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]] == ["kubernetes.io/hostname"]
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert odd.sets[SET]["handed_over"] == []


def verdicts(cluster, live):
    """Names of the expectations that hold for ``live`` objects, by (kind, name)."""
    found = {}
    for row in cluster.sets[SET]["expectations"]:
        found[row["name"]] = jmespath.search(row["condition"], live[row["kind"], row["object"]]) is True
    return found


def test_expectations_hold_for_what_is_declared_and_fail_for_what_is_not(shipped):
    for cluster in shipped.values():
        live = {(d["kind"], d["metadata"]["name"]): d for d in cluster.documents(SET)}
        for (kind, name), document in list(live.items()):
            if kind == "Deployment":
                running = {"availableReplicas": cluster.model["services"][name]["replicas"]["min"], "observedGeneration": 3}
                live[kind, name] = {**document, "metadata": {**document["metadata"], "generation": 3}, "status": running}
        assert all(verdicts(cluster, live).values())
        policy = live["NetworkPolicy", "memory-store"]
        opened = [{**policy["spec"]["ingress"][0], "from": [*policy["spec"]["ingress"][0]["from"], {"podSelector": {}}]}]
        live["NetworkPolicy", "memory-store"] = {**policy, "spec": {**policy["spec"], "ingress": opened}}
        live["Deployment", "memory-store"]["status"].update(availableReplicas=0)
        failing = {name for name, holds in verdicts(cluster, live).items() if not holds}
        assert failing == {"memory-store-available", "memory-store-callers"}


def test_every_expectation_says_in_words_what_it_means(shipped):
    for cluster in shipped.values():
        rows = cluster.sets[SET]["expectations"]
        assert len(rows) == 3 * len(cluster.model["services"])
        assert all(len(row["meaning"].split()) > 3 for row in rows)
