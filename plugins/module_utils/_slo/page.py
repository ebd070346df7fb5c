# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A report as one page of HTML that needs nothing else: no script, no font, no picture from anywhere; plots are SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._core.html import escaped, page
from .._core.plot import STYLE, Plot
from .render import WORDS, aged, ago, gone, left, minutes, rate, ratio, summary
from .report import day_of

_STYLE = f"""{STYLE}
section table{{margin-top:10px}}
.chip{{border-radius:99px;color:var(--paper);padding:1px 10px;font-size:13px;font-weight:600}}
.ok{{background:var(--ok)}}
.slow_down{{background:var(--slow_down)}}
.freeze{{background:var(--freeze)}}
.unknown{{background:var(--unknown)}}
.stale{{background:var(--stale)}}
.head{{display:flex;gap:12px;align-items:center;flex-wrap:wrap}}
.facts{{display:flex;gap:12px 24px;flex-wrap:wrap;margin:12px 0}}
.facts b{{display:block;font-size:17px}}
.facts span{{color:var(--dim);font-size:13px}}
.plots{{display:grid;grid-template-columns:repeat(auto-fit,minmax(330px,1fr));gap:18px}}
"""


def as_html(report: Mapping[str, Any]) -> str:
    """The page."""
    rows = report["objectives"]
    body = [
        f"<h1>{escaped(report['title'])}</h1><p>{day_of(report['at'])} UTC · {escaped(summary(report))}</p>",
        _overview(rows),
        *(_objective(row) for row in rows),
        "<footer>Attained is the quotient of good and all events of the window, never a mean of ratios. Times are UTC, days those of the "
        "objective's calendar. Nothing is known of hours that were not measured; they count as neither.</footer>",
    ]
    return page(report["title"], f"<main>{''.join(body)}</main>", _STYLE)


def _chip(state: str) -> str:
    return f"<span class='chip {state}'>{WORDS[state]}</span>"


def _overview(rows: Sequence[Mapping[str, Any]]) -> str:
    head = (
        "<tr><th>Objective<th>Team<th class=n>Promised<th class=n>Attained<th class=n>Budget left<th class=n>Burn 6 h<th>Gone on"
        "<th class=n>Measured<th class=n>Newest<th>State</tr>"
    )
    cells = "".join(
        f"<tr><td><a href='#{escaped(row['name'])}'>{escaped(row['name'])}</a><td>{escaped(row['team'])}<td class=n>{row['objective']}"
        f"<td class=n>{ratio(row['rolling']['attained'], 3)}<td class=n>{left(row)}<td class=n>{rate(row['burn']['6h'])}"
        f"<td>{gone(row)}<td class=n>{ratio(min(row['rolling']['coverage'], 1), 0)}<td class=n>{aged(row)}<td>{_chip(row['state'])}</tr>"
        for row in rows
    )
    return f"<div class=all><table>{head}{cells}</table></div>"


def _objective(row: Mapping[str, Any]) -> str:
    now = row["rolling"]
    facts = [
        (ratio(now["attained"], 3), f"attained of {row['objective']} in {row['window']}"),
        (left(row), "of the budget left" + (f", {minutes(now['left_minutes'])} of failing" if now["attained"] is not None else "")),
        (f"{now['bad']:,.0f}", f"bad of {now['events']:,.0f} events"),
        (" / ".join(rate(row["burn"][one]) for one in ("1h", "6h", "3d")), "burn rate of 1 h / 6 h / 3 d"),
        (gone(row), "when the budget is gone, by the last 3 d"),
        (ratio(min(now["coverage"], 1), 0), "of the window measured"),
        (ago(row["age"]) if row["age"] is not None else "–", "is the newest measurement old"),
    ]
    if "calendar" in row:
        own = row["calendar"]
        facts.insert(2, (ratio(own["left"], 1), f"left in {own['name']} ({escaped(own['time_zone'])})"))
    described = f"{escaped(row['service'])} · {escaped(row['team'])} · {escaped(row['tier'])} · {escaped(row['indicator'])}"
    plots = [
        ("What is left of the budget", _line(row["burn_down"])),
        ("Part of the budget that each day took", _bars(row["days"])),
    ]
    if trend := _trend(row):
        plots.append(("Attained, this window and those before it", trend))
    return (
        f"<section id='{escaped(row['name'])}'><div class=head><h2>{escaped(row['name'])}</h2>{_chip(row['state'])}</div>"
        f"<p>{described}</p><p>{' · '.join(escaped(words) for words in (row['description'], row['says']) if words)}</p>"
        f"<div class=facts>{''.join(f'<div><b>{value}</b><span>{words}</span></div>' for value, words in facts)}</div>"
        f"<div class=plots>{''.join(f'<figure><figcaption>{words}</figcaption>{plot}</figure>' for words, plot in plots)}</div>"
        f"{_worst(row)}</section>"
    )


