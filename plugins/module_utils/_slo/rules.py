# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Rules of Prometheus for objectives: what is recorded of each, and when who is told.

Bad and total events of five minutes are recorded apart. What is of longer is the quotient of two sums, never the mean of quotients: a night
with ten requests must not weigh as much as a day with a million (docs/slo.md has the measurement).

- Windows up to six hours of occurrences are asked of the counters themselves, since a sum of records, which overlap, sees the newest
  minutes at a fraction of their weight: a full outage would page after three minutes in place of one.
- Longer ones, slices and composites sum the records. Every event is in as many records as there are evaluations in five minutes, in
  both sums; it cancels out.
- The rule of the whole window is a group of its own, evaluated less often, which a ruler of Thanos may have.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .._core.exact import duration, percent, seconds, text
from .indicators import events
from .model import OCCURRENCES, RATIO_TIMESLICES, SLICE, Row, Slo

BAD, TOTAL = "slo:bad:increase5m", "slo:total:increase5m"
RATIO = "slo:error_ratio:of"
BUDGET, WINDOW_RATIO, LEFT, OBJECTIVE = (
    "slo:error_budget:ratio",
    "slo:error_ratio:window",
    "slo:error_budget_left:ratio",
    "slo:objective:ratio",
)
ALERTS = BURNS, ABSENT, EXHAUSTED = ("ErrorBudgetBurns", "IndicatorAbsent", "ErrorBudgetExhausted")
HOURLY = "slo:total:increase1h"
LONG_INTERVAL = "2m"
_RAW = seconds("6h")
RUNBOOK = "docs/slo.md"

Rule = dict[str, Any]


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated one after the other. ``long``: that of the whole window, which needs its history."""

    name: str
    rules: Sequence[Rule]
    interval: str = ""
    long: bool = False

    @property
    def records(self) -> list[Rule]:
        """Its recording rules."""
        return [rule for rule in self.rules if "record" in rule]

    @property
    def alerts(self) -> list[Rule]:
        """Its alerts."""
        return [rule for rule in self.rules if "alert" in rule]

    def document(self) -> dict[str, Any]:
        """The group as a rule file has it."""
        return {"name": self.name, **({"interval": self.interval} if self.interval else {}), "rules": [_plain(rule) for rule in self.rules]}


def groups(slos: Iterable[Slo]) -> list[Group]:
    """Two groups of each objective, named after it: what happens to one changes no other's."""
    known = {slo.name: slo for slo in slos}
    return [group for slo in known.values() for group in (_short(slo, known), _long(slo))]


