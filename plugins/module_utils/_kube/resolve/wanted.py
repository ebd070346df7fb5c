# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""From written documents to desired objects of known kinds; what cannot be right is refused here, before any write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..._core.errors import InputError
from ..._core.suggest import did_you_mean
from ..form.controlled import handed_over, left_out
from ..form.definitions import CRD, served_kinds
from ..form.documents import Desired, Document, normalise, refuse_duplicates, without_paths
from ..form.kinds import Kind, Ref, split_version
from ..wire.discovery import Discovery


@dataclass(frozen=True)
class HandedOver:
    """A field that another controller owns after creation: ``seed``, where there is one, is sent once, then the field is left alone."""

    ref: Ref
    path: tuple[str, ...]
    seed: Any
    reason: str = ""

    @property
    def segments(self) -> tuple[str, ...]:
        """``path`` as managedFields write it."""
        return tuple(f"f:{member}" for member in self.path)


@dataclass
class SetInput:
    """One set as it was handed in. A set without a name has no record: nothing of it can be pruned."""

    name: str
    namespace: str
    documents: list[tuple[Document, str]]
    handed_over: list[HandedOver] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    """In words, each of its sources that held no document."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why an object (by its id) is an administrator's."""
    moved_from: str = ""
    """The namespace in which its record was before."""


@dataclass
class Wanted:
    """Everything desired, with the kind of each object; ``pending`` kinds are brought by a CRD of this very run."""

    objects: dict[Ref, Desired]
    kinds: dict[Ref, Kind]
    pending: set[tuple[str, str]]
    handed_over: dict[Ref, list[HandedOver]]
    warnings: list[str]
    upcoming: set[Ref] = field(default_factory=set)
    """Objects in a version that a CRD of this run adds to a kind that is served already."""
    declared: dict[tuple[str, str], dict[str, Kind]] = field(default_factory=dict)
    """(group, kind) → apiVersion → kind, of what CRDs of this run serve."""

    def is_pending(self, ref: Ref) -> bool:
        """Whether the object's kind is not served yet, or not in its version."""
        return (ref.group, ref.kind) in self.pending or ref in self.upcoming


def resolve(sets: Iterable[SetInput], discovery: Discovery, default_namespace: str) -> Wanted:
    """Normalise every document of every set. Raises InputError with all unknown kinds at once."""
    sets = list(sets)
    declared = _declared_kinds(sets)
    problems: list[str] = []
    warnings: list[str] = []
    found: list[Desired] = []
    kinds: dict[Ref, Kind] = {}
    pending: set[tuple[str, str]] = set()
    upcoming: set[Ref] = set()
    for one in sets:
        for document, source in one.documents:
            api_version, name = str(document.get("apiVersion") or ""), str(document.get("kind") or "")
            if not api_version or not name:
                normalise(document, source, one.name)  # says what is missing
            group, version = split_version(api_version)
            kind = discovery.find(api_version, name)
            served = kind is not None
            if (group, name) in declared:  # what this run makes of the kind counts, not what is served before
                coming = declared[(group, name)].get(api_version)
                kind = coming and (kind or coming)
                if kind is not None and not discovery.versions(group, name):
                    pending.add((group, name))
            elif kind is None and group in discovery.stale:
                namespaced = bool((document.get("metadata") or {}).get("namespace"))
                kind = Kind(group, version, name, "", namespaced)  # which it is, nobody can say now: it is left
            if kind is None:
                problems.append(f"  {source}: {_unknown(api_version, name, discovery, declared)}")
                continue
            item, notes = normalise(document, source, one.name, default_namespace if kind.namespaced else None, not kind.namespaced)
            item = _without_what_others_own(item, notes)
            if not served and (group, name) in declared:
                upcoming.add(item.ref)
            found.append(item)
            kinds[item.ref] = kind
            warnings.extend(notes)
    if problems:
        raise InputError("the documents do not fit the cluster; nothing was written:\n" + "\n".join(problems))
    objects = refuse_duplicates(found)
    handed: dict[Ref, list[HandedOver]] = {}
    for one in sets:
        for rule in one.handed_over:
            if rule.ref in objects:
                handed.setdefault(rule.ref, []).append(rule)
    for ref, path, value, reason in handed_over(objects):
        if not any(rule.path == path for rule in handed.get(ref, ())):
            handed.setdefault(ref, []).append(HandedOver(ref, path, value, reason))
    upcoming = {ref for ref in upcoming if (ref.group, ref.kind) not in pending}
    return Wanted(objects, kinds, pending, handed, warnings, upcoming, declared)


def _without_what_others_own(item: Desired, notes: list[str]) -> Desired:
    paths = []
    for path, why in left_out(item.body):
        paths.append(path)
        if why:
            notes.append(f"{item.source}: {item.ref.kind} {item.ref.name}: {'.'.join(path)} left out, {why}")
    return replace(item, body=without_paths(item.body, paths)) if paths else item


def _declared_kinds(sets: Iterable[SetInput]) -> dict[tuple[str, str], dict[str, Kind]]:
    """Kinds that CRDs among the documents bring: (group, kind) → apiVersion → kind."""
    declared: dict[tuple[str, str], dict[str, Kind]] = {}
    for one in sets:
        for document, _source in one.documents:
            if document.get("kind") != CRD:
                continue
            for kind in served_kinds(document):
                declared.setdefault((kind.group, kind.kind), {})[kind.api_version] = kind
    return declared


def _unknown(api_version: str, name: str, discovery: Discovery, declared: Mapping[tuple[str, str], Mapping[str, Kind]]) -> str:
    group, _version = split_version(api_version)
    whose = f" by the {CRD} that this run brings" if (group, name) in declared else ""
    versions = sorted(declared.get((group, name), {})) or discovery.versions(group, name)
    if versions:
        return f"{name} is not served as {api_version}; it is as {', '.join(versions)}{whose}"
    known = {f"{kind.api_version} {kind.kind}" for kind in discovery.kinds()}
    known |= {f"{version} {key[1]}" for key, of in declared.items() for version in of}
    return f"no kind {name} in {api_version}: neither served nor declared by a CustomResourceDefinition{did_you_mean(f'{api_version} {name}', sorted(known))}"
