# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Grafana with single sign-on, in the shipped inventories."""

from __future__ import annotations

import fnmatch
import json
import re

import jmespath
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._logging import lifecycle
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import copy_of_the_inventories
from ansible_collections.gantry.platform.tests.unit.roles.declared import ENVIRONMENTS, declare
from ansible_collections.gantry.platform.tests.unit.roles.with_grafana import GRAFANA, READER, with_grafana

SET = "monitoring"
HUB = "prod-euw1"


@pytest.fixture(scope="module")
def clusters(tmp_path_factory):
    inventories = with_grafana(copy_of_the_inventories(tmp_path_factory.mktemp("inventories")))
    files = [inventories / f"{name}.yml" for name in ENVIRONMENTS]
    return declare(tmp_path_factory.mktemp("declared"), files, ["monitoring", "tracing", "logging"], "monitoring,tracing,logging")


def reads_logs(cluster):
    """Who keeps logs is on the hub; in a sandbox nobody reads any."""
    return "hub" in cluster.model["cluster"]["roles"] and cluster.model["cluster"]["simulated_in"] is None


def provisioned(cluster, file):
    return json.loads(cluster.one(SET, "ConfigMap", "grafana-provisioning")["data"][file])


def pod(cluster):
    return cluster.one(SET, "StatefulSet", "grafana")["spec"]["template"]["spec"]


def test_every_group_of_every_inventory_is_what_its_kind_may_be(clusters):
    assert len(clusters) == 7
    for cluster in clusters.values():
        path = cluster.one(SET, "ConfigMap", "grafana")["data"]["GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_PATH"]
        teams = [team["identity_groups"] for team in cluster.model["teams"].values()]
        expected = {"site-reliability": "Admin", "everybody": "Viewer"}
        expected |= {team["operators"]: "Editor" for team in teams} | {team["developers"]: "Viewer" for team in teams}
        assert {group: jmespath.search(path, {"groups": [group]}) for group in expected} == expected
        assert len(expected) == 2 + 2 * len(teams) > 8
        assert not jmespath.search(path, {"groups": ["somebody-else"]})


def test_where_nobody_says_grafana_there_is_none(everything):
    for name, cluster in everything.items():
        kept = [one["metadata"]["name"] for one in cluster.documents(SET) if one["metadata"]["name"].startswith("grafana")]
        assert kept == [], name
        assert "grafana" not in json.dumps(cluster.documents(SET, "NetworkPolicy")), name


def test_secrets_are_references_that_stand_in_no_other_document(clusters):
    for cluster in clusters.values():
        data = cluster.one(SET, "Secret", "grafana")["data"]
        of_logs = {"logs_basicAuthPassword": READER["password"], "logs_tlsCACert": READER["ca"]} if reads_logs(cluster) else {}
        own = {"admin_password": GRAFANA["admin_password"], "client_secret": GRAFANA["sso"]["client_secret"]}
        assert data == {key: {"reference": reference} for key, reference in {**own, **of_logs}.items()}
        others = [one for one in cluster.documents(SET) if one["kind"] != "Secret"]
        assert not re.search("vault:shared/(grafana|logs)|LOGS_READER", json.dumps(others))
        told = cluster.one(SET, "ConfigMap", "grafana")["data"]
        (mount,) = [one["mountPath"] for one in pod(cluster)["containers"][0]["volumeMounts"] if one["name"] == "secrets"]
        files = {f"$__file{{{mount}/{key}}}" for key in data}
        read = [one.get("secureJsonData", {}).values() for one in provisioned(cluster, "sources.yaml")["datasources"]]
        assert files == {told["GF_SECURITY_ADMIN_PASSWORD"], told["GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET"]}.union(*read)


def test_the_provider_is_reached_at_the_addresses_that_keycloak_has(clusters):
    told = clusters[HUB].one(SET, "ConfigMap", "grafana")["data"]
    below = f"{GRAFANA['sso']['issuer']}/protocol/openid-connect"
    urls = [told[f"GF_AUTH_GENERIC_OAUTH_{name}_URL"] for name in ("AUTH", "TOKEN", "API")]
    assert urls == [f"{below}/auth", f"{below}/token", f"{below}/userinfo"]
    assert told["GF_SERVER_ROOT_URL"] == GRAFANA["url"]


