# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The layers of an inventory, and their merge, which remembers who said what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.schema import Path

SHARED, ENVIRONMENT, CLUSTER = "shared", "environment", "cluster"

OVERRIDES = {"platform_environment_overrides": ENVIRONMENT, "platform_cluster_overrides": CLUSTER}
"""The variables that may hold any part of the shared ones, and their layers. All others are said by the schema (``x-variable``)."""


@dataclass(frozen=True)
class Place:
    """Where in the inventory something stands; ``line`` counts from 1, none where only the file is known."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Layer:
    """One variable's value. ``places`` are those of its keys and items, by path from the model's root."""

    name: str
    variable: str
    root: Path
    value: Any
    places: Mapping[Path, Place] = field(default_factory=dict)
    words: str = ""

    def place(self, path: Path) -> tuple[int, Place | None]:
        """The place of ``path`` or of the nearest thing around it, and how many keys of the path that one covers."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                return length, self.places[path[:length]]
        return -1, None


@dataclass(frozen=True)
class Statement:
    """One layer's word on one value. ``layer``: default, profile, shared, environment, cluster or rule.

    ``origins``: for a rule, the values that it was derived from and their places.
    """

    layer: str
    source: str
    value: Any
    removed: bool = False
    origins: tuple[str, ...] = ()


@dataclass
class Merged:
    """A value put together from layers, and for each leaf every layer that spoke, in order.

    ``idle``: nulls that removed nothing. ``new``: mappings that no layer before had, each with the layer that brought it.
    """

    value: dict[str, Any] = field(default_factory=dict)
    spoken: dict[Path, list[Statement]] = field(default_factory=dict)
    idle: list[tuple[Layer, Path]] = field(default_factory=list)
    new: dict[Path, Layer] = field(default_factory=dict)

    def add(self, layer: Layer) -> None:
        """Lay one more layer over the others: mappings merge, all else is replaced, null removes."""
        target: dict[str, Any] = self.value
        for part in layer.root:
            following = target.setdefault(str(part), {})
            if not isinstance(following, dict):
                return
            target = following
        if isinstance(layer.value, Mapping):
            self._lay(target, layer.root, layer.value, layer)

    def say(self, path: Path, value: Any, statement: Statement) -> None:
        """Set one value by a rule; the mappings on its way are made."""
        target: dict[str, Any] = self.value
        for part in path[:-1]:
            target = target.setdefault(str(part), {})
        target[str(path[-1])] = value
        self.spoken.setdefault(path, []).append(statement)

    def _lay(self, target: dict[str, Any], path: Path, value: Mapping[Any, Any], layer: Layer) -> None:
        for raw_key, item in value.items():
            key = str(raw_key)
            here = (*path, key)
            if isinstance(item, Mapping):
                if not isinstance(target.get(key), dict):
                    target[key] = {}
                    self.new.setdefault(here, layer)
                self._lay(target[key], here, item, layer)
                continue
            if item is None:
                if key not in target:
                    self.idle.append((layer, here))
                target.pop(key, None)
            else:
                target[key] = json.loads(json.dumps(item, default=str))
            place = layer.place(here)[1]
            source = layer.words or str(place or layer.variable)
            self.spoken.setdefault(here, []).append(Statement(layer.name, source, item, removed=item is None))


def find_place(layers: Iterable[Layer], path: Path) -> Place | None:
    """The place that says most about ``path``: the longest part of it, of the last layer that has it."""
    best: tuple[int, Place | None] = (-1, None)
    for layer in layers:
        if path[: len(layer.root)] == layer.root:
            found = layer.place(path)
            if found[1] is not None and found[0] >= max(best[0], 1):
                best = found
    return best[1]
