# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Which key of the inventory a field of an object comes from, as the rows of the areas say it: where another's value can be kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from .contract import schema
from .rows import rows

_WORD = re.compile(r"<([a-z]+)>")
Json = Mapping[str, Any]


def keys_of(ident: str, fields: Iterable[str], effective: Json) -> dict[str, dict[str, str]]:
    """Field → ``{key, file}``, of those that an inventory can say. A row's ``<team>`` is the team whose the object's ``<namespace>`` is."""
    found: dict[str, dict[str, str]] = {}
    for field in fields:
        for words, key in _matches(f"{ident} {field}"):
            told = words | _team(words.get("namespace", ""), effective)
            if set(_WORD.findall(key)) <= told.keys():
                name = "".join(told[piece] if number % 2 else piece for number, piece in enumerate(_WORD.split(key)))
                found.setdefault(field, {"key": name, "file": _file(name.partition(".")[0], effective)})
    return found


def _matches(text: str) -> Iterator[tuple[dict[str, str], str]]:
    for form, key in _forms():
        match = form.fullmatch(text)
        if match:
            yield match.groupdict(), key


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    """Every row's ``keeps`` as (form of object and field, key). ``<rest>`` alone may have dots."""
    return [(re.compile(f"{_form(one['object'])} {_form(one['field'])}"), one["key"]) for row in rows().values() for one in row.keeps]


def _form(text: str) -> str:
    pieces = _WORD.split(text)
    return "".join(
        re.escape(piece) if number % 2 == 0 else f"(?P<{piece}>{'.+' if piece == 'rest' else '[^ /.]+'})"
        for number, piece in enumerate(pieces)
    )


def _team(namespace: str, effective: Json) -> dict[str, str]:
    names = [name for name, team in (effective.get("teams") or {}).items() if team.get("namespace") == namespace]
    return {"team": names[0]} if names else {}


def _file(part: str, effective: Json) -> str:
    raw = schema().document["properties"].get(part, {})
    return str(raw.get("x-file", "")).replace("<environment>", str((effective.get("environment") or {}).get("name", "<environment>")))
