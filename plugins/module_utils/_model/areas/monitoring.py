# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a model says of Prometheus and Alertmanager, where each service is measured, and what cannot be right about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.schema import Path, Problem
from ..._dashboards.boards import boards
from ..._monitoring import cluster, kubelet, probes
from ..look import Json, Say, amount, entries, mapping, seconds, unknown

RULES: dict[str, str] = {
    "monitoring_images": "servers of monitoring run images of the first registry, unless one is named",
    "thanos_compacts": "the hub compacts what the clusters of an environment share, since two compactors would ruin it",
    "thanos_prefix": "an environment has its own part of a bucket, since each has a hub that compacts",
    "grafana_endpoints": "of a provider of single sign-on are used the addresses that Keycloak has below its issuer, unless others are named",
    "metrics_port": "a service serves its metrics on its own port, unless it names another",
    "metrics_interval": "a service is measured as often as settings.monitoring.scrape_interval says, unless it says so itself",
}
IMAGES: dict[str, str] = {
    "prometheus": "prometheus/prometheus:v3.5.0",
    "alertmanager": "prometheus/alertmanager:v0.31.1",
    "config_reloader": "prometheus-operator/prometheus-config-reloader:v0.85.0",
    "blackbox": "prometheus/blackbox-exporter:v0.28.0",
}
"""By what runs it, the image behind a registry."""
_GRAFANA = "grafana/grafana:12.2.0"
_ENDPOINTS = {"authorize": "auth", "token": "token", "userinfo": "userinfo"}
"""Their last words below a Keycloak's issuer (https://www.keycloak.org/securing-apps/oidc-layers)."""
_THANOS = "thanos/thanos:v0.40.1"
_COMPONENTS = ("sidecar", "query", "query-rules", "store", "compact", "ruler")
"""What runs of Thanos; the compactor only where a cluster compacts."""
_NOT_WELL = "docs/monitoring.md#when-history-is-not-well"
_NAMESPACE = "monitoring"
_FOUND_BY = ("targets", "http", "dns")
"""How what is no pod is found."""

_DEFINITIONS = "prometheus-operator"
_OPERATOR = "kube-prometheus-stack"
_SERVERS = ("prometheus", "alertmanager", "blackbox")


def derive(model: Json, say: Say) -> None:
    """Images of the servers, and where each service is measured; ``model`` is merged and valid."""
    settings = model["settings"]
    registry = settings["registries"][0].rstrip("/")
    for part, image in IMAGES.items():
        if "image" not in settings["monitoring"][part]:
            say(("settings", "monitoring", part, "image"), f"{registry}/{image}", "monitoring_images", ("settings", "registries"))
    thanos, here = settings["monitoring"].get("thanos"), ("settings", "monitoring", "thanos")
    if thanos is not None:
        if "image" not in thanos:
            say((*here, "image"), f"{registry}/{_THANOS}", "monitoring_images", ("settings", "registries"))
        if "compacts" not in thanos:
            say((*here, "compacts"), "hub" in mapping(model, "cluster").get("roles", ()), "thanos_compacts", ("cluster", "roles"))
        if "prefix" not in thanos["bucket"]:
            say((*here, "bucket", "prefix"), model["environment"]["name"], "thanos_prefix", ("environment", "name"))
    grafana, here = settings["monitoring"].get("grafana"), ("settings", "monitoring", "grafana")
    if grafana is not None:
        if "image" not in grafana:
            say((*here, "image"), f"{registry}/{_GRAFANA}", "monitoring_images", ("settings", "registries"))
        for key, word in _ENDPOINTS.items():
            if key not in grafana["sso"]["endpoints"]:
                url = f"{grafana['sso']['issuer']}/protocol/openid-connect/{word}"
                say((*here, "sso", "endpoints", key), url, "grafana_endpoints", (*here, "sso", "issuer"))
    interval: Path = ("settings", "monitoring", "scrape_interval")
    for name, service in model["services"].items():
        path: Path = ("services", name, "metrics")
        if "metrics" not in service:
            continue
        if "port" not in service["metrics"]:
            say((*path, "port"), service["port"], "metrics_port", ("services", name, "port"))
        if "interval" not in service["metrics"]:
            say((*path, "interval"), settings["monitoring"]["scrape_interval"], "metrics_interval", interval)


