# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a call of dashboard_page does: ask a Prometheus or Thanos what dashboards ask it, and draw them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from .._core.concurrency import map_threads
from .._core.errors import InputError
from .._core.text import check_place, write_text
from .._core.words import amount, clean, listed
from .._dashboards.drawn import Window
from .._dashboards.page import as_html, asked
from .._dashboards.panels import read as panels_of
from .._dashboards.series import Answers, Query, read
from .._dashboards.unlike import check
from .face import Call, Face, Result
from .prometheus import OPTIONS, Prometheus, Refused, length, moment

_POINTS, _LEAST = 240, 15
"""How many points of a series are drawn, and how many seconds are between two at least."""
_AT_ONCE = 4
_HOUR = 3600


def _dashboards(given: Mapping[str, Any]) -> dict[str, Any]:
    """The dashboards, of which everything is there that is drawn. Raises InputError."""
    if not given:
        raise InputError("dashboards: there are none; allowed: at least one by its name")
    found: dict[str, Any] = {}
    for name, board in given.items():
        place = f"dashboards.{name}"
        try:
            if not isinstance(board["title"], str):
                raise TypeError(f"found {board['title']!r}, which is no text")
            # Grafana keeps what a closed row hides in the row.
            panels = [one for panel in board["panels"] for one in (panel, *(panel.get("panels") or ()))]
            for number, panel in enumerate(panels):
                place = _place(name, number, panel)
                check(panel)
            found[name] = {**board, "panels": panels}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"{place}: {type(error).__name__}: {error}; allowed: dashboards as the filter gantry.platform.grafana_dashboard "
                "makes them, with title and panels"
            ) from error
    return found


def _place(name: str, number: int, panel: Mapping[str, Any]) -> str:
    return f"dashboards.{name}.panels[{number}] ({clean(str(panel.get('title', 'without a title')))})"


def _answers(call: Call, queries: Sequence[Query], window: Window) -> tuple[Answers, list[str]]:
    """Series by query, or why one was refused; and warnings."""
    prometheus = Prometheus(call)

    def answer(query: Query) -> tuple[Any, list[str]]:
        try:
            if query.instant:
                series, said = prometheus.ask("query", query=query.expr, time=window.end)
            else:
                series, said = prometheus.ask("query_range", query=query.expr, start=window.begin, end=window.end, step=window.step)
            return read(series), said
        except (Refused, ValueError) as error:
            # It is written into the page, and a server may repeat what it was sent.
            return call.secrets.scrubbed(clean(str(error))), []

    with contextlib.closing(prometheus):
        found = map_threads(answer, queries, _AT_ONCE)
    return (
        {query: series for query, (series, _said) in zip(queries, found, strict=True)},
        sorted({warning for _series, said in found for warning in said}),
    )


def _draw(call: Call) -> Result:
    dashboards = _dashboards(call.params["dashboards"])
    check_place(call.params["dest"])
    period, end = length("range", call.params["range"], 300, 90 * 24 * _HOUR), moment(call.params["at"])
    step = max(_LEAST, -(-period // _POINTS // _LEAST) * _LEAST)
    window = Window(end - period, end, step)
    answers, warnings = _answers(call, asked(dashboards.values()), window)
    panels = panels_of(dashboards, answers)
    silent = {name: [one.json["title"] for one in found if one.silent] for name, found in panels.items()}
    silent = {name: titles for name, titles in silent.items() if titles}
    refused = [f"{query.expr}: {found}" for query, found in answers.items() if isinstance(found, str)]
    drawn = sum(one.json["type"] not in ("row", "text") for found in panels.values() for one in found)
    counts = [amount(len(dashboards), "dashboard"), amount(drawn, "panel"), f"{sum(map(len, silent.values()))} without data"]
    summary = ", ".join([*counts, *([f"{amount(len(refused), 'query', 'queries')} refused"] if refused else [])])
    if not call.check_mode:
        write_text(call.params["dest"], as_html(call.params["title"], dashboards, panels, window, summary))
    for name, found in panels.items():
        warnings += [f"{_place(name, number, one.json)}: {clean('; '.join(one.unlike))}" for number, one in enumerate(found) if one.unlike]
    result: Result = {
        "changed": True, "file": call.params["dest"], "summary": summary, "silent": silent, "unanswered": refused, "warnings": warnings,
    }  # fmt: skip
    if refused:
        # The page is there, and shows in which panel each is.
        result |= {"failed": True, "msg": "Prometheus refuses what a panel asks.\n" + listed(refused)}
    return result


BOARDS = Face(
    "dashboard_page",
    {
        **OPTIONS,
        "dashboards": {"type": "dict", "required": True},
        "title": {"type": "str", "default": "Dashboards"},
        "range": {"type": "str", "default": "6h"},
        "dest": {"type": "path", "required": True},
    },
    _draw,
)