def split(slos: Iterable[Slo]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two rule files: of Prometheus beside its targets, and of a ruler that sees the whole history (ThanosRuler)."""
    found = groups(slos)
    near, far = ({"groups": [one.document() for one in found if one.long is long]} for long in (False, True))
    return near, far


def inhibitions(slos: Iterable[Slo]) -> list[dict[str, Any]]:
    """Which alert of an objective keeps which others of it quiet: a faster burn those that are slower."""
    tiers = max((len(slo.can_fire) for slo in slos), default=0)
    return [
        {
            "source": {"slo_burn_tier": {"equals": str(tier)}},
            "target": {"slo_burn_tier": {"matches": "|".join(str(one) for one in range(tier + 1, tiers + 1))}},
            "equal": ["slo"],
        }
        for tier in range(1, tiers)
    ]


def _plain(rule: Rule) -> Rule:
    """A rule of ours as Prometheus has it."""
    if "record" in rule:
        return rule
    annotations = {"summary": rule["summary"], "description": rule["description"], "runbook_url": rule["runbook"]}
    labels = {"severity": rule["severity"], **rule["labels"]}
    return {"alert": rule["alert"], "expr": rule["expr"], "for": rule["for"], "labels": labels, "annotations": annotations}


def labels(slo: Slo) -> dict[str, str]:
    """What every record and alert of an objective bears."""
    return {"slo": slo.name, "service": slo.service, "team": slo.team, "tier": slo.tier}


def _of(slo: Slo) -> str:
    return "{" + f"slo={json.dumps(slo.name)}" + "}"


def _short(slo: Slo, known: Mapping[str, Slo]) -> Group:
    bad, total = _recorded(slo, known)
    rules = [_record(slo, TOTAL, total), _record(slo, BAD, bad), _record(slo, OBJECTIVE, text(slo.objective))]
    rules.append(_record(slo, BUDGET, text(slo.budget)))
    windows = sorted({one for row in slo.can_fire for one in (row.long, row.short)})
    rules += [_record(slo, RATIO + duration(window), _ratio(slo, window)) for window in windows]
    if slo.min_events:
        rules.append(_record(slo, HOURLY, _hourly(slo)))
    rules += [_burn(slo, tier, row) for tier, row in enumerate(slo.can_fire, start=1)]
    return Group(slo.name, [*rules, _absent(slo)])


def _long(slo: Slo) -> Group:
    of = f"{_of(slo)}[{duration(slo.window)}]"
    ratio = f"sum_over_time({BAD}{of}) / (sum_over_time({TOTAL}{of}) > 0)"
    left = f"1 - {WINDOW_RATIO}{_of(slo)} / {text(slo.budget)}"
    rules = [_record(slo, WINDOW_RATIO, ratio), _record(slo, LEFT, left), _exhausted(slo)]
    return Group(f"{slo.name}-budget", rules, LONG_INTERVAL, long=True)


def _record(slo: Slo, name: str, expr: str) -> Rule:
    # A record of a record has its labels already; one of a number has none.
    return {"record": name, "expr": f"vector({expr})" if expr[0] in "0123456789(" and "{" not in expr else expr, "labels": labels(slo)}


def _recorded(slo: Slo, known: Mapping[str, Slo]) -> tuple[str, str]:
    """(bad, total) of the last five minutes as they are recorded, by what is counted."""
    if slo.parts:
        weighed = [(text(weight), _of(known[part])) for part, weight in sorted(slo.parts.items())]
        bad, total = (" + ".join(f"{weight} * sum({record}{of})" for weight, of in weighed) for record in (BAD, TOTAL))
    else:
        bad, total = events(slo, SLICE)
    if slo.budgeting == OCCURRENCES:
        return bad, total
    enough = max(slo.min_events, 1)
    ratio = f"({bad}) / (({total}) >= {enough})"
    none = f"0 * ({total})"
    # A slice with too little traffic to judge is a good one (OpenSLO, examples/budgeting-method).
    if slo.budgeting == RATIO_TIMESLICES:
        return f"(({ratio}) or {none})", f"1 + {none}"
    return f"((({ratio}) > bool {text(1 - slo.slice_objective)}) or {none})", f"1 + {none}"


def _ratio(slo: Slo, window: Fraction) -> str:
    """The error ratio of a window, nothing without traffic: never 0/0, which is NaN and stays in every sum."""
    if window == SLICE:
        return f"{BAD}{_of(slo)} / ({TOTAL}{_of(slo)} > 0)"
    if slo.budgeting == OCCURRENCES and not slo.parts and window <= _RAW:
        bad, total = events(slo, window)
        return f"{bad} / ({total} > 0)"
    of = f"{_of(slo)}[{duration(window - SLICE)}]"
    return f"sum_over_time({BAD}{of}) / (sum_over_time({TOTAL}{of}) > 0)"


def _hourly(slo: Slo) -> str:
    if slo.parts:
        return f"sum_over_time({TOTAL}{_of(slo)}[1h:5m])"
    return events(slo, seconds("1h"))[1]


def _burn(slo: Slo, tier: int, row: Row) -> Rule:
    limit, of = text(slo.threshold_of(row)), _of(slo)
    enough = f" and {HOURLY}{of} >= {slo.min_events}" if slo.min_events else ""
    expr = f"{RATIO}{duration(row.long)}{of} > {limit} and {RATIO}{duration(row.short)}{of} > {limit}{enough}"
    return {
        "alert": BURNS,
        "expr": expr,
        # The windows wait already.
        "for": "0s",
        "severity": row.severity,
        "labels": {**labels(slo), "slo_burn_tier": str(tier)},
        "summary": f"{slo.service} uses up the error budget of {slo.name}",
        "description": (
            f"{{{{ $value | humanizePercentage }}}} of events were bad in the last {duration(row.long)}, more than {percent(slo.threshold_of(row))}: "
            f"at this rate {percent(row.budget, 1)} of the budget of {duration(slo.window)} go in {duration(row.long)}."
        ),
        "runbook": f"{RUNBOOK}#when-an-error-budget-burns",
    }


def _absent(slo: Slo) -> Rule:
    of = _of(slo)
    return {
        "alert": ABSENT,
        "expr": f"absent({TOTAL}{of}) or absent({BAD}{of})",
        "for": "15m",
        "severity": "ticket",
        "labels": labels(slo),
        "summary": f"Nobody measures {slo.name}",
        "description": f"Prometheus has no events of {slo.service} for this objective: it counts as kept while nobody knows.",
        "runbook": f"{RUNBOOK}#when-an-indicator-is-absent",
    }


def _exhausted(slo: Slo) -> Rule:
    return {
        "alert": EXHAUSTED,
        "expr": f"{LEFT}{_of(slo)} <= 0",
        "for": "5m",
        "severity": "ticket",
        "labels": labels(slo),
        "summary": f"The error budget of {slo.name} is used up",
        "description": f"More than {percent(slo.budget)} of the events of {duration(slo.window)} were bad; the policy of errors says what now.",
        "runbook": f"{RUNBOOK}#when-an-error-budget-is-used-up",
    }