def contributions(model: Json) -> dict[str, Any]:
    """Boards of the platform, its services and teams, and where boards read; what is asked from outside; targets and alerts of what does these."""
    settings = model["settings"]["monitoring"]
    asked = probes.probes(model["services"], settings, model["settings"]["owner"])
    targets: dict[str, Json] = {}
    alerts: dict[str, Json] = {}
    if asked:
        pages = {tier: said["pages"] for tier, said in model["settings"]["slo"]["tiers"].items()}
        targets["blackbox-exporter"] = _target("blackbox-exporter")
        alerts["probes"] = {"namespace": _NAMESPACE, "ruler": "prometheus", "rules": list(probes.alerts(asked, settings, pages))}
    if "thanos" in settings:
        parts = [name for name in _COMPONENTS if name != "compact" or settings["thanos"]["compacts"]]
        targets |= {f"thanos-{name}": _target(f"thanos-{name}") for name in parts}
        alerts["thanos"] = {
            "namespace": _NAMESPACE,
            "ruler": "prometheus",
            "rules": [rule for name, rule in _thanos_alerts() if name in parts],
        }
    shown = boards(model["services"], model["teams"], probes.panels() if asked else ())
    chart = model["settings"]["components"].get(_OPERATOR, {})
    if chart.get("enabled") and chart.get("source") == "upstream":
        # It brings what says so of nodes and workloads.
        alerts["cluster"] = {"namespace": _NAMESPACE, "rules": cluster.alerts(chart.get("namespace", _OPERATOR), model["teams"])}
        shown["cluster"] = cluster.board(chart.get("namespace", _OPERATOR))
    if settings["kubelet"] and mapping(model, "cluster").get("simulated_in") is None:
        alerts["kubelet"] = {"namespace": _NAMESPACE, "rules": kubelet.alerts(model["teams"])}
        shown["kubelet"] = kubelet.board()
    return {
        "dashboards": shown,
        "data_sources": _sources(settings),
        "probes": asked,
        "scrape_targets": targets,
        "alerts": alerts,
    }


def _target(name: str) -> Json:
    """The pods of this name, at their port ``http``."""
    selector = {"app.kubernetes.io/name": name}
    return {"namespace": _NAMESPACE, "selector": selector, "port": "http", "scheme": "http", "path": "/metrics"}


def _sources(settings: Json) -> dict[str, Json]:
    """Prometheus, or what has the whole history, and Alertmanager."""
    history = "thanos" in settings
    asked, port = ("thanos-query", 10902) if history else ("prometheus", 9090)
    return {
        "prometheus": {
            "title": "Prometheus", "type": "prometheus", "url": f"http://{asked}.{_NAMESPACE}.svc:{port}", "default": True,
            "json": {"httpMethod": "POST", "prometheusType": "Thanos" if history else "Prometheus", "timeInterval": settings["scrape_interval"]},
            "namespace": _NAMESPACE, "selector": {"app.kubernetes.io/name": asked},
        },
        "alertmanager": {
            "title": "Alertmanager", "type": "alertmanager", "url": f"http://alertmanager.{_NAMESPACE}.svc:9093",
            "json": {"implementation": "prometheus", "handleGrafanaManagedAlerts": False},
            "namespace": _NAMESPACE, "selector": {"app.kubernetes.io/name": "alertmanager"},
        },
    }  # fmt: skip


def words(model: Json) -> Mapping[str, Any]:
    """What the texts of its own contributions leave open."""
    return {"alertmanagers": model["settings"]["monitoring"]["alertmanager"]["replicas"]}


def check(model: Mapping[str, Any], _situation: Any) -> Iterator[Problem]:
    """Every problem; ``model`` has its defaults but may be invalid in form, and nothing derived."""
    settings = mapping(model, "settings")
    for name, service in entries(model, "services").items():
        if isinstance(service.get("metrics"), Mapping) and service.get("protocol") == "grpc" and "port" not in service["metrics"]:
            path: Path = ("services", name, "metrics", "port")
            yield Problem(
                path, "missing; Prometheus asks over HTTP, which a gRPC port does not answer: name the port that does", at_key=True
            )
    for name, probe in entries(mapping(settings, "monitoring"), "probes").items():
        here: Path = ("settings", "monitoring", "probes", name)
        yield from unknown((*here, "team"), "team", probe.get("team"), mapping(model, "teams"), home=("teams",))
        if name in mapping(model, "services"):
            yield Problem(here, "is the name of a service, whose own addresses are asked by it; name it otherwise", at_key=True)
    for name, scrape in entries(mapping(settings, "monitoring"), "scrape").items():
        yield from _no_pod(("settings", "monitoring", "scrape", name), scrape)
        if name in kubelet.JOBS and mapping(settings, "monitoring").get("kubelet"):
            yield Problem(("settings", "monitoring", "scrape", name), "is the job of the kubelets: give it another name", at_key=True)
    if mapping(settings, "areas").get("monitoring"):
        yield from _servers(settings)
        yield from _rights(mapping(mapping(settings, "monitoring"), "grafana"), entries(model, "teams"))