def test_each_team_has_a_folder_and_every_board_lies_in_one(clusters):
    for cluster in clusters.values():
        providers = provisioned(cluster, "boards.yaml")["providers"]
        boards = {
            one["metadata"]["name"]: one for one in cluster.documents(SET, "ConfigMap") if "grafana_dashboard" in one["metadata"]["labels"]
        }
        mounts = {one["name"]: one["mountPath"] for one in pod(cluster)["containers"][0]["volumeMounts"]}
        volumes = {one["name"]: one for one in pod(cluster)["volumes"]}
        placed = {}
        for provider in providers:
            assert mounts[provider["name"]] == provider["options"]["path"] and provider["folderUid"] == provider["name"]
            for source in volumes[provider["name"]]["projected"]["sources"]:
                assert source["configMap"]["name"] not in placed
                placed[source["configMap"]["name"]] = provider["folder"]
        assert placed == {name: board["metadata"]["annotations"]["grafana_folder"] for name, board in boards.items()}
        assert {one["folder"] for one in providers} == {"Platform", *cluster.model["teams"]}


def test_it_reads_from_every_source_that_is_there_and_the_network_lets_it(clusters):
    for cluster in clusters.values():
        sources = {one["uid"]: one for one in provisioned(cluster, "sources.yaml")["datasources"]}
        assert {name: one["url"] for name, one in sources.items()} == {
            "alertmanager": "http://alertmanager.monitoring.svc:9093",
            "jaeger": "http://jaeger.tracing.svc:16686",
            "prometheus": "http://prometheus.monitoring.svc:9090",
            **({"logs": "https://logs-es-http.logging.svc:9200"} if reads_logs(cluster) else {}),
        }
        assert [name for name, one in sources.items() if one["isDefault"]] == ["prometheus"]
        assert sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"] == [{"name": "trace_id", "datasourceUid": "jaeger"}]
        assert sources["jaeger"]["jsonData"]["tracesToMetrics"]["datasourceUid"] == "prometheus"
        egress = cluster.one(SET, "NetworkPolicy", "grafana")["spec"]["egress"]
        ways = {
            (to["to"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"], to["ports"][0]["port"]) for to in egress[:-1]
        }
        assert ways == {
            ("monitoring", 9093), ("monitoring", 9090), ("tracing", 16686), *([("logging", 9200)] if reads_logs(cluster) else []),
        }  # fmt: skip
        assert egress[-1]["ports"] == [{"port": 443, "protocol": "TCP"}]
        elastic = [("logging", "elasticsearch")] if reads_logs(cluster) else []
        for area, name in ((SET, "prometheus"), (SET, "alertmanager"), ("tracing", "jaeger"), *elastic):
            ingress = cluster.one(area, "NetworkPolicy", name, area)["spec"]["ingress"]
            lets = [one["podSelector"]["matchLabels"] for way in ingress for one in way["from"] if "podSelector" in one]
            assert "grafana" in [labels["app.kubernetes.io/name"] for labels in lets], name


def test_the_hub_reads_logs_by_a_user_that_the_run_makes_and_each_line_leads_to_its_trace(clusters):
    assert {name for name, cluster in clusters.items() if reads_logs(cluster)} >= {HUB} and len(
        list(filter(reads_logs, clusters.values()))
    ) < 7
    for cluster in filter(reads_logs, clusters.values()):
        (source,) = [one for one in provisioned(cluster, "sources.yaml")["datasources"] if one["uid"] == "logs"]
        said = source["jsonData"]
        assert (source["basicAuth"], source["basicAuthUser"], said["tlsAuthWithCACert"]) == (True, lifecycle.READER, True)
        assert said["dataLinks"] == [{"field": "trace.id", "url": "$${__value.raw}", "datasourceUid": "jaeger"}]
        streams, environment = cluster.model["settings"]["logging"]["streams"], cluster.model["environment"]["name"]
        document = lifecycle.document(streams, environment, {"hot": 1, "warm": 1, "cold": 0}, reader=READER)
        (may,) = document["roles"][source["basicAuthUser"]]["indices"]
        assert set(document["data_streams"]) - set(may["names"]) == {f"logs-{one}-{environment}" for one in ("audit", "security")}
        assert all(fnmatch.fnmatch(name, said["index"]) for name in may["names"]) and said["index"] != "*"
        selector = cluster.one(SET, "NetworkPolicy", "grafana")["spec"]["egress"]
        labels = [to["to"][0]["podSelector"]["matchLabels"] for to in selector if to["ports"][0]["port"] == 9200]
        node = cluster.one("logging", "Elasticsearch", "logs")["spec"]["nodeSets"][0]["podTemplate"]["metadata"]["labels"]
        assert len(labels) == 1 and labels[0].items() <= node.items()


def test_what_is_read_at_start_alone_starts_it_anew(clusters):
    marks = {
        name: cluster.one(SET, "StatefulSet", "grafana")["spec"]["template"]["metadata"]["annotations"]["gantry.dev/config"]
        for name, cluster in clusters.items()
    }
    assert marks["prod-euw1b"] == marks["prod-euc1"] != marks[HUB], "the same teams and sources, but for the logs of the hub"
