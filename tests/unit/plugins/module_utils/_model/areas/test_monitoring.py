# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._model.areas.monitoring import IMAGES
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory, model


def with_monitoring(on=True, service=None, components=None, **monitoring):
    """The example with the area on, and the service ``store`` saying more."""
    services = copy.deepcopy(VALUES["platform_services"])
    services["store"].update(service or {})
    settings = {
        **VALUES["platform_settings"],
        "areas": {"monitoring": on},
        "components": {"prometheus-operator": {}} if components is None else components,
        **({"monitoring": monitoring} if monitoring else {}),
    }
    return inventory(platform_settings=settings, platform_services=services)


def test_images_come_from_the_first_registry_unless_they_are_named():
    own = "images.mind.example/mirror/prometheus:v3.5.1"
    found = model(with_monitoring(prometheus={"image": own})).effective["settings"]["monitoring"]
    assert found["prometheus"]["image"] == own
    assert found["alertmanager"]["image"] == f"images.mind.example/{IMAGES['alertmanager']}"
    assert found["config_reloader"]["image"] == f"images.mind.example/{IMAGES['config_reloader']}"


BUCKET = {"type": "s3", "name": "history", "endpoint": "s3.eu-west-1.amazonaws.com", "credentials": "env:BUCKET"}


def test_thanos_is_there_once_a_bucket_is_named_and_the_hub_compacts_it():
    assert "thanos" not in model(with_monitoring()).effective["settings"]["monitoring"]
    found = model(with_monitoring(thanos={"bucket": BUCKET})).effective
    thanos, contributed = found["settings"]["monitoring"]["thanos"], found["contributions"]
    assert thanos["image"] == "images.mind.example/thanos/thanos:v0.40.1"
    assert thanos["compacts"] is ("hub" in found["cluster"]["roles"])
    assert ("thanos-compact" in contributed["scrape_targets"]["monitoring"]) is thanos["compacts"]
    assert {"prometheus", "alertmanager", "thanos-query"} <= set(contributed["scrape_targets"]["monitoring"])
    assert set(contributed["alerts"]["monitoring"]) - {"probes"} == {"monitoring", "thanos"}
    own = model(with_monitoring(thanos={"bucket": BUCKET, "compacts": not thanos["compacts"]})).effective["contributions"]
    assert ("thanos-compact" in own["scrape_targets"]["monitoring"]) is not thanos["compacts"]


def test_what_environments_have_in_common_is_no_bucket_that_two_hubs_compact():
    found = model(with_monitoring(thanos={"bucket": BUCKET})).effective
    assert found["settings"]["monitoring"]["thanos"]["bucket"]["prefix"] == found["environment"]["name"]
    named = model(with_monitoring(thanos={"bucket": {**BUCKET, "prefix": "ours/all"}})).effective
    assert named["settings"]["monitoring"]["thanos"]["bucket"]["prefix"] == "ours/all"


def test_a_volume_is_as_large_whatever_else_is_said_of_its_server():
    more = {"requests": {"cpu": "1", "memory": "3Gi"}, "limits": {"memory": "4Gi"}}
    for part, size in {"store": "20Gi", "compactor": "100Gi", "ruler": "10Gi"}.items():
        for said in ({}, {part: {"resources": more}}):
            found = model(with_monitoring(thanos={"bucket": BUCKET, **said})).effective["settings"]["monitoring"]["thanos"]
            assert found[part]["storage"] == size


