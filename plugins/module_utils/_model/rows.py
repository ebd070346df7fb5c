# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The rows of the areas: what each is, needs, owns and brings; the order of a run, and its waves.

A row is ``areas/<area>.json``. Beside it ``<area>.py`` may have ``RULES``, ``ALERTS``, ``derive(model, say)``, ``words(model)``,
``contributions(model)`` and ``check(model, situation)``: whoever needs them asks ``hooks``, and nobody names an area. The files are read
from the folder itself: the model is made by action plugins alone, so no part of it is ever sent to another machine.
"""

from __future__ import annotations

import copy
import functools
import importlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path as File
from typing import Any

from .._core.errors import InputError
from .._core.schema import Problem
from .._core.suggest import did_you_mean
from . import layers
from .contributions import KINDS
from .look import Json, Say

_FOLDER = File(__file__).parent / "areas"
CLUSTER, ENVIRONMENT = "cluster", "environment"
BEFORE, CLUSTERS, AFTER = PHASES = ("before", "clusters", "after")
"""The three parts of a run: what exists once and waits for no cluster, the clusters, what exists once and waits for one."""
EVERY_COMPONENT = "*"
"""Among the components of a row: all that no other row has."""

_MODULES = {
    path.stem: importlib.import_module(f".areas.{path.stem}", __package__) for path in _FOLDER.glob("*.py") if path.stem != "__init__"
}


@dataclass(frozen=True)
class Row:
    """One area. ``docs/adding-an-area.md`` says what each key is for."""

    area: str
    description: str
    sets: tuple[str, ...] = ()
    default: bool = False
    on: str = CLUSTER
    requires: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    role: str = ""
    configures: tuple[Mapping[str, str], ...] = ()
    prepare: str = ""
    verifies: tuple[Mapping[str, str], ...] = ()
    served_by: str = ""
    renews: tuple[Mapping[str, str], ...] = ()
    components: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    sandbox: tuple[str, ...] = ()
    sandbox_of_each: tuple[str, ...] = ()
    owns: tuple[str, ...] = ()
    contributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    keeps: tuple[Mapping[str, str], ...] = ()
    schema: Mapping[str, Any] = field(default_factory=dict)

    @property
    def before(self) -> tuple[str, ...]:
        """The areas that come before this one: those that it needs, and those that it only waits for."""
        return (*self.requires, *self.after)


@dataclass(frozen=True)
class Hooks:
    """What an area's own Python file has; nothing of it is needed."""

    rules: Mapping[str, str] = field(default_factory=dict)
    derive: Callable[[Json, Say], None] | None = None
    words: Callable[[Json], Mapping[str, Any] | None] | None = None
    contributions: Callable[[Json], Mapping[str, Any]] | None = None
    """What it contributes besides its row's, by kind: what there are as many of as the model says."""
    check: Callable[[Mapping[str, Any], Any], Iterator[Problem]] | None = None
    alerts: Collection[str] = ()
    """Names of the alerts that ``contributions`` may add to its row's."""


@functools.cache
def rows() -> Mapping[str, Row]:
    """Every area in the order of a run: what comes before it, then it; by name where nothing orders them."""
    found = read_rows(_FOLDER)
    depths, when = _chains(found, dict.fromkeys(found, 1)), phases(found)
    return {area: found[area] for area in sorted(found, key=lambda area: (PHASES.index(when[area]), depths[area], area))}


def read_rows(folder: File) -> dict[str, Row]:
    """The rows of a folder. Raises InputError with every row that says something nobody knows."""
    found, problems = {}, []
    known = {one.name for one in fields(Row)} - {"area"}
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        problems += [f"  {path.name}: unknown key {key!r}{did_you_mean(key, known)}" for key in content if key not in known]
        needed = ("description", "configures" if content.get("on") == ENVIRONMENT else "sets")
        lacking = [key for key in needed if key not in content]
        problems += [f"  {path.name}: {key} is missing" for key in lacking]
        if content.get("on", CLUSTER) not in (CLUSTER, ENVIRONMENT):
            problems.append(f"  {path.name}: on: found {content['on']!r}; allowed: {CLUSTER}, {ENVIRONMENT}")
        values: Json = {key: tuple(value) if isinstance(value, list) else value for key, value in content.items() if key in known}
        if not lacking:
            found[path.stem] = Row(**{"area": path.stem, "role": path.stem, **values})
    for area, row in found.items():
        named = [*row.requires, *row.after]
        kinds = [*row.owns, *row.contributes]
        problems += [f"  {area}.json: unknown kind of contribution {one!r}{did_you_mean(one, KINDS)}" for one in kinds if one not in KINDS]
        problems += [f"  {area}.json: unknown area {one!r}{did_you_mean(one, found)}" for one in named if one not in found]
        problems += _of_a_cluster(row) if row.on == ENVIRONMENT else []
    if not problems:
        problems += [*_same_parts(found), *_out_of_order(found)]
    if problems:
        raise InputError("the rows of the areas are not right:\n" + "\n".join(problems))
    return found


def phases(found: Mapping[str, Row] | None = None) -> dict[str, str]:
    """In which part of a run each area is, by what it waits for."""
    found = rows() if found is None else found

    def phase(row: Row) -> str:
        if row.on == CLUSTER:
            return CLUSTERS
        return AFTER if any(found[area].on == CLUSTER for area in _all_before(found, row.area)) else BEFORE

    return {area: phase(row) for area, row in found.items()}


