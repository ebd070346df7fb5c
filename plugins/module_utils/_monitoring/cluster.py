# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What nodes and workloads of a cluster say of themselves, and who is told.

Metrics are those of kube-state-metrics (its docs/metrics) and of node_exporter v1.9.1 (collector/filesystem_common.go, meminfo_linux.go,
timex.go). Prometheus keeps its own word on whose a series is, so the namespace, pod and container that kube-state-metrics speaks of are
``exported_namespace``, ``exported_pod`` and ``exported_container``, and ``namespace`` is where the exporter itself runs: nobody else's
metrics of these names count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

_NODES, _WORKLOADS = "docs/monitoring.md#when-a-node-is-not-well", "docs/monitoring.md#when-a-workload-is-not-well"
_REAL = 'fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660"'
"""Filesystems that hold something."""
ALERTS = (
    "NodeNotReady",
    "NodeUnderPressure",
    "NodeFilesystemFills",
    "NodeFilesystemReadOnly",
    "NodeMemoryShort",
    "NodeClockWrong",
    "ClusterWithoutSpareNode",
    "PodCrashLoops",
    "PodWaits",
    "DeploymentWithoutReplicas",
    "StatefulSetWithoutReplicas",
    "DaemonSetMisses",
    "JobFails",
    "QuotaAlmostUsed",
)


def alerts(namespace: str, teams: Mapping[str, Json]) -> list[Json]:
    """Every rule; ``namespace`` is that of the exporters. What is of a team's namespace is told to the team, all else to the owner."""
    of = f"namespace={json.dumps(namespace)}"
    spaces = {team: one["namespace"] for team, one in teams.items()}
    whose = [(f"{of}, exported_namespace={json.dumps(space)}", {"team": team}) for team, space in spaces.items()]
    others = f"{of}, exported_namespace!~{json.dumps('|'.join(sorted(spaces.values())))}" if spaces else of
    return [*_of_nodes(of), *(rule for where, labels in [*whose, (others, {})] for rule in _of_workloads(where, labels))]


def _rule(name: str, wait: str, severity: str, expr: str, summary: str, description: str, runbook: str, labels: Json) -> Json:
    said = {"alert": name, "for": wait, "severity": severity, "expr": expr, "summary": summary, "description": description}
    return {**said, "runbook": runbook, **({"labels": labels} if labels else {})}


