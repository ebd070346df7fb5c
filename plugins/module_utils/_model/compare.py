# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Compare: what two effective models say differently, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .._core.diff import ABSENT, Difference, differences
from .._core.schema import Path, show_path
from .._core.words import amount

_OF_THE_MACHINE = ("kubeconfig", "context")


def compare(first: Mapping[str, Any], second: Mapping[str, Any], *, clusters: bool = True) -> list[dict[str, Any]]:
    """Every leaf in which the two differ: ``[{path, a, b}]``, without a key where that side has none.

    What one side lacks as a whole is one difference. ``clusters``: whether what is true of one cluster alone counts; how this machine reaches it never does.
    """
    found = []
    for path, before, after in _whole(_content(first, clusters), _content(second, clusters), ()):
        for one in (
            [Difference(show_path(path), before, after)] if ABSENT in (before, after) else differences(before, after, show_path(path))
        ):
            entry: dict[str, Any] = {"path": one.path}
            if one.before is not ABSENT:
                entry["a"] = one.before
            if one.after is not ABSENT:
                entry["b"] = one.after
            found.append(entry)
    return found


def table(found: list[dict[str, Any]], first: str, second: str, columns: int = 100) -> list[str]:
    """Lines for the screen: path, and the value on each side, in columns where they fit and below each other where not."""
    if not found:
        return [f"{first} and {second} are the same."]
    count = amount(len(found), "difference")
    rows = [("", first, second), *((entry["path"], _word(entry, "a"), _word(entry, "b")) for entry in found)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1, 2)]
    if sum(widths) + 4 <= columns:
        lines = [f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}".rstrip() for row in rows]
        return [*lines, "", count]
    side = max(len(first), len(second))
    lines = []
    for path, one, other in rows[1:]:
        lines += [path, f"  {first:<{side}}  {one}", f"  {second:<{side}}  {other}"]
    return [*(line if len(line) <= columns else f"{line[: columns - 1]}…" for line in lines), "", count]


def _whole(before: Any, after: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """The parts in which two models differ; mappings that both have are looked into."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        yield path, before, after
        return
    for key in sorted({*before, *after}, key=str):
        one, other = before.get(key, ABSENT), after.get(key, ABSENT)
        if one != other or isinstance(one, (dict, list)):
            yield from _whole(one, other, (*path, key))


def _content(model: Mapping[str, Any], clusters: bool) -> dict[str, Any]:
    # What a release says stands in the services and components as well.
    content = {part: value for part, value in model.items() if part != "release"}
    cluster = content.pop("cluster", {})
    if clusters:
        content["cluster"] = {key: value for key, value in cluster.items() if key not in _OF_THE_MACHINE}
    return content


def _word(entry: Mapping[str, Any], side: str) -> str:
    if side not in entry:
        return "–"
    value = entry[side]
    if isinstance(value, Mapping) and value:
        value = f"{{{', '.join(map(str, value))}}}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"
