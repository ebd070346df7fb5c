# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One desired object beside what is there: the body for the wire and everything that a decision about it needs."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.canonical import digest, keyed_digest
from ..._core.references import References, reference_of
from ..form.documents import Desired, Document, without_paths
from ..form.kinds import Kind, Ref
from ..resolve.wanted import HandedOver, Wanted
from .observed import Observed
from .record import PART_OF, Entry, SetRecord

PROBE = "gantry.dev/probe"
"""Annotation on a ValidatingAdmissionPolicy: a document that it must refuse. For the engine, never sent."""

WAIT = "gantry.dev/wait"
"""Annotation on what becomes ready only after its role has configured it: with ``"false"`` no apply waits for it."""


@dataclass
class Subject:
    """A desired object and its surroundings; ``live`` is its metadata, or none where it does not exist."""

    desired: Desired
    kind: Kind
    record: SetRecord | None
    live: Mapping[str, Any] | None
    body: Document
    seeds: list[HandedOver] = field(default_factory=list)
    probe: str = ""

    @property
    def ref(self) -> Ref:
        """The object's identity."""
        return self.desired.ref

    @property
    def annotations(self) -> Mapping[str, Any]:
        """The annotations that are declared."""
        return self.desired.body["metadata"].get("annotations") or {}

    @property
    def path(self) -> str:
        """The object's URL path."""
        return self.kind.path(self.ref.namespace or None, self.ref.name)

    @property
    def entry(self) -> Entry | None:
        """What the set's record says of it."""
        return self.record.objects.get(self.ref) if self.record else None

    @property
    def uid(self) -> str:
        """The uid of the live object, empty where there is none."""
        return (self.live or {}).get("uid") or ""

    @property
    def vanishes(self) -> bool:
        """Whether this is a Job that its TTL takes away once it has ended."""
        return self.ref.group_kind == "Job.batch" and (self.body.get("spec") or {}).get("ttlSecondsAfterFinished") is not None

    @functools.cached_property
    def desired_digest(self) -> str:
        """Changes exactly when the wire body changes. Keyed, because a weak secret could be guessed."""
        return keyed_digest(self.record.key if self.record else b"", self.body)

    def approval_digest(self, key: bytes | None) -> str:
        """Says between plan and apply whether the desired state is the same.

        Without a key that both runs share, a Secret counts by its names and references.
        """
        if not self.desired.is_secret:
            return digest(self.body)
        if key:
            return keyed_digest(key, self.body)
        written = self.desired.body.get("data") or {}
        return digest({**self.body, "data": {name: reference_of(value) or "value" for name, value in written.items()}})


def subjects_of(wanted: Wanted, observed: Observed, references: References, applied: Collection[str] | None = None) -> dict[Ref, Subject]:
    """Every desired object with its live metadata, its record and the body for the wire.

    ``applied`` names the sets that this run writes, None for all: what no set of the run needs is not asked for its secret values, so the
    Secrets of other sets keep their references.
    """
    found: dict[Ref, Subject] = {}
    for ref, item in wanted.objects.items():
        record = observed.records.get(item.scope)
        seeds = wanted.handed_over.get(ref, [])
        body = item.resolved(references) if applied is None or item.scope in applied else item.body
        metadata = dict(body["metadata"])
        probe = ""
        if PROBE in (metadata.get("annotations") or {}):
            metadata["annotations"] = dict(metadata["annotations"])
            probe = metadata["annotations"].pop(PROBE)
        if record:
            metadata["labels"] = {**(metadata.get("labels") or {}), PART_OF: record.id}
        body = without_paths({**body, "metadata": metadata}, (seed.path for seed in seeds))
        found[ref] = Subject(item, wanted.kinds[ref], record, observed.metadata.get(ref), body, seeds, probe)
    return found


def only_path(body: Document, path: tuple[str, ...], value: Any) -> Document:
    """A document with the identity of ``body`` and one member."""
    metadata = {key: body["metadata"][key] for key in ("name", "namespace") if key in body["metadata"]}
    result: Document = {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": metadata}
    here = result
    for name in path[:-1]:
        here = here.setdefault(name, {})
    here[path[-1]] = value
    return result