@pytest.mark.parametrize(
    ("said", "where", "words"),
    [
        (
            {"bucket": {key: value for key, value in BUCKET.items() if key != "endpoint"}},
            "bucket.endpoint",
            "missing; S3 is reached by its host",
        ),
        ({"bucket": {**BUCKET, "type": "gcs"}}, "bucket.endpoint", "is for s3 alone"),
        ({"bucket": {**BUCKET, "type": "azure"}}, "bucket.type", "gcs"),
        ({"bucket": {**BUCKET, "credentials": "AKIA"}}, "bucket.credentials", "a reference"),
        ({"bucket": {**BUCKET, "endpoint": "https://s3.example"}}, "bucket.endpoint", "without a scheme"),
        ({"bucket": BUCKET, "retention": {"raw": "1d"}}, "retention.raw", "shorter than settings.monitoring.prometheus.retention"),
        ({"bucket": BUCKET, "retention": {"raw": "24h"}}, "retention.raw", "allowed: at least 2d"),
        ({"bucket": BUCKET, "retention": {"raw": "16d", "5m": "9d"}}, 'retention."5m"', "allowed: at least 10d"),
        ({"bucket": BUCKET, "retention": {"raw": "16d", "5m": "30d", "1h": "20d"}}, 'retention."1h"', "shorter than 5m"),
        ({"bucket": BUCKET, "compactors": 2}, "compactors", "compactor"),
        ({}, "bucket", "missing"),
    ],
)
def test_a_bucket_that_would_lose_history_is_refused_with_its_place(said, where, words):
    found = errors(with_monitoring(thanos=said))
    assert any(f"settings.monitoring.thanos.{where}" in line and words in line for line in str(found).splitlines()), found


GRAFANA = {
    "url": "https://grafana.example", "admin_password": "env:ADMIN",
    "sso": {"issuer": "https://id.example", "client": "grafana", "client_secret": "env:CLIENT"},
}  # fmt: skip


def test_rights_that_nobody_would_write_are_refused_with_their_place():
    teams = {name: {**team, "board_editors": ["ann@mind.example"]} for name, team in VALUES["platform_teams"].items()}
    unsaid = {**with_monitoring(grafana=GRAFANA), "platform_teams": teams}
    (first, *_others) = teams
    assert f"teams.{first}.board_editors: a run says so to Grafana's API; add settings.monitoring.grafana.api" in str(errors(unsaid))
    found = errors(with_monitoring(grafana={**GRAFANA, "folders": {"viewers": "none"}}))
    assert "settings.monitoring.grafana.api: missing; settings.monitoring.grafana.folders is for Grafana's API alone" in str(found)
    api = {"url": "https://grafana.example", "password": "env:ADMIN"}
    said = {**with_monitoring(grafana={**GRAFANA, "api": api, "folders": {"viewers": "none"}}), "platform_teams": teams}
    assert model(said).effective["settings"]["monitoring"]["grafana"]["folders"] == {"editors": "view", "viewers": "none"}
    assert "a reference that needs no Vault" in str(errors(with_monitoring(grafana={**GRAFANA, "api": {**api, "password": "vault:a#b"}})))


@pytest.mark.parametrize(
    ("service", "wanted"),
    [
        ({"metrics": {}, "port": 8443}, {"port": 8443, "path": "/metrics", "interval": "15s"}),
        ({"metrics": {"port": 9102, "path": "/m", "interval": "1m"}}, {"port": 9102, "path": "/m", "interval": "1m"}),
        ({}, None),
    ],
)
def test_a_service_is_measured_where_it_says(service, wanted):
    found = model(with_monitoring(service=service, scrape_interval="15s")).effective["services"]["store"]
    assert found.get("metrics") == wanted


def test_what_is_exposed_is_asked_from_outside_and_where_nothing_is_nobody_asks():
    asked = {"exposed": True, "hosts": ["store.mind.example"]}
    found = model(with_monitoring(service=asked, probes={"page": {"url": "https://status.mind.example"}})).effective
    assert set(found["contributions"]["probes"]["monitoring"]) >= {"store", "page"}
    assert found["settings"]["monitoring"]["blackbox"]["image"] == "images.mind.example/prometheus/blackbox-exporter:v0.28.0"
    hidden = {name: {**one, "exposed": False} for name, one in copy.deepcopy(VALUES["platform_services"]).items()}
    none = model(inventory(platform_services=hidden, platform_settings=with_monitoring()["platform_settings"])).effective["contributions"]
    assert none["probes"].get("monitoring", {}) == {}
    assert "probes" not in none["alerts"]["monitoring"] and "blackbox-exporter" not in none["scrape_targets"]["monitoring"]


CHART = {"prometheus-operator": {"source": "upstream"}, "kube-prometheus-stack": {"source": "upstream", "namespace": "exporters"}}


