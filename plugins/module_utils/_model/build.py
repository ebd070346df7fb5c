# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""From the layers of one inventory host to its effective model: check, merge, check across, derive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.canonical import digest
from .._core.errors import InputError
from .._core.schema import Path, Problem, show_path
from .checks import Situation, cross_check
from .contract import check_layer, schema
from .derive import Access, Derivation, leave_out, mapping, profile_layers
from .layers import VARIABLES, Layer, Merged, Place, Statement, find_place

_REACHED_BY = ("kubeconfig", "context", "simulated_in")
"""What says how this machine reaches the cluster."""


@dataclass(frozen=True)
class Finding:
    """A problem and its place in the inventory."""

    path: Path
    message: str
    place: Place | None = None

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        what = f"{show_path(self.path)}: " if self.path else ""
        return f"{where}{what}{self.message}"

    def result(self) -> dict[str, Any]:
        """The finding as a task's result shows it."""
        place = self.place
        return {
            "file": place.file if place else None,
            "line": place.line if place else None,
            "path": show_path(self.path),
            "message": self.message,
        }


@dataclass
class Model:
    """An effective model. ``spoken``: for each leaf all layers that spoke, the one that holds last."""

    effective: dict[str, Any]
    layers: list[Layer]
    spoken: dict[Path, list[Statement]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Digest of the content; how this machine reaches the cluster is none of it, so every machine gets the same one."""
        cluster = {key: value for key, value in mapping(self.effective, "cluster").items() if key not in _REACHED_BY}
        return digest({**self.effective, "cluster": cluster})


class InventoryError(InputError):
    """An inventory that is not right; ``findings`` has all that was found."""

    def __init__(self, findings: Iterable[Finding], host: str) -> None:
        self.findings = sorted(
            set(findings), key=lambda one: (one.place.file if one.place else "~", (one.place and one.place.line) or 0, str(one))
        )
        count = len(self.findings)
        lines = "\n".join(f"  {finding}" for finding in self.findings)
        super().__init__(
            f"the inventory of {host} has {count} error{'s' if count != 1 else ''}; nothing was contacted\n{lines}",
            errors=[finding.result() for finding in self.findings],
        )


def build(layers: list[Layer], situation: Situation, access: Access, found: Iterable[Finding] = ()) -> Model:
    """The effective model of one host.

    ``layers`` in any order; ``found``: what is wrong already by the look of the files. Raises InventoryError with every
    problem of the inventory at once.
    """
    layers = sorted((layer for layer in layers if layer.value is not None), key=lambda layer: list(VARIABLES).index(layer.variable))
    findings = list(found)
    seen: set[tuple[Path, str]] = set()
    for layer in layers:
        for problem in check_layer(layer):
            seen.add((problem.path, problem.message))
            findings.append(Finding(problem.path, problem.message, layer.place(problem.path)[1] or Place(layer.variable)))

    named = Merged()
    for layer in layers:
        named.add(layer)
    merged = Merged()
    for layer in [*profile_layers(named, layers), *layers]:
        merged.add(layer)
    if situation.control:
        merged.value.pop("cluster", None)
    environment = mapping(merged.value, "environment").get("name")
    left_out = leave_out(merged, environment) if isinstance(environment, str) else []
    merged.value, defaults = schema().fill(merged.value)
    for path, value in defaults.items():
        if not isinstance(value, Mapping) or not value:
            merged.spoken.setdefault(path, []).insert(0, Statement("default", "default of the schema", value))

    problems = schema().check(merged.value)
    if not situation.control and "cluster" not in merged.value:
        problems.append(Problem(("cluster",), "missing; allowed: platform_cluster in the host's host_vars file"))
    problems += cross_check(merged.value, situation, left_out)
    for problem in problems:
        if (problem.path, problem.message) not in seen:
            findings.append(Finding(problem.path, problem.message, find_place(layers, problem.path)))
    if findings:
        raise InventoryError(findings, situation.host)
    Derivation(merged, layers, situation.host, situation.control, access).run()
    return Model(merged.value, layers, merged.spoken)
