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
from .._core.words import amount
from .causes import files_of, idle_nulls, missing_parts, of_one_cause, sound, unknown_entries, without
from .checks import Situation, cross_check, unknown_environments
from .contract import check_layer, schema, variables
from .derive import Access, Derivation, leave_out, profile_layers
from .layers import Layer, Merged, Place, Statement, find_place
from .look import mapping

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
    """An inventory that is not right; ``findings`` has all that was found.

    Every host finds what is wrong in a file of all of them. ``told`` is what another host, ``by``, says in the same run.
    """

    def __init__(self, findings: Iterable[Finding], host: str, told: Iterable[Finding] = (), by: str = "") -> None:
        self.findings = sorted(
            set(findings), key=lambda one: (one.place.file if one.place else "~", (one.place and one.place.line) or 0, str(one))
        )
        own = [finding for finding in self.findings if finding not in set(told)]
        count, shared = len(self.findings), len(self.findings) - len(own)
        elsewhere = f", {f'{shared} of them' if own else 'all'} told of {by}" if shared else ""
        lines = "".join(f"\n  {finding}" for finding in own)
        super().__init__(
            f"the inventory of {host} has {amount(count, 'error')}{elsewhere}; nothing was contacted{lines}",
            errors=[finding.result() for finding in own],
        )


def build(layers: list[Layer], situation: Situation, access: Access, found: Iterable[Finding] = ()) -> Model:
    """The effective model of one host.

    ``layers`` in any order; ``found``: what is wrong already by the look of the files. Raises InventoryError with every
    problem of the inventory at once.
    """
    order = list(variables())
    spoken = sorted(layers, key=lambda layer: order.index(layer.variable))
    layers = [layer for layer in spoken if layer.value is not None]
    findings = list(found)
    seen: set[tuple[Path, str]] = set()
    for layer in layers:
        for problem in check_layer(layer):
            seen.add((problem.path, problem.message))
            findings.append(_in_layer(layer, problem))

    named = Merged()
    for layer in layers:
        named.add(layer)
    merged = Merged()
    for layer in [*profile_layers(named, layers), *layers]:
        merged.add(layer)
    findings += [_in_layer(layer, problem) for layer, problem in idle_nulls(merged, spoken)]
    if situation.control:
        merged.value.pop("cluster", None)
    files = files_of(situation.folder, situation.group, situation.host)
    absent = list(missing_parts({**named.value, **{str(layer.root[0]): {} for layer in spoken if layer.root}}, files, situation.control))
    if absent:
        # Whatever else is looked for follows from this.
        raise InventoryError([*findings, *(Finding(problem.path, problem.message) for problem in absent)], situation.host)
    told = {finding.path for finding in findings}
    problems = [problem for problem in unknown_environments(merged.value, situation) if problem.path not in told]
    environment = mapping(merged.value, "environment").get("name")
    wrong = {path[1] for path in [*told, *(problem.path for problem in problems)] if path[:1] == ("services",) and "only_in" in path}
    left_out = leave_out(merged, environment, wrong) if isinstance(environment, str) else []
    merged.value, defaults = schema().fill(merged.value)
    for path, value in defaults.items():
        if not isinstance(value, Mapping) or not value:
            merged.spoken.setdefault(path, []).insert(0, Statement("default", "default of the schema", value))

    formal = schema().check(merged.value)
    strange = unknown_entries(named, formal)
    unknown = {problem.path for problem in strange}
    formal = [problem for problem in formal if not any(problem.path[: len(path)] == path for path in unknown)]
    looked_at = sound(merged.value, formal)
    without(looked_at, unknown)
    broken = {finding.path for finding in findings} | {problem.path for problem in [*formal, *problems]} | unknown
    crossed = cross_check(looked_at, situation, left_out)
    problems += [*formal, *strange, *of_one_cause(crossed, looked_at, layers, broken, files)]
    for problem in problems:
        if (problem.path, problem.message) not in seen:
            findings.append(Finding(problem.path, problem.message, find_place(layers, problem.path)))
    if findings:
        raise InventoryError(findings, situation.host)
    Derivation(merged, layers, situation.host, situation.control, access).run()
    return Model(merged.value, layers, merged.spoken)


def names_here(layers: Iterable[Layer], environment: str) -> tuple[dict[str, list[str]], list[str]]:
    """The names of services and components that a host's layers have, valid or not, and the services that ``only_in`` leaves out there."""
    order = list(variables())
    merged = Merged()
    for layer in sorted(layers, key=lambda layer: order.index(layer.variable)):
        merged.add(layer)
    left_out = leave_out(merged, environment)
    components = mapping(mapping(merged.value, "settings"), "components")
    return {"services": list(mapping(merged.value, "services")), "components": list(components)}, left_out


def _in_layer(layer: Layer, problem: Problem) -> Finding:
    return Finding(problem.path, problem.message, layer.place(problem.path)[1] or Place(layer.variable))
