# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every alert of logs before Prometheus' own evaluation, by promtool: on series that are typed in it fires, and on others beside them it keeps quiet."""

from __future__ import annotations

import json
import subprocess
from typing import NamedTuple

from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows
from ansible_collections.gantry.platform.tests.integration.conftest import built

RULES = rows()["logging"].contributes["alerts"]["logging"]["rules"]
SHIPPED = 'namespace="log-collection", job="fluent-bit"'
OF = {"service": "planner", "namespace_of": "cortex", "team": "cortex", "tier": "t1"}


class Known(NamedTuple):
    """One alert. Series have a value a minute, in promtool's words: ``0+6x60`` goes up by six."""

    series: dict[str, str]
    """What is there, by metric with its labels; Prometheus itself is there from the beginning."""
    fires: str
    """When it has to fire."""
    quiet: tuple[str, ...]
    """When it must not: before its time, or when it is over."""
    labels: dict[str, str]
    """Those of the only alert that fires."""


def of(metric, service="planner", **labels):
    """A series of a service's lines."""
    said = OF | {"service": service} | labels
    return metric + "{" + ", ".join(f'{name}="{value}"' for name, value in said.items()) + "}"


def lines(**labels):
    return of("gantry_log_lines_total", **labels)


def patterns(**labels):
    return of("gantry_log_patterns_total", **labels)


KNOWN = {
    "LogsNotShipped": Known(
        {
            f'fluentbit_output_retries_failed_total{{{SHIPPED}, pod="a"}}': "0+6x60",
            f'fluentbit_output_dropped_records_total{{{SHIPPED}, pod="a"}}': "0x60",
            f'fluentbit_output_retries_failed_total{{{SHIPPED}, pod="b"}}': "0x60",
            f'fluentbit_output_dropped_records_total{{{SHIPPED}, pod="b"}}': "9x60",
            'fluentbit_output_retries_failed_total{namespace="shop", job="fluent-bit", pod="c"}': "0+6x60",
            'fluentbit_output_dropped_records_total{namespace="shop", job="fluent-bit", pod="c"}': "0+6x60",
        },
        "25m", ("10m",), {"pod": "a"},
    ),
    "LogsWait": Known(
        {
            f'fluentbit_output_retries_total{{{SHIPPED}, pod="a"}}': "0+12x60",
            f'fluentbit_output_retries_total{{{SHIPPED}, pod="b"}}': "0+5x60",
        },
        "40m", ("20m",), {"pod": "a"},
    ),
    "LogsUnreadable": Known(
        {lines(outcome="unreadable"): "0+1x60", lines(service="router", outcome="success"): "0+9x60"},
        "20m", ("5m",), {"service": "planner", "namespace_of": "cortex"},
    ),
    "LogsShowAttack": Known(
        # A new series begins with its first line: increase() sees no growth in it. What was there before Prometheus is not new.
        {patterns(pattern="injection_tried"): "_x15 1x60", patterns(service="router", pattern="crashed"): "0+9x60",
         patterns(service="judge", pattern="injection_tried"): "7x60"},
        "18m", ("5m", "27m"), OF | {"pattern": "injection_tried"},
    ),
    "LogsShowGuessing": Known(
        {patterns(pattern="authentication_failed"): "0+10x60", patterns(service="router", pattern="authentication_failed"): "0+4x60",
         patterns(service="judge", pattern="not_reached"): "0+99x60"},
        "20m", ("4m",), OF | {"pattern": "authentication_failed"},
    ),
    "SecurityEventSeen": Known(
        {lines(dataset="security", level="critical"): "_x15 1x60", lines(service="falco", dataset="security", level="info"): "0+9x60",
         lines(service="router", dataset="platform", level="critical"): "0+9x60",
         lines(service="judge", dataset="security", level="error"): "7x60"},
        "18m", ("5m", "14m", "27m"), {"service": "planner", "namespace_of": "cortex", "level": "critical"},
    ),
    "LogsShowFault": Known(
        {patterns(pattern="out_of_memory"): "0x4 1x60", patterns(service="router", pattern="access_denied"): "0+9x60"},
        "8m", ("3m", "18m"), OF | {"pattern": "out_of_memory"},
    ),
    "LogsShowNothingReached": Known(
        {patterns(pattern="not_reached"): "0+5x60", patterns(service="router", pattern="not_reached"): "0+2x60"},
        "20m", ("4m",), OF,
    ),
    "LogsOverBudget": Known(
        # A gigabyte a day each: 1,440 and 720 megabytes of them. Nobody said anything of the third.
        {of("gantry_log_line_bytes_sum"): "0+1000000x1800", 'gantry_log_budget_bytes{service="planner", namespace_of="cortex"}': "1000000000x1800",
         of("gantry_log_line_bytes_sum", service="router"): "0+500000x1800",
         'gantry_log_budget_bytes{service="router", namespace_of="cortex"}': "1000000000x1800",
         of("gantry_log_line_bytes_sum", service="judge"): "0+9000000x1800"},
        "26h", ("16h",), OF,
    ),
    "LogsAreErrors": Known(
        {lines(level="error"): "0+3x60", lines(level="info"): "0+7x60",
         lines(service="router", level="error"): "0+1x60", lines(service="router", level="info"): "0+9x60",
         lines(service="judge", level="critical"): "0+1x60"},
        "25m", ("5m",), OF,
    ),
}  # fmt: skip


def judged(folder, rules):
    """What promtool says of all alerts in one call."""
    groups = [
        {"name": "logging", "rules": [{key: rule[key] for key in ("alert", "expr", "for", "labels") if key in rule} for rule in rules]}
    ]
    (folder / "rules.yml").write_text(json.dumps({"groups": groups}), encoding="utf-8")
    tests = []
    for name, known in KNOWN.items():
        fires = {"eval_time": known.fires, "alertname": name, "exp_alerts": [{"exp_labels": known.labels}]}
        quiet = [{"eval_time": moment, "alertname": name, "exp_alerts": []} for moment in known.quiet]
        series = [{"series": metric, "values": values} for metric, values in (known.series | {"up": "1x60"}).items()]
        tests.append({"name": name, "interval": "1m", "input_series": series, "alert_rule_test": [fires, *quiet]})
    said = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}
    (folder / "tests.yml").write_text(json.dumps(said), encoding="utf-8")
    (promtool,) = built("promtool")
    return subprocess.run([promtool, "test", "rules", str(folder / "tests.yml")], capture_output=True, text=True, check=False)


def test_every_alert_fires_on_what_it_is_for_and_keeps_quiet_on_what_is_beside_it(tmp_path):
    assert KNOWN.keys() == {rule["alert"] for rule in RULES}
    done = judged(tmp_path, RULES)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_alert_that_looks_at_something_else_is_told(tmp_path):
    """Each with its comparison the other way round."""
    done = judged(tmp_path, [rule | {"expr": "<=".join(rule["expr"].rsplit(" > ", 1))} for rule in RULES])
    assert done.returncode == 1
    assert {name for name in KNOWN if f"alertname: {name}," in done.stdout + done.stderr} == KNOWN.keys()