def waves(switched_on: Collection[str]) -> dict[str, int]:
    """The wave of every area: one more than the areas in the longest chain before it that are on and configure a system for which others wait.

    Each part of a run counts its own. What is off still hands on its order, and makes no wave of its own.
    """
    found, when = rows(), phases(rows())
    cut: dict[str, int] = {}
    for phase in PHASES:
        cuts = {area: int(_awaited(row) and area in switched_on and when[area] == phase) for area, row in found.items()}
        chains = _chains(found, cuts)
        cut |= {area: 1 + chains[area] - cuts[area] for area in found if when[area] == phase}
    return {area: cut[area] for area in found}


def _awaited(row: Row) -> bool:
    """Whether an area that comes after it needs what it configures."""
    return any(one.get("awaited", True) for one in row.configures)


def hooks(area: str) -> Hooks:
    """What the area's own Python file has."""
    if area not in _MODULES:
        return Hooks()
    module = _MODULES[area]
    own = {
        key: getattr(module, name)
        for key, name in (
            ("rules", "RULES"),
            ("alerts", "ALERTS"),
            *((name, name) for name in ("derive", "words", "contributions", "check")),
        )
        if hasattr(module, name)
    }
    return Hooks(**own)


def alerts() -> set[str]:
    """The names of the alerts of all areas, whether they are on or not."""
    groups = (group for row in rows().values() for group in row.contributes.get("alerts", {}).values())
    return {rule["alert"] for group in groups for rule in group["rules"]}.union(*(hooks(area).alerts for area in rows()))


def joined(document: Json) -> Json:
    """The common part of the schema with the pieces of all areas and their switches; in place."""
    switches = document["$defs"]["settings"]["properties"]["areas"]["properties"]
    for area, row in rows().items():
        switches[area] = {"type": "boolean", "default": row.default, "description": row.description}
        if row.on == ENVIRONMENT:
            # No cluster decides whether it is there: its host would never hear of it.
            switches[area]["x-layers"] = [layers.SHARED, layers.ENVIRONMENT]
        _join(document, row.schema, f"areas/{area}.json: schema")
    return document


def _all_before(found: Mapping[str, Row], area: str) -> set[str]:
    """Every area that comes before this one, also by way of others."""
    seen: set[str] = set()
    pending = [*found[area].before]
    while pending:
        one = pending.pop()
        if one not in seen:
            seen.add(one)
            pending += found[one].before
    return seen


def _of_a_cluster(row: Row) -> list[str]:
    """What a row of what exists once says that only a cluster can have."""
    kept = [key for key in ("sets", "components", "namespaces", "sandbox_of_each") if getattr(row, key)]
    found = [f"  {row.area}.json: {key}: only an area on: {CLUSTER} has any; leave it out, or give it to such an area" for key in kept]
    if not row.configures:
        found.append(f"  {row.area}.json: configures is empty; an area on: {ENVIRONMENT} is the systems that it configures")
    parts = [one.get("part", "") for one in row.configures]
    return found + [
        f"  {row.area}.json: the part {one!r} is one for each cluster; an area on: {ENVIRONMENT} exists once" for one in parts if "<" in one
    ]


def _same_parts(found: Mapping[str, Row]) -> list[str]:
    """Parts of what exists once have a record and a digest by their name."""
    owners: dict[str, list[str]] = {}
    for area, row in found.items():
        for one in row.configures:
            owners.setdefault(one.get("part", ""), []).append(area)
    return [
        f"  {areas[-1]}.json: the part {part!r} is one of {areas[0]} already; give it another name"
        for part, areas in owners.items()
        if len(areas) > 1 and any(found[area].on == ENVIRONMENT for area in areas)
    ]


def _out_of_order(found: Mapping[str, Row]) -> list[str]:
    """Areas of clusters that wait for what is done when all clusters are."""
    when = phases(found)
    problems = []
    for area, row in found.items():
        late = sorted(one for one in _all_before(found, area) if when[one] == AFTER) if row.on == CLUSTER else []
        if late:
            of = next(one for one in sorted(_all_before(found, late[0])) if found[one].on == CLUSTER)
            problems.append(
                f"  {area}.json: is on: {CLUSTER} and comes after {late[0]}, which runs when all clusters are done, since it comes after {of}; "
                f"take {late[0]} out of after and requires here, or {of} out of those of {late[0]}"
            )
    return problems


def _chains(found: Mapping[str, Row], weights: Mapping[str, int]) -> dict[str, int]:
    """For every area the heaviest chain that ends in it, itself counted."""
    done: dict[str, int] = {}

    def chain(area: str, trail: tuple[str, ...]) -> int:
        if area in trail:
            raise InputError(f"the rows of the areas wait for each other: {' → '.join([*trail[trail.index(area) :], area])}")
        if area not in done:
            done[area] = weights[area] + max((chain(one, (*trail, area)) for one in found[area].before), default=0)
        return done[area]

    for area in found:
        chain(area, ())
    return done


def _join(target: Json, piece: Mapping[str, Any], where: str) -> None:
    for key, value in piece.items():
        here = f"{where}.{key}"
        if key not in target:
            target[key] = copy.deepcopy(value)
        elif isinstance(value, Mapping) and isinstance(target[key], dict):
            _join(target[key], value, here)
        else:
            raise InputError(f"{here} is said already: a piece adds to the schema, it changes nothing of it")
