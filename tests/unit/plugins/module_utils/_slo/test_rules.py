# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from fractions import Fraction

import promql_parser
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.exact import seconds
from ansible_collections.gantry.platform.plugins.module_utils._slo.model import WORKBOOK, read, read_all, rows
from ansible_collections.gantry.platform.plugins.module_utils._slo.rules import (
    BAD,
    LEFT,
    RATIO,
    TOTAL,
    WINDOW_RATIO,
    groups,
    inhibitions,
    split,
)

SAID = {
    "service": "store",
    "indicator": "availability",
    "objective": 99.9,
    "window": "30d",
    "namespace": "cortex",
    "team": "cortex",
    "tier": "t0",
    "protocol": "http",
    "min_events": 0,
}
FORMS = {
    "counter": {},
    "counter-own": {"metric": "asked_total", "errors": 'code=~"5.."'},
    "gauge": {"form": "gauge", "metric": "probe_success"},
    "grpc": {"protocol": "grpc"},
    "latency": {"indicator": "latency", "threshold": "250ms"},
    "latency-whole": {"indicator": "latency", "threshold": "2s"},
    "latency-native": {"indicator": "latency", "threshold": "250ms", "form": "native_histogram"},
    "quality": {"indicator": "quality", "metric": "right_total", "total_metric": "answers_total"},
    "quality-score": {"indicator": "quality", "metric": "score", "score": 0.8},
    "quality-score-native": {"indicator": "quality", "metric": "score", "score": 0.8, "form": "native_histogram"},
    "slices": {"budgeting": "timeslices", "slices": {"objective": 99}},
    "slices-ratio": {"budgeting": "ratio_timeslices"},
    "low-traffic": {"min_events": 20},
    "third": {"objective": 99.97, "window": "28d"},
    "whole": {"indicator": "composite", "parts": {"counter": 1, "latency": 2.5}},
}
DETECTION = [
    # SRE workbook, chapter 5, tables 5-1 to 5-8 and the formula beside them, for an objective of 99.9 % in 30 days:
    # long window, burn rate, part of the budget in percent, seconds until a full outage is told.
    ("1h", "14.4", 2, "51.84"),
    ("6h", "6", 5, "129.6"),
    ("1d", "3", 10, "259.2"),
    ("3d", "1", 10, "259.2"),
]


def slo(**changes):
    return read("store", {**SAID, **changes})


def all_forms():
    return read_all({name: {**SAID, **changes} for name, changes in FORMS.items()})


def short(found, name):
    return next(group for group in found if group.name == name)


def record(group, name):
    (rule,) = [rule for rule in group.records if rule["record"] == name]
    return rule["expr"]


@pytest.mark.parametrize(("long", "burn", "percent", "detected"), DETECTION)
def test_burn_rates_and_detection_times_are_those_of_the_workbook(long, burn, percent, detected):
    one = slo()
    (row,) = [row for row in one.table if row.long == seconds(long)]
    assert (row.budget * 100, one.burn_rate(row)) == (percent, Fraction(burn))
    assert one.detection(row, Fraction(1)) == Fraction(detected)
    assert one.threshold_of(row) == Fraction(burn) / 1000


def test_a_window_of_four_weeks_has_burn_rates_of_its_own():
    one = slo(window="28d")
    assert [one.burn_rate(row) for row in one.table] == [Fraction("13.44"), Fraction("5.6"), Fraction("2.8"), Fraction(14, 15)]
    assert record(groups([one])[0], RATIO + "3d") and "> (7 / 7500)" in groups([one])[0].alerts[3]["expr"]


def test_a_row_that_could_never_fire_is_left_out():
    one = slo(objective=90)
    assert [row.long for row in one.can_fire] == [seconds("6h"), seconds("1d"), seconds("3d")]
    assert [rule["labels"].get("slo_burn_tier") for rule in groups([one])[0].alerts] == ["1", "2", "3", None]


def test_every_expression_is_promql_and_none_has_the_noise_of_a_float():
    for group in groups(all_forms()):
        for rule in group.rules:
            promql_parser.parse(rule["expr"])
            assert "000000" not in rule["expr"] and "99999" not in rule["expr"], rule


