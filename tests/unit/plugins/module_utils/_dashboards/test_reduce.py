# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.reduce import known, reduced
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._dashboards.drawing import drawn, panel, said, series

NAN = math.nan
VALUES = [NAN, 4.0, 0.0, 2.0, 2.0, 7.0, NAN]


@pytest.mark.parametrize(
    ("calc", "found"),
    [
        ("lastNotNull", 7), ("current", 7), ("firstNotNull", 4), ("min", 0), ("max", 7), ("mean", 3), ("avg", 3), ("sum", 15), ("total", 15),
        ("count", 5), ("median", 2), ("range", 7), ("diff", 3), ("diffperc", 75), ("logmin", 2), ("step", -4), ("variance", 5.6),
        ("stdDev", math.sqrt(5.6)), ("changeCount", 5), ("distinctCount", 5), ("allIsZero", False), ("allIsNull", False),
        # 4 → 0 is a counter that began anew: what it has at its next rise it grew by.
        ("delta", 7), ("p1", 0), ("p50", 2), ("p88", 7), ("p99", 7),
    ],
)  # fmt: skip
def test_a_calculation_is_what_grafana_says_it_is(calc, found):
    assert known(calc) and reduced(calc, VALUES) == pytest.approx(found)


@pytest.mark.parametrize(("values", "found"), [([1, 3, 6], 5), ([10, 3, 5], 5), ([10, 3], 3), ([10, 2, 2, 5], 5), ([5], 0), ([7, 7], 0)])
def test_a_counter_grows_by_its_rises(values, found):
    assert reduced("delta", values) == found


@pytest.mark.parametrize("calc", ["last", "first"])
def test_first_and_last_are_whatever_stands_there(calc):
    assert math.isnan(reduced(calc, VALUES)) and reduced(calc, []) is None


@pytest.mark.parametrize(
    ("calc", "found"),
    [
        ("sum", 0),
        ("count", 0),
        ("allIsNull", True),
        ("allIsZero", False),
        ("mean", None),
        ("lastNotNull", None),
        ("p50", None),
        ("delta", None),
    ],
)
def test_of_no_number_there_is_a_value_where_it_makes_sense(calc, found):
    assert reduced(calc, [NAN, math.inf]) is found or reduced(calc, [NAN, math.inf]) == found


@pytest.mark.parametrize("calc", ["step", "diffperc", "logmin"])
def test_a_calculation_that_cannot_be_has_no_value(calc):
    assert reduced(calc, [0.0]) is None


@pytest.mark.parametrize("calc", ["variance", "stdDev", "mean", "range", "diff", "delta", "median", "sum", "p50"])
def test_numbers_at_the_ends_of_what_there_is_end_in_no_error(calc):
    found = reduced(calc, [-1.7e308, 1.7e308, 1.7e308])
    assert found is None or not math.isnan(found)


@pytest.mark.parametrize("calc", ["allValues", "uniqueValues", "p0", "p100", "p05", "p", "pingpong", ""])
def test_what_is_not_reckoned_is_known(calc):
    assert not known(calc)


@pytest.mark.parametrize("kind", ["stat", "gauge", "bargauge"])
@pytest.mark.parametrize(
    ("options", "values"),
    [
        (None, ["5"]),
        ({"calcs": ["max"]}, ["9"]),
        ({"calcs": ["mean"], "fields": "", "values": False}, ["5"]),
        ({"calcs": []}, ["NaN"]),
        ({"calcs": ["last"]}, ["NaN"]),
        ({"calcs": ["sum"]}, ["15"]),
        ({"calcs": ["min", "max"]}, ["1 min", "9 max"]),
        ({"values": True, "calcs": []}, ["1 A", "9 A", "5 A"]),
        ({"values": True, "calcs": ["sum"], "limit": 2}, ["1 A", "9 A"]),
        ({"calcs": ["allIsZero"]}, ["false"]),
    ],
)
def test_a_panel_shows_what_it_reduces_to(tmp_path, kind, options, values):
    one = panel(kind, "q", options={} if options is None else {"reduceOptions": options})
    one["targets"][0]["legendFormat"] = "A"
    _found, markup = drawn(tmp_path, one, {"q": [series(1, 9, 5, "NaN")]})
    for row, value in zip(said(markup), values, strict=True):
        number, *name = value.split()
        assert number in row.split() and (not name or set(row.split()) >= set(name))


def test_a_panel_shows_the_series_that_its_fields_mean(tmp_path):
    one = panel("stat", "q", options={"reduceOptions": {"calcs": ["lastNotNull"], "fields": "/^pod=b$/"}})
    found, markup = drawn(tmp_path, one, {"q": [series(1, pod="a"), series(2, pod="b")]})
    assert said(markup) == ["2"] and found["warnings"] == []


def test_every_value_is_counted_that_is_not_shown(tmp_path):
    one = panel("stat", "q", options={"reduceOptions": {"values": True, "calcs": [], "limit": 40}})
    assert "and 10 more" in drawn(tmp_path, one, {"q": [series(*range(50))]})[1]


def test_a_legend_says_what_it_is_asked_for(tmp_path):
    one = panel("timeseries", "q", options={"legend": {"calcs": ["mean", "max"]}})
    assert "value mean<b>2</b> max<b>3</b>" in drawn(tmp_path, one, {"q": [series(1, 2, 3)]})[1]
