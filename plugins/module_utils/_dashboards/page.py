# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Dashboards as one page without a Grafana: each panel drawn as the JSON says that Grafana is given, by what Prometheus answers.

Drawn are panels of the types text, row, stat, timeseries and table, their place, unit, legend and thresholds; another type is named in its place.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._core.html import escaped, page
from .._core.plot import STYLE, Plot, marks, width
from .units import say

Json = Mapping[str, Any]

_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#b5a800")
"""Told apart by who does not see all colours: M. Okabe and K. Ito, "Color Universal Design", 2008; its yellow darker, for white paper."""
_LINES, _ROWS, _VALUES = 20, 30, 6
"""How many series, rows and values a panel shows at most. What it does not show it counts."""
_MOST = 1e300
"""What is greater is drawn at the border: with the greatest of all numbers nobody can reckon."""
_STYLE = f"""{STYLE}
nav{{columns:4 230px;padding:4px 0}}
nav a{{display:block;break-inside:avoid}}
.none{{color:var(--dim)}}
.board{{display:grid;grid-template-columns:repeat(24,1fr);gap:16px 18px;margin-top:12px;align-items:start}}
.board h3{{grid-column:1/-1;font-size:15px;margin:8px 0 -6px;border-bottom:1px solid var(--line)}}
.board pre{{white-space:pre-wrap;margin:0;font:inherit}}
@media(max-width:820px){{.board figure{{grid-column:1/-1!important}}}}
.value{{font-size:26px;font-weight:600;line-height:1.2}}
.value small{{font-size:13px;font-weight:400;color:var(--dim);margin-left:6px}}
.green{{color:var(--ok)}}.red,.refused{{color:var(--freeze)}}
ul{{list-style:none;margin:2px 0 0;padding:0;font-size:12px;color:var(--dim)}}
li{{display:inline-block;margin-right:14px}}
li i{{display:inline-block;width:14px;height:3px;margin-right:5px;vertical-align:middle}}
li b{{color:var(--ink);font-weight:600;margin-left:4px}}
.scroll{{overflow-x:auto}}
"""


class Query(NamedTuple):
    """One expression, asked for the end alone or over the whole time."""

    expr: str
    instant: bool


class Window(NamedTuple):
    """What time is drawn, in seconds since 1970, and how far apart points are."""

    begin: int
    end: int
    step: int


Answers = Mapping[Query, Sequence[Json] | str]
"""Series by query, as Prometheus writes them; a text is why it refused."""


def asked(dashboards: Iterable[Json]) -> list[Query]:
    """Everything that is to be asked, once."""
    return list(dict.fromkeys(query for board in dashboards for panel in board["panels"] for query, _legend in _queries(panel)))


def quiet(dashboards: Mapping[str, Json], answers: Answers) -> dict[str, list[str]]:
    """By dashboards, the titles of panels that show no value though their queries were answered."""
    found = {
        name: [
            panel["title"]
            for panel in board["panels"]
            if any(_queries(panel)) and not _refusals(panel, answers) and not _series(panel, answers)
        ]
        for name, board in dashboards.items()
    }
    return {name: titles for name, titles in found.items() if titles}


def as_html(title: str, dashboards: Mapping[str, Json], answers: Answers, window: Window, summary: str) -> str:
    """The page; dashboards by their names, which are those of links."""
    silent = {name: f" <small class=none>{len(titles)} without data</small>" for name, titles in quiet(dashboards, answers).items()}
    links = "".join(f"<a href='#{escaped(name)}'>{escaped(board['title'])}{silent.get(name, '')}</a>" for name, board in dashboards.items())
    body = [
        f"<h1>{escaped(title)}</h1><p>{_moment(window.begin)} to {_moment(window.end)} UTC · {escaped(summary)}</p>",
        f"<div class=all><nav>{links}</nav></div>",
        *(_board(name, board, answers, window) for name, board in dashboards.items()),
        "<footer>Drawn of the JSON that Grafana is given, by what Prometheus answered, without a Grafana. A panel's query is shown "
        "where the pointer rests on its title.</footer>",
    ]
    return page(title, f"<main>{''.join(body)}</main>", _STYLE)


