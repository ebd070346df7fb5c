# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What Thanos shows of itself, and when somebody has to look after it. Which metrics say so is a fact of the project's own mixin (v0.40.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

COMPONENTS = ("sidecar", "query", "store", "compact", "ruler")
_DOCS = "docs/monitoring.md#when-history-is-not-well"


def parts(thanos: Mapping[str, Any]) -> list[str]:
    """The components that run in a cluster whose settings these are."""
    return [name for name in COMPONENTS if name != "compact" or thanos["compacts"]]


def contributions(thanos: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """Targets and alerts, by kind."""
    targets = {
        f"thanos-{name}": {
            "namespace": namespace, "selector": {"app.kubernetes.io/name": f"thanos-{name}"}, "port": "http", "scheme": "http", "path": "/metrics",
        } for name in parts(thanos)
    }  # fmt: skip
    rules = [rule for name, rule in _rules(namespace) if name in parts(thanos)]
    return {"scrape_targets": targets, "alerts": {"thanos": {"namespace": namespace, "rules": rules}}}


def _rules(namespace: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(component, rule) of each alert."""

    def alert(
        component: str, name: str, severity: str, expr: str, summary: str, description: str, wait: str = "5m"
    ) -> tuple[str, dict[str, Any]]:
        of = f'namespace="{namespace}", job="thanos-{component}"'
        return component, {
            "alert": name, "for": wait, "severity": severity, "expr": expr.replace("<of>", of), "summary": summary, "description": description,
            "runbook": _DOCS,
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
