# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import promql_parser
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows
from ansible_collections.gantry.platform.tests.kit.fluentbit import FluentBit
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT

SET = "logging"
HUB, OTHER = "prod-euw1", "prod-euc1"


def configuration(cluster):
    return json.loads(cluster.one(SET, "ConfigMap", "fluent-bit")["data"]["fluent-bit.yaml"])


def output(cluster):
    (found,) = [one for one in configuration(cluster)["pipeline"]["outputs"] if one["name"] == "http"]
    return found


def pod(cluster):
    return cluster.one(SET, "DaemonSet", "fluent-bit")["spec"]["template"]["spec"]


def test_the_hub_keeps_logs_and_the_others_ship_theirs_to_it(everything):
    kinds = {host: {one["kind"] for one in everything[host].documents(SET)} for host in (HUB, OTHER)}
    assert {"Elasticsearch", "Kibana", "Logstash"} <= kinds[HUB] and not {"Elasticsearch", "Kibana", "Logstash"} & kinds[OTHER]
    assert (output(everything[HUB])["host"], output(everything[HUB])["port"]) == ("logs-ls-shipping.logging.svc", 8443)
    assert output(everything[OTHER])["host"] == "shipping.logs.consciousness.example"
    for host, way in ((HUB, "namespaceSelector"), (OTHER, "ipBlock")):
        assert way in everything[host].one(SET, "NetworkPolicy", "fluent-bit")["spec"]["egress"][-1]["to"][0]


def test_logs_are_shipped_by_a_certificate_and_a_password_that_are_no_values(everything):
    for host in (HUB, OTHER):
        said = output(everything[host])
        assert (said["tls"], said["tls.verify"], said["tls.verify_hostname"]) == ("on", "on", "on") and said["tls.vhost"] == said["host"]
        assert said["http_passwd"] == "${SHIPPING_PASSWORD}"
        (mount,) = [one for one in pod(everything[host])["containers"][0]["volumeMounts"] if one["name"] == "shipping"]
        assert said["tls.ca_file"] == f"{mount['mountPath']}/ca"
        secret = everything[host].one(SET, "Secret", "shipping", "log-collection")["data"]
        assert secret == {"password": {"reference": "env:LOGS_SHIPPING_PASSWORD"}, "ca": {"reference": "env:LOGS_CA"}}, "no key of Logstash"
    logstash = everything[HUB].one(SET, "Logstash", "logs")["spec"]
    assert 'password => "${SHIPPING_PASSWORD}"' in logstash["pipelines"][0]["config.string"]
    assert everything["sandbox"].documents(SET, "Secret") == [] and "tls" not in output(everything["sandbox"])


def test_one_server_of_each_kind_may_be_away_and_copies_are_in_other_zones(everything):
    spec = everything[HUB].one(SET, "Elasticsearch", "logs")["spec"]
    nodes = {one["name"]: one for one in spec["nodeSets"]}
    assert (nodes["masters"]["count"], nodes["masters"]["config"]["node.roles"]) == (3, ["master"])
    assert all("zoneAwareness" in one for one in nodes.values())
    assert spec["podDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    for one in nodes.values():
        spread = {row["topologyKey"] for row in one["podTemplate"]["spec"]["topologySpreadConstraints"]}
        assert spread == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
        assert one["podTemplate"]["spec"]["securityContext"]["runAsNonRoot"] is True
    assert {one["metadata"]["name"] for one in everything[HUB].documents(SET, "PodDisruptionBudget")} == {"kibana", "logstash"}


def test_copies_go_to_the_bucket_and_its_keys_to_the_keystore(everything):
    """The keystore's names are Elasticsearch's own."""
    cluster = everything[HUB]
    bucket = cluster.model["settings"]["logging"]["snapshots"]["bucket"]
    spec = cluster.one(SET, "Elasticsearch", "logs")["spec"]
    (secure,) = spec["secureSettings"]
    assert cluster.one(SET, "Secret", secure["secretName"])["data"] == {
        "s3.client.default.access_key": {"reference": bucket["access_key"]},
        "s3.client.default.secret_key": {"reference": bucket["secret_key"]},
    }
    assert {node["config"]["s3.client.default.region"] for node in spec["nodeSets"]} == {bucket["region"]}
    out = cluster.one(SET, "NetworkPolicy", "elasticsearch")["spec"]["egress"][-1]
    assert out == {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}], "ports": [{"port": 443, "protocol": "TCP"}]}
    assert "secureSettings" not in everything["sandbox"].one(SET, "Elasticsearch", "logs")["spec"]


def test_every_port_that_is_asked_is_one_that_its_configuration_opens(everything):
    for cluster in everything.values():
        said = configuration(cluster)
        opened = {
            said["service"]["http_port"],
            *(one["port"] for one in said["pipeline"]["outputs"] if one["name"] == "prometheus_exporter"),
        }
        (container,) = pod(cluster)["containers"]
        assert {port["containerPort"] for port in container["ports"]} == opened
        assert {port["port"] for port in cluster.one(SET, "Service", "fluent-bit")["spec"]["ports"]} == opened
        (way,) = cluster.one(SET, "NetworkPolicy", "fluent-bit")["spec"]["ingress"]
        assert {port["port"] for port in way["ports"]} == opened


def test_the_files_that_fluent_bit_names_are_mounted_where_it_looks_for_them(everything):
    for cluster in everything.values():
        said = configuration(cluster)
        (container,) = pod(cluster)["containers"]
        mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        (script,) = [one["script"] for one in said["pipeline"]["filters"] if one["name"] == "lua"]
        assert script == f"{mounts['config']}/fields.lua" and container["args"] == [f"--config={mounts['config']}/fluent-bit.yaml"]
        assert said["pipeline"]["inputs"][0]["db"].startswith(f"{mounts['state']}/") and said["service"]["storage.path"].startswith(
            mounts["state"]
        )
        assert said["pipeline"]["inputs"][0]["path"].startswith(f"{mounts['logs']}/")


