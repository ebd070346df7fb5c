# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Values in one form: what people write and what servers give back differ in form where they mean the same.

What cannot be read as what it is to be stays as it is, so that it differs from all that can.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d)")
INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0+|[1-9]\d*)")
"""A whole number as text."""
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
_MASK = re.compile(r"\*{3,}|<redacted>|<sensitive>")


def seconds(value: Any) -> Any:
    """A duration as a number of seconds; what is none stays as it is."""
    if value in (None, "") or value is False:
        return 0
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value
    text = str(value).strip()
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest and not _DURATION.sub("", rest):
        total = sign * sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(rest))
        return int(total) if total == int(total) else total
    return value


def boolean(value: Any) -> Any:
    """True or false; what is neither stays as it is."""
    if value is None or value == "":
        return False
    if isinstance(value, str):
        return True if value in _TRUE else False if value in _FALSE else value
    return bool(value) if isinstance(value, (int, float)) else value


def number(value: Any) -> Any:
    """A number; what is none stays as it is."""
    if value in (None, ""):
        return 0
    if isinstance(value, str):
        try:
            read: Any = int(value, 0) if INTEGER.fullmatch(value) else float(value)
        except ValueError:
            read = seconds(value)
        value = read
    return int(value) if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()) else value


def mapped(value: Any) -> Any:
    """A mapping, also one that is written as JSON; what is none stays as it is."""
    if value is None or value in ("", []):
        return {}
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def network(value: Any) -> Any:
    """An address or a network: one address is its own network."""
    if not isinstance(value, str):
        return value
    address, slash, length = value.strip().partition("/")
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return value
    return str(read) if not slash or length == str(read.max_prefixlen) else f"{read}/{length}"


def moment(value: Any) -> Any:
    """A time in UTC; what is none stays as it is."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{datetime.datetime.fromtimestamp(value, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
    try:
        read = datetime.datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return "" if value is None or str(value).startswith("0001-01-01") else value
    return "" if read.year == 1 else f"{read.astimezone(datetime.UTC) if read.tzinfo else read:%Y-%m-%dT%H:%M:%SZ}"


def text(value: Any) -> str:
    """A value as the text that the server is sent for it."""
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, (bool, Mapping, list)) else str(value)


def masked(value: Any) -> bool:
    """Whether a server gave back stars instead of the value."""
    return isinstance(value, str) and bool(_MASK.search(value))


def empty(value: Any) -> bool:
    """Nothing, in any of the forms in which a server may leave a field out."""
    return value is None or (not isinstance(value, bool) and value in ("", 0, [], {})) or value is False


def kind_of(*values: Any) -> str | None:
    """The type of a field that is not described, by its values: one of them may be text that stands for the other."""
    for kind, types in (("array", list), ("object", Mapping), ("boolean", bool), ("number", (int, float))):
        if any(isinstance(value, types) for value in values):
            return kind
    return None


def shaped(value: Any, like: Any, keys: Mapping[str, str], path: str = "", *, ordered: bool = False) -> Any:
    """What of ``value`` ``like`` speaks of. Items that have a key are matched by it, and stand in its order unless they are ``ordered``.

    ``keys`` is the field that tells items apart by the list's path, as ``differences`` takes it.
    """
    if isinstance(value, Mapping) and isinstance(like, Mapping):
        return {
            name: shaped(value[name], like[name], keys, f"{path}.{name}" if path else name, ordered=ordered)
            for name in like
            if name in value
        }
    if not isinstance(value, list) or not isinstance(like, list):
        return value
    key = keys.get(path)
    if key is None or not all(isinstance(item, Mapping) and key in item for item in (*value, *like)):
        return [shaped(item, like[index], keys, path, ordered=ordered) if index < len(like) else item for index, item in enumerate(value)]
    named = {item[key]: item for item in like}
    items = [shaped(item, named.get(item[key], item), keys, path, ordered=ordered) for item in value]
    return items if ordered else sorted(items, key=lambda item: text(item[key]))
