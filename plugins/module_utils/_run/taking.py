# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What others changed and a run takes back: how people name it, and how a report says it as a command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from .._core.errors import InputError
from .._core.words import clean

_ONE = re.compile(r"""(?:"[^"]*"|\[[^\]]*\]|[^,])+""")
"""Between commas; one in quotes or brackets that are closed is part of a path."""
_PLACE = re.compile(r"[^\s/]+/[^\s/]+/\S+ \S")
_NAMELESS = ("unknown", "not recorded in managedFields", "before-first-apply", "ancient-changes")
"""What stands for a manager where nobody knows one: such a change is taken back by its place."""
Json = Mapping[str, Any]


def names_of(given: Any) -> list[str]:
    """``platform_take``: managers, or an object and a path in it; a list, or a text with commas between them. Raises InputError."""
    words = _ONE.findall(given) if isinstance(given, str) else given or []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InputError(f"platform_take is a list of field managers, or a text with commas between them, found {given!r}")
    return sorted({word.strip() for word in words if word.strip()})


def taken_by(report: Json) -> list[str]:
    """What a run would have to be told to put all back that others changed or added: their names, places where there is none."""
    found = {name for change in report["changes"] for name in _named(change)}
    for item in report.get("foreign", ()):
        found.add(f"{item['id']} {item['path']}" if is_nameless(item.get("manager")) else item["manager"])
    return sorted(found)


def is_nameless(manager: Any) -> bool:
    """Whether nobody knows who it was, so that no name takes back what he did."""
    return not manager or manager in _NAMELESS


def is_place(name: str) -> bool:
    """Whether it is an object and a path in it, and no manager's name."""
    return _PLACE.match(name) is not None


def as_argument(names: list[str]) -> str:
    """The argument of ``make``, which takes it as it stands, quoted for a shell."""
    return "TAKE=" + shlex.quote(clean(",".join(names)))


def _named(change: Json) -> list[str]:
    return [
        place
        for holder in change.get("held_by") or ()
        for place in ([f"{change['id']} {field}" for field in holder["fields"]] if is_nameless(holder["manager"]) else [holder["manager"]])
    ]
