# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page of one panel, drawn by answers that a test says."""

from __future__ import annotations

import html
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

from ansible_collections.gantry.platform.plugins.module_utils._joined.boards import BOARDS
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.tests.kit.answering import Given, answering

AT = "2026-11-29T12:00:00Z"
END = 1795953600


def panel(kind: str, *exprs: str, config: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """One as Grafana exports it, with the queries A, B and so on; ``config`` is its ``fieldConfig``."""
    targets = [{"refId": chr(ord("A") + number), "expr": expr, "instant": kind == "table"} for number, expr in enumerate(exprs)]
    place = {"x": 0, "y": 0, "w": 12, "h": 8}
    return {
        "type": kind, "title": "P", "gridPos": place, "targets": targets, "fieldConfig": {"defaults": {}, "overrides": [], **(config or {})}, **more,
    }  # fmt: skip


def series(*values: Any, **labels: str) -> dict[str, Any]:
    """One of the last points of the time that is drawn."""
    first = END - 90 * (len(values) - 1)
    return {"metric": labels, "values": [[first + 90 * number, str(value)] for number, value in enumerate(values)]}


def drawn(tmp_path: Any, one: Mapping[str, Any], answers: Mapping[str, Any], **options: Any) -> tuple[dict[str, Any], str]:
    """(result, the panel's markup); ``answers`` are results by query, or what the server gives in the place of one."""
    defaults = {name: option.get("default") for name, option in BOARDS.spec.items()}
    dest = tmp_path / "page.html"

    def prometheus(asked: Any) -> Given:
        found = answers[dict(urllib.parse.parse_qsl(asked.body.decode()))["query"]]
        return found if isinstance(found, Given) else Given({"status": "success", "data": {"result": found}})

    with answering(prometheus) as server:
        given = {
            **defaults,
            "url": server.url,
            "at": AT,
            "dest": str(dest),
            "dashboards": {"b": {"title": "B", "panels": [one]}},
            **options,
        }
        found = BOARDS.call(Call(given, {}))
    page = dest.read_text(encoding="utf-8") if dest.exists() else ""
    return found, "".join(re.findall("<figure.*?</figure>", page, re.DOTALL))


def said(markup: str) -> list[str]:
    """The values of a panel that shows values, in order, as they are read: value and name."""
    rows = re.findall(r"<div class=(?:value|bar)>(.*?)</div>(?:<small[^>]*>(.*?)</small>)?", markup)
    return [" ".join(words(*row)) for row in rows]


def words(*markup: str) -> list[str]:
    """What stands in markup, word by word."""
    return html.unescape(re.sub("<[^>]*>", " ", " ".join(markup))).split()
