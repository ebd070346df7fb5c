# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What the kubelet of each node says of volumes and containers, and who is told.

Metrics are those of Kubernetes v1.36 (pkg/kubelet/metrics/metrics.go, pkg/kubelet/certificate/kubelet.go) and of the cadvisor in it
(metrics/prometheus.go). They name the namespace and pod that they speak of, since a node is in none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

JOBS = ("kubelet", "kubelet-cadvisor")
"""Of volumes and certificates, and of containers."""
ALERTS = ("VolumeFills", "VolumeWithoutInodes", "ContainerThrottled", "ContainerOutOfMemory", "KubeletCertificateNotRenewed")
_VOLUMES, _WORKLOADS, _NODES = (f"docs/monitoring.md#when-a-{what}-is-not-well" for what in ("volume", "workload", "node"))
_OF, _CONTAINERS = f'job="{JOBS[0]}"', f'job="{JOBS[1]}", container!=""'


def alerts(teams: Mapping[str, Json]) -> list[Json]:
    """Every rule. What is of a team's namespace is told to the team, all else to the owner."""
    spaces = {team: one["namespace"] for team, one in teams.items()}
    whose = [(f"namespace={json.dumps(space)}", {"team": team}) for team, space in spaces.items()]
    others = f"namespace!~{json.dumps('|'.join(sorted(spaces.values())))}" if spaces else 'namespace!=""'
    return [*(rule for where, labels in [*whose, (others, {})] for rule in _of_pods(where, labels)), _of_certificates()]


def _of_pods(where: str, labels: Json) -> Iterator[Json]:
    def rule(name: str, wait: str, severity: str, expr: str, summary: str, description: str, runbook: str) -> Json:
        said = {"alert": name, "for": wait, "severity": severity, "expr": expr, "summary": summary, "description": description}
        return {**said, "runbook": runbook, **({"labels": labels} if labels else {})}

    of, claim = f"{{{_OF}, {where}}}", "{{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }}"
    left = f"kubelet_volume_stats_available_bytes{of} / kubelet_volume_stats_capacity_bytes{of}"
    yield rule(
        "VolumeFills",
        "1h",
        "ticket",
        f"{left} < 0.15 and predict_linear(kubelet_volume_stats_available_bytes{of}[6h], 4 * 24 * 3600) < 0",
        f"{claim} is full within four days",
        "{{ $value | humanizePercentage }} are left.",
        _VOLUMES,
    )
    yield rule(
        "VolumeFills",
        "15m",
        "page",
        f"{left} < 0.03",
        f"{claim} is almost full",
        "{{ $value | humanizePercentage }} are left: what writes there is about to fail.",
        _VOLUMES,
    )
    # A file system that makes them as they are needed says that it has none.
    yield rule(
        "VolumeWithoutInodes",
        "15m",
        "ticket",
        f"kubelet_volume_stats_inodes_free{of} / (kubelet_volume_stats_inodes{of} > 0) < 0.03",
        f"{claim} has room for few files more",
        "{{ $value | humanizePercentage }} of its inodes are left.",
        _VOLUMES,
    )
    by = "sum by (namespace, pod, container)"
    held, all_ = (f"{by} (increase(container_cpu_cfs_{word}periods_total{{{_CONTAINERS}, {where}}}[15m]))" for word in ("throttled_", ""))
    container = "{{ $labels.namespace }}/{{ $labels.pod }}"
    yield rule(
        "ContainerThrottled",
        "30m",
        "ticket",
        f"{held} / ({all_} > 0) > 0.25",
        f"{container} is held back by its limit of CPU",
        "Its container {{ $labels.container }} had to wait in {{ $value | humanizePercentage }} of all periods.",
        _WORKLOADS,
    )
    yield rule(
        "ContainerOutOfMemory",
        "0m",
        "ticket",
        f"{by} (increase(container_oom_events_total{{{_CONTAINERS}, {where}}}[10m])) > 0",
        f"{container} was short of memory",
        "The kernel ended a process of its container {{ $labels.container }}, which had used all that it may.",
        _WORKLOADS,
    )


def _of_certificates() -> Json:
    failed = (f"increase(kubelet_{of}_expiration_renew_errors{{{_OF}}}[30m]) > 0" for of in ("server", "certificate_manager_client"))
    return {
        "alert": "KubeletCertificateNotRenewed", "for": "30m", "severity": "ticket", "expr": " or ".join(failed),
        "summary": "The kubelet of {{ $labels.node }} cannot renew its certificate",
        "description": "When it ends the node is lost, or nobody can ask what its pods log.", "runbook": _NODES,
    }  # fmt: skip


def board() -> Json:
    """Volumes and containers."""

    def series(title: str, expr: str, legend: str, unit: str = "percentunit") -> Json:
        return {"title": title, "unit": unit, "queries": [{"expr": expr, "legend": legend}]}

    of, by = f"{{{_OF}}}", "by (namespace, pod, container)"
    held, all_ = (f"sum {by} (rate(container_cpu_cfs_{word}periods_total{{{_CONTAINERS}}}[5m]))" for word in ("throttled_", ""))
    return {
        "title": "Volumes and containers",
        "description": "What is left on volumes, and what containers use and are refused.",
        "panels": [
            series(
                "Space left on volumes",
                f"kubelet_volume_stats_available_bytes{of} / kubelet_volume_stats_capacity_bytes{of}",
                "{{namespace}} {{persistentvolumeclaim}}",
            ),
            series(
                "Files left on volumes",
                f"kubelet_volume_stats_inodes_free{of} / (kubelet_volume_stats_inodes{of} > 0)",
                "{{namespace}} {{persistentvolumeclaim}}",
            ),
            series("Held back by the limit of CPU", f"topk(10, {held} / ({all_} > 0))", "{{namespace}} {{pod}} {{container}}"),
            series(
                "Cores in use",
                f"topk(10, sum {by} (rate(container_cpu_usage_seconds_total{{{_CONTAINERS}}}[5m])))",
                "{{namespace}} {{pod}} {{container}}",
                "short",
            ),
            series(
                "Memory in use",
                f"topk(10, sum {by} (container_memory_working_set_bytes{{{_CONTAINERS}}}))",
                "{{namespace}} {{pod}} {{container}}",
                "bytes",
            ),
        ],
    }
