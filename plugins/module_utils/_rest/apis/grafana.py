# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Grafana's HTTP API. Judge: the vendor's own client, made from its OpenAPI document (Go module github.com/grafana/grafana-openapi-client-go)."""

from __future__ import annotations

from ..._core.change import Impact
from ..._core.pages import Numbered, Whole
from ..spec import Api, Json, Kind
from .grafana_fields import FIELDS


def _over(wire: Json, row: Json) -> Json:
    """A folder is written over whatever version of it is there."""
    return {**wire, "overwrite": True} if row else wire


def _with_data(wire: Json, row: Json) -> Json:
    """Of ``jsonData`` what nobody declared stays."""
    return {**wire, "jsonData": {**(row.get("jsonData") or {}), **(wire.get("jsonData") or {})}}


KINDS = {
    "folder": Kind("folders", "/folders", identity="title", id="uid", removal=Impact.DESTROYS_DATA, body=_over),
    "team": Kind(
        "teams",
        "/teams",
        rows_at="/teams/search",
        rows="teams",
        way=Numbered(per_page=100, total="totalCount", per_page_word="perpage"),
    ),
    "datasource": Kind("datasources", "/datasources", one="/datasources/uid/{id}", id="uid", way=Whole(), body=_with_data),
}
API = Api("grafana", KINDS, lambda url: Numbered(per_page=100, per_page_word="limit"), "Bearer {token}", FIELDS)
