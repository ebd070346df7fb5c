# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A report: of every objective what was promised and attained, how its budget went, and when it will be gone. Made of hours alone."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from .._core.exact import duration, percent
from .budget import FREEZE, HOUR, OK, SLOW_DOWN, STALE, UNKNOWN, History, Hour, burn, exhausted_at, spent, state, worst
from .model import Slo
from .rules import BAD, TOTAL
from .windows import Window, calendar, days, rolling

_EARLIER = 5
_WORST = 3
_RECORDS = {"bad": BAD, "total": TOTAL}
_STEP = 60
"""Seconds between two looks for the newest record; rules are evaluated that often at least."""
_RECENT = {"1h": HOUR, "6h": 6 * HOUR, "3d": 72 * HOUR}
SAYS = {
    OK: "Changes go out as usual.",
    SLOW_DOWN: "Changes go out with care, and one at a time.",
    FREEZE: "Nothing but repairs goes out.",
    UNKNOWN: "Nothing was measured: find out why before anything goes out.",
    STALE: "Measuring stopped: have it go on before anything goes out.",
}
"""What each state asks of people."""


def queries(seconds: int, labels: Mapping[str, str]) -> dict[str, str]:
    """What is asked of Prometheus at the end of each span, of series with these labels.

    The mean of increases of five minutes, over all evaluations of the span, is what five minutes of it brought: every event is in as many of
    them. Series of several clusters are added up.
    """
    of = _of(labels)
    return {key: f"sum by (slo) (avg_over_time({record}{of}[{seconds}s]))" for key, record in _RECORDS.items()}


def newest_queries(max_age: int, labels: Mapping[str, str]) -> dict[str, str]:
    """What is asked of Prometheus now: when each record was made last, by its own time, in the cluster that has the oldest.

    What is older by an hour than what is tolerated is not looked for; the hours say about when that was.
    """
    made = f"max_over_time(timestamp(<record>{_of(labels)})[{max_age + HOUR}s:{_STEP}s])"
    return {
        key: f"min by (slo) (max by (slo, cluster, environment) ({made.replace('<record>', record)}))" for key, record in _RECORDS.items()
    }


def _of(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in sorted(labels.items())) + "}" if labels else ""


def span(slos: Sequence[Slo], now: int) -> int:
    """Seconds of the past that the report wants: of each objective its window and the one before it, and five of a calendar's."""
    wanted = [2 * int(slo.window) for slo in slos]
    wanted += [now - calendar(slo, now, _EARLIER).start for slo in slos if slo.calendar]
    return max(wanted, default=0)


def histories(
    answers: Mapping[str, Sequence[Mapping[str, Any]]], lengths: Mapping[int, int], newest: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, History]:
    """By objective, its hours, out of Prometheus' answers to ``queries``; ``lengths``: seconds of the span that ends at each time.

    ``newest``: the answers to ``newest_queries``. An objective is measured as long as both of its records are.
    """
    made: dict[str, list[float]] = {}
    for series in newest.values():
        for one in series:
            made.setdefault(one["metric"]["slo"], []).append(float(one["value"][1]))
    found: dict[str, dict[int, dict[str, float]]] = {}
    for key, series in answers.items():
        for one in series:
            hours = found.setdefault(one["metric"]["slo"], {})
            for at, value in one["values"]:
                if math.isfinite(float(value)):  # of what is no number nothing is known
                    hours.setdefault(int(float(at)), {})[key] = float(value)
    return {
        name: History(
            (
                Hour(at - lengths[at], lengths[at], value["bad"] * lengths[at] / 300, value["total"] * lengths[at] / 300)
                for at, value in hours.items()
                if value.keys() >= _RECORDS.keys()
            ),
            min(made[name]) if len(made.get(name, ())) == len(_RECORDS) else None,
        )
        for name, hours in found.items()
    }


