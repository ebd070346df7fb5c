# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Budgets out of what was counted: how much there is, how much is gone, when it will be, and what follows from that.

An hour is the smallest thing that is kept of the past. Windows that begin within one take their part of it.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._core.exact import number
from .model import Slo
from .windows import Window

HOUR = 3600
OK, SLOW_DOWN, FREEZE, UNKNOWN, STALE = "ok", "slow_down", "freeze", "unknown", "stale"
"""What a policy makes of a budget; where nothing was measured; where measuring stopped."""


@dataclass(frozen=True)
class Hour:
    """What was counted from ``start`` on, in ``seconds``, mostly 3600."""

    start: int
    seconds: int
    bad: float
    total: float


@dataclass(frozen=True)
class Counted:
    """Events of a window. ``measured``: seconds of it of which something is known."""

    bad: float
    total: float
    measured: float

    @property
    def error_ratio(self) -> float:
        """Part of events that was bad; 0 without any."""
        return self.bad / self.total if self.total else 0.0


class History:
    """The hours of one objective, in order. ``newest``: when it was measured last, in seconds of Unix time, none where it never was.

    Where nobody says when, that is the end of the last hour of which something is known.
    """

    def __init__(self, hours: Iterable[Hour], newest: float | None = None) -> None:
        self.hours = sorted(hours, key=lambda hour: hour.start)
        self._starts = [hour.start for hour in self.hours]
        last = self.hours[-1].start + self.hours[-1].seconds if self.hours else None
        self.newest = newest if newest is not None and last is not None else last

    def counted(self, start: float, end: float) -> Counted:
        """What was counted between two times: the quotient of sums, never a mean of quotients."""
        first = max(bisect.bisect_right(self._starts, start) - 1, 0)
        bad, total, measured = [], [], []
        for hour in self.hours[first : bisect.bisect_left(self._starts, end)]:
            part = max(0.0, min(end, hour.start + hour.seconds) - max(start, hour.start))
            bad.append(hour.bad * part / hour.seconds)
            total.append(hour.total * part / hour.seconds)
            measured.append(part)
        return Counted(math.fsum(bad), math.fsum(total), math.fsum(measured))


def spent(slo: Slo, counted: Counted, window: Window) -> dict[str, Any]:
    """What the budget of a window is, and what of it is gone.

    Budget = (1 - objective) * events of the window (SRE workbook, chapter 2, "Error budgets"). Of a calendar's window that still runs, its
    events are foretold from those so far: the budget of a month is not gone on its first day by one error.
    """
    budget = float(slo.budget)
    elapsed = max(window.end - window.start, 1)
    whole = counted.total * window.length / elapsed
    used = counted.bad / (budget * whole) if whole else 0.0
    return {
        "name": window.name,
        "start": window.start,
        "end": window.end,
        "whole_end": window.whole_end,
        "events": counted.total,
        "bad": counted.bad,
        "attained": 1 - counted.error_ratio if counted.total else None,
        "budget_events": budget * whole,
        "used": used,
        "left": 1 - used,
        # As if everything failed: what the rest of the budget is in time.
        "left_minutes": (1 - used) * budget * window.length / 60,
        "measured": counted.measured,
        "coverage": counted.measured / elapsed,
    }


def burn(slo: Slo, history: History, now: int, seconds: int) -> float | None:
    """How many times faster than allowed the budget goes, over the last seconds; none without events."""
    counted = history.counted(now - seconds, now)
    return counted.error_ratio / float(slo.budget) if counted.total else None


def exhausted_at(slo: Slo, left: float, rate: float | None, now: int, calendar: Window | None = None) -> int | None:
    """When the budget is gone if it goes on like this; none where that is never, or not before the end of a ``calendar``'s window.

    Time = what is left * window / burn rate. A rate of 1 or less uses up no rolling budget: what it takes is what leaves the window.
    """
    if left <= 0:
        return now
    if rate is None or rate <= (0 if calendar else 1):
        return None
    at = now + int(left * float(calendar.length if calendar else slo.window) / rate)
    return None if calendar and at >= calendar.whole_end else at


def state(policy: Mapping[str, Any], window: Mapping[str, Any], stale: bool = False) -> str:
    """What an error-budget policy makes of a window: the policy of the SRE workbook, appendix B, as two numbers of percent.

    Of less than an hour nothing is made. What is left of a budget counts as long as it is measured (``stale``: it is not any more); that
    one is spent stays so.
    """
    if window["attained"] is None or window["measured"] < HOUR:
        return UNKNOWN
    left = window["left"] * 100
    if left <= float(number(policy["freeze"])):
        return FREEZE
    if stale:
        return STALE
    return SLOW_DOWN if left <= float(number(policy["slow_down"])) else OK


def worst(states: Sequence[str]) -> str:
    """The one that decides: a freeze, then what nobody knows any more or ever knew, then care."""
    order = (OK, SLOW_DOWN, UNKNOWN, STALE, FREEZE)
    return max(states, key=order.index, default=OK)
