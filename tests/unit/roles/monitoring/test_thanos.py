# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""History in a bucket that three clusters share."""

from __future__ import annotations

import json

import pytest
import yaml
from ansible_collections.gantry.platform.tests.unit.roles.declared import declare
from ansible_collections.gantry.platform.tests.unit.roles.with_history import with_history

SET = "monitoring"
PROD = ("prod-euw1", "prod-euw1b", "prod-euc1")
HUB = "prod-euw1"
SHORT, SHARDED = "prod-euw1b", "prod-euc1"
RUNS = ("sidecar", "query", "query-rules", "store", "ruler")


@pytest.fixture(scope="module")
def clusters(tmp_path_factory):
    inventories = with_history(tmp_path_factory.mktemp("inventories"))
    # One cluster's Prometheus keeps less than objectives have to know, another's has its targets divided.
    for name, said in {SHORT: {"retention": "7d"}, SHARDED: {"shards": 3}}.items():
        file = inventories / "host_vars" / f"{name}.yml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        settings = content.setdefault("platform_cluster_overrides", {}).setdefault("settings", {})
        settings["monitoring"] = {"prometheus": said}
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
    found = declare(tmp_path_factory.mktemp("declared"), [inventories / "prod.yml"], ["monitoring"])
    assert set(found) == set(PROD)
    return found


QUERIES = ("thanos-query", "thanos-query-rules")


def pods(cluster):
    """By name, the spec of each pod of Thanos that we write ourselves."""
    found = cluster.documents(SET, "Deployment") + cluster.documents(SET, "StatefulSet")
    names = {one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in found}
    return {name: spec for name, spec in names.items() if name.startswith("thanos-")}


