# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""How panels of each type are drawn, as markup."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._core.html import escaped
from .._core.plot import Plot, marks, width
from .fields import Field, Said, Subject, coloured, css, field_of
from .panels import Item, Panel, Shown, organized
from .reduce import known

_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#b5a800")
"""Told apart by who does not see all colours: M. Okabe and K. Ito, "Color Universal Design", 2008; its yellow darker, for white paper."""
_LINES, _ROWS, _VALUES = 20, 30, 6
"""How many series, rows and values a panel shows at most. What it does not show it counts."""
_MOST = 1e300
"""What is greater is drawn at the border: with the greatest of all numbers nobody can reckon."""


class Window(NamedTuple):
    """What time is drawn, in seconds since 1970, and how far apart points are."""

    begin: int
    end: int
    step: int


def clock(at: float) -> str:
    """A moment as it is written."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M")


def more(count: int) -> str:
    """What is said of what is not shown."""
    return f"<p>and {count} more</p>" if count > 0 else ""


def _pieces(one: Shown, window: Window) -> Iterator[list[tuple[float, float]]]:
    """Points as (share of the time, value), a new list after each gap."""
    piece: list[tuple[float, float]] = []
    before = math.inf
    for at, value in one.found.points:
        if piece and at - before > 1.5 * window.step:
            yield piece
            piece = []
        piece.append(((at - window.begin) / (window.end - window.begin), value))
        before = at
    yield piece


def _items(panel: Panel) -> tuple[list[Item], str]:
    """The values that are shown, and what is said of the others. Who asked for all of them may have more."""
    found = panel.items()
    most = _ROWS if (panel.options.get("reduceOptions") or {}).get("values") else _VALUES
    return found[:most], more(len(found) - most)


def _stat(panel: Panel, window: Window) -> str:
    items, rest = _items(panel)
    mode = panel.options.get("textMode") or "auto"
    named = mode in ("name", "value_and_name") or (mode == "auto" and len(items) > 1)
    found = ""
    for one in items:
        name = f"<small>{escaped(one.name)}</small>" if named else ""
        value = "" if mode in ("name", "none") else coloured(one.said)
        found += f"<div class=value>{value}{name}</div>"
    series = panel.visible
    if len(series) == 1 and len(series[0].found.points) > 1 and panel.options.get("graphMode") != "none":
        low, top = _range([value for _at, value in series[0].found.points])
        plot = Plot(low, top, 230, 64, 0)
        found += plot.drawn("".join(plot.line(piece, "var(--blue)") for piece in _pieces(series[0], window)), panel.json["title"])
    return found + rest


def _share(panel: Panel, one: Item) -> float:
    """How full a gauge is, from 0 to 1."""
    if isinstance(one.value, bool | str) or one.value is None or not math.isfinite(one.value):
        return 0
    low, top = _scale(panel, one.series.field)
    return max(0.0, min(1.0, (one.value - low) / (top - low)))


def _scale(panel: Panel, field: Field) -> tuple[float, float]:
    """The ends of a gauge: those that are said, of a share 0 and all, of anything else the least and the greatest of the whole panel."""
    low, top = field.ends
    all_of = {"percent": 100.0, "percentunit": 1.0}.get(field.unit)
    values = [value for one in panel.visible for _at, value in one.found.points]
    low = (0.0 if all_of else max(-_MOST, min(values))) if low is None else low
    top = (all_of or min(_MOST, max(values))) if top is None else top
    return (low, top) if top > low else (min(low, 0.0), max(low, 0.0) or 1.0)


def _fill(said: Said) -> str:
    return css(said.colour) or "var(--blue)"


def _gauge(panel: Panel, window: Window) -> str:
    items, rest = _items(panel)
    found = ""
    for one in items:
        arc = "<path d='M12,66 A48,48 0 0 1 108,66' pathLength=100 fill=none stroke-width=14"
        share = 100 * _share(panel, one)
        # An arc of no length would still have its ends.
        full = f"{arc} stroke='{_fill(one.said)}' stroke-dasharray='{share:.1f} 200'/>" if share else ""
        svg = f"<svg viewBox='0 0 120 76' role=img aria-label='{escaped(f'{one.name} {one.said.text}')}'>{arc} stroke='var(--line)'/>{full}</svg>"
        name = f"<small class=none>{escaped(one.name)}</small>" if len(items) > 1 else ""
        found += f"<div>{svg}<div class=value>{coloured(one.said)}</div>{name}</div>"
    return f"<div class=gauges>{found}</div>{rest}"


def _bars(panel: Panel, window: Window) -> str:
    items, rest = _items(panel)
    found = ""
    for one in items:
        bar = f"<i><b style='width:{100 * _share(panel, one):.1f}%;background:{_fill(one.said)}'></b></i>"
        found += f"<div class=bar><small>{escaped(one.name)}</small>{bar}{coloured(one.said)}</div>"
    return found + rest


def _timeseries(panel: Panel, window: Window) -> str:
    visible = panel.visible
    shown = list(enumerate(visible[:_LINES]))
    calcs = (panel.options.get("legend") or {}).get("calcs") or []
    plots, legend, left = "", "", 0.0
    # One axis has one unit.
    for unit in dict.fromkeys(one.field.unit for _number, one in shown):
        drawn, left = _axis(panel, [(number, one) for number, one in shown if one.field.unit == unit], len(shown), window)
        plots += drawn
    for number, one in shown:
        if not one.field.hidden("legend"):
            legend += f"<li><i style='background:{_line(number, one)}'></i>{escaped(one.called())}{_values(one, calcs)}</li>"
    return f"{plots}<ul style='padding-left:{left:.1f}%'>{legend}</ul>{more(len(visible) - _LINES)}"


def _line(number: int, one: Shown) -> str:
    """The colour of a line."""
    return css(one.field.fixed) or _COLOURS[number % len(_COLOURS)]


def _values(one: Shown, calcs: Sequence[str]) -> str:
    """What a legend says of a line: its last value, or what is asked for."""
    reckoned = [calc for calc in calcs if known(calc)]
    if not reckoned:
        return f"<b>{escaped(one.field.said(one.reduced('lastNotNull')).text)}</b>"
    return "".join(f" {calc}<b>{escaped(one.field.said(one.reduced(calc)).text)}</b>" for calc in reckoned)


def _axis(panel: Panel, shown: Sequence[tuple[int, Shown]], several: int, window: Window) -> tuple[str, float]:
    """A plot of the lines of one unit, and how many percent of its width are left of it."""
    field = shown[0][1].field
    low, top = _range([value for _number, one in shown for _at, value in one.found.points])
    ends = field.ends
    low, top = (low if ends[0] is None else ends[0]), (top if ends[1] is None else ends[1])
    ticks = marks(low, top)
    left = width([field.plain(tick) for tick in ticks])
    plot = Plot(ticks[0], ticks[-1], max(40.0 * panel.json["gridPos"]["w"], 2 * left), 170, left)
    lines = ""
    for number, one in shown:
        lines += "".join(plot.line(piece, _line(number, one), 0.06 if several <= 3 else 0) for piece in _pieces(one, window))
    frame = plot.frame(ticks, field.plain, (clock(window.begin)[11:], clock(window.end)[11:]))
    frame += plot.label(0.5, clock((window.begin + window.end) / 2)[11:])
    return plot.drawn(frame + lines, panel.json["title"]), 100 * plot.left / plot.wide


def _range(values: Sequence[float]) -> tuple[float, float]:
    """What is drawn of values: from 0 on, as long as none is less; nothing is flat."""
    low, top = max(-_MOST, min(0.0, *values)), min(_MOST, max(0.0, *values))
    return (low, top) if top - low > 1 / _MOST else (0.0, 1.0)


def _table(panel: Panel, window: Window) -> str:
    """A row for each series; where a panel merges its queries, for each set of labels."""
    series = panel.visible
    excluded, renamed = organized(panel.json)
    labels = dict.fromkeys(name for one in series for name in one.found.labels if name not in excluded)
    fields = {name: field_of(panel.json["fieldConfig"], _column(renamed.get(name, name), name, series)) for name in labels}
    heads = {name: fields[name].settings.get("displayName") or renamed.get(name, name) for name in labels if not fields[name].hidden()}
    columns = {one.column: one.field.settings.get("displayName") or one.column for one in series if one.column not in excluded}
    merged = any(one["id"] == "merge" and not one.get("disabled") for one in panel.json.get("transformations") or ())
    rows: dict[Any, dict[str, str]] = {}
    for number, one in enumerate(series):
        key = tuple(sorted(one.found.labels.items())) if merged else number
        row = rows.setdefault(key, {name: _cell(fields[name].said(one.found.labels.get(name, ""))) for name in heads})
        row[f"\0{one.column}"] = coloured(one.field.said(one.reduced("lastNotNull")))
    head = "".join(f"<th>{escaped(name)}" for name in heads.values()) + "".join(f"<th class=n>{escaped(name)}" for name in columns.values())
    body = "".join(
        f"<tr>{''.join(f'<td>{row[name]}' for name in heads)}{''.join(f'<td class=n>{row.get(chr(0) + name, str())}' for name in columns)}</tr>"
        for row in list(rows.values())[:_ROWS]
    )
    return f"<div class=scroll><table><tr>{head}</tr>{body}</table></div>{more(len(rows) - _ROWS)}"


def _cell(said: Said) -> str:
    return coloured(said) if said.colour else escaped(said.text)


def _column(name: str, label: str, series: Sequence[Shown]) -> Subject:
    return Subject({name}, {one.query for one in series if label in one.found.metric}, "string")


DRAWN: Mapping[str, Callable[[Panel, Window], str]] = {
    "stat": _stat,
    "gauge": _gauge,
    "bargauge": _bars,
    "timeseries": _timeseries,
    "table": _table,
}
