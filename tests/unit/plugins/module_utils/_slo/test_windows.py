# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._slo.model import read
from ansible_collections.gantry.platform.plugins.module_utils._slo.windows import calendar, days, known_zone, rolling


def at(text):
    return int(datetime.datetime.fromisoformat(text).timestamp())


def slo(every, zone="Europe/Berlin"):
    said = {"service": "store", "indicator": "availability", "objective": 99.9, "window": "28d"}
    return read("s", {**said, "calendar": {"every": every, "time_zone": zone}})


@pytest.mark.parametrize(
    ("every", "back", "name", "start", "whole_end"),
    [
        ("month", 0, "2026-03", "2026-03-01T00:00+01:00", "2026-04-01T00:00+02:00"),
        ("month", 3, "2025-12", "2025-12-01T00:00+01:00", "2026-01-01T00:00+01:00"),
        ("quarter", 0, "2026-Q1", "2026-01-01T00:00+01:00", "2026-04-01T00:00+02:00"),
        ("quarter", 1, "2025-Q4", "2025-10-01T00:00+02:00", "2026-01-01T00:00+01:00"),
        ("year", 0, "2026", "2026-01-01T00:00+01:00", "2027-01-01T00:00+01:00"),
        ("week", 0, "2026-W13", "2026-03-23T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("week", 13, "2025-W52", "2025-12-22T00:00+01:00", "2025-12-29T00:00+01:00"),
    ],
)
def test_windows_of_a_calendar_begin_at_midnight_where_people_live(every, back, name, start, whole_end):
    found = calendar(slo(every), at("2026-03-29T12:00+02:00"), back)
    assert (found.name, found.start, found.whole_end) == (name, at(start), at(whole_end))
    assert found.end == min(at("2026-03-29T12:00+02:00"), found.whole_end)


def test_it_is_another_month_elsewhere():
    now = at("2026-02-28T23:30+00:00")
    assert calendar(slo("month"), now).name == "2026-03"
    assert calendar(slo("month", "America/New_York"), now).name == "2026-02"


def test_the_day_on_which_clocks_change_has_23_hours_or_25():
    march, october = (calendar(slo("month"), at(now)) for now in ("2026-03-31T23:00+02:00", "2026-10-31T23:00+01:00"))
    hours = {day.isoformat(): (end - start) / 3600 for window in (march, october) for day, start, end in days(window, "Europe/Berlin")}
    assert (hours["2026-03-28"], hours["2026-03-29"], hours["2026-10-25"]) == (24, 23, 25)
    assert sum(hours.values()) * 3600 == (march.end - march.start) + (october.end - october.start)


def test_a_rolling_window_is_cut_into_days_without_a_gap():
    window = rolling(slo("month"), at("2026-03-29T12:34+02:00"))
    found = days(window, "Europe/Berlin")
    assert (found[0][1], found[-1][2]) == (window.start, window.end)
    assert all(one[2] == other[1] for one, other in zip(found, found[1:], strict=False))


def test_zones_that_there_are_not():
    assert known_zone("Europe/Berlin") and known_zone("UTC")
    assert not known_zone("Europe/Berln") and not known_zone("../../etc/passwd")
