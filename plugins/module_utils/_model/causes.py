# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One error for one mistake: what follows from a missing file, a misspelt name or a value of the wrong form is not told beside it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._core.schema import Path, Problem, show_path
from .._core.suggest import did_you_mean
from .contract import files, schema, variables
from .layers import OVERRIDES, Layer, Merged


def files_of(folder: str, group: str, host: str) -> dict[str, str]:
    """The file of each variable, as a person of the project names it; what is not known stays in angle brackets."""
    known = {"<environment>": group or "<environment>", "<cluster>": host}
    found = {}
    for variable, file in files().items():
        for word, value in known.items():
            file = file.replace(word, value)
        found[variable] = f"{folder}/{file}" if folder else file
    return found


def missing_parts(merged: Mapping[str, Any], files: Mapping[str, str], control: bool) -> Iterator[Problem]:
    """A problem for each part that a model cannot do without and that no variable speaks of."""
    parts = [*schema().document["required"], *([] if control else ["cluster"])]
    for part in parts:
        if part not in merged:
            variable = _variable(part)
            yield Problem((part,), f"missing: nothing sets {variable}, which stands in {files[variable]}", at_key=True)


def idle_nulls(merged: Merged, layers: Iterable[Layer]) -> Iterator[tuple[Layer, Problem]]:
    """Nulls that remove nothing: somebody meant an empty entry, or a name is misspelt. Each with its layer."""
    for layer in layers:
        if layer.value is None:
            yield layer, Problem(layer.root, f"found null for {layer.variable}; allowed: {_instead(schema().at(layer.root))}")
    for layer, path in merged.idle:
        part = schema().at(path)
        has_default = layer.variable in OVERRIDES and "default" in (part or {})
        if part is not None and not has_default and "null" not in (part.get("type") or ()):
            yield (
                layer,
                Problem(path, f"found null, which removes what a lower layer says, and none says anything; allowed: {_instead(part)}"),
            )


def _instead(part: Mapping[str, Any] | None) -> str:
    kind = (part or {}).get("type", "object")
    return {"object": "a mapping; write {} for an empty one", "array": "a list; write [] for an empty one"}.get(kind, "a value, or no key")


def unknown_entries(named: Merged, problems: Iterable[Problem]) -> list[Problem]:
    """Entries that an overrides file brings although it cannot say all that a new one needs: their names are misspelt."""
    lacking = {problem.path[:-1] for problem in problems if problem.missing}
    found = []
    for path, layer in named.new.items():
        if layer.variable not in OVERRIDES or len(path) < 2 or not _is_named(path):
            continue
        if any(one[: len(path)] == path for one in lacking):
            known = [
                name
                for name in _at(named.value, path[:-1])
                if (*path[:-1], name) not in named.new or named.new[(*path[:-1], name)] is not layer
            ]
            hint = did_you_mean(str(path[-1]), known)
            home = _variable(str(path[0]))
            words = (
                f"found a name that no layer below {layer.variable} has; allowed: {', '.join(sorted(known)) or 'none is declared'}{hint}"
            )
            found.append(Problem(path, f"{words}; a new one is declared in {home}", at_key=True))
    return found


def _is_named(path: Path) -> bool:
    parent = schema().at(path[:-1])
    return parent is not None and path[-1] not in parent.get("properties", {}) and isinstance(parent.get("additionalProperties"), Mapping)


def sound(model: Mapping[str, Any], problems: Iterable[Problem]) -> dict[str, Any]:
    """A copy of the model in which all that has the wrong form is empty or gone: cross checks look at nothing else.

    A wrong item of a list becomes null, so that those behind it keep their places.
    """
    found: dict[str, Any] = copy.deepcopy(dict(model))
    for problem in problems:
        if problem.missing or problem.at_key or not problem.path:
            continue
        holder, last = _at(found, problem.path[:-1]), problem.path[-1]
        if isinstance(holder, list) and isinstance(last, int) and last < len(holder):
            holder[last] = None
        elif isinstance(holder, dict) and last in holder:
            kind = (schema().at(problem.path) or {}).get("type")
            if kind == "object":
                holder[last] = holder[last] if isinstance(holder[last], dict) else {}
            elif kind == "array":
                holder[last] = holder[last] if isinstance(holder[last], list) else []
            else:
                del holder[last]
    return found


def without(model: dict[str, Any], paths: Iterable[Path]) -> None:
    """Take entries out of the model, in place."""
    for path in paths:
        holder = _at(model, path[:-1])
        if isinstance(holder, dict):
            holder.pop(path[-1], None)


def of_one_cause(
    problems: Iterable[Problem], model: Mapping[str, Any], layers: list[Layer], broken: set[Path], files: Mapping[str, str]
) -> list[Problem]:
    """The problems of cross checks, with those that look for a name in an empty place told as one.

    What is about a place that has been found wrong already (``broken``) is not told at all.
    """
    kept: list[Problem] = []
    homeless: dict[Path, list[Problem]] = {}
    for problem in problems:
        home = problem.home
        if any(path[:length] in broken for path in (home, problem.path) for length in range(1, len(path) + 1)):
            continue
        if home and not _at(model, home):
            homeless.setdefault(home, []).append(problem)
        else:
            kept.append(problem)
    for home, looked in homeless.items():
        part = str(home[0])
        speaks = any(layer.root[:1] == (part,) or (not layer.root and part in (layer.value or ())) for layer in layers)
        if speaks and len(looked) == 1:
            kept += looked
            continue
        variable = _variable(part)
        cause = "nothing is declared here" if speaks else f"missing: nothing sets {variable}, which stands in {files[variable]}"
        first = looked[0]
        more = f" and {len(looked) - 1} more" if len(looked) > 1 else ""
        kept.append(
            Problem(
                home if speaks else (part,), f"{cause}; it is looked for by {show_path(first.path)}{more}: {first.message}", at_key=True
            )
        )
    return kept


def _variable(part: str) -> str:
    return next(variable for variable, (_layer, root) in variables().items() if root == (part,))


def _at(value: Any, path: Path) -> Any:
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value