def _of_nodes(of: str) -> Iterator[Json]:
    def rule(name: str, wait: str, severity: str, expr: str, summary: str, description: str) -> Json:
        return _rule(name, wait, severity, expr, summary, description, _NODES, {})

    yield rule(
        "NodeNotReady",
        "15m",
        "page",
        f'kube_node_status_condition{{{of}, condition="Ready", status="true"}} == 0',
        "Node {{ $labels.node }} is not ready",
        "Its pods are moved elsewhere, as far as there is room and their volumes let them.",
    )
    yield rule(
        "NodeUnderPressure",
        "10m",
        "ticket",
        f'kube_node_status_condition{{{of}, condition=~"MemoryPressure|DiskPressure|PIDPressure", status="true"}} == 1',
        "Node {{ $labels.node }} has {{ $labels.condition }}",
        "It evicts pods until that is over.",
    )
    space = f"node_filesystem_avail_bytes{{{of}, {_REAL}}} / node_filesystem_size_bytes{{{of}, {_REAL}}}"
    yield rule(
        "NodeFilesystemFills",
        "1h",
        "ticket",
        f"{space} < 0.2 and predict_linear(node_filesystem_avail_bytes{{{of}, {_REAL}}}[6h], 24 * 3600) < 0",
        "{{ $labels.mountpoint }} of {{ $labels.instance }} is full within a day",
        "{{ $value | humanizePercentage }} are left.",
    )
    yield rule(
        "NodeFilesystemFills",
        "30m",
        "page",
        f"{space} < 0.05",
        "{{ $labels.mountpoint }} of {{ $labels.instance }} is almost full",
        "{{ $value | humanizePercentage }} are left.",
    )
    yield rule(
        "NodeFilesystemReadOnly",
        "5m",
        "ticket",
        f'node_filesystem_readonly{{{of}, {_REAL}, mountpoint="/"}} == 1',
        "The root of {{ $labels.instance }} cannot be written",
        "Mostly its disk has failed: nothing new can start there.",
    )
    yield rule(
        "NodeMemoryShort",
        "15m",
        "ticket",
        f"node_memory_MemAvailable_bytes{{{of}}} / node_memory_MemTotal_bytes{{{of}}} < 0.05",
        "{{ $labels.instance }} has hardly any memory left",
        "{{ $value | humanizePercentage }} are available.",
    )
    yield rule(
        "NodeClockWrong",
        "10m",
        "ticket",
        f"abs(node_timex_offset_seconds{{{of}}}) > 0.05 or min_over_time(node_timex_sync_status{{{of}}}[5m]) == 0",
        "The clock of {{ $labels.instance }} is wrong, or nobody sets it",
        "Tokens and certificates are judged by it.",
    )
    # Requests of what runs, against what would be there without the largest node. A single node has nothing to spare, and nobody can mend that.
    pod = "(exported_namespace, exported_pod)"
    running = f'max by {pod} (kube_pod_status_phase{{{of}, phase="Running"}} == 1)'
    requested = f"sum by (resource) (kube_pod_container_resource_requests{{{of}}} * on {pod} group_left() {running})"
    there = f'kube_node_status_allocatable{{{of}, resource=~"cpu|memory"}}'
    yield rule(
        "ClusterWithoutSpareNode",
        "15m",
        "ticket",
        f"{requested} > (sum by (resource) ({there}) - max by (resource) ({there}) > 0)",
        "Without its largest node the cluster has not enough {{ $labels.resource }}",
        "{{ $value | humanize }} are requested: when that node is lost some pods find no place.",
    )


def _of_workloads(of: str, labels: Json) -> Iterator[Json]:
    def rule(name: str, wait: str, severity: str, expr: str, summary: str, description: str) -> Json:
        return _rule(name, wait, severity, expr, summary, description, _WORKLOADS, labels)

    where = "{{ $labels.exported_namespace }}/"
    yield rule(
        "PodCrashLoops",
        "10m",
        "ticket",
        f'max_over_time(kube_pod_container_status_waiting_reason{{{of}, reason="CrashLoopBackOff"}}[5m]) == 1',
        where + "{{ $labels.exported_pod }} ends again and again",
        "Its container {{ $labels.exported_container }} is started at ever longer intervals.",
    )
    yield rule(
        "PodWaits",
        "15m",
        "ticket",
        f'max by (exported_namespace, exported_pod) (kube_pod_status_phase{{{of}, phase=~"Pending|Unknown"}}) == 1',
        where + "{{ $labels.exported_pod }} does not start",
        "Its events say what it waits for: a node with room, a volume, an image, a secret.",
    )
    wanted, there = f"kube_deployment_spec_replicas{{{of}}}", f"kube_deployment_status_replicas_available{{{of}}}"
    updating = f"changes(kube_deployment_status_replicas_updated{{{of}}}[10m]) == 0"
    yield rule(
        "DeploymentWithoutReplicas",
        "15m",
        "ticket",
        f"{wanted} > {there} and {updating}",
        where + "{{ $labels.deployment }} has fewer pods than it wants",
        "It wants {{ $value }}, and nothing has become of the rest for a while.",
    )
    yield rule(
        "DeploymentWithoutReplicas",
        "5m",
        "page",
        f"{there} == 0 and {wanted} > 0",
        where + "{{ $labels.deployment }} has no pod at all",
        "Whoever depends on it gets no answer.",
    )
    wanted, there = f"kube_statefulset_replicas{{{of}}}", f"kube_statefulset_status_replicas_ready{{{of}}}"
    updating = f"changes(kube_statefulset_status_replicas_updated{{{of}}}[10m]) == 0"
    yield rule(
        "StatefulSetWithoutReplicas",
        "15m",
        "ticket",
        f"{wanted} > {there} and {updating}",
        where + "{{ $labels.statefulset }} has fewer pods than it wants",
        "It wants {{ $value }}; it starts one after the other, so one holds up all behind it.",
    )
    yield rule(
        "DaemonSetMisses",
        "15m",
        "ticket",
        f"kube_daemonset_status_desired_number_scheduled{{{of}}} > kube_daemonset_status_number_ready{{{of}}}",
        where + "{{ $labels.daemonset }} is missing on some nodes",
        "It wants {{ $value }} pods, and fewer are ready.",
    )
    yield rule(
        "JobFails",
        "5m",
        "ticket",
        f'kube_job_failed{{{of}, condition="true"}} == 1',
        where + "{{ $labels.job_name }} has failed",
        "Its pods say why, as long as they are kept.",
    )
    one = "on (exported_namespace, resourcequota, resource)"
    quota = f'kube_resourcequota{{{of}, type="used"}} / {one} (kube_resourcequota{{{of}, type="hard"}} > 0)'
    yield rule(
        "QuotaAlmostUsed",
        "15m",
        "ticket",
        f"{quota} > 0.9",
        "The quota of {{ $labels.exported_namespace }} is almost used up",
        "{{ $value | humanizePercentage }} of {{ $labels.resource }}: the next pods may be refused.",
    )


