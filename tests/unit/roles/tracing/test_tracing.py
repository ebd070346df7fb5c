# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import promql_parser
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT

SET = "tracing"
HUB = "prod-euw1"


def pod(cluster, name):
    return cluster.one(SET, "Deployment", name)["spec"]["template"]["spec"]


def container(cluster, name):
    (found,) = pod(cluster, name)["containers"]
    return found


def configuration(cluster, name):
    return json.loads(cluster.one(SET, "ConfigMap", name)["data"]["config.yaml"])


def test_every_service_is_told_where_its_spans_go_and_gets_there_and_nobody_else_is_let_in(everything):
    for cluster in everything.values():
        collector = cluster.one(SET, "NetworkPolicy", "collector", "tracing")["spec"]
        services = cluster.one(SET, "Service", "collector")["spec"]
        for name, service in cluster.model["services"].items():
            config = cluster.one("workloads", "ConfigMap", name)["data"]
            assert config["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == "http://collector.tracing.svc:4318/v1/traces"
            assert config["OTEL_SERVICE_NAME"] == name
            (way,) = cluster.one(SET, "NetworkPolicy", f"{name}-traces", service["namespace"])["spec"]["egress"]
            (peer,) = way["to"]
            assert peer["podSelector"]["matchLabels"].items() <= container_labels(cluster, "collector").items()
            assert [port["port"] for port in way["ports"]] == [4317, 4318]
            (expression,) = collector["ingress"][0]["from"][0]["namespaceSelector"]["matchExpressions"]
            assert service["namespace"] in expression["values"]
        assert [port["port"] for port in services["ports"]] == [4317, 4318, 8888], "what collectors hand to each other is no Service's"
        assert {port["port"] for way in collector["ingress"][:1] for port in way["ports"]} == {4317, 4318}


def container_labels(cluster, name):
    return cluster.one(SET, "Deployment", name)["spec"]["template"]["metadata"]["labels"]


@pytest.mark.parametrize("name", ["collector", "jaeger"])
def test_every_port_that_is_asked_is_one_that_its_configuration_opens(everything, name):
    for cluster in everything.values():
        text = json.dumps(configuration(cluster, name))
        ports = {port["name"]: port["containerPort"] for port in container(cluster, name)["ports"]}
        assert [port for port, number in ports.items() if f":{number}" not in text and f'"port": {number}' not in text] == []
        named = {port["targetPort"] for service in cluster.documents(SET, "Service") for port in service["spec"]["ports"]}
        assert named <= {port["name"] for one in ("collector", "jaeger") for port in container(cluster, one)["ports"]}
        assert container(cluster, name)["readinessProbe"]["httpGet"]["port"] == "health"


def test_collectors_hand_spans_to_each_other_by_a_service_that_names_all_of_them(everything):
    cluster = everything[HUB]
    peers = cluster.one(SET, "Service", "collector-peers")["spec"]
    resolver = configuration(cluster, "collector")["exporters"]["loadbalancing"]["resolver"]["dns"]
    assert peers["clusterIP"] == "None"
    assert (resolver["hostname"], resolver["port"]) == ("collector-peers.tracing.svc", str(peers["ports"][0]["port"]))
    assert peers["selector"].items() <= container_labels(cluster, "collector").items()
    assert cluster.one(SET, "PodDisruptionBudget", "collector")["spec"]["maxUnavailable"] == 1


def test_production_keeps_traces_behind_a_login_that_is_no_value_and_a_sandbox_in_memory(everything):
    cluster = everything[HUB]
    secret = cluster.one(SET, "Secret", "jaeger-storage")["data"]
    assert secret == {"username": {"reference": "env:TRACES_USERNAME"}, "password": {"reference": "env:TRACES_PASSWORD"}}
    own, name = container(cluster, "jaeger")["env"]
    assert name == {"name": "STORAGE_USERNAME", "valueFrom": {"secretKeyRef": {"name": "jaeger-storage", "key": "username"}}}
    assert own == {"name": "OTEL_TRACES_SAMPLER", "value": "always_off"}, "nobody takes in traces of its own"
    (mount,) = [one for one in container(cluster, "jaeger")["volumeMounts"] if one["name"] == "storage"]
    (volume,) = [one for one in pod(cluster, "jaeger")["volumes"] if one["name"] == "storage"]
    files = [f"{mount['mountPath']}/{one['path']}" for one in volume["secret"]["items"] if one["key"] == "password"]
    (backend,) = configuration(cluster, "jaeger")["extensions"]["jaeger_storage"]["backends"].values()
    assert files == [backend["opensearch"]["auth"]["basic"]["password_file"]]
    ways = cluster.one(SET, "NetworkPolicy", "jaeger", "tracing")["spec"]["egress"]
    assert ways[-1] == {"to": [{"ipBlock": {"cidr": "10.64.240.0/24"}}], "ports": [{"port": 9200, "protocol": "TCP"}]}
    sandbox = everything["sandbox"]
    (backend,) = configuration(sandbox, "jaeger")["extensions"]["jaeger_storage"]["backends"].values()
    assert backend.keys() == {"memory"} and sandbox.documents(SET, "Secret") == []
    assert sandbox.one(SET, "Deployment", "jaeger")["spec"]["replicas"] == 1
    assert len(sandbox.one(SET, "NetworkPolicy", "jaeger", "tracing")["spec"]["egress"]) == 1


def test_what_is_read_at_start_alone_starts_new_pods_where_it_changes(everything):
    mark = "gantry.dev/config"
    marks = {
        host: cluster.one(SET, "Deployment", "collector")["spec"]["template"]["metadata"]["annotations"][mark]
        for host, cluster in everything.items()
    }
    assert marks["prod-euw1"] == marks["prod-euc1"], "the same services"
    assert marks["prod-euw1"] != marks["dev-euw1"], "which lacks one of them"


def test_collectors_and_jaeger_are_measured_where_they_run(everything):
    monitors = {one["metadata"]["name"]: one for one in everything[HUB].documents("monitoring", "ServiceMonitor")}
    for name in ("collector", "jaeger"):
        service = everything[HUB].one(SET, "Service", name)
        assert monitors[name]["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert monitors[name]["spec"]["endpoints"][0]["port"] in [port["name"] for port in service["spec"]["ports"]]
        ways = everything[HUB].one(SET, "NetworkPolicy", name, "tracing")["spec"]["ingress"]
        assert [8888] in [[port["port"] for port in way["ports"]] for way in ways]
    assert "collector" not in {one["metadata"]["name"] for one in everything["sandbox"].documents("monitoring", "ServiceMonitor")}


def test_every_alert_says_where_to_read_on_and_every_panel_asks_what_can_be_asked():
    given = rows()["tracing"].contributes
    rules = given["alerts"]["tracing"]["rules"]
    for rule in rules:
        promql_parser.parse(rule["expr"])
        file, _hash, anchor = rule["runbook"].partition("#")
        page = (CHECKOUT / file).read_text(encoding="utf-8")
        anchors = {line.lstrip("# ").strip().lower().replace(" ", "-") for line in page.splitlines() if line.startswith("## ")}
        assert anchor in anchors, rule["alert"]
    for panel in given["dashboards"]["tracing"]["panels"]:
        for query in panel["queries"]:
            promql_parser.parse(query["expr"])
    assert len(rules) == 4