def _moment(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M")


def _queries(panel: Json) -> Iterator[tuple[Query, str]]:
    """Each with the form of its legend."""
    if panel["type"] not in ("row", "text"):
        shown = (one for one in panel.get("targets") or () if "expr" in one and not one.get("hide"))
        yield from ((Query(one["expr"], bool(one.get("instant"))), one.get("legendFormat") or "__auto") for one in shown)


def _board(name: str, board: Json, answers: Answers, window: Window) -> str:
    place = sorted(board["panels"], key=lambda panel: (panel["gridPos"]["y"], panel["gridPos"]["x"]))
    said = f"<p>{escaped(board['description'])}</p>" if board.get("description") else ""
    drawn = "".join(_panel(panel, answers, window) for panel in place)
    return f"<section id='{escaped(name)}'><h2>{escaped(board['title'])}</h2>{said}<div class=board>{drawn}</div></section>"


def _panel(panel: Json, answers: Answers, window: Window) -> str:
    title = escaped(panel["title"])
    if panel["type"] == "row":
        return f"<h3>{title}</h3>"
    asked_for = escaped(" ; ".join(query.expr for query, _legend in _queries(panel)))
    first, wide = (int(panel["gridPos"][key]) for key in ("x", "w"))
    return (
        f"<figure style='grid-column:{first + 1}/span {wide}'><figcaption title='{asked_for}'>{title}</figcaption>"
        f"{_content(panel, answers, window)}</figure>"
    )


def _content(panel: Json, answers: Answers, window: Window) -> str:
    if panel["type"] == "text":
        lines = map(escaped, panel["options"]["content"].expandtabs(4).splitlines())
        return f"<pre>{'<br>'.join(lines)}</pre>"
    refused = _refusals(panel, answers)
    if refused:
        return f"<p class=refused>{escaped(refused[0])}</p>"
    if panel["type"] not in DRAWN:
        return f"<p class=none>A panel of the type {escaped(panel['type'])} is not drawn here.</p>"
    series = _series(panel, answers)
    return DRAWN[panel["type"]](panel, series, window) if series else "<p class=none>No data</p>"


def _refusals(panel: Json, answers: Answers) -> list[str]:
    return [found for query, _legend in _queries(panel) for found in [answers[query]] if isinstance(found, str)]


def _series(panel: Json, answers: Answers) -> list[_Series]:
    """Those that have a value."""
    found = [_Series(one, legend) for query, legend in _queries(panel) for one in answers[query] if not isinstance(one, str)]
    return [one for one in found if one.points]


class _Series:
    """A series of an answer: its labels, name and finite points (time, value)."""

    def __init__(self, found: Json, legend: str) -> None:
        self.labels: dict[str, str] = {key: value for key, value in found["metric"].items() if key != "__name__"}
        values = found["values"] if "values" in found else [found["value"]] if "value" in found else []
        self.points = [(float(at), float(value)) for at, value in values if math.isfinite(float(value))]
        if legend == "__auto":
            self.name = ", ".join(f"{key}={value}" for key, value in self.labels.items()) or found["metric"].get("__name__", "value")
        else:
            self.name = re.sub(r"\{\{\s*(.+?)\s*\}\}", lambda name: found["metric"].get(name[1], ""), legend)

    @property
    def last(self) -> float:
        return self.points[-1][1]

    def pieces(self, window: Window) -> Iterator[list[tuple[float, float]]]:
        """Points as (share of the time, value), a new list after each gap."""
        piece: list[tuple[float, float]] = []
        before = math.inf
        for at, value in self.points:
            if piece and at - before > 1.5 * window.step:
                yield piece
                piece = []
            piece.append(((at - window.begin) / (window.end - window.begin), value))
            before = at
        yield piece


def _unit(panel: Json) -> str:
    unit: str = panel["fieldConfig"]["defaults"].get("unit") or "short"
    return unit


def _colour(panel: Json, value: float) -> str:
    """The class of the threshold in which a value is; none where there are no thresholds."""
    thresholds = panel["fieldConfig"]["defaults"].get("thresholds") or {}
    # Steps in percent are of a range that only Grafana knows.
    steps = (thresholds.get("steps") or ()) if thresholds.get("mode", "absolute") == "absolute" else ()
    reached = [step["color"] for step in steps if step.get("value") is None or value >= step["value"]]
    return f" class={escaped(reached[-1])}" if reached and reached[-1] in ("green", "red") else ""


def _stat(panel: Json, series: Sequence[_Series], window: Window) -> str:
    found = ""
    for one in series[:_VALUES]:
        name = f"<small>{escaped(one.name)}</small>" if len(series) > 1 else ""
        found += f"<div class=value><span{_colour(panel, one.last)}>{escaped(say(one.last, _unit(panel)))}</span>{name}</div>"
    if len(series) == 1 and len(series[0].points) > 1:
        low, top = _range([value for _at, value in series[0].points])
        plot = Plot(low, top, 230, 64, 0)
        found += plot.drawn("".join(plot.line(piece, "var(--blue)") for piece in series[0].pieces(window)), panel["title"])
    return found + _more(len(series) - _VALUES)


def _timeseries(panel: Json, series: Sequence[_Series], window: Window) -> str:
    shown = series[:_LINES]
    low, top = _range([value for one in shown for _at, value in one.points])
    ticks = marks(low, top)
    unit, lines, legend = _unit(panel), "", ""
    left = width([say(tick, unit) for tick in ticks])
    plot = Plot(ticks[0], ticks[-1], max(40.0 * panel["gridPos"]["w"], 2 * left), 170, left)
    for number, one in enumerate(shown):
        colour = _COLOURS[number % len(_COLOURS)]
        lines += "".join(plot.line(piece, colour, 0.06 if len(shown) <= 3 else 0) for piece in one.pieces(window))
        legend += f"<li><i style='background:{colour}'></i>{escaped(one.name)}<b>{escaped(say(one.last, unit))}</b></li>"
    frame = plot.frame(ticks, lambda value: say(value, unit), (_moment(window.begin)[11:], _moment(window.end)[11:]))
    frame += plot.label(0.5, _moment((window.begin + window.end) / 2)[11:])
    return (
        plot.drawn(frame + lines, panel["title"])
        + f"<ul style='padding-left:{100 * plot.left / plot.wide:.1f}%'>{legend}</ul>{_more(len(series) - _LINES)}"
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    """What is drawn of values: from 0 on, as long as none is less; nothing is flat."""
    low, top = max(-_MOST, min(0.0, *values)), min(_MOST, max(0.0, *values))
    return (low, top) if top - low > 1 / _MOST else (0.0, 1.0)


def _table(panel: Json, series: Sequence[_Series], window: Window) -> str:
    names = list(dict.fromkeys(name for one in series for name in one.labels))
    head = "".join(f"<th>{escaped(name)}" for name in names)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escaped(one.labels.get(name, str()))}' for name in names)}"
        f"<td class=n><span{_colour(panel, one.last)}>{escaped(say(one.last, _unit(panel)))}</span></tr>"
        for one in series[:_ROWS]
    )
    return f"<div class=scroll><table><tr>{head}<th class=n>Value</tr>{rows}</table></div>{_more(len(series) - _ROWS)}"


def _more(count: int) -> str:
    return f"<p>and {count} more</p>" if count > 0 else ""


DRAWN = {"stat": _stat, "timeseries": _timeseries, "table": _table}