def board(namespace: str) -> Json:
    """Nodes and workloads."""
    of = f"namespace={json.dumps(namespace)}"

    def stat(title: str, expr: str, **good: float) -> Json:
        return {"title": title, "show": "stat", "unit": "short", "good": good, "queries": [{"expr": expr}]}

    def series(title: str, expr: str, legend: str, unit: str = "short") -> Json:
        return {"title": title, "unit": unit, "queries": [{"expr": expr, "legend": legend}]}

    idle = f'sum by (instance) (rate(node_cpu_seconds_total{{{of}, mode="idle"}}[5m]))'
    cores = f'count by (instance) (node_cpu_seconds_total{{{of}, mode="idle"}})'
    space = f"node_filesystem_avail_bytes{{{of}, {_REAL}}} / node_filesystem_size_bytes{{{of}, {_REAL}}}"
    return {
        "title": "Nodes and workloads",
        "description": "Whether nodes are well, and workloads have the pods that they want.",
        "panels": [
            stat("Nodes that are not ready", f'sum(1 - kube_node_status_condition{{{of}, condition="Ready", status="true"}})', below=1),
            stat(
                "Containers in a crash loop",
                f'sum(kube_pod_container_status_waiting_reason{{{of}, reason="CrashLoopBackOff"}}) or vector(0)',
                below=1,
            ),
            stat(
                "Deployments that lack pods",
                f"count(kube_deployment_spec_replicas{{{of}}} > kube_deployment_status_replicas_available{{{of}}}) or vector(0)",
                below=1,
            ),
            stat("Jobs that failed", f'sum(kube_job_failed{{{of}, condition="true"}}) or vector(0)', below=1),
            series("CPU in use", f"1 - {idle} / {cores}", "{{instance}}", "percentunit"),
            series(
                "Memory in use",
                f"1 - node_memory_MemAvailable_bytes{{{of}}} / node_memory_MemTotal_bytes{{{of}}}",
                "{{instance}}",
                "percentunit",
            ),
            series("Space left", f"min by (instance, mountpoint) ({space})", "{{instance}} {{mountpoint}}", "percentunit"),
            series(
                "Pods that wait",
                f'sum by (exported_namespace) (kube_pod_status_phase{{{of}, phase=~"Pending|Unknown"}})',
                "{{exported_namespace}}",
            ),
            series(
                "Quota in use",
                f'max by (exported_namespace, resource) (kube_resourcequota{{{of}, type="used"}}'
                f' / on (exported_namespace, resourcequota, resource) (kube_resourcequota{{{of}, type="hard"}} > 0))',
                "{{exported_namespace}} {{resource}}",
                "percentunit",
            ),
        ],
    }
