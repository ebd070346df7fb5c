# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Dashboards as one page without a Grafana: each panel drawn as the JSON says that Grafana is given, by what Prometheus answers.

Drawn are panels of the types text, row, stat, gauge, bargauge, timeseries and table; another type is named in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._core.html import escaped, page
from .._core.plot import STYLE
from .._core.words import amount
from .drawn import DRAWN, Window, clock, more
from .panels import Panel, queries
from .series import Query
from .units import say

Json = Mapping[str, Any]

_HISTOGRAMS = 6
"""How many native histograms a panel describes. What it does not show it counts."""
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
.bar{{display:flex;align-items:center;gap:8px;margin:3px 0;font-size:13px}}
.bar small{{flex:0 1 34%;color:var(--dim);overflow-wrap:anywhere}}
.bar>span{{flex:0 0 76px;text-align:right}}
.bar i{{flex:1 1 60px;height:14px;background:var(--line);border-radius:3px;overflow:hidden}}
.bar i b{{display:block;height:100%;background:var(--blue)}}
.gauges{{display:flex;flex-wrap:wrap;gap:10px}}
.gauges>div{{flex:1 1 110px;max-width:200px;text-align:center}}
.gauges svg{{margin-bottom:-14px}}
.gauges .value{{font-size:18px}}
.told,.told summary{{font-size:12px;color:var(--dim)}}
"""


def asked(dashboards: Iterable[Json]) -> list[Query]:
    """Everything that is to be asked, once."""
    return list(dict.fromkeys(query for board in dashboards for panel in board["panels"] for query, _target in queries(panel)))


def as_html(title: str, dashboards: Mapping[str, Json], panels: Mapping[str, Sequence[Panel]], window: Window, summary: str) -> str:
    """The page; dashboards and their panels by the dashboards' names, which are those of links."""
    links = ""
    for name, board in dashboards.items():
        silent = sum(one.silent for one in panels[name])
        said = f" <small class=none>{silent} without data</small>" if silent else ""
        links += f"<a href='#{escaped(name)}'>{escaped(board['title'])}{said}</a>"
    body = [
        f"<h1>{escaped(title)}</h1><p>{clock(window.begin)} to {clock(window.end)} UTC · {escaped(summary)}</p>",
        f"<div class=all><nav>{links}</nav></div>",
        *(_board(name, board, panels[name], window) for name, board in dashboards.items()),
        "<footer>Drawn of the JSON that Grafana is given, by what Prometheus answered, without a Grafana. A panel's query is shown "
        "where the pointer rests on its title.</footer>",
    ]
    return page(title, f"<main>{''.join(body)}</main>", _STYLE)


def _board(name: str, board: Json, panels: Sequence[Panel], window: Window) -> str:
    place = sorted(panels, key=lambda panel: (panel.json["gridPos"]["y"], panel.json["gridPos"]["x"]))
    said = f"<p>{escaped(board['description'])}</p>" if board.get("description") else ""
    drawn = "".join(_panel(panel, window) for panel in place)
    return f"<section id='{escaped(name)}'><h2>{escaped(board['title'])}</h2>{said}<div class=board>{drawn}</div></section>"


def _panel(panel: Panel, window: Window) -> str:
    title = escaped(panel.json["title"])
    if panel.json["type"] == "row":
        return f"<h3>{title}</h3>"
    asked_for = escaped(" ; ".join(query.expr for query in panel.asked))
    first, wide = (int(panel.json["gridPos"][key]) for key in ("x", "w"))
    return (
        f"<figure style='grid-column:{first + 1}/span {wide}'><figcaption title='{asked_for}'>{title}</figcaption>"
        f"{_content(panel, window)}{_unlike(panel)}</figure>"
    )


def _content(panel: Panel, window: Window) -> str:
    kind = panel.json["type"]
    if kind == "text":
        lines = map(escaped, panel.json["options"]["content"].expandtabs(4).splitlines())
        return f"<pre>{'<br>'.join(lines)}</pre>"
    found = "".join(f"<p class=refused>{escaped(f'{expr}: {why}')}</p>" for expr, why in panel.refused)
    if kind not in DRAWN:
        return found + f"<p class=none>A panel of the type {escaped(kind)} is not drawn here.</p>"
    if panel.visible:
        found += DRAWN[kind](panel, window)
    elif panel.series:
        found += f"<p class=none>{amount(len(panel.series), 'series', 'series')}, hidden</p>"
    return found + _histograms(panel) or f"<p class=none>{escaped(panel.nothing)}</p>"


def _histograms(panel: Panel) -> str:
    """What native histograms say in words: how many samples, and of the last one how many observations and their mean."""
    found = ""
    shown = [one for one in panel.histograms if not one.field.hidden()]
    for one in shown[:_HISTOGRAMS]:
        last = one.found.histograms[-1]
        mean = f", {say(last.total / last.observations, one.field.unit)} on average" if last.observations else ""
        said = f"native histogram, {amount(len(one.found.histograms), 'sample')}, the last of {say(last.observations, 'short')} observations{mean}"
        found += f"<li>{escaped(one.called())}<b>{escaped(said)}</b></li>"
    return f"<ul>{found}</ul>{more(len(shown) - _HISTOGRAMS)}" if found else ""


def _unlike(panel: Panel) -> str:
    if not panel.unlike:
        return ""
    rows = "".join(f"<li>{escaped(one)}</li>" for one in panel.unlike)
    return f"<details class=told><summary>{len(panel.unlike)} not as in Grafana</summary><ul>{rows}</ul></details>"