def test_what_is_declared_redacts_the_lines_of_a_service_by_its_class(everything):
    """The very text of the ConfigMap, in LuaJIT."""
    cluster = everything[HUB]
    fluent_bit = FluentBit(configuration(cluster), cluster.one(SET, "ConfigMap", "fluent-bit")["data"]["fields.lua"])
    engine = cluster.model["services"]["consciousness-engine"]
    whose = {"namespace_name": engine["namespace"], "labels": {"app.kubernetes.io/name": "consciousness-engine"}}
    found = fluent_bit.record('{"level":"info","msg":"heard ada@mind.example","prompt":"I am sad"}', whose)
    assert (found["message"], found["data_stream"]["dataset"], "labels" in found) == ("heard ***", "personal.t0", False)
    assert found["data_stream"]["dataset"] in cluster.model["settings"]["logging"]["streams"]
    elsewhere = {"namespace_name": "default", "labels": {"app.kubernetes.io/name": "consciousness-engine"}}
    assert fluent_bit.record("heard", elsewhere)["message"] == "***", "a label says nothing outside of the team's namespace"


def test_what_is_read_at_start_alone_starts_new_pods_where_it_changes(everything):
    marks = {
        host: one.one(SET, "DaemonSet", "fluent-bit")["spec"]["template"]["metadata"]["annotations"] for host, one in everything.items()
    }
    assert len({mark["gantry.dev/config"] for mark in marks.values()}) == len(marks), "each cluster has a name of its own"


def test_fluent_bit_is_measured_where_it_runs(everything):
    monitors = {one["metadata"]["name"]: one["spec"] for one in everything[HUB].documents("monitoring", "ServiceMonitor")}
    service = everything[HUB].one(SET, "Service", "fluent-bit")
    for name in ("fluent-bit", "fluent-bit-lines"):
        assert monitors[name]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert monitors[name]["endpoints"][0]["port"] in [port["name"] for port in service["spec"]["ports"]]
    assert "fluent-bit" not in {one["metadata"]["name"] for one in everything["sandbox"].documents("monitoring", "ServiceMonitor")}


def test_every_alert_says_where_to_read_on_and_every_panel_asks_what_can_be_asked():
    given = rows()[SET].contributes
    page = (CHECKOUT / "docs/logging.md").read_text(encoding="utf-8")
    anchors = {line.lstrip("# ").strip().lower().replace(" ", "-") for line in page.splitlines() if line.startswith("## ")}
    rules = given["alerts"][SET]["rules"]
    for rule in rules:
        promql_parser.parse(rule["expr"])
        file, _hash, anchor = rule["runbook"].partition("#")
        assert (file, anchor in anchors) == ("docs/logging.md", True), rule["alert"]
    for panel in given["dashboards"][SET]["panels"]:
        for query in panel.get("queries", ()):
            promql_parser.parse(query["expr"])
    assert len(rules) == 10


def test_what_alerts_look_at_is_what_fluent_bit_counts(everything):
    """Names and labels of its counters, and the names of patterns."""
    filters = [one for one in configuration(everything[HUB])["pipeline"]["filters"] if one["name"] == "log_to_metrics"]
    counted = {
        "_".join((one["metric_namespace"], one["metric_subsystem"], one["metric_name"], *["sum"] * (one["metric_mode"] == "histogram"))): {
            label.split(" ")[0] for label in one["add_label"]
        }
        for one in filters
    }
    script = everything[HUB].one(SET, "ConfigMap", "fluent-bit")["data"]["fields.lua"]
    given = rows()[SET].contributes
    asked = [rule["expr"] for rule in given["alerts"][SET]["rules"]]
    asked += [query["expr"] for panel in given["dashboards"][SET]["panels"] for query in panel.get("queries", ())]
    seen = set()
    found = [one for expr in asked for one in selectors(promql_parser.parse(expr))]
    for selector in [one for one in found if one.name.startswith("gantry_log") and one.name != "gantry_log_budget_bytes"]:
        seen.add(selector.name)
        for matcher in selector.matchers.matchers:
            assert matcher.name in counted[selector.name], (selector.name, matcher.name)
            if matcher.name == "pattern":
                names = [
                    "".join(f"\\{byte:03d}" if not chr(byte).isalnum() else chr(byte) for byte in one.encode())
                    for one in matcher.value.split("|")
                ]
                assert all(f'"{name}"' in script for name in names), matcher.value
    assert seen == counted.keys()


def selectors(node):
    """Every vector selector below a node."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "vector_selector"):
        if (inner := getattr(node, name, None)) is not None:
            yield from selectors(inner)
    args = getattr(node, "args", None)
    for inner in args if isinstance(args, list) else ():
        yield from selectors(inner)


def test_the_pipeline_of_logstash_takes_the_place_of_what_lines_say_of_themselves(everything):
    """What comes in says its own stream, and nothing of the request becomes a field."""
    text = everything[HUB].one(SET, "Logstash", "logs")["spec"]["pipelines"][0]["config.string"]
    assert yaml.safe_load(everything[HUB].one(SET, "Logstash", "logs")["spec"]["config"]["queue.type"]) == "persisted"
    for words in (
        "data_stream_auto_routing => true",
        'request_headers_target_field => "[@metadata]',
        'remote_host_target_field => "[@metadata]',
    ):
        assert words in text
    assert text.count("{") == text.count("}")
