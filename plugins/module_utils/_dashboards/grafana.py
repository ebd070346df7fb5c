# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A dashboard as Grafana's JSON (schema 39, Grafana 11 and newer), out of a board in our words.

A board is ``{title, description?, folder?, panels: [{title, queries: [{expr, legend?}], show?, unit?, description?, good?, text?}]}``. ``show``
is series, stat, table or text; a panel with a title alone is the head of what follows. ``good`` is ``{above: n}`` or ``{below: n}``: what is drawn
green. Judge: grafana-foundation-sdk, which Grafana makes from its own schemas.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Json = dict[str, Any]

SOURCE = {"type": "prometheus", "uid": "${source}"}
_WIDE = 24
_SIZES = {"stat": (6, 4), "series": (12, 8), "table": (24, 8), "text": (24, 4)}
"""Columns of 24, and rows."""


def dashboard(name: str, board: Mapping[str, Any]) -> Json:
    """The whole. Its uid follows from ``name`` alone, so links to it stay."""
    return {
        "uid": hashlib.sha256(name.encode()).hexdigest()[:24],
        "title": board["title"],
        "description": board.get("description", ""),
        "tags": ["gantry.platform"],
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [{"name": "source", "label": "Source", "type": "datasource", "query": "prometheus", "hide": 0, "skipUrlSync": False}]
        },
        "annotations": {"list": []},
        "panels": list(_placed(board["panels"])),
    }


def queries(board: Mapping[str, Any]) -> Iterator[str]:
    """Every expression of PromQL of a board."""
    yield from (one["expr"] for panel in board["panels"] for one in panel.get("queries", ()))


def _placed(panels: Iterable[Mapping[str, Any]]) -> Iterator[Json]:
    """Panels beside each other as long as they fit, each in the row of those of its height."""
    x = y = height = 0
    for number, panel in enumerate(panels, start=1):
        kind = "row" if not panel.get("queries") and "text" not in panel else panel.get("show", "text" if "text" in panel else "series")
        width, tall = (_WIDE, 1) if kind == "row" else _SIZES[kind]
        if x + width > _WIDE or (height and tall != height):
            x, y, height = 0, y + height, 0
        yield {"id": number, "gridPos": {"x": x, "y": y, "w": width, "h": tall}, **_panel(kind, panel)}
        x, height = x + width, tall


def _panel(kind: str, panel: Mapping[str, Any]) -> Json:
    if kind == "row":
        return {"type": "row", "title": panel["title"], "collapsed": False, "panels": []}
    found: Json = {"type": {"series": "timeseries"}.get(kind, kind), "title": panel["title"], "description": panel.get("description", "")}
    if kind == "text":
        return {**found, "options": {"mode": "markdown", "content": panel["text"]}}
    defaults: Json = {"unit": panel.get("unit", "short"), **_thresholds(panel.get("good"))}
    if kind == "series":
        defaults["custom"] = {"lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "spanNulls": False}
        options: Json = {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    elif kind == "stat":
        options = {
            "colorMode": "value", "graphMode": "area", "justifyMode": "auto", "orientation": "auto", "textMode": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }  # fmt: skip
    else:
        options = {"showHeader": True, "cellHeight": "sm"}
        found["transformations"] = [{"id": "organize", "options": {"excludeByName": {"Time": True}}}]
    return {
        **found,
        "datasource": SOURCE,
        "targets": [_target(index, one, instant=kind == "table") for index, one in enumerate(panel["queries"])],
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
    }


def _target(index: int, query: Mapping[str, str], *, instant: bool) -> Json:
    return {
        "refId": f"Q{index + 1}",
        "datasource": SOURCE,
        "expr": query["expr"],
        "legendFormat": query.get("legend", "__auto"),
        "instant": instant,
        "range": not instant,
        **({"format": "table"} if instant else {}),
    }


def _thresholds(good: Mapping[str, float] | None) -> Json:
    if not good:
        return {}
    ((side, value),) = good.items()
    colours: Sequence[str] = ("red", "green") if side == "above" else ("green", "red")
    steps = [{"value": None, "color": colours[0]}, {"value": value, "color": colours[1]}]
    return {"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": steps}}
