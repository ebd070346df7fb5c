# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What is drawn of objectives, in the words of a dashboard (``_dashboards/grafana``): one board of all, one of each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .._core.exact import duration, percent
from .model import Slo
from .rules import BAD, BUDGET, LEFT, OBJECTIVE, RATIO, TOTAL, WINDOW_RATIO

Json = dict[str, Any]

_LITTLE = 0.25
"""From where on little is left of a budget."""


def boards(slos: Iterable[Slo]) -> dict[str, Json]:
    """By name."""
    known = list(slos)
    return {"objectives": _all(), **{f"slo-{slo.name}": _one(slo) for slo in known}} if known else {}


def _all() -> Json:
    return {
        "title": "Objectives",
        "description": "How much of each error budget is left, how fast it goes, and what was promised.",
        "panels": [
            {"title": "Budget left", "show": "stat", "unit": "percentunit", "good": {"above": _LITTLE}, "queries": [_query(LEFT)]},
            {"title": "Little is left of these", "show": "table", "unit": "percentunit", "queries": [_query(f"sort({LEFT} < {_LITTLE})")]},
            {"title": "Budget left", "unit": "percentunit", "queries": [_query(LEFT)]},
            {"title": "Burn rate of the last hour", "queries": [_query(f"{RATIO}1h / {BUDGET}")]},
            {"title": "Kept in the window", "unit": "percentunit", "queries": [_query(f"1 - {WINDOW_RATIO}")]},
            {"title": "Promised", "unit": "percentunit", "queries": [_query(OBJECTIVE)]},
            {"title": "Events of five minutes", "queries": [_query(TOTAL)]},
            {"title": "Bad events of five minutes", "queries": [_query(BAD)]},
        ],
    }


def _one(slo: Slo) -> Json:
    of = f"{{slo={json.dumps(slo.name)}}}"
    windows = sorted({one for row in slo.can_fire for one in (row.long, row.short)})
    burn = [{"expr": f"{RATIO}{duration(one)}{of} / {BUDGET}{of}", "legend": duration(one)} for one in windows]
    return {
        "title": f"Objective {slo.name}",
        "description": f"{percent(slo.objective)} of {slo.service} in {duration(slo.window)}",
        "folder": slo.team,
        "panels": [
            {
                "title": "Budget left",
                "show": "stat",
                "unit": "percentunit",
                "good": {"above": _LITTLE},
                "queries": [{"expr": f"{LEFT}{of}"}],
            },
            {"title": "Kept in the window", "show": "stat", "unit": "percentunit", "queries": [{"expr": f"1 - {WINDOW_RATIO}{of}"}]},
            {"title": "Promised", "show": "stat", "unit": "percentunit", "queries": [{"expr": f"{OBJECTIVE}{of}"}]},
            {"title": "Events of an hour", "show": "stat", "queries": [{"expr": f"12 * avg_over_time({TOTAL}{of}[1h])"}]},
            {"title": "Budget left", "unit": "percentunit", "queries": [{"expr": f"{LEFT}{of}", "legend": "left"}]},
            *([{"title": "Burn rates", "queries": burn}] if burn else []),
        ],
    }


def _query(expr: str) -> dict[str, str]:
    return {"expr": expr, "legend": "{{slo}}"}