def test_nodes_and_workloads_are_watched_where_the_chart_brings_what_says_so_of_them():
    none = model(with_monitoring()).effective["contributions"]
    assert "cluster" not in none["alerts"]["monitoring"] and "cluster" not in none["dashboards"]["monitoring"]
    found = model(with_monitoring(components=CHART)).effective["contributions"]
    rules = found["alerts"]["monitoring"]["cluster"]["rules"]
    assert {"NodeNotReady", "PodCrashLoops", "QuotaAlmostUsed"} <= {rule["alert"] for rule in rules}
    assert all('namespace="exporters"' in rule["expr"] for rule in rules)
    assert found["dashboards"]["monitoring"]["cluster"]["title"] == "Nodes and workloads"


def test_what_it_contributes_is_said_in_words_of_the_model():
    found = model(with_monitoring(alertmanager={"replicas": 5})).effective["contributions"]["alerts"]["monitoring"]
    rules = {rule["alert"]: rule for rule in found["monitoring"]["rules"]}
    assert rules["AlertmanagersApart"]["expr"].endswith(" < 5")


CIDRS = ["10.1.0.0/16"]


@pytest.mark.parametrize(
    ("inventory", "words"),
    [
        (with_monitoring(components={}), "settings.areas.monitoring: needs the definitions of the component prometheus-operator"),
        (with_monitoring(components={"prometheus-operator": {"enabled": False}}), "add settings.components.prometheus-operator: {}"),
        (with_monitoring(service={"protocol": "grpc", "metrics": {}}), "services.store.metrics.port: missing"),
        (with_monitoring(scrape_interval="5m"), "at most 2m"),
        (with_monitoring(kubelet=True, scrape={"kubelet": {"cidrs": CIDRS, "targets": ["b:1"]}}), "is the job of the kubelets"),
        (with_monitoring(service={"metrics": {"interval": "10m"}}), "services.store.metrics.interval: found"),
        (with_monitoring(service={"metrics": {"path": "/$(POD_NAME)"}}), "a path such as /metrics"),
        (with_monitoring(service={"metrics": {"path": "/a?b=c"}}), "a path such as /metrics"),
        (with_monitoring(alertmanager={"retention": "5d"}), "hours such as 120h"),
        (with_monitoring(probes={"store": {"url": "https://a.example"}}), "settings.monitoring.probes.store: is the name of a service"),
        (with_monitoring(probes={"page": {"url": "ftp://a.example"}}), "an address that begins with http://"),
        (with_monitoring(probes={"page": {"url": "https://a.example", "statsues": [200]}}), "did you mean 'statuses'"),
        (with_monitoring(probes={"page": {"url": "https://a.example", "statuses": [99]}}), "settings.monitoring.probes.page.statuses"),
        (with_monitoring(probes={"page": {"url": "https://a.example", "team": "mnid"}}), "found the unknown team 'mnid'"),
        (with_monitoring(probes={"page": {}}), "settings.monitoring.probes.page.url: missing"),
        (with_monitoring(blackbox={"slow": "2m"}), "seconds below ten"),
        (with_monitoring(prometheus={"shards": 2}), "settings.monitoring.prometheus.shards: found 2; each sees a part of the targets"),
        (with_monitoring(prometheus={"shards": 0}), "settings.monitoring.prometheus.shards: found 0"),
        (with_monitoring(prometheus={"shrads": 2}), "did you mean 'shards'"),
        (with_monitoring(scrape={"a": {"cidrs": CIDRS}}), "settings.monitoring.scrape.a: found none of them; one of targets, http, dns"),
        (
            with_monitoring(scrape={"a": {"cidrs": CIDRS, "targets": ["b:1"], "dns": {"names": ["c.example"]}}}),
            "found targets and dns; one of targets, http, dns",
        ),
        (with_monitoring(scrape={"a": {"cidrs": CIDRS, "targets": ["b:65536"]}}), "host:port"),
        (with_monitoring(probes={"a": {"url": "https://a.example:65536"}}), "an address that begins with http://"),
        (with_monitoring(scrape={"a": {"targets": ["b:1"]}}), "settings.monitoring.scrape.a.cidrs: missing"),
        (with_monitoring(scrape={"a": {"cidrs": CIDRS, "targets": ["http://b:1/x"]}}), "host:port"),
        (with_monitoring(scrape={"a": {"cidrs": CIDRS, "target": ["b:1"], "targets": ["b:1"]}}), "did you mean 'targets'"),
        (with_monitoring(scrape={"a": {"cidrs": CIDRS, "targets": ["b:1"], "ca": "env:CA"}}), "scrape.a.ca: is for scheme: https"),
        (with_monitoring(scrape={"a": {"cidrs": CIDRS, "targets": ["b:1"], "scheme": "https", "ca": "PEM"}}), "scrape.a.ca: found"),
        (with_monitoring(scrape={"a": {"cidrs": CIDRS, "dns": {"names": ["c.example"], "type": "A"}}}), "A records have no port"),
        (
            with_monitoring(scrape={"a": {"cidrs": CIDRS, "dns": {"names": ["c.example"], "port": 80}}}),
            "SRV records have ports of their own",
        ),
        (
            with_monitoring(scrape={"a": {"cidrs": CIDRS, "targets": ["b:1"], "labels": {"job": "b"}}}),
            "that Prometheus does not set itself",
        ),
        (
            with_monitoring(scrape={"a": {"cidrs": CIDRS, "targets": ["b:1"], "basic_auth": {"username": "env:U"}}}),
            "basic_auth.password: missing",
        ),
        (with_monitoring(scrape_interval="0s"), "seconds or minutes such as 30s or 1m"),
        (with_monitoring(prometheus={"replicas": 0}), "replicas"),
        (with_monitoring(prometheus={"retention": "two weeks"}), "hours or days such as 120h or 15d"),
        (with_monitoring(prometheus={"retentoin": "15d"}), "did you mean 'retention'"),
        (
            with_monitoring(alertmanager={"resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "512Mi"}}}),
            "settings.monitoring.alertmanager.resources.limits.memory: found '512Mi', below the request",
        ),
        (
            with_monitoring(components={"prometheus-operator": {}, "kube-prometheus-stack": {"namespace": "monitoring"}}),
            "found 'monitoring'; allowed: any other",
        ),
    ],
)
def test_what_cannot_be_right_is_said_with_its_cure(inventory, words):
    found = errors(inventory)
    assert len(found) == 1 and words in found[0], found


def test_off_it_asks_for_nothing():
    assert errors(with_monitoring(on=False, components={})) == []


GRAFANA = {
    "url": "https://grafana.mind.example",
    "admin_password": "env:ADMIN",
    "sso": {"issuer": "https://id.mind.example/realms/staff", "client": "grafana", "client_secret": "env:CLIENT"},
}


def test_grafana_is_there_once_it_is_named_and_asks_keycloak_unless_somebody_else_is():
    assert "grafana" not in model(with_monitoring()).effective["settings"]["monitoring"]
    found = model(with_monitoring(grafana=GRAFANA)).effective["settings"]["monitoring"]["grafana"]
    below = "https://id.mind.example/realms/staff/protocol/openid-connect"
    assert found["image"] == "images.mind.example/grafana/grafana:12.2.0"
    assert found["sso"]["endpoints"] == {"authorize": f"{below}/auth", "token": f"{below}/token", "userinfo": f"{below}/userinfo"}
    own = {**GRAFANA, "sso": {**GRAFANA["sso"], "endpoints": {"token": "https://id.mind.example/oauth2/v1/token"}}}
    endpoints = model(with_monitoring(grafana=own)).effective["settings"]["monitoring"]["grafana"]["sso"]["endpoints"]
    assert endpoints == {"authorize": f"{below}/auth", "token": "https://id.mind.example/oauth2/v1/token", "userinfo": f"{below}/userinfo"}


def test_boards_read_from_what_has_the_whole_history():
    plain = model(with_monitoring()).effective["contributions"]["data_sources"]["monitoring"]["prometheus"]
    whole = model(with_monitoring(thanos={"bucket": BUCKET})).effective["contributions"]["data_sources"]["monitoring"]["prometheus"]
    assert (plain["url"], plain["json"]["prometheusType"]) == ("http://prometheus.monitoring.svc:9090", "Prometheus")
    assert (whole["url"], whole["json"]["prometheusType"]) == ("http://thanos-query.monitoring.svc:10902", "Thanos")
    assert whole["selector"] == {"app.kubernetes.io/name": "thanos-query"}
