# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Windows of budgets: rolling ones, and those of a calendar in a time zone, where a day may have 23 hours."""

from __future__ import annotations

import datetime
import zoneinfo
from dataclasses import dataclass

from .model import Slo

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Window:
    """From ``start`` (included) to ``end``, in seconds of Unix time. ``whole_end`` is where a calendar's window ends that still runs."""

    name: str
    start: int
    end: int
    whole_end: int

    @property
    def length(self) -> int:
        """Seconds of all of it."""
        return self.whole_end - self.start


def known_zone(name: str) -> bool:
    """Whether there is such a time zone."""
    try:
        return bool(zoneinfo.ZoneInfo(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False


def rolling(slo: Slo, now: int) -> Window:
    """The window of the objective that ends now."""
    return Window("rolling", now - int(slo.window), now, now)


def calendar(slo: Slo, now: int, back: int = 0) -> Window:
    """The calendar's window in which ``now`` lies, or one of those before it."""
    zone = zoneinfo.ZoneInfo(slo.time_zone)
    local = datetime.datetime.fromtimestamp(now, zone)
    start = _start(slo.calendar, local.date())
    for _ in range(back):
        start = _start(slo.calendar, start - datetime.timedelta(days=1))
    end = _after(slo.calendar, start)
    begin, finish = (int(datetime.datetime(one.year, one.month, one.day, tzinfo=zone).timestamp()) for one in (start, end))
    return Window(_name(slo.calendar, start), begin, min(now, finish), finish)


def days(window: Window, time_zone: str) -> list[tuple[datetime.date, int, int]]:
    """(date, start, end) of every day of the window, cut at its ends."""
    zone = zoneinfo.ZoneInfo(time_zone)
    found = []
    day = datetime.datetime.fromtimestamp(window.start, zone).date()
    start = window.start
    while start < window.end:
        after = day + datetime.timedelta(days=1)
        end = min(int(datetime.datetime(after.year, after.month, after.day, tzinfo=zone).timestamp()), window.end)
        found.append((day, start, end))
        day, start = after, end
    return found


def _start(every: str, day: datetime.date) -> datetime.date:
    if every == "week":
        return day - datetime.timedelta(days=day.weekday())
    months = _MONTHS[every]
    return datetime.date(day.year, (day.month - 1) // months * months + 1, 1)


def _after(every: str, start: datetime.date) -> datetime.date:
    if every == "week":
        return start + datetime.timedelta(days=7)
    month = start.month - 1 + _MONTHS[every]
    return datetime.date(start.year + month // 12, month % 12 + 1, 1)


def _name(every: str, start: datetime.date) -> str:
    if every == "week":
        year, week, _day = start.isocalendar()
        return f"{year}-W{week:02}"
    return {
        "month": f"{start:%Y-%m}",
        "quarter": f"{start.year}-Q{(start.month + 2) // 3}",
        "year": f"{start.year}",
    }[every]
