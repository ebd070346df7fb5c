# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What stands at a path of a value: names with dots between, and no indexes. A list on the way is every item of it, ``*`` every key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any


def at(value: Any, path: str) -> Iterator[Any]:
    """What stands at a path, in every item of the lists on the way; ``*`` is every key of a mapping."""
    if isinstance(value, list):
        for item in value:
            yield from at(item, path)
    elif not path:
        yield value
    else:
        name, _dot, rest = path.partition(".")
        if name == "*" and isinstance(value, Mapping):
            yield from (found for item in value.values() for found in at(item, rest))
        elif isinstance(value, Mapping) and name in value:
            yield from at(value[name], rest)


def each(value: Any, path: str, change: Callable[[Any], Any]) -> Any:
    """The same with what stands at a path, or in every item of the lists on the way, changed."""
    if isinstance(value, list):
        return [each(item, path, change) for item in value]
    if not path:
        return change(value)
    name, _dot, rest = path.partition(".")
    if not isinstance(value, Mapping):
        return value
    return {key: each(item, rest, change) if name in ("*", key) else item for key, item in value.items()}


def sorted_at(value: Any, path: str, key: str) -> Any:
    """Lists at a path in one order, that of what tells their items apart."""
    above, _dot, name = path.rpartition(".")

    def rank(item: Any) -> tuple[str, str]:
        return str(item.get(key)) if isinstance(item, Mapping) else "", json.dumps(item, sort_keys=True)

    def ordered(found: Any) -> Any:
        mine = found.get(name) if isinstance(found, Mapping) else None
        return {**found, name: sorted(mine, key=rank)} if isinstance(mine, list) else found

    return each(value, above, ordered)
