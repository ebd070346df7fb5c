# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The model's schema: loading it, and what it says beyond validation (layers, areas, profiles)."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

from .._core.schema import Path, Problem, Schema
from .layers import CLUSTER, ENVIRONMENT, OVERRIDES, SHARED, Layer
from .rows import joined


@functools.cache
def schema() -> Schema:
    """The schema of the whole model."""
    return Schema(joined(json.loads(File(__file__).with_name("schema.json").read_text(encoding="utf-8"))))


@functools.cache
def variables() -> Mapping[str, tuple[str, Path]]:
    """Every variable of the model in the order of merging: its layer, and where in the model its value lies.

    A part's variable belongs to the first layer that may set it, or to the shared one where all may.
    """
    found: dict[str, list[tuple[str, Path]]] = {layer: [] for layer in OVERRIDES.values()}
    for part, raw in schema().document["properties"].items():
        found.setdefault(raw.get("x-layers", [SHARED])[0], []).append((raw["x-variable"], (part,)))
    for variable, layer in OVERRIDES.items():
        found[layer].append((variable, ()))
    return {variable: (layer, root) for layer in (SHARED, ENVIRONMENT, CLUSTER) for variable, root in found[layer]}


@functools.cache
def files() -> Mapping[str, str]:
    """The file of an inventory in which each variable stands by convention."""
    return {raw["x-variable"]: raw["x-file"] for raw in schema().document["properties"].values()}


def profiles() -> Mapping[str, Mapping[str, Any]]:
    """The profiles: ``{profile: {teams: <part of a team>, services: {<tier>: <part of a service>}}}``."""
    found: Mapping[str, Mapping[str, Any]] = schema().document["x-profiles"]
    return found


def run_variables() -> Mapping[str, str]:
    """Variables of a run (not of the model) and what they mean."""
    found: Mapping[str, str] = schema().document["x-run-variables"]
    return found


def check_layer(layer: Layer) -> list[Problem]:
    """Every problem of one layer alone: form, unknown keys, and keys that this layer may not set."""
    if layer.value is None:
        return []

    def hook(path: Path, part: Mapping[str, Any], value: Any) -> Iterator[Problem]:
        if len(path) == 1 and layer.variable in OVERRIDES and "x-variable" in part and part.get("x-layers"):
            yield Problem(path, f"may not be set in {layer.variable}; it has the variable {part['x-variable']}", at_key=True)
            return
        if "x-derived" in part:
            yield Problem(path, f"is derived by the rule {part['x-derived']!r} and may not be set; delete it", at_key=True)
        allowed = part.get("x-layers")
        if allowed and path != layer.root and layer.name not in allowed:
            homes = ", ".join(variable for variable in _homes(path, allowed))
            yield Problem(
                path,
                f"may not be set by the layer {layer.name} ({layer.variable}); allowed: {', '.join(allowed)}, that is {homes}",
                at_key=True,
            )

    return schema().check(layer.value, layer.root, partial=True, hook=hook)


def _homes(path: Path, allowed: list[str]) -> Iterator[str]:
    for variable, (layer, root) in variables().items():
        if layer in allowed and path[: len(root)] == root and (root or SHARED not in allowed):
            yield variable