def report(
    slos: Sequence[Slo], policies: Mapping[str, Any], found: Mapping[str, History], now: int, title: str, max_age: int = 900
) -> dict[str, Any]:
    """The whole report as data; everything else is drawn from it. ``max_age``: seconds that the newest measurement may be old."""
    rows = [_row(slo, policies[slo.policy], found.get(slo.name, History([])), now, max_age) for slo in slos]
    return {
        "title": title,
        "at": now,
        "max_age": max_age,
        "state": worst([row["state"] for row in rows]),
        "counts": {one: sum(row["state"] == one for row in rows) for one in SAYS},
        "objectives": sorted(rows, key=lambda row: (row["left"], row["name"])),
    }


def _row(slo: Slo, policy: Mapping[str, Any], history: History, now: int, max_age: int) -> dict[str, Any]:
    window = rolling(slo, now)
    current = spent(slo, history.counted(window.start, window.end), window)
    age = None if history.newest is None else max(0, int(now - history.newest))
    stale = age is not None and age > max_age
    rates = {name: burn(slo, history, now, length) for name, length in _RECENT.items()}
    found = {
        "name": slo.name,
        "service": slo.service,
        "team": slo.team,
        "tier": slo.tier,
        "indicator": slo.indicator,
        "description": slo.description,
        "objective": percent(slo.objective),
        "window": duration(slo.window),
        "budgeting": slo.budgeting,
        "policy": slo.policy,
        "state": state(policy, current, stale),
        "newest": None if history.newest is None else int(history.newest),
        "age": age,
        "stale": stale,
        "left": current["left"],
        "rolling": current,
        "before": _before(slo, history, window),
        "burn": rates,
        "exhausted_at": exhausted_at(slo, current["left"], rates["3d"], now),
        "days": _days(slo, history, window),
        "burn_down": _burn_down(slo, history, window),
    }
    found["worst_days"] = sorted((day for day in found["days"] if day["bad"] > 0), key=lambda day: -day["used"])[:_WORST]
    if slo.calendar:
        own = calendar(slo, now)
        counted = spent(slo, history.counted(own.start, own.end), own)
        at = exhausted_at(slo, counted["left"], rates["3d"], now, own)
        found["calendar"] = {**counted, "time_zone": slo.time_zone, "exhausted_at": at, "burn_down": _burn_down(slo, history, own)}
        found["calendars"] = [
            spent(slo, history.counted(one.start, one.end), one) for one in (calendar(slo, now, back) for back in range(1, _EARLIER + 1))
        ]
    return {**found, "says": SAYS[found["state"]]}


def _before(slo: Slo, history: History, window: Window) -> dict[str, Any] | None:
    """The window before this one, where most of it was measured."""
    earlier = Window("before", window.start - window.length, window.start, window.start)
    counted = spent(slo, history.counted(earlier.start, earlier.end), earlier)
    return counted if counted["coverage"] > 0.5 else None


def _days(slo: Slo, history: History, window: Window) -> list[dict[str, Any]]:
    whole = history.counted(window.start, window.end).total * float(slo.budget)
    found = []
    for day, start, end in days(window, slo.time_zone):
        counted = history.counted(start, end)
        found.append(
            {
                "day": day.isoformat(),
                "events": counted.total,
                "bad": counted.bad,
                "attained": 1 - counted.error_ratio if counted.total else None,
                "used": counted.bad / whole if whole else 0.0,
                "measured": counted.measured / (end - start),
            }
        )
    return found


def _burn_down(slo: Slo, history: History, window: Window) -> list[list[float]]:
    """(time, part of the budget that was left) from the window's start on, four times a day."""
    whole = history.counted(window.start, window.end).total * window.length / max(window.end - window.start, 1) * float(slo.budget)
    points, bad = [[float(window.start), 1.0]], 0.0
    for start in range(window.start, window.end, 6 * HOUR):
        end = min(start + 6 * HOUR, window.end)
        bad += history.counted(start, end).bad
        points.append([float(end), 1 - bad / whole if whole else 1.0])
    return points


def day_of(at: float) -> str:
    """A time as people read it, of UTC."""
    return f"{datetime.datetime.fromtimestamp(at, datetime.UTC):%Y-%m-%d %H:%M}"
