# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""History in a bucket that three clusters share."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.unit.roles.declared import declare
from ansible_collections.gantry.platform.tests.unit.roles.with_history import with_history

SET = "monitoring"
PROD = ("prod-euw1", "prod-euw1b", "prod-euc1")
HUB = "prod-euw1"
RUNS = ("sidecar", "query", "store", "ruler")


@pytest.fixture(scope="module")
def clusters(tmp_path_factory):
    inventories = with_history(tmp_path_factory.mktemp("inventories"))
    found = declare(tmp_path_factory.mktemp("declared"), [inventories / "prod.yml"], ["monitoring"])
    assert set(found) == set(PROD)
    return found


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
        containers += [pod["containers"][0] for name, pod in pods(cluster).items() if name != "thanos-query"]
        assert len(containers) == 2 + len(pods(cluster)) - 1 and all(one["env"] == [wanted] for one in containers)
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
    for name, selector in zip(("sidecar", "store", "ruler"), reached, strict=True):
        service = clusters[HUB].one(SET, "Service", f"thanos-{name}")["spec"]
        assert (service["clusterIP"], service["selector"]) == ("None", selector["matchLabels"])
        (way,) = [one for one in policies[f"thanos-{name}"]["ingress"] if one["ports"] == [{"port": 10901, "protocol": "TCP"}]]
        assert way["from"] == [{"podSelector": policies["thanos-query"]["podSelector"]}]


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
    for name in ("query", "ruler"):
        selector = cluster.one(SET, "PodDisruptionBudget", f"thanos-{name}")["spec"]["selector"]
        assert selector["matchLabels"]["app.kubernetes.io/name"] == f"thanos-{name}"
    (rule,) = cluster.one(SET, "Role", "monitoring-verification")["rules"]
    assert rule["resourceNames"] == ["prometheus:web", "alertmanager:web", "thanos-query:http"]