def test_what_is_asked_of_each_form():
    found = groups(all_forms())
    of = '{namespace="cortex", service="store"'
    http = "http_server_request_duration_seconds"
    assert record(short(found, "counter"), TOTAL) == f"sum(increase({http}_count{of}}}[5m]))"
    assert record(short(found, "counter"), BAD) == (
        f'(sum(increase({http}_count{of}, http_response_status_code=~"5.."}}[5m])) or 0 * sum(increase({http}_count{of}}}[5m])))'
    )
    assert record(short(found, "counter-own"), BAD).startswith(f'(sum(increase(asked_total{of}, code=~"5.."}}[5m]))')
    assert 'le="0.25"' in record(short(found, "latency"), BAD) and " or " not in record(short(found, "latency"), BAD)
    assert 'le=~"2|2\\\\.0"' in record(short(found, "latency-whole"), BAD)
    assert record(short(found, "quality-score"), BAD) == f'sum(increase(score_bucket{of}, le="0.8"}}[5m]))'
    assert "histogram_fraction(0, 0.25, " in record(short(found, "latency-native"), BAD)
    assert "histogram_fraction(-Inf, 0.8, " in record(short(found, "quality-score-native"), BAD)
    assert record(short(found, "whole"), BAD) == f'1 * sum({BAD}{{slo="counter"}}) + 2.5 * sum({BAD}{{slo="latency"}})'


def test_no_budget_is_a_mean_of_ratios():
    for group in groups(all_forms()):
        for rule in group.records:
            assert "avg" not in rule["expr"] and "count_over_time(slo:" not in rule["expr"], rule
    (long,) = [group for group in groups([slo()]) if group.long]
    assert record(long, WINDOW_RATIO) == f'sum_over_time({BAD}{{slo="store"}}[30d]) / (sum_over_time({TOTAL}{{slo="store"}}[30d]) > 0)'
    assert record(long, LEFT) == f'1 - {WINDOW_RATIO}{{slo="store"}} / 0.001'


def test_windows_in_which_a_page_is_decided_are_asked_of_the_counters():
    (group,) = [group for group in groups([slo()]) if not group.long]
    for window in ("30m", "1h", "6h"):
        assert f"[{window}]" in record(group, RATIO + window) and TOTAL not in record(group, RATIO + window)
    # Records of the last five minutes reach five minutes further back than they stand.
    assert "[1435m]" in record(group, RATIO + "1d") and BAD in record(group, RATIO + "1d")


def test_below_some_events_nobody_is_told():
    low, usual = (short(groups(all_forms()), name) for name in ("low-traffic", "counter"))
    assert all(rule["expr"].endswith(">= 20") for rule in low.alerts if rule["alert"] == "ErrorBudgetBurns")
    assert not any(">= 20" in rule["expr"] for rule in usual.alerts)


def test_what_happens_to_one_objective_changes_no_rule_of_another():
    before, after = groups(all_forms()), groups([one for one in all_forms() if one.name != "gauge"])
    assert [group for group in before if not group.name.startswith("gauge")] == after
    assert len({group.name for group in before}) == len(before) == 2 * len(FORMS)


def test_a_ruler_gets_what_needs_the_whole_window_and_prometheus_the_rest():
    near, far = split(all_forms())
    assert {group["name"] for group in far["groups"]} == {f"{name}-budget" for name in FORMS}
    assert {group["name"] for group in near["groups"]} == set(FORMS)
    assert all(group["interval"] for group in far["groups"])


def test_a_faster_burn_keeps_slower_ones_of_the_same_objective_quiet():
    found = inhibitions([slo()])
    assert [(one["source"], one["target"]) for one in found] == [
        ({"slo_burn_tier": {"equals": "1"}}, {"slo_burn_tier": {"matches": "2|3|4"}}),
        ({"slo_burn_tier": {"equals": "2"}}, {"slo_burn_tier": {"matches": "3|4"}}),
        ({"slo_burn_tier": {"equals": "3"}}, {"slo_burn_tier": {"matches": "4"}}),
    ]
    assert all(one["equal"] == ["slo"] for one in found)
    assert inhibitions([]) == []


def test_the_table_of_rows_is_read_exactly():
    assert [row.budget for row in rows(WORKBOOK)] == [Fraction(1, 50), Fraction(1, 20), Fraction(1, 10), Fraction(1, 10)]