def test_one_cluster_of_all_that_share_a_bucket_compacts_it_with_one_server(clusters):
    buckets = {cluster.one(SET, "ConfigMap", "thanos-bucket")["data"]["objstore.yml"] for cluster in clusters.values()}
    compacting = [name for name, cluster in clusters.items() if "thanos-compact" in pods(cluster)]
    assert len(buckets) == 1 and compacting == [HUB]
    assert '"prefix": "prod"' in buckets.pop()
    spec = clusters[HUB].one(SET, "StatefulSet", "thanos-compact")["spec"]
    assert spec["replicas"] == 1 and spec["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "100Gi"
    alerts = {
        name: {rule["alert"] for rule in cluster.one(SET, "PrometheusRule", "thanos")["spec"]["groups"][0]["rules"]}
        for name, cluster in clusters.items()
    }
    assert {"ThanosCompactHalted", "ThanosCompactTwice"} <= alerts[HUB] and not any("Compact" in one for one in alerts["prod-euc1"])


def test_a_server_that_shares_no_node_makes_room_before_its_successor_comes(clusters):
    spec = clusters[HUB].one(SET, "Deployment", "thanos-query")["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1} and spec["replicas"] > 1


def test_a_compactor_is_not_late_before_it_has_run_for_a_day(clusters):
    rules = clusters[HUB].one(SET, "PrometheusRule", "thanos")["spec"]["groups"][0]["rules"]
    (idle,) = [rule["expr"] for rule in rules if rule["alert"] == "ThanosCompactIdle"]
    assert "[24h]) > 0 or process_start_time_seconds{" in idle


def test_where_nobody_says_thanos_there_is_none(everything):
    for name in everything:
        kept = [one for one in everything[name].documents(SET) if "thanos" in one["metadata"]["name"] or one["kind"] == "ThanosRuler"]
        spec = everything[name].one(SET, "Prometheus", "platform")["spec"]
        assert kept == [] and "thanos" not in spec and spec["ruleSelector"] == {}, name


def test_credentials_are_a_reference_and_a_file_and_in_no_document(clusters):
    for cluster in clusters.values():
        (value,) = cluster.one(SET, "Secret", "thanos-bucket")["data"].values()
        assert value == {"reference": "vault:prod/monitoring#bucket"}
        config = cluster.one(SET, "ConfigMap", "thanos-bucket")["data"]["objstore.yml"]
        assert "key" not in config and "vault" not in config
        wanted = {"name": "AWS_SHARED_CREDENTIALS_FILE", "value": "/etc/thanos/bucket/credentials"}
        operated = [cluster.one(SET, kind, "platform")["spec"] for kind in ("Prometheus", "ThanosRuler")]
        containers = [one for spec in operated for one in spec["containers"] if one["name"].startswith("thanos-")]
        containers += [pod["containers"][0] for name, pod in pods(cluster).items() if name not in QUERIES]
        assert len(containers) == 2 + len(pods(cluster)) - 2 and all(one["env"] == [wanted] for one in containers)
        volumes = [spec["volumes"][0] for spec in operated] + [pod["volumes"][0] for name, pod in pods(cluster).items() if "volumes" in pod]
        sources = [{"configMap": {"name": "thanos-bucket"}}, {"secret": {"name": "thanos-bucket"}}]
        assert all(one["projected"]["sources"] == sources for one in volumes) and len(volumes) == len(containers)


def test_no_two_clusters_have_the_same_labels_on_what_they_upload(clusters):
    labels = {
        tuple(sorted(cluster.one(SET, kind, "platform")["spec"][key].items()))
        for cluster in clusters.values()
        for kind, key in (("Prometheus", "externalLabels"), ("ThanosRuler", "labels"))
    }
    assert labels == {(("cluster", name), ("environment", "prod")) for name in PROD}


def test_a_rule_is_evaluated_by_one_of_both(clusters):
    specs = [clusters[HUB].one(SET, kind, "platform")["spec"] for kind in ("Prometheus", "ThanosRuler")]
    assert specs[0]["ruleSelector"] == {"matchExpressions": [{"key": "gantry.dev/ruler", "operator": "NotIn", "values": ["thanos"]}]}
    assert specs[1]["ruleSelector"] == {"matchLabels": {"gantry.dev/ruler": "thanos"}}
    assert specs[0]["ruleNamespaceSelector"] == specs[1]["ruleNamespaceSelector"]


def test_query_finds_every_server_by_a_service_without_an_address_and_may_reach_it(clusters):
    (container,) = pods(clusters[HUB])["thanos-query"]["containers"]
    asked = [one.removeprefix("--endpoint=dnssrv+_grpc._tcp.") for one in container["args"] if one.startswith("--endpoint=")]
    assert asked == [f"thanos-{name}.monitoring.svc" for name in ("sidecar", "store", "ruler")]
    policies = {one["metadata"]["name"]: one["spec"] for one in clusters[HUB].documents(SET, "NetworkPolicy")}
    reached = [way["to"][0]["podSelector"] for way in policies["thanos-query"]["egress"]]
    asking = [{"podSelector": policies[name]["podSelector"]} for name in QUERIES]
    for name, selector in zip(("sidecar", "store", "ruler"), reached, strict=True):
        service = clusters[HUB].one(SET, "Service", f"thanos-{name}")["spec"]
        assert (service["clusterIP"], service["selector"]) == ("None", selector["matchLabels"])
        (way,) = [one for one in policies[f"thanos-{name}"]["ingress"] if one["ports"] == [{"port": 10901, "protocol": "TCP"}]]
        assert way["from"] == asking


def test_rules_ask_for_the_history_of_their_own_cluster_and_people_for_that_of_all(clusters):
    for name, cluster in clusters.items():
        args = {query: pods(cluster)[query]["containers"][0]["args"] for query in QUERIES}
        (selected,) = [one for one in args["thanos-query-rules"] if one.startswith("--selector.relabel-config=")]
        (rule,) = json.loads(selected.partition("=")[2])
        assert (rule["action"], rule["source_labels"], rule["separator"]) == ("keep", ["cluster", "environment"], "/")
        external = cluster.one(SET, "Prometheus", "platform")["spec"]["externalLabels"]
        assert rule["regex"] == "/".join(external[label] for label in rule["source_labels"]) == f"{name}/prod"
        assert not any(one.startswith("--selector") for one in args["thanos-query"])
        # What was thinned out would be another sum.
        assert "--query.auto-downsampling" in args["thanos-query"] and "--query.auto-downsampling" not in args["thanos-query-rules"]
        spec = cluster.one(SET, "ThanosRuler", "platform")["spec"]
        assert spec["queryEndpoints"] == ["dnssrv+_http._tcp.thanos-query-rules.monitoring.svc"]
        ways = cluster.one(SET, "NetworkPolicy", "thanos-ruler", "monitoring")["spec"]["egress"]
        assert {"podSelector": {"matchLabels": pods_of("query-rules")}} in [way["to"][0] for way in ways]


def pods_of(name):
    return {"app.kubernetes.io/name": f"thanos-{name}", "app.kubernetes.io/instance": "platform"}


def rulers(cluster):
    """By the name of its group, who evaluates it: what selectors of both take."""
    found = cluster.documents(SET, "PrometheusRule")
    return {one["metadata"]["name"]: one["metadata"]["labels"].get("gantry.dev/ruler", "prometheus") for one in found}


def test_the_window_that_prometheus_does_not_keep_is_evaluated_over_the_history_and_fast_burns_beside_the_targets(clusters):
    short, long = rulers(clusters[SHORT]), rulers(clusters[HUB])
    assert set(long.values()) == {"prometheus"}
    far = {name for name, ruler in short.items() if ruler == "thanos"}
    assert far == {f"slo-{name}-budget" for name in clusters[SHORT].model["slos"]} and far
    assert {slo["ruler"] for slo in clusters[SHORT].model["slos"].values()} == {"thanos"}
    for name in far:
        (group,) = clusters[SHORT].one(SET, "PrometheusRule", name)["spec"]["groups"]
        assert [rule["record"] for rule in group["rules"] if "record" in rule] == ["slo:error_ratio:window", "slo:error_budget_left:ratio"]
    rows = {row["name"]: row for row in clusters[SHORT].sets[SET]["expectations"]}
    assert {rows[f"{name}-rules"]["object"] for name in far} == {"thanos-query-rules"}
    assert {rows[f"{name}-rules"]["object"] for name in set(short) - far} == {"prometheus"}


def test_of_shards_none_sums_what_the_others_have_and_all_are_counted(clusters):
    cluster = clusters[SHARDED]
    spec = cluster.one(SET, "Prometheus", "platform")["spec"]
    assert (spec["shards"], spec["replicas"]) == (3, 2) and "shards" not in clusters[HUB].one(SET, "Prometheus", "platform")["spec"]
    (apart,) = spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert apart["matchLabelKeys"] == ["operator.prometheus.io/shard"]
    near = {name for name, ruler in rulers(cluster).items() if ruler == "prometheus"}
    assert near == {"monitoring", "probes", "thanos"}, "what each says of itself, and of one target"
    assert {name for name in rulers(cluster) if name.startswith("slo-")}.isdisjoint(near)
    rows = {row["name"]: row for row in cluster.sets[SET]["expectations"]}
    assert "`6`" in rows["prometheus-available"]["condition"] and "`6`" in rows["thanos-query-endpoints"]["condition"]
    measured = [row for name, row in rows.items() if name.endswith("-measured")]
    assert {row["object"] for row in measured} == {"thanos-query"} and all("query=up%7B" in row["path"] for row in measured)
    disruption = cluster.one(SET, "PodDisruptionBudget", "prometheus")["spec"]
    assert disruption["maxUnavailable"] == 1 and "operator.prometheus.io/shard" not in disruption["selector"]["matchLabels"]


def test_each_component_is_measured_expected_and_let_go_one_at_a_time(clusters):
    cluster = clusters[HUB]
    names = {f"thanos-{name}" for name in (*RUNS, "compact")}
    monitors = {one["metadata"]["name"]: one for one in cluster.documents(SET, "ServiceMonitor") if one["metadata"]["name"] in names}
    assert set(monitors) == names
    for name, monitor in monitors.items():
        assert monitor["spec"]["selector"]["matchLabels"].items() <= cluster.one(SET, "Service", name)["metadata"]["labels"].items()
    rows = {row["name"]: row for row in cluster.sets[SET]["expectations"]}
    assert {f"{name}-measured" for name in names} | {"thanos-query-endpoints", "thanosruler-available", "thanos-compact-available"} <= set(
        rows
    )
    for name in ("query", "query-rules", "ruler"):
        selector = cluster.one(SET, "PodDisruptionBudget", f"thanos-{name}")["spec"]["selector"]
        assert selector["matchLabels"]["app.kubernetes.io/name"] == f"thanos-{name}"
    (rule,) = cluster.one(SET, "Role", "monitoring-verification")["rules"]
    assert rule["resourceNames"] == ["prometheus:web", "alertmanager:web", "thanos-query:http", "thanos-query-rules:http"]
