# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Differences of two JSON documents, leaf by leaf. Items of lists are matched by their keys where they have some.

Matching by index would call every item changed when one is put in front.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "absent", "__bool__": lambda self: False})()
"""The value of a path that is not there; None is a value."""

_ITEM_KEYS: tuple[tuple[str, ...], ...] = (
    ("name",),
    ("containerPort", "protocol"),
    ("port", "protocol"),
    ("port",),
    ("mountPath",),
    ("key",),
    ("topologyKey",),
    ("type",),
    ("ip",),
)
_LABEL = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True)
class Difference:
    """One leaf that differs: ``path`` as text and both values (``ABSENT`` for none)."""

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any, path: str = "", keys: Mapping[str, str] | None = None) -> Iterator[Difference]:
    """Every leaf in which the two differ, in the order of the keys.

    ``keys`` says by which field the items of a list are told apart, by the list's path without them (``rules.conditions``).
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}, key=str):
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), _join(path, str(key)), keys)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_differences(before, after, path, keys)
    elif isinstance(after, (dict, list)) and before is ABSENT and after:
        yield from differences({} if isinstance(after, dict) else [], after, path, keys)
    elif isinstance(before, (dict, list)) and after is ABSENT and before:
        yield from differences(before, {} if isinstance(before, dict) else [], path, keys)
    elif before != after or isinstance(before, bool) is not isinstance(after, bool):
        # Python calls true equal to 1, JSON does not.
        yield Difference(path, before, after)


def _list_differences(before: list[Any], after: list[Any], path: str, said: Mapping[str, str] | None) -> Iterator[Difference]:
    own = said.get(_LABEL.sub("", path)) if said else None
    keys = _item_keys(before, after, ((own,),) if own else _ITEM_KEYS)
    if keys:
        old, new = ({tuple(item[key] for key in keys): item for item in side} for side in (before, after))
        for identity in [*old, *(item for item in new if item not in old)]:
            label = ",".join(f"{key}={value}" for key, value in zip(keys, identity, strict=True))
            yield from differences(old.get(identity, ABSENT), new.get(identity, ABSENT), f"{path}[{label}]", said)
        if list(old) != list(new) and set(old) == set(new):
            yield Difference(f"{path}[order]", [list(i) for i in old], [list(i) for i in new])
        return
    if all(_scalars(side) and len(set(map(_token, side))) == len(side) for side in (before, after)):
        old_tokens, new_tokens = {_token(item) for item in before}, {_token(item) for item in after}
        if old_tokens != new_tokens:
            for item in before:
                if _token(item) not in new_tokens:
                    yield Difference(f"{path}[={item}]", item, ABSENT)
            for item in after:
                if _token(item) not in old_tokens:
                    yield Difference(f"{path}[={item}]", ABSENT, item)
            return
    for index in range(max(len(before), len(after))):
        old_item = before[index] if index < len(before) else ABSENT
        new_item = after[index] if index < len(after) else ABSENT
        yield from differences(old_item, new_item, f"{path}[{index}]", said)


def _item_keys(before: list[Any], after: list[Any], choices: tuple[tuple[str, ...], ...]) -> tuple[str, ...] | None:
    both = before + after
    if not both or not all(isinstance(item, dict) for item in both):
        return None
    for keys in choices:
        if all(all(key in item and isinstance(item[key], (str, int)) for key in keys) for item in both):
            if all(len({tuple(item[key] for key in keys) for item in side}) == len(side) for side in (before, after)):
                return keys
    return None


def _scalars(items: list[Any]) -> bool:
    return all(not isinstance(item, (dict, list)) for item in items)


def _token(value: Any) -> str:
    return json.dumps(value)


def _join(path: str, key: str) -> str:
    return f"{path}.{_name(key)}" if path else _name(key)


@functools.lru_cache(4096)
def _name(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else json.dumps(key)
