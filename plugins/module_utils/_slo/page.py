# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A report as one page of HTML that needs nothing else: no script, no font, no picture from anywhere; plots are SVG.

Made by hand: a plot here is a line, an area or some bars, and a library for that would have to be on every machine on which the module runs
(docs/dependencies.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._core.html import escaped, page
from .render import WORDS, aged, ago, gone, left, minutes, rate, ratio, summary
from .report import day_of

_STYLE = """
:root{--ink:#1b2430;--dim:#5c6878;--line:#dde3ea;--paper:#fff;--back:#f3f5f8;--ok:#1f8a4c;--slow_down:#b7791f;--freeze:#c53030;
  --unknown:#718096;--stale:#b83280;--blue:#2b6cb0}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--dim:#9aa7b6;--line:#303a47;--paper:#1a212b;--back:#11161d;--ok:#48bb78;
  --slow_down:#ecc94b;--freeze:#fc8181;--stale:#f687b3;--blue:#63b3ed}}
*{box-sizing:border-box}
body{margin:0;padding:0;max-width:none;background:var(--back);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
main{max-width:1240px;margin:0 auto;padding:28px 20px}
h1{font-size:26px;margin:0 0 4px}
h2{font-size:18px;margin:0}
p{margin:4px 0;color:var(--dim)}
section,.all{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:16px 0}
.all{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:600;color:var(--dim);font-size:13px}
tr:last-child td{border-bottom:0}
th.n,td.n{text-align:right;padding-right:22px}
section table{margin-top:10px}
a{color:inherit}
.chip{border-radius:99px;color:var(--paper);padding:1px 10px;font-size:13px;font-weight:600}
.ok{background:var(--ok)}
.slow_down{background:var(--slow_down)}
.freeze{background:var(--freeze)}
.unknown{background:var(--unknown)}
.stale{background:var(--stale)}
.head{display:flex;gap:12px;align-items:center;flex-wrap:wrap}
.facts{display:flex;gap:12px 24px;flex-wrap:wrap;margin:12px 0}
.facts b{display:block;font-size:17px}
.facts span{color:var(--dim);font-size:13px}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(330px,1fr));gap:18px}
figure{margin:0;min-width:0}
figcaption{font-size:13px;color:var(--dim);margin-bottom:4px}
svg{width:100%;height:auto;display:block}
svg text{fill:var(--dim);font:11px system-ui,sans-serif}
footer{color:var(--dim);font-size:13px}
"""
_WIDE, _HIGH, _LEFT, _LOW = 480, 150, 44, 20


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


def _svg(content: str, words: str) -> str:
    return f"<svg viewBox='0 0 {_WIDE} {_HIGH}' role=img aria-label='{words}'>{content}</svg>"


def _frame(low: float, high: float, marks: Sequence[float], ends: tuple[str, str]) -> str:
    """Lines and words of the axes."""
    lines = []
    for mark in marks:
        y = _at(mark, low, high)
        lines.append(f"<line x1={_LEFT} x2={_WIDE - 4} y1={y:.1f} y2={y:.1f} stroke='var(--line)'/>")
        lines.append(f"<text x={_LEFT - 6} y={y + 4:.1f} text-anchor=end>{mark * 100:g} %</text>")
    lines.append(f"<text x={_LEFT} y={_HIGH - 4}>{ends[0]}</text><text x={_WIDE - 4} y={_HIGH - 4} text-anchor=end>{ends[1]}</text>")
    return "".join(lines)


def _at(value: float, low: float, high: float) -> float:
    return 8 + (high - max(low, min(high, value))) / (high - low) * (_HIGH - _LOW - 14)


def _line(points: Sequence[Sequence[float]]) -> str:
    """The burn-down, and beside it that of a budget which is spent evenly."""
    low = min(0.0, *(value for _at_time, value in points))
    low = max(low, -2.0)
    begin, end = points[0][0], points[-1][0]
    placed = [f"{_LEFT + (at - begin) / max(end - begin, 1) * (_WIDE - _LEFT - 4):.1f},{_at(value, low, 1):.1f}" for at, value in points]
    zero = _at(0, low, 1)
    marks = [1.0, 0.5, 0.0, *([low] if low < 0 else [])]
    color = "var(--freeze)" if points[-1][1] <= 0 else "var(--blue)"
    content = (
        f"{_frame(low, 1, [round(mark, 2) for mark in marks], (day_of(begin)[:10], day_of(end)[:10]))}"
        f"<line x1={_LEFT} y1={_at(1, low, 1):.1f} x2={_WIDE - 4} y2={zero:.1f} stroke='var(--dim)' stroke-dasharray='4 4'/>"
        f"<polygon points='{_LEFT},{zero:.1f} {' '.join(placed)} {_WIDE - 4},{zero:.1f}' fill='{color}' opacity='.14'/>"
        f"<polyline points='{' '.join(placed)}' fill=none stroke='{color}' stroke-width=2 />"
    )
    return _svg(content, "burn-down of the error budget")


def _bars(days: Sequence[Mapping[str, Any]]) -> str:
    """What each day took. A day of which nothing is known is a grey stub."""
    high = max([0.05, *(day["used"] for day in days)])
    wide = (_WIDE - _LEFT - 4) / max(len(days), 1)
    content = _frame(0, high, [0, round(high / 2, 3), round(high, 3)], (days[0]["day"], days[-1]["day"]))
    for number, day in enumerate(days):
        x, y = _LEFT + number * wide, _at(day["used"], 0, high)
        known = day["measured"] > 0
        color = "var(--line)" if not known else "var(--freeze)" if day["used"] > 1 / len(days) else "var(--blue)"
        height = max(_at(0, 0, high) - y, 1.0) if known else 3
        top = _at(0, 0, high) - height
        title = f"<title>{day['day']}: {ratio(day['used'], 2)}</title>"
        content += f"<rect x={x + 1:.1f} y={top:.1f} width={max(wide - 2, 1):.1f} height={height:.1f} fill='{color}'>{title}</rect>"
    return _svg(content, "part of the error budget by day")


def _trend(row: Mapping[str, Any]) -> str:
    """Attained against the target, window by window; empty where there is nothing to compare."""
    windows = [row["calendar"], *row["calendars"]] if "calendar" in row else [row["rolling"], *([row["before"]] if row["before"] else [])]
    known = [(one["name"], one["attained"]) for one in reversed(windows) if one["attained"] is not None]
    if len(known) < 2:
        return ""
    target = float(row["objective"].removesuffix(" %")) / 100
    low = min(target, *(value for _name, value in known))
    low = 1 - (1 - low) * 1.3
    wide = (_WIDE - _LEFT - 4) / len(known)
    content = _frame(low, 1, [1, target], ("", ""))
    for number, (name, value) in enumerate(known):
        x, y = _LEFT + number * wide, _at(value, low, 1)
        color = "var(--ok)" if value >= target else "var(--freeze)"
        content += (
            f"<rect x={x + wide * 0.2:.1f} y={y:.1f} width={wide * 0.6:.1f} height={_HIGH - _LOW - 6 - y:.1f} fill='{color}' opacity='.8'/>"
        )
        content += f"<text x={x + wide / 2:.1f} y={_HIGH - 4} text-anchor=middle>{escaped(name)}</text>"
    y = _at(target, low, 1)
    return _svg(f"{content}<line x1={_LEFT} x2={_WIDE - 4} y1={y:.1f} y2={y:.1f} stroke='var(--ink)' stroke-dasharray='2 3'/>", "trend")
