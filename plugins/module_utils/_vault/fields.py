# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Values in one form, as the server in use describes its own fields (``sys/internal/specs/openapi``).

``90m`` is sent and 5400 comes back, ``a,b`` is sent and a list comes back: what differs in form only is no difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")
_MASK = re.compile(r"\*{3,}|<redacted>|<sensitive>")
_ORDERED = re.compile(r"(^|_)statements$|^args$|^commands?$")
"""Lists whose order means something; every other list of Vault is a set: policies, names, networks, domains."""


class Fields:
    """The fields of one path: what the server says of each in its description of the request. ``open`` takes more than it says."""

    def __init__(self, properties: Mapping[str, Json] | None, *, open_: bool = False) -> None:
        self.properties = properties or {}
        self.known = properties is not None and not open_

    def normal(self, name: str, value: Any, like: Any = None) -> Any:
        """``value`` of the field in the form in which two values can be compared.

        Where the server does not describe the field, the form is that of ``like``, a value that it gave back.
        """
        described = self.properties.get(name) or {}
        kind, form = described.get("type") or _kind_of(value, like), described.get("format")
        if form in ("duration", "seconds"):
            return seconds(value)
        if kind == "array":
            return _list(value, ordered=bool(_ORDERED.search(name)))
        if kind == "object":
            return _map(value, texts=form == "kvpairs")
        if kind == "boolean":
            return _boolean(value)
        if kind in ("integer", "number"):
            return _number(value)
        if isinstance(value, Mapping):  # a text of which only the meaning counts
            return value
        if kind == "string":
            text = "" if value is None else value if isinstance(value, str) else _text(value)
            return text.lower() if form == "lowercase" else text
        return "" if value is None else value


class Specs:
    """Fields of every path that the server describes; none of a path that it does not."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        document = document or {}
        self._schemas = (document.get("components") or {}).get("schemas") or {}
        self._by_length: dict[int, list[tuple[list[str], Json]]] = {}
        for path, entry in (document.get("paths") or {}).items():
            parts = path.strip("/").split("/")
            self._by_length.setdefault(len(parts), []).append((parts, entry))
        self._found: dict[str, Fields] = {}

    def of(self, path: str, *, open_: bool = False) -> Fields:
        """The fields that a write of ``path`` takes."""
        parts = path.split("/")
        best: Json | None = None
        most = -1
        for template, entry in self._by_length.get(len(parts), ()):
            literal = 0
            for said, part in zip(template, parts, strict=True):
                if said == part:
                    literal += 1
                elif not said.startswith("{"):
                    break
            else:
                if literal > most and "post" in entry:
                    best, most = entry, literal
        if best is None:
            return Fields(None)
        return Fields(self._properties(best["post"]), open_=open_)

    def _properties(self, operation: Json) -> Mapping[str, Json] | None:
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema") or {}
        if "$ref" in schema:
            schema = self._schemas.get(schema["$ref"].rpartition("/")[2]) or {}
        return schema.get("properties")


def seconds(value: Any) -> Any:
    """A duration as a number of seconds; what is none stays as it is."""
    if value in (None, ""):
        return 0
    if isinstance(value, bool) or isinstance(value, (int, float)):
        return value
    text = str(value).strip()
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if text and not _DURATION.sub("", text):
        total = sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))
        return int(total) if total == int(total) else total
    return value


def masked(value: Any) -> bool:
    """Whether the server gave back stars instead of the value."""
    return isinstance(value, str) and bool(_MASK.search(value))


def empty(value: Any) -> bool:
    """Nothing, in any of the forms in which the server may leave a field out."""
    return value is None or (not isinstance(value, bool) and value in ("", 0, [], {})) or value is False


def _kind_of(*values: Any) -> str | None:
    """The type of a field that is not described, by its values: one of them may be text that stands for the other."""
    for kind, types in (("array", list), ("object", Mapping), ("boolean", bool), ("number", (int, float))):
        if any(isinstance(value, types) for value in values):
            return kind
    return None


def _list(value: Any, *, ordered: bool) -> Any:
    if value is None or value == "":
        return []
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")] if not ordered else [value]
    if not isinstance(value, list):
        return value
    # The server trims the texts of every list (sdk/framework/field_data.go).
    items = [item if isinstance(item, (Mapping, list)) else _text(item).strip() for item in value]
    return items if ordered else sorted(items, key=lambda item: item if isinstance(item, str) else json.dumps(item, sort_keys=True))


def _map(value: Any, *, texts: bool) -> Any:
    if value is None or value == "":
        return {}
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    if texts and isinstance(value, Mapping):
        return {str(key): item if isinstance(item, str) else _text(item) for key, item in value.items()}
    return value


def _boolean(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0", ""):
        return value.lower() in ("true", "1")
    return False if value is None else bool(value) if value in (0, 1) else value


def _number(value: Any) -> Any:
    if value in (None, ""):
        return 0
    if isinstance(value, str):
        as_seconds = seconds(value)
        return as_seconds if not isinstance(as_seconds, str) else value
    return value


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, (bool, Mapping, list)) else str(value)