def _worst(row: Mapping[str, Any]) -> str:
    if not row["worst_days"]:
        return ""
    days = "".join(
        f"<tr><td>{day['day']}<td class=n>{ratio(day['attained'], 3)}<td class=n>{day['bad']:,.0f}<td class=n>{ratio(day['used'], 1)}</tr>"
        for day in row["worst_days"]
    )
    return f"<table><tr><th>Worst days<th class=n>Attained<th class=n>Bad events<th class=n>Of the budget</tr>{days}</table>"


def _percent(value: float) -> str:
    return f"{value * 100:g} %"


def _line(points: Sequence[Sequence[float]]) -> str:
    """The burn-down, and beside it that of a budget which is spent evenly."""
    low = max(min(0.0, *(value for _at_time, value in points)), -2.0)
    begin, end = points[0][0], points[-1][0]
    plot = Plot(low, 1)
    marks = [1.0, 0.5, 0.0, *([round(low, 2)] if low < 0 else [])]
    color = "var(--freeze)" if points[-1][1] <= 0 else "var(--blue)"
    content = (
        f"{plot.frame(marks, _percent, (day_of(begin)[:10], day_of(end)[:10]))}"
        f"<line x1={plot.x(0):g} y1={plot.y(1):.1f} x2={plot.x(1):g} y2={plot.y(0):.1f} stroke='var(--dim)' stroke-dasharray='4 4'/>"
        f"{plot.line([((at - begin) / max(end - begin, 1), value) for at, value in points], color, 0.14)}"
    )
    return plot.drawn(content, "burn-down of the error budget")


def _bars(days: Sequence[Mapping[str, Any]]) -> str:
    """What each day took. A day of which nothing is known is a grey stub."""
    high = max([0.05, *(day["used"] for day in days)])
    plot = Plot(0, high)
    wide = plot.x(1 / max(len(days), 1)) - plot.x(0)
    content = plot.frame([0, round(high / 2, 3), round(high, 3)], _percent, (days[0]["day"], days[-1]["day"]))
    for number, day in enumerate(days):
        known = day["measured"] > 0
        color = "var(--line)" if not known else "var(--freeze)" if day["used"] > 1 / len(days) else "var(--blue)"
        height = max(plot.y(0) - plot.y(day["used"]), 1.0) if known else 3
        x = plot.x(number / len(days))
        title = f"<title>{day['day']}: {ratio(day['used'], 2)}</title>"
        content += (
            f"<rect x={x + 1:.1f} y={plot.y(0) - height:.1f} width={max(wide - 2, 1):.1f} height={height:.1f} fill='{color}'>{title}</rect>"
        )
    return plot.drawn(content, "part of the error budget by day")


def _trend(row: Mapping[str, Any]) -> str:
    """Attained against the target, window by window; empty where there is nothing to compare."""
    windows = [row["calendar"], *row["calendars"]] if "calendar" in row else [row["rolling"], *([row["before"]] if row["before"] else [])]
    known = [(one["name"], one["attained"]) for one in reversed(windows) if one["attained"] is not None]
    if len(known) < 2:
        return ""
    target = float(row["objective"].removesuffix(" %")) / 100
    low = min(target, *(value for _name, value in known))
    plot = Plot(1 - (1 - low) * 1.3, 1)
    wide = plot.x(1 / len(known)) - plot.x(0)
    content = plot.frame([1, target], _percent)
    for number, (name, value) in enumerate(known):
        x, y = plot.x(number / len(known)), plot.y(value)
        color = "var(--ok)" if value >= target else "var(--freeze)"
        height = plot.y(plot.low) - y
        content += f"<rect x={x + wide * 0.2:.1f} y={y:.1f} width={wide * 0.6:.1f} height={height:.1f} fill='{color}' opacity='.8'/>"
        content += plot.label((number + 0.5) / len(known), name)
    y = plot.y(target)
    content += f"<line x1={plot.x(0):g} x2={plot.x(1):g} y1={y:.1f} y2={y:.1f} stroke='var(--ink)' stroke-dasharray='2 3'/>"
    return plot.drawn(content, "trend")
