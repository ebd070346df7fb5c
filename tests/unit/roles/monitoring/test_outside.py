# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured and no pod, and addresses that are asked besides those of services."""

from __future__ import annotations

import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._monitoring.kubelet import JOBS
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import copy_of_the_inventories
from ansible_collections.gantry.platform.tests.unit.roles.declared import declare
from ansible_collections.gantry.platform.tests.unit.roles.with_outside import SCRAPE, with_outside

SET = "monitoring"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    inventories = with_outside(copy_of_the_inventories(tmp_path_factory.mktemp("inventories")))
    return declare(tmp_path_factory.mktemp("declared"), [inventories / "dev.yml"], [SET], areas=SET)["dev-euw1"]


def test_each_is_a_job_found_as_it_is_said_and_reached_where_it_is(cluster):
    found = {one["metadata"]["name"]: one["spec"] for one in cluster.documents(SET, "ScrapeConfig")}
    assert {name: spec["jobName"] for name, spec in found.items()} == {name: name for name in (*SCRAPE, *JOBS)}
    assert found["databases"]["staticConfigs"] == [{"targets": SCRAPE["databases"]["targets"], "labels": {"kind": "database"}}]
    assert found["devices"]["httpSDConfigs"] == [{"url": "https://inventory.consciousness.example/targets", "refreshInterval": "1m"}]
    assert found["devices"]["relabelings"] == [{"action": "replace", "targetLabel": "kind", "replacement": "device"}]
    assert found["found"]["dnsSDConfigs"] == [
        {"names": ["metrics.consciousness.example"], "type": "A", "port": 9100, "refreshInterval": "1m"}
    ]
    assert (found["devices"]["scheme"], found["databases"]["scheme"], found["found"]["scrapeInterval"]) == ("HTTPS", "HTTP", "1m")
    ways = {
        one["metadata"]["name"]: one["spec"]["egress"]
        for one in cluster.documents(SET, "NetworkPolicy")
        if one["metadata"]["name"].startswith("scrape-")
    }
    assert ways["scrape-databases"] == [{"to": [{"ipBlock": {"cidr": "10.64.8.0/24"}}], "ports": [{"port": 9187, "protocol": "TCP"}]}]
    # Where somebody else says what the targets are, nobody knows their ports.
    assert ways["scrape-devices"] == [{"to": [{"ipBlock": {"cidr": "10.64.9.0/24"}}]}]


def test_kubelets_are_asked_by_an_account_that_may_nothing_else_and_by_nobody_who_cannot_show_the_clusters_certificate(cluster):
    account = cluster.one(SET, "ServiceAccount", "kubelet-metrics")["metadata"]
    (subject,) = cluster.one(SET, "ClusterRoleBinding", "gantry-kubelet-metrics")["subjects"]
    assert (subject["name"], subject["namespace"]) == (account["name"], account["namespace"])
    assert cluster.one(SET, "ClusterRole", "gantry-kubelet-metrics")["rules"] == [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
    ]
    secret = cluster.one(SET, "Secret", "kubelet-metrics")
    assert secret["metadata"]["annotations"] == {"kubernetes.io/service-account.name": account["name"]} and "data" not in secret
    for job in JOBS:
        spec = cluster.one(SET, "ScrapeConfig", job)["spec"]
        (found,) = spec["kubernetesSDConfigs"]
        for way in (spec, found):
            assert way["authorization"]["credentials"] == {"name": "kubelet-metrics", "key": "token"}
            assert way["tlsConfig"] == {"ca": {"secret": {"name": "kubelet-metrics", "key": "ca.crt"}}}, "no certificate is taken unseen"
        assert found["role"] == "Node" and spec["metricRelabelings"][0]["action"] == "keep"
    out = cluster.one(SET, "NetworkPolicy", "kubelet-metrics")["spec"]["egress"]
    nodes = {"ipBlock": {"cidr": cluster.model["cluster"]["network"]["node_cidr"]}}
    assert out == [{"to": [nodes], "ports": [{"port": 10250, "protocol": "TCP"}]}]
    assert cluster.one(SET, "Prometheus", "platform")["spec"]["serviceAccountName"] != account["name"]


def test_what_is_secret_about_one_is_a_reference_in_a_secret_of_its_own(cluster):
    secret = cluster.one(SET, "Secret", "scrape-devices")
    assert secret["data"] == {
        "ca.crt": {"reference": "vault:shared/devices#ca"},
        "username": {"reference": "vault:shared/devices#user"},
        "password": {"reference": "vault:shared/devices#password"},
    }
    spec = cluster.one(SET, "ScrapeConfig", "devices")["spec"]
    assert spec["tlsConfig"]["ca"] == {"secret": {"name": "scrape-devices", "key": "ca.crt"}}
    assert spec["basicAuth"] == {key: {"name": "scrape-devices", "key": key} for key in ("username", "password")}
    assert spec["tlsConfig"]["serverName"] == "devices.consciousness.example" and spec["tlsConfig"]["insecureSkipVerify"] is False
    assert [one["metadata"]["name"] for one in cluster.documents(SET, "Secret") if one["metadata"]["name"].startswith("scrape-")] == [
        "scrape-devices"
    ]


def test_prometheus_takes_them_up_from_monitoring_alone_and_a_run_asks_whether_it_did(cluster):
    spec = cluster.one(SET, "Prometheus", "platform")["spec"]
    assert spec["scrapeConfigSelector"] == {}
    assert spec["scrapeConfigNamespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
    (row,) = [row for row in cluster.sets[SET]["expectations"] if row["name"] == "prometheus-monitors"]
    assert all(f"'scrapeConfig/monitoring/{name}'" in row["condition"] for name in (*SCRAPE, *JOBS))
    assert "'probe/monitoring/status-page'" in row["condition"]


def test_an_address_that_is_named_is_asked_by_a_module_of_its_own(cluster):
    spec = cluster.one(SET, "Probe", "status-page")["spec"]
    assert spec["targets"]["staticConfig"]["labels"] == {"probe": "status-page", "team": "cortex"}
    config = json.loads(cluster.one(SET, "ConfigMap", "blackbox-exporter")["data"]["config.yml"])
    assert config["modules"][spec["module"]]["http"]["valid_status_codes"] == [200]
    gateway, way = cluster.one(SET, "NetworkPolicy", "blackbox-exporter")["spec"]["egress"]
    assert gateway == {"to": [{"namespaceSelector": {"matchLabels": {"gantry.dev/gateway": "true"}}}]}
    assert [port["port"] for port in way["ports"]] == [443, 8080]
