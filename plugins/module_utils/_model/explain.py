# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Explain: an effective value by a query, and every layer that spoke."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.errors import InputError
from .._core.schema import Path, show_path
from .._core.suggest import did_you_mean
from .build import Model
from .layers import Statement

Search = Callable[[str, Any], Any]
"""Evaluates a JMESPath query: ``search(query, value)``. It is handed in, since jmespath is no part of Python."""

_STEP = re.compile(r'\s*(?:\.?\s*(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|\.?\s*(?P<quoted>"(?:[^"\\]|\\.)*")|\[\s*(?P<index>[0-9]+)\s*\])\s*')


@dataclass(frozen=True)
class Explained:
    """``value`` of the query and, by path, the layers that spoke; ``traced`` is false where the query computes."""

    value: Any
    leaves: dict[Path, list[Statement]]
    traced: bool


def plain_path(query: str) -> Path | None:
    """The query as a path, or none where it is more than that. A name may have dashes, which JMESPath wants in quotes."""
    path: list[str | int] = []
    position = 0
    while position < len(query):
        step = _STEP.match(query, position)
        if (
            step is None
            or (not path and step.group("index") is not None)
            or (path and step.group("index") is None and "." not in step.group(0))
        ):
            return None
        if step.group("index") is not None:
            path.append(int(step.group("index")))
        else:
            path.append(step.group("name") or json.loads(step.group("quoted")))
        position = step.end()
    return tuple(path)


def explain(model: Model, query: str, search: Search) -> Explained:
    """The value of ``query`` and who said each leaf of it. Raises InputError where there is no such place."""
    path = plain_path(query)
    if path is not None:
        value = _descend(model.effective, path, query)
        return Explained(value, _spoken(model, path), True)
    value = search(query, model.effective)
    # The same query over a copy of the model whose leaves are their own paths: what comes out is where it came from.
    paths: dict[str, Path] = {}
    try:
        traced = search(query, _marked(model.effective, (), paths))
    except Exception:  # a function or a comparison met a path where it wanted a number: the library has no common error for it
        traced = None
    leaves: dict[Path, list[Statement]] = {}
    for mark in _marks(traced):
        if mark in paths:
            leaves.update(_spoken(model, paths[mark]))
    return Explained(value, leaves, bool(leaves))


def table(explained: Explained, query: str) -> list[str]:
    """Lines for the screen: the value, then for each leaf every layer, the one that holds marked with an arrow."""
    lines = [f"{query} = {json.dumps(explained.value, indent=2, ensure_ascii=False)}"]
    if not explained.traced:
        return [*lines, "", "The query computes its value, so no layer can be named; ask for a path to see who said it."]
    for path, statements in sorted(explained.leaves.items(), key=lambda item: show_path(item[0])):
        lines += ["", show_path(path)]
        for index, one in enumerate(statements):
            arrow = "→" if index == len(statements) - 1 else " "
            word = "removed" if one.removed else json.dumps(one.value, ensure_ascii=False)
            lines.append(f"  {arrow} {one.layer:<12} {word:<16} {one.source}")
            lines += [f"{'':<33}{origin}" for origin in one.origins]
    return lines


def _descend(value: Any, path: Path, query: str) -> Any:
    for index, part in enumerate(path):
        if isinstance(part, int) and isinstance(value, list) and part < len(value):
            value = value[part]
        elif isinstance(part, str) and isinstance(value, Mapping) and part in value:
            value = value[part]
        else:
            known = [str(key) for key in value] if isinstance(value, Mapping) else []
            around = show_path(path[:index]) or "the model"
            allowed = f"; allowed: {', '.join(known)}" if known else ""
            raise InputError(f"the query {query!r} finds nothing: {around} has no {part!r}{allowed}{did_you_mean(str(part), known)}")
    return value


def _spoken(model: Model, path: Path) -> dict[Path, list[Statement]]:
    """The statements at, or below, ``path``; where there are none, those of the list that ``path`` lies in."""
    below = {leaf: statements for leaf, statements in model.spoken.items() if leaf[: len(path)] == path and _exists(model.effective, leaf)}
    while not below and path:
        path = path[:-1]
        below = {path: model.spoken[path]} if path in model.spoken else {}
    return below


def _exists(value: Any, path: Path) -> bool:
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return False
        value = value[part]
    return True


def _marked(value: Any, path: Path, paths: dict[str, Path]) -> Any:
    if isinstance(value, Mapping):
        return {key: _marked(item, (*path, key), paths) for key, item in value.items()}
    if isinstance(value, list):
        return [_marked(item, (*path, index), paths) for index, item in enumerate(value)]
    mark = show_path(path)
    paths[mark] = path
    return mark


def _marks(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [mark for item in value.values() for mark in _marks(item)]
    if isinstance(value, list):
        return [mark for item in value for mark in _marks(item)]
    return [value] if isinstance(value, str) else []
