# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One objective as it is computed with: made of ``slos.<name>`` of an effective model, which says the rest of its service too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .._core.exact import number, seconds

OCCURRENCES, TIMESLICES, RATIO_TIMESLICES = "occurrences", "timeslices", "ratio_timeslices"
"""What is counted, in the words of OpenSLO v1 (budgetingMethod)."""
COUNTER, HISTOGRAM, NATIVE, GAUGE = "counter", "histogram", "native_histogram", "gauge"
"""What the metric behind an indicator is."""
SLICE = Fraction(300)
"""Seconds of a slice, and of the increases that are recorded."""


@dataclass(frozen=True)
class Row:
    """One row of a table of burn rates: who is told when so much of the budget goes in the long window, and goes on in the short one."""

    severity: str
    long: Fraction
    short: Fraction
    budget: Fraction
    """The part of the whole budget that is gone after the long window."""


def rows(table: Any) -> tuple[Row, ...]:
    """A table of an inventory: ``{severity, long, short, budget_percent}`` each."""
    return tuple(Row(row["severity"], seconds(row["long"]), seconds(row["short"]), number(row["budget_percent"]) / 100) for row in table)


WORKBOOK: tuple[dict[str, Any], ...] = (
    {"severity": "page", "long": "1h", "short": "5m", "budget_percent": 2},
    {"severity": "page", "long": "6h", "short": "30m", "budget_percent": 5},
    {"severity": "ticket", "long": "1d", "short": "2h", "budget_percent": 10},
    {"severity": "ticket", "long": "3d", "short": "6h", "budget_percent": 10},
)
"""The Site Reliability Workbook (Beyer et al. 2018), chapter 5, table 5-8, and its short windows, a twelfth of the long ones.
The third row is that of the generators of today (sloth, pyrra): the workbook has two tickets in one."""


@dataclass(frozen=True)
class Slo:
    """``name`` is its identity for good: rules, records and reports of it bear it, whatever else there is."""

    name: str
    service: str
    indicator: str
    objective: Fraction
    """Part of events that are good, 0 to 1."""
    window: Fraction
    """Seconds of the rolling window."""
    namespace: str = ""
    team: str = ""
    tier: str = ""
    protocol: str = "http"
    description: str = ""
    calendar: str = ""
    time_zone: str = "UTC"
    budgeting: str = OCCURRENCES
    slice_objective: Fraction = Fraction(0)
    threshold: Fraction = Fraction(0)
    """Seconds that a request may take, or the score above which an answer is good."""
    metric: str = ""
    total_metric: str = ""
    errors: str = ""
    form: str = COUNTER
    parts: Mapping[str, Fraction] = field(default_factory=dict)
    min_events: int = 0
    table: tuple[Row, ...] = ()
    policy: str = "standard"

    @property
    def budget(self) -> Fraction:
        """Part of events that may be bad: 1 - objective (Site Reliability Engineering, Beyer et al. 2016, chapter 3)."""
        return 1 - self.objective

    def threshold_of(self, row: Row) -> Fraction:
        """The error ratio above which a row's alert fires.

        Burn rate = part of the budget * window / long window, times the budget (SRE workbook, chapter 5, table 5-8: 2 % of 30 days
        in 1 h is 14.4).
        """
        return self.burn_rate(row) * self.budget

    def burn_rate(self, row: Row) -> Fraction:
        """How many times faster than allowed the budget goes."""
        return row.budget * self.window / row.long

    def detection(self, row: Row, error_ratio: Fraction) -> Fraction:
        """Seconds from the first error to the alert at this error ratio.

        (1 - SLO) / error ratio * alerting window * burn rate (SRE workbook, chapter 5, "Ways to alert on significant events").
        """
        return self.budget / error_ratio * row.long * self.burn_rate(row)

    @property
    def can_fire(self) -> tuple[Row, ...]:
        """Rows that can fire at all: where everything is bad the error ratio is 1, and never above it."""
        return tuple(row for row in self.table if self.threshold_of(row) < 1)


def read(name: str, said: Mapping[str, Any]) -> Slo:
    """The objective of an entry of the effective model."""
    calendar, sliced = said.get("calendar") or {}, said.get("slices") or {}
    threshold = seconds(said["threshold"]) if "threshold" in said else number(said.get("score", 0))
    return Slo(
        name=name,
        service=said["service"],
        indicator=said["indicator"],
        objective=number(said["objective"]) / 100,
        window=seconds(said["window"]),
        namespace=said.get("namespace", ""),
        team=said.get("team", ""),
        tier=said.get("tier", ""),
        protocol=said.get("protocol", "http"),
        description=said.get("description", ""),
        calendar=calendar.get("every", ""),
        time_zone=calendar.get("time_zone", "UTC"),
        budgeting=said.get("budgeting", OCCURRENCES),
        slice_objective=number(sliced.get("objective", 0)) / 100,
        threshold=threshold,
        metric=said.get("metric", ""),
        total_metric=said.get("total_metric", ""),
        errors=said.get("errors", ""),
        form=said.get("form") or (HISTOGRAM if "threshold" in said or "score" in said else COUNTER),
        parts={part: number(weight) for part, weight in (said.get("parts") or {}).items()},
        min_events=said.get("min_events", 0),
        table=rows(said.get("burn_rates", WORKBOOK)),
        policy=said.get("policy", "standard"),
    )


def read_all(said: Mapping[str, Mapping[str, Any]]) -> list[Slo]:
    """Every objective, by name."""
    return [read(name, said[name]) for name in sorted(said)]
