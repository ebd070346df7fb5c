# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A report as text: Markdown for a repository, CSV for a spreadsheet, blocks for Slack."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from typing import Any

from .budget import FREEZE, OK, SLOW_DOWN, STALE, UNKNOWN
from .report import day_of

WORDS = {OK: "ok", SLOW_DOWN: "slow down", FREEZE: "freeze", UNKNOWN: "not measured", STALE: "out of date"}
_SIGNS = {
    OK: ":large_green_circle:",
    SLOW_DOWN: ":large_yellow_circle:",
    FREEZE: ":red_circle:",
    UNKNOWN: ":white_circle:",
    STALE: ":large_orange_circle:",
}
_HEAD = ("Objective", "Service", "Team", "Promised", "Attained", "Budget left", "Burn 6 h", "Gone on", "Measured", "Newest", "State")
_MOST = 20
"""Rows of a message to Slack, which takes fifty blocks."""


def ratio(value: float | None, digits: int = 2) -> str:
    """A part as percent, cut towards what is worse."""
    if value is None:
        return "–"
    # Six digits more are the float's own noise.
    scaled = math.floor(round(value * 100 * 10**digits, 6))
    return f"{scaled / 10**digits:.{digits}f} %"


def rate(value: float | None) -> str:
    """A burn rate."""
    return "–" if value is None else f"{value:.2f}"


def minutes(value: float) -> str:
    """Minutes as people say them."""
    sign, whole = ("−" if value < 0 else ""), abs(int(value))
    hours, rest = divmod(whole, 60)
    return f"{sign}{hours} h {rest:02} min" if hours else f"{sign}{rest} min"


def left(row: Mapping[str, Any]) -> str:
    """Which part of the budget is left; nothing is said of what was never measured."""
    return "–" if row["rolling"]["attained"] is None else ratio(row["left"], 1)


def aged(row: Mapping[str, Any]) -> str:
    """How old the newest measurement is."""
    return "–" if row["age"] is None else f"{ago(row['age'])} old"


def ago(seconds: int) -> str:
    """A length of time in its two largest units."""
    whole = seconds // 60
    days, hours = divmod(whole // 60, 24)
    return f"{days} d {hours} h" if days else minutes(whole)


def gone(row: Mapping[str, Any]) -> str:
    """When the budget is gone."""
    if row["rolling"]["attained"] is None:
        return "–"
    if row["left"] <= 0:
        return "gone"
    if row["burn"]["3d"] is None:  # at which rate nobody knows
        return "–"
    return day_of(row["exhausted_at"]) if row["exhausted_at"] else "not at this rate"


def _cells(row: Mapping[str, Any]) -> list[str]:
    current = row["rolling"]
    return [
        row["name"],
        row["service"],
        row["team"],
        f"{row['objective']} in {row['window']}",
        ratio(current["attained"], 3),
        left(row) if current["attained"] is None else f"{left(row)} ({minutes(current['left_minutes'])})",
        rate(row["burn"]["6h"]),
        gone(row),
        ratio(min(current["coverage"], 1), 0),
        aged(row),
        WORDS[row["state"]],
    ]


def as_json(report: Mapping[str, Any]) -> str:
    """The report itself, the same for the same report."""
    return json.dumps(report, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def as_markdown(report: Mapping[str, Any]) -> str:
    """Tables: of now, of the calendar's windows, of the worst days."""
    lines = [f"# {report['title']}", "", f"{day_of(report['at'])} UTC. {summary(report)}", ""]
    lines += _table(_HEAD, [_cells(row) for row in report["objectives"]])
    months = [row for row in report["objectives"] if "calendar" in row]
    if months:
        lines += ["", "## By calendar", ""]
        lines += _table(
            ("Objective", "Window", "Attained", "Budget left", "Measured"),
            [
                [row["name"], one["name"], ratio(one["attained"], 3), ratio(one["left"], 1), ratio(min(one["coverage"], 1), 0)]
                for row in months
                for one in (row["calendar"], *row["calendars"])
                if one["attained"] is not None
            ],
        )
    bad = [
        [row["name"], day["day"], ratio(day["attained"], 3), ratio(day["used"], 1)]
        for row in report["objectives"]
        for day in row["worst_days"]
    ]
    if bad:
        lines += ["", "## Worst days", "", *_table(("Objective", "Day", "Attained", "Of the budget"), bad)]
    return "\n".join(lines) + "\n"


def summary(report: Mapping[str, Any]) -> str:
    """How many objectives are in which state, in a sentence."""
    counts = report["counts"]
    return "; ".join(f"{counts[one]} {WORDS[one]}" for one in (FREEZE, STALE, UNKNOWN, SLOW_DOWN, OK) if counts[one]) + "."


def _table(head: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (list(head), *rows)]
    return [f"| {' | '.join(cells[0])} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in cells[1:])]


def as_csv(report: Mapping[str, Any]) -> str:
    """One row for each objective, numbers as numbers."""
    out = io.StringIO()
    columns = ("name", "service", "team", "tier", "indicator", "objective", "window", "policy", "state")
    counted = ("events", "bad", "attained", "budget_events", "used", "left", "left_minutes", "coverage")
    rates = ("1h", "6h", "3d")
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow([*columns, *counted, *(f"burn_{one}" for one in rates), "exhausted_at", "newest", "age"])
    for row in report["objectives"]:
        numbers = [row["rolling"][key] for key in counted] + [row["burn"][one] for one in rates]
        numbers += [row[key] for key in ("exhausted_at", "newest", "age")]
        sheet.writerow([*(row[key] for key in columns), *("" if value is None else value for value in numbers)])
    return out.getvalue()


def as_slack(report: Mapping[str, Any]) -> dict[str, Any]:
    """A message of Slack (chat.postMessage, incoming webhook) in blocks, the worst first."""
    rows = report["objectives"][:_MOST]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": report["title"][:150]}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": f"{day_of(report['at'])} UTC · {_escaped(summary(report))}"}]},
    ]
    for row in rows:
        head, attained = f"{_SIGNS[row['state']]} *{_escaped(row['name'])}*", row["rolling"]["attained"]
        text = f"{head} nothing was measured; promised are {row['objective']} in {row['window']}"
        if attained is not None:
            text = (
                f"{head} {ratio(attained, 3)} of {row['objective']}\n"
                f"{left(row)} of the budget left, burn {rate(row['burn']['6h'])}, gone: {gone(row)}, newest measurement {aged(row)}"
            )
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    if len(report["objectives"]) > _MOST:
        more = len(report["objectives"]) - _MOST
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": f"{more} more are in the report."}]})
    return {"text": f"{report['title']}: {summary(report)}", "blocks": blocks}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
