# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of probes and of what a cluster says of itself, on series that are written down: promtool says which fire, with which labels."""

from __future__ import annotations

import subprocess

import yaml
from ansible_collections.gantry.platform.plugins.module_utils._monitoring import cluster, kubelet, probes
from ansible_collections.gantry.platform.tests.integration.conftest import built

DAY = 86400
OF = 'namespace="exporters"'
CORTEX, VAULT = f'{OF}, exported_namespace="cortex"', f'{OF}, exported_namespace="vault"'
ROOT = f'{OF}, instance="n1", mountpoint="/", fstype="xfs"'
TEAMS = {"cortex": {"namespace": "cortex"}}
VOLUME = 'job="kubelet", namespace="cortex", persistentvolumeclaim="data"'
OTHER = 'job="kubelet", namespace="vault", persistentvolumeclaim="data"'
SAID = 'job="kubelet-cadvisor", namespace="cortex", pod="engine-0", container'
SETTINGS = {
    "scrape_interval": "30s",
    "blackbox": {"slow": "3s", "fails_for": "5m"},
    "probes": {"page": {"url": "https://a.example", "statuses": [], "team": "cortex"}},
}
SERVICES = {
    "gateway": {
        "exposed": True,
        "hosts": ["b.example"],
        "protocol": "http",
        "team": "senses",
        "tier": "t3",
        "probes": {"readiness": {"path": "/"}},
    }
}
GATEWAY, PAGE = 'job="probes", probe="gateway", team="senses", tier="t3"', 'job="probes", probe="page", team="cortex"'
ASKED = probes.probes(SERVICES, SETTINGS, "owner")
RULES = [*probes.alerts(ASKED, SETTINGS, {"t3": False}), *cluster.alerts("exporters", TEAMS), *kubelet.alerts(TEAMS)]


def steady(series, value, minutes=200):
    return {"series": series, "values": f"{value}x{minutes}"}