def _rights(grafana: Mapping[str, Any], teams: Mapping[str, Any]) -> Iterator[Problem]:
    """Rights that nobody would write, since only Grafana's API takes them."""
    here: Path = ("settings", "monitoring", "grafana", "api")
    for name, team in teams.items() if grafana and "api" not in grafana else ():
        if "board_editors" in team:
            yield Problem(
                ("teams", name, "board_editors"),
                "a run says so to Grafana's API; add settings.monitoring.grafana.api: {url, password}",
                at_key=True,
            )
    if grafana and "api" not in grafana and any(said != "view" for said in mapping(grafana, "folders").values()):
        yield Problem(here, "missing; settings.monitoring.grafana.folders is for Grafana's API alone: add {url, password}", at_key=True)


def _no_pod(here: Path, scrape: Mapping[str, Any]) -> Iterator[Problem]:
    """What cannot be right about something that is measured and no pod."""
    said = [key for key in _FOUND_BY if key in scrape]
    if len(said) != 1:
        found = " and ".join(said) or "none of them"
        yield Problem(here, f"found {found}; one of {', '.join(_FOUND_BY)} says where they are", at_key=True)
    for key in ("ca", "server_name"):
        if key in scrape and scrape.get("scheme") != "https":
            yield Problem((*here, key), "is for scheme: https, and this is asked over http", at_key=True)
    dns = mapping(scrape, "dns")
    if dns.get("type") == "SRV" and "port" in dns:
        yield Problem((*here, "dns", "port"), "SRV records have ports of their own; delete it", at_key=True)
    if dns.get("type") in ("A", "AAAA") and "port" not in dns:
        yield Problem((*here, "dns", "port"), f"missing; {dns['type']} records have no port", at_key=True)


def _servers(settings: Mapping[str, Any]) -> Iterator[Problem]:
    definitions = mapping(settings, "components").get(_DEFINITIONS)
    if not isinstance(definitions, Mapping) or not definitions.get("enabled", True):
        yield Problem(
            ("settings", "areas", "monitoring"),
            f"needs the definitions of the component {_DEFINITIONS}, which is not on; add settings.components.{_DEFINITIONS}: {{}}",
        )
    if mapping(mapping(settings, "components"), _OPERATOR).get("namespace") == "monitoring":
        yield Problem(
            ("settings", "components", _OPERATOR, "namespace"),
            "found 'monitoring'; allowed: any other: who may write servers beside the operator's account could run them as it",
        )
    monitoring = mapping(settings, "monitoring")
    for part in _SERVERS:
        resources = mapping(mapping(monitoring, part), "resources")
        wanted, most = mapping(resources, "requests").get("memory"), mapping(resources, "limits").get("memory")
        if amount(wanted) > amount(most) > 0:
            path: Path = ("settings", "monitoring", part, "resources", "limits", "memory")
            yield Problem(path, f"found {most!r}, below the request, which is {wanted!r}; allowed: at least that")
    shards = mapping(monitoring, "prometheus").get("shards")
    if isinstance(shards, int) and shards > 1 and "thanos" not in monitoring:
        words = f"found {shards}; each sees a part of the targets, and nobody all: name a bucket, settings.monitoring.thanos, or let there be one"
        yield Problem(("settings", "monitoring", "prometheus", "shards"), words)
    if isinstance(monitoring.get("thanos"), Mapping):
        yield from _history(monitoring["thanos"], mapping(monitoring, "prometheus").get("retention"))


def _history(thanos: Mapping[str, Any], kept: Any) -> Iterator[Problem]:
    """What cannot be right about Thanos; ``kept`` is how long Prometheus keeps samples."""
    here: Path = ("settings", "monitoring", "thanos")
    bucket = mapping(thanos, "bucket")
    if bucket.get("type") == "s3" and "endpoint" not in bucket:
        yield Problem((*here, "bucket", "endpoint"), "missing; S3 is reached by its host, such as s3.eu-west-1.amazonaws.com", at_key=True)
    for key in ("endpoint", "region"):
        if bucket.get("type") == "gcs" and key in bucket:
            yield Problem((*here, "bucket", key), "is for s3 alone; Google Cloud Storage has one address for all buckets")
    retention = {step: mapping(thanos, "retention").get(step) for step in ("raw", "5m", "1h")}
    if all(seconds(one) > 0 for one in retention.values()):
        if 0 < seconds(retention["raw"]) < seconds(kept):
            path: Path = (*here, "retention", "raw")
            yield Problem(path, f"found {retention['raw']!r}, shorter than settings.monitoring.prometheus.retention, which is {kept!r}")
        # A block is thinned out once it is so old; before, nothing of it would be left.
        for step, finer, least in (("raw", "", "2d"), ("5m", "raw", "10d"), ("1h", "5m", "10d")):
            if seconds(retention[step]) < seconds(least):
                yield Problem(
                    (*here, "retention", step), f"found {retention[step]!r}; allowed: at least {least}, or nothing is left to thin out"
                )
            elif finer and seconds(retention[step]) < seconds(retention[finer]):
                yield Problem((*here, "retention", step), f"found {retention[step]!r}, shorter than {finer}, which is {retention[finer]!r}")


