# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Grafana's HTTP API. Judge: the vendor's own client, made from its OpenAPI document (Go module github.com/grafana/grafana-openapi-client-go)."""

from __future__ import annotations

from typing import Any

from ..._core.change import Impact
from ..._core.pages import Numbered, Whole
from ..spec import Api, Json, Kind, Ref
from .grafana_fields import FIELDS


def _over(wire: Json, row: Json) -> Json:
    """A folder is written over whatever version of it is there; where it is nobody writes again."""
    return {"overwrite": True, **{name: value for name, value in wire.items() if name != "uid"}} if row else wire


def _rights(answer: Json, _place: str) -> Json:
    """Who may do what in a folder, without what it has of the one above; the server says 0 where somebody else is meant."""
    own = [one for one in answer["items"] if not one.get("inherited")]
    return {"items": [{name: one[name] for name in ("role", "teamId", "userId", "permission") if one.get(name)} for one in own]}


def _members(answer: Json, _place: str) -> Json:
    """Who is in a team, apart who may say so of others as well."""
    found: Json = {"members": [], "admins": []}
    for one in answer["members"]:
        found["admins" if one.get("permission") == _ADMIN else "members"].append(one["email"])
    return found


def _with_data(wire: Json, row: Json) -> Json:
    """Of ``jsonData`` what nobody declared stays."""
    return {**wire, "jsonData": {**(row.get("jsonData") or {}), **(wire.get("jsonData") or {})}}


_ADMIN = 4
_PEOPLE = frozenset({"members", "admins"})
_PERSON = Ref(("user",), by="email")


def _whole(parent: str, path: str, name: str, list_: str, **more: Any) -> Kind:
    """What is written as one, of all that a list has. Who is not in it any more is let go of."""
    return Kind("parts", path, parent=parent, names=(name,), id="name", by_name=True, listed=False, gathers=list_, deletable=False, **more)


KINDS = {
    # Of people that are named; who has never come in has no account.
    "user": Kind("users", "/org/users", identity="email", id="userId", any_case=True, alone=False, way=Whole(), written=False),
    "folder": Kind(
        "folders", "/folders", identity="title", id="uid", removal=Impact.DESTROYS_DATA, fixed=frozenset({"uid"}), body=_over
    ),
    "team": Kind(
        "teams",
        "/teams",
        rows_at="/teams/search",
        rows="teams",
        way=Numbered(per_page=100, total="totalCount", per_page_word="perpage"),
    ),
    "members": _whole(
        "team", "/teams/{team}", "members", "members", row=_members, empty=dict.fromkeys(sorted(_PEOPLE), []), unordered=_PEOPLE,
        refs=dict.fromkeys(sorted(_PEOPLE), _PERSON), restarts=dict.fromkeys(sorted(_PEOPLE), Impact.DISRUPTIVE),
    ),
    "permissions": _whole(
        "folder", "/folders/{folder}", "permissions", "items", update="POST", row=_rights, empty={"items": []},
        unordered=frozenset({"items"}), refs={"items.teamId": Ref(("team",), by="id")}, restarts={"items": Impact.DISRUPTIVE},
    ),
    "datasource": Kind("datasources", "/datasources", one="/datasources/uid/{id}", id="uid", way=Whole(), body=_with_data),
}  # fmt: skip
API = Api("grafana", KINDS, lambda url: Numbered(per_page=100, per_page_word="limit"), "Bearer {token}", FIELDS, logs_in=True)
