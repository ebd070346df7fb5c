# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Taking out what others added to our objects: named by their manager, or by object and path as a report shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.errors import InputError
from ..form.fields import own_entry, owned, text
from ..form.foreign import additions, is_at
from ..observe.subject import Subject
from ..resolve.requests import ReconcileRequest

_PLACE = re.compile(r"([^\s/]+/[^\s/]+/\S+) (\S.*)")
Pointer = list[str | int]


def named_places(words: Iterable[str]) -> tuple[set[str], dict[str, set[str]]]:
    """Managers, and object id → paths, of ``remove_foreign`` and ``force_conflicts``: ``kubectl-edit``, ``ConfigMap/shop/settings data.extra``."""
    managers: set[str] = set()
    places: dict[str, set[str]] = {}
    for word in words:
        place = _PLACE.fullmatch(word.strip())
        if place:
            places.setdefault(place[1], set()).add(place[2])
        else:
            managers.add(word.strip())
    return managers, places


def taken_places(request: ReconcileRequest) -> dict[str, set[str]]:
    """Object id → paths in which others' values of declared fields are replaced."""
    return {} if isinstance(request.force_conflicts, bool) else named_places(request.force_conflicts)[1]


def to_take_out(subject: Subject, metadata: Mapping[str, Any], request: ReconcileRequest) -> list[str]:
    """Paths of an object that the request wants gone. Raises InputError where one of them is declared."""
    if not request.remove_foreign:
        return []
    managers, places = named_places(request.remove_foreign)
    seeds = [seed.segments for seed in subject.seeds]
    found = {
        addition.path
        for addition in additions(subject.ref, metadata, request.manager, request.helpers, seeds)
        if addition.manager in managers and locate(subject.body, addition.path) is None  # a declared field is put back by the apply
    }
    mine = [text(path) for path in owned(own_entry(metadata, request.manager))]
    back = taken_places(request).get(subject.ref.id, set())
    for path in places.get(subject.ref.id, ()):
        if path in back and locate(subject.body, path) is not None:
            continue
        if any(is_at(one, path) or is_at(path, one) for one in mine):
            raise InputError(
                f"remove_foreign: {subject.ref.id} {path} is declared by {subject.desired.source}: change it there; nothing was written"
            )
        found.add(path)
    return sorted(found)


def removals(live: Mapping[str, Any], paths: Iterable[str]) -> list[dict[str, Any]]:
    """A JSON patch that takes these paths out of exactly this object; what is gone already needs none."""
    pointers = [pointer for path in paths if (pointer := locate(live, path)) is not None]
    if not pointers:
        return []
    # From the end of each list, so that no removal moves what another one names.
    pointers.sort(key=lambda pointer: [(step, "") if isinstance(step, int) else (-1, step) for step in pointer], reverse=True)
    version = live["metadata"]["resourceVersion"]
    return [{"op": "test", "path": "/metadata/resourceVersion", "value": version}] + [
        {"op": "remove", "path": "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in pointer)} for pointer in pointers
    ]


def locate(here: Any, wanted: str, path: str = "") -> Pointer | None:
    """Where in a document a path as text lies: members' names and items' indexes."""
    if path == wanted:
        return []
    steps: Iterable[tuple[str | int, str, Any]] = ()
    if isinstance(here, Mapping):
        steps = ((key, _joined(path, key), value) for key, value in here.items())
    elif isinstance(here, list) and wanted.startswith(path + "["):
        steps = ((number, path + label, item) for number, item in enumerate(here) for label in _labels(item, number, wanted[len(path) :]))
    for step, at, value in steps:
        if is_at(wanted, at):
            rest = locate(value, wanted, at)
            if rest is not None:
                return [step, *rest]
    return None


def _joined(path: str, key: str) -> str:
    return path + text(("f:x", f"f:{key}"))[1:] if path else text((f"f:{key}",))


def _labels(item: Any, number: int, rest: str) -> list[str]:
    """The forms in which a path may name this item, out of those that ``rest`` begins with."""
    if not isinstance(item, Mapping):
        return [f"[={item}]", f"[{number}]"]
    inside = rest[1 : rest.find("]")] if "]" in rest else ""
    keys = [part.partition("=")[0] for part in inside.split(",") if "=" in part]
    named = bool(keys) and all(key in item for key in keys)
    return [*(["[" + ",".join(f"{key}={item[key]}" for key in keys) + "]"] if named else []), f"[{number}]"]