FIRES = {
    # Of two addresses one has failed for six minutes; nobody gets up for its tier.
    "ProbeFails": ([steady(f"probe_success{{{GATEWAY}}}", 0), steady(f"probe_success{{{PAGE}}}", 1)], "6m", [("ticket", "senses")]),
    # It ends in two days as seen from a day after the beginning of time: both are told, and the page keeps the ticket quiet.
    "CertificateEnds": ([steady(f"probe_ssl_earliest_cert_expiry{{{PAGE}}}", 2 * DAY)], "20m", [("page", "cortex"), ("ticket", "cortex")]),
    "ProbeSlow": (
        [steady(f"probe_duration_seconds{{{PAGE}}}", 3.1), steady(f"probe_duration_seconds{{{GATEWAY}}}", 2.9)],
        "25m",
        [("ticket", "cortex")],
    ),
    "NodeNotReady": (
        [
            steady(f'kube_node_status_condition{{{OF}, node="{name}", condition="Ready", status="true"}}', value)
            for name, value in (("a", 0), ("b", 1))
        ]
        # Somebody else's metric of that name is nobody's node.
        + [steady('kube_node_status_condition{namespace="cortex", node="c", condition="Ready", status="true"}', 0)],
        "16m",
        [("page", None)],
    ),
    "NodeUnderPressure": (
        [steady(f'kube_node_status_condition{{{OF}, node="a", condition="DiskPressure", status="true"}}', 1)],
        "11m",
        [("ticket", None)],
    ),
    # 10 % are left, and it loses as much in two hours: full within a day, not yet below 5 %.
    "NodeFilesystemFills": (
        [
            steady(f"node_filesystem_size_bytes{{{ROOT}}}", 1000),
            {"series": f"node_filesystem_avail_bytes{{{ROOT}}}", "values": "200-0.5x200"},
        ],
        "150m",
        [("ticket", None)],
    ),
    "NodeFilesystemReadOnly": ([steady(f"node_filesystem_readonly{{{ROOT}}}", 1)], "6m", [("ticket", None)]),
    "NodeMemoryShort": (
        [
            steady(f'node_memory_MemAvailable_bytes{{{OF}, instance="n1"}}', 4),
            steady(f'node_memory_MemTotal_bytes{{{OF}, instance="n1"}}', 100),
        ],
        "16m",
        [("ticket", None)],
    ),
    "NodeClockWrong": (
        [steady(f'node_timex_offset_seconds{{{OF}, instance="n1"}}', -0.06), steady(f'node_timex_sync_status{{{OF}, instance="n1"}}', 1)],
        "11m",
        [("ticket", None)],
    ),
    # Three nodes of 4, 4 and 8 CPUs; 9 are requested by what runs, 100 by what has ended. Without the largest there are 8.
    "ClusterWithoutSpareNode": (
        [
            steady(f'kube_node_status_allocatable{{{OF}, node="{name}", resource="cpu"}}', cpus)
            for name, cpus in (("a", 4), ("b", 4), ("c", 8))
        ]
        + [
            steady(f'kube_pod_container_resource_requests{{{CORTEX}, exported_pod="{name}", resource="cpu"}}', cpus)
            for name, cpus in (("p", 9), ("q", 100))
        ]
        + [
            steady(f'kube_pod_status_phase{{{CORTEX}, exported_pod="{name}", phase="Running"}}', runs)
            for name, runs in (("p", 1), ("q", 0))
        ],
        "16m",
        [("ticket", None)],
    ),
    "PodCrashLoops": (
        [
            steady(f'kube_pod_container_status_waiting_reason{{{where}, exported_pod="p", reason="CrashLoopBackOff"}}', 1)
            for where in (CORTEX, VAULT)
        ],
        "11m",
        [("ticket", None), ("ticket", "cortex")],
    ),
    "PodWaits": ([steady(f'kube_pod_status_phase{{{CORTEX}, exported_pod="p", phase="Pending"}}', 1)], "16m", [("ticket", "cortex")]),
    # One has too few, the other none.
    "DeploymentWithoutReplicas": (
        [
            steady(f'kube_deployment_{metric}{{{where}, deployment="d"}}', value)
            for where, there in ((CORTEX, 1), (VAULT, 0))
            for metric, value in (("spec_replicas", 2), ("status_replicas_available", there), ("status_replicas_updated", 2))
        ],
        "30m",
        [("page", None), ("ticket", None), ("ticket", "cortex")],
    ),
    "StatefulSetWithoutReplicas": (
        [
            steady(f'kube_statefulset_{metric}{{{CORTEX}, statefulset="s"}}', value)
            for metric, value in (("replicas", 3), ("status_replicas_ready", 2), ("status_replicas_updated", 3))
        ],
        "30m",
        [("ticket", "cortex")],
    ),
    "DaemonSetMisses": (
        [
            steady(f'kube_daemonset_status_{metric}{{{VAULT}, daemonset="d"}}', value)
            for metric, value in (("desired_number_scheduled", 3), ("number_ready", 2))
        ],
        "16m",
        [("ticket", None)],
    ),
    "JobFails": ([steady(f'kube_job_failed{{{CORTEX}, job_name="j", condition="true"}}', 1)], "6m", [("ticket", "cortex")]),
    "QuotaAlmostUsed": (
        [
            steady(f'kube_resourcequota{{{CORTEX}, resourcequota="q", resource="pods", type="{kind}"}}', value)
            for kind, value in (("used", 91), ("hard", 100))
        ],
        "16m",
        [("ticket", "cortex")],
    ),
    # Both lose a fourth of a percent a minute: one has 14 % left after its hour, the other is as good as full.
    "VolumeFills": (
        [
            {"series": f"kubelet_volume_stats_available_bytes{{{VOLUME}}}", "values": "30-0.05x400"},
            steady(f"kubelet_volume_stats_capacity_bytes{{{VOLUME}}}", 100, 400),
            steady(f"kubelet_volume_stats_available_bytes{{{OTHER}}}", 2, 400),
            steady(f"kubelet_volume_stats_capacity_bytes{{{OTHER}}}", 100, 400),
        ],
        "390m",
        [("ticket", "cortex"), ("page", "")],
    ),
    "VolumeWithoutInodes": (
        [
            steady(f"kubelet_volume_stats_inodes_free{{{VOLUME}}}", 2),
            steady(f"kubelet_volume_stats_inodes{{{VOLUME}}}", 100),
            # It makes them as it needs them.
            steady(f"kubelet_volume_stats_inodes_free{{{OTHER}}}", 0),
            steady(f"kubelet_volume_stats_inodes{{{OTHER}}}", 0),
        ],
        "20m",
        [("ticket", "cortex")],
    ),
    "ContainerThrottled": (
        [
            {"series": f'container_cpu_cfs_{word}periods_total{{{SAID}="{name}"}}', "values": f"0+{step}x200"}
            for name, held in (("a", 200), ("b", 100))
            for word, step in (("throttled_", held), ("", 600))
        ],
        "60m",
        [("ticket", "cortex")],
    ),
    "ContainerOutOfMemory": (
        [
            {"series": f'container_oom_events_total{{{SAID}="a"}}', "values": "0x5 1x60"},
            steady(f'container_oom_events_total{{{SAID}=""}}', 9),
        ],
        "8m",
        [("ticket", "cortex")],
    ),
    "KubeletCertificateNotRenewed": (
        [
            {"series": 'kubelet_server_expiration_renew_errors{job="kubelet", node="a"}', "values": "0+1x200"},
            steady('kubelet_certificate_manager_client_expiration_renew_errors{job="kubelet", node="b"}', 3),
            {"series": 'kubelet_server_expiration_renew_errors{job="else", node="c"}', "values": "0+1x200"},
        ],
        "60m",
        [("ticket", "")],
    ),
}
"""By alert: the series, when it is looked, and (severity, team) of what fires then."""


