# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Compare: what two effective models say differently, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._core.diff import ABSENT, differences

_OF_THE_MACHINE = ("kubeconfig", "context")


def compare(first: Mapping[str, Any], second: Mapping[str, Any], *, clusters: bool = True) -> list[dict[str, Any]]:
    """Every leaf in which the two differ: ``[{path, a, b}]``, without a key where that side has none.

    ``clusters``: whether what is true of one cluster alone counts; how this machine reaches it never does.
    """
    found = []
    for one in differences(_content(first, clusters), _content(second, clusters)):
        entry: dict[str, Any] = {"path": one.path}
        if one.before is not ABSENT:
            entry["a"] = one.before
        if one.after is not ABSENT:
            entry["b"] = one.after
        found.append(entry)
    return found


def table(found: list[dict[str, Any]], first: str, second: str) -> list[str]:
    """Lines for the screen: path, and the value on each side, in columns."""
    if not found:
        return [f"{first} and {second} are the same."]
    rows = [("", first, second), *((entry["path"], _word(entry, "a"), _word(entry, "b")) for entry in found)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}".rstrip() for row in rows]
    return [*lines, "", f"{len(found)} difference{'s' if len(found) != 1 else ''}"]


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
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"
