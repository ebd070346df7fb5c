# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""managedFields: who owns which path. Paths are tuples of segments; a list item is named by its keys, not its index.

Format of ``fieldsV1``: ``f:name`` a member, ``k:{json}`` an item by keys, ``v:json`` a set's value, ``i:n`` an index, ``.``
the thing itself (structured-merge-diff, ``fieldpath/serialize-pe.go``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..._core.canonical import digest

Path = tuple[str, ...]


def leaves(fields: Mapping[str, Any], prefix: Path = ()) -> Iterator[Path]:
    """Paths of an entry that have no owned child; ``.`` alone marks an item without one."""
    children = [key for key in fields if key != "."]
    if not children:
        if prefix:
            yield prefix
        return
    for key in children:
        yield from leaves(fields[key], (*prefix, key))


def text(path: Path) -> str:
    """A path for people: ``spec.template.spec.containers[name=app].image``."""
    parts: list[str] = []
    for segment in path:
        mark, _colon, rest = segment.partition(":")
        if mark == "f":
            name = rest if rest.replace("-", "").replace("_", "").isalnum() else json.dumps(rest)
            parts.append(f".{name}" if parts else name)
        elif mark == "k":
            keys = json.loads(rest)
            parts.append("[" + ",".join(f"{key}={value}" for key, value in keys.items()) + "]")
        elif mark == "v":
            value = json.loads(rest)
            parts.append(f"[={value if isinstance(value, str) else rest}]")
        else:
            parts.append(f"[{rest}]")
    return "".join(parts)


def own_entry(metadata: Mapping[str, Any], manager: str) -> Mapping[str, Any] | None:
    """The entry that our applies left, or none."""
    for entry in metadata.get("managedFields") or []:
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            found: Mapping[str, Any] = entry
            return found
    return None


def entry_digest(entry: Mapping[str, Any]) -> str:
    """Identifies an entry with its time: it changes whenever anybody takes a path from it or applies as us."""
    return digest({key: entry.get(key) for key in ("apiVersion", "time", "fieldsV1")})


def owned(entry: Mapping[str, Any] | None) -> set[Path]:
    """The leaves of an entry."""
    return set(leaves(entry.get("fieldsV1") or {})) if entry else set()


def entries_of(metadata: Mapping[str, Any], managers: Iterable[str]) -> list[Mapping[str, Any]]:
    """Entries by these managers that do not come through a subresource."""
    wanted = set(managers)
    return [e for e in metadata.get("managedFields") or [] if e.get("manager") in wanted and not e.get("subresource")]


def merged(trees: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The union of several ``fieldsV1`` trees."""
    result: dict[str, Any] = {}
    for tree in trees:
        for key, value in tree.items():
            result[key] = merged([result.get(key, {}), value])
    return result


def value_at(document: Any, path: Path) -> Any:
    """The value at a path, or none; items are found by their keys."""
    here = document
    for segment in path:
        mark, _colon, rest = segment.partition(":")
        if mark == "f":
            here = here.get(rest) if isinstance(here, Mapping) else None
        elif mark == "k" and isinstance(here, list):
            keys = json.loads(rest)
            here = next((i for i in here if isinstance(i, Mapping) and keys.items() <= i.items()), None)
        elif mark == "v" and isinstance(here, list):
            wanted = json.loads(rest)
            here = wanted if wanted in here else None
        elif mark == "i" and isinstance(here, list):
            here = here[int(rest)] if int(rest) < len(here) else None
        else:
            here = None
        if here is None:
            return None
    return here