def as_prometheus_has_it(rule):
    labels = {"severity": rule["severity"], **rule.get("labels", {})}
    return {"alert": rule["alert"], "expr": rule["expr"], "for": rule["for"], "labels": labels}


def judge(promtool, folder, alert, series, at, told):
    """What promtool says to rules on these series; ``told`` are (severity, team) of all that has to fire and no more."""
    expr = f'count by (severity, team) (ALERTS{{alertname="{alert}", alertstate="firing"}})'
    samples = [
        {
            "labels": "{" + ", ".join(f'{key}="{value}"' for key, value in (("severity", severity), ("team", team)) if value) + "}",
            "value": 1,
        }
        for severity, team in told
    ]
    case = {"interval": "1m", "input_series": series, "promql_expr_test": [{"expr": expr, "eval_time": at, "exp_samples": samples}]}
    file = folder / f"{alert}.yml"
    file.write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [case]}), encoding="utf-8")
    return file


def test_each_alert_fires_when_it_has_to_and_is_told_to_whom_it_concerns(tmp_path):
    (promtool,) = built("promtool")
    rules = {"groups": [{"name": "all", "rules": [as_prometheus_has_it(rule) for rule in RULES]}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    assert set(FIRES) == {rule["alert"] for rule in RULES}
    files = [judge(promtool, tmp_path, alert, *case) for alert, case in FIRES.items()]
    done = subprocess.run([promtool, "test", "rules", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_before_it_has_lasted_nobody_is_told(tmp_path):
    (promtool,) = built("promtool")
    rules = {"groups": [{"name": "all", "rules": [as_prometheus_has_it(rule) for rule in RULES]}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    files = [judge(promtool, tmp_path, alert, series, "3m", []) for alert, (series, _at, _told) in FIRES.items()]
    done = subprocess.run([promtool, "test", "rules", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
