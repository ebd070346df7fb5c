# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Forms of values that are Vault's own; what it takes is in sdk/framework/field_data.go, what it cannot take is said here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._core.forms import INTEGER, boolean, mapped, number, seconds, text

_WORDS = {
    "duration": "a duration such as 90m",
    "date-time": "a time such as 2030-01-01T00:00:00Z",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
    "string": "text",
    "kvpairs": "a mapping of texts",
}


def listed(value: Any, *, ordered: bool) -> Any:
    """A list in one order; what is no list stays as it is. Where the order says nothing, what stands twice says nothing either."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")] if not ordered else [value]
    if isinstance(value, (int, float, bool)):
        value = [value]
    if not isinstance(value, list):
        return value
    # The server trims the texts of every list.
    items = [item if isinstance(item, (Mapping, list)) else text(item).strip() for item in value]
    if ordered:
        return items
    tokens = {item if isinstance(item, str) else json.dumps(item, sort_keys=True): item for item in items}
    return [tokens[token] for token in sorted(tokens)]


def pairs(value: Any) -> Any:
    """A mapping of texts, also one that is written as a list of ``key=value``; what is none stays as it is."""
    value = mapped(value)
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list) and all(isinstance(item, str) and item.partition("=")[0] and "=" in item for item in value):
        return dict(item.split("=", 1) for item in value)
    if isinstance(value, Mapping):
        return {str(key): text(item) for key, item in value.items()}
    return value


def alike(value: Any, like: Any) -> Any:
    """``value`` in the form of ``like``, where the server keeps one thing in several: 5 as "5", true as "1", an item as a list of one."""
    if isinstance(value, Mapping):
        other = like if isinstance(like, Mapping) else {}
        return {str(key): alike(item, other.get(key)) for key, item in value.items()}
    if _printed(value, like) or _printed(like, value):
        return f"[{' '.join(map(text, value))}]" if isinstance(value, list) else value
    if isinstance(like, list) and not isinstance(value, list) and value is not None:
        value = _several(value)
    if isinstance(value, list):
        others = like if isinstance(like, list) else _several(like)
        return [alike(item, others[index] if index < len(others) else None) for index, item in enumerate(value)]
    if isinstance(value, bool) or isinstance(like, bool):
        return boolean(value)
    if isinstance(like, str) or isinstance(value, str):
        return text(value)
    return value


def _printed(text_: Any, value: Any) -> bool:
    """Whether a text may be what Go prints for a list."""
    return isinstance(text_, str) and isinstance(value, list) and text_.startswith("[") and text_.endswith("]")


def _several(value: Any) -> list[Any]:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) and value else [value]


def takes(kind: str | None, form: str | None, items: str | None, value: Any) -> str:
    """Empty where the server can read the value as a field of this type, else what it allows. ``items`` is the type of a list's items."""
    if value is None or value == "":
        return ""
    name = form if form in ("duration", "date-time", "kvpairs") else "duration" if form == "seconds" else kind
    if name == "duration":
        read = seconds(value)
        right = isinstance(read, (int, float)) and not isinstance(read, bool) and not isinstance(value, float)
    elif name == "boolean":
        right = isinstance(boolean(value), bool)
    elif name == "integer":
        right = isinstance(number(value), int) and (not isinstance(value, str) or bool(INTEGER.fullmatch(value)))
    elif name == "number":
        right = isinstance(number(value), (int, float))
    elif name == "array":
        right = not isinstance(value, Mapping) and not any(
            isinstance(item, (Mapping, list)) or (items == "integer" and not isinstance(number(item), int))
            for item in (listed(value, ordered=False) if items in ("string", "integer") else ())
        )
    elif name == "kvpairs":
        read = pairs(value)
        given = mapped(value)
        right = isinstance(read, Mapping) and not any(
            isinstance(item, (Mapping, list)) for item in (given.values() if isinstance(given, Mapping) else ())
        )
    elif name == "object":
        right = isinstance(mapped(value), Mapping)
    elif name == "string":
        right = not isinstance(value, (Mapping, list))
    else:
        right = True
    return "" if right else _WORDS[str(name)]