def _thanos_alerts() -> Iterator[tuple[str, dict[str, Any]]]:
    """(component, rule) of each alert. Which metrics say that history is not well is a fact of the project's own mixin (v0.40.1)."""

    def alert(
        component: str, name: str, severity: str, expr: str, summary: str, description: str, wait: str = "5m"
    ) -> tuple[str, dict[str, Any]]:
        of = f'namespace="{_NAMESPACE}", job="thanos-{component}"'
        return component, {
            "alert": name, "for": wait, "severity": severity, "expr": expr.replace("<of>", of), "summary": summary, "description": description,
            "runbook": _NOT_WELL,
        }  # fmt: skip

    yield alert(
        "sidecar", "ThanosUploadFails", "page",
        "sum by (pod) (rate(thanos_objstore_bucket_operation_failures_total{<of>}[5m])) > 0",
        "Samples do not reach the bucket", "The sidecar of {{ $labels.pod }} fails there; what Prometheus lets go of before it succeeds is lost.",
    )  # fmt: skip
    yield alert(
        "sidecar", "ThanosSidecarAlone", "page",
        "thanos_sidecar_prometheus_up{<of>} == 0 and on (namespace, pod) prometheus_tsdb_data_replay_duration_seconds != 0",
        "A sidecar does not reach its Prometheus", "Nothing of {{ $labels.pod }} is uploaded or answered through Thanos.",
    )  # fmt: skip
    yield alert(
        "query", "ThanosQueriesFail", "page",
        '100 * sum(rate(http_requests_total{<of>, code=~"5..", handler=~"query|query_range"}[5m]))'
        ' / sum(rate(http_requests_total{<of>, handler=~"query|query_range"}[5m])) > 5',
        "Queries over the whole history fail", '{{ $value | printf "%.0f" }} % of them get an error.',
    )  # fmt: skip
    yield alert(
        "store", "ThanosStoreBucketFails", "ticket",
        "100 * sum(rate(thanos_objstore_bucket_operation_failures_total{<of>}[5m]))"
        " / sum(rate(thanos_objstore_bucket_operations_total{<of>}[5m])) > 5",
        "History cannot be read", '{{ $value | printf "%.0f" }} % of what the store asks of the bucket fails.', "15m",
    )  # fmt: skip
    yield alert(
        "compact", "ThanosCompactHalted", "ticket", "max by (pod) (thanos_compact_halted{<of>}) == 1",
        "The bucket is compacted no more", "{{ $labels.pod }} found blocks that it dares not touch, and keeps and thins out nothing.",
    )  # fmt: skip
    yield alert(
        "compact", "ThanosCompactTwice", "page", "sum(up{<of>}) > 1",
        "Two compactors work on one bucket", "Somebody runs more than one in this cluster. They ruin each other's blocks: one has to end at once.",
    )  # fmt: skip
    yield alert(
        "compact", "ThanosCompactIdle", "ticket",
        # A compactor that has uploaded nothing yet says 0: it is not late before it has run for as long.
        "(time() - max(max_over_time(thanos_objstore_bucket_last_successful_upload_time{<of>}[24h]) > 0"
        " or process_start_time_seconds{<of>})) / 3600 > 24",
        "The bucket was not compacted for a day", "History grows, and queries over it get slower.", "0m",
    )  # fmt: skip
    yield alert(
        "ruler", "ThanosRulesFail", "page",
        "100 * sum by (pod) (rate(prometheus_rule_evaluation_failures_total{<of>}[5m]))"
        " / sum by (pod) (rate(prometheus_rule_evaluations_total{<of>}[5m])) > 5",
        "Rules over the whole history fail", "Alerts that {{ $labels.pod }} evaluates may stay silent.",
    )  # fmt: skip
    yield alert(
        "ruler", "ThanosAlertsLost", "page", "sum by (pod) (rate(thanos_alert_sender_alerts_dropped_total{<of>}[5m])) > 0",
        "Alerts do not reach Alertmanager", "{{ $labels.pod }} drops what it could not send.",
    )  # fmt: skip


ALERTS = frozenset(rule["alert"] for _component, rule in _thanos_alerts()) | {*probes.ALERTS, *cluster.ALERTS, *kubelet.ALERTS}
