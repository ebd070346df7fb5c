# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Objects that somebody wrote to since our last write: is in our fields what was there? Asked by reading them, few requests for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..._core.concurrency import map_threads
from ..form.kinds import Kind, Ref
from ..observe.observed import Observed
from ..observe.record import PART_OF
from ..observe.subject import Subject
from ..wire.client import Document, KubeClient
from ..wire.errors import ApiError
from .proof import same_value

_SINGLE_GETS = 3


def still_right(client: KubeClient, observed: Observed, written: Iterable[Subject], manager: str) -> dict[Ref, Document]:
    """Whole live objects of those whose fields hold what we recorded; all others are for the server to judge."""
    subjects = {subject.ref: subject for subject in written}
    whole = dict(observed.whole)
    whole |= read_whole(client, {ref: subject for ref, subject in subjects.items() if not _is_at_hand(subject, whole)})
    return {
        ref: live
        for ref, subject in subjects.items()
        if (live := whole.get(ref)) and live["metadata"].get("uid") == subject.uid and same_value(subject, live, manager)
    }


def read_whole(client: KubeClient, subjects: Mapping[Ref, Subject]) -> dict[Ref, Document]:
    """Whole objects: a few by name, many by one LIST, or one in each namespace where this identity may not list everywhere."""
    by_kind: dict[tuple[Kind, bool], list[Ref]] = {}
    for ref, subject in subjects.items():
        by_kind.setdefault((subject.kind, subject.record is not None), []).append(ref)

    def read(group: tuple[tuple[Kind, bool], list[Ref]]) -> dict[Ref, Document]:
        (kind, labelled), refs = group
        if len(refs) <= _SINGLE_GETS:
            return {ref: found for ref in refs if (found := client.find(subjects[ref].path)) is not None}
        namespaces = sorted({ref.namespace for ref in refs})
        selector = PART_OF if labelled else ""
        if kind.group_kind != "Secret" or len(namespaces) == 1:
            try:
                return _listed(client, kind, namespaces[0] if len(namespaces) == 1 else "", selector)
            except ApiError as error:
                if error.status != 403 or len(namespaces) == 1:
                    raise
        return {ref: item for name in namespaces for ref, item in _listed(client, kind, name, selector).items()}

    found: dict[Ref, Document] = {}
    for part in map_threads(read, list(by_kind.items()), client.threads):
        found |= part
    return {ref: item for ref, item in found.items() if ref in subjects}


def _listed(client: KubeClient, kind: Kind, namespace: str, selector: str) -> dict[Ref, Document]:
    items, _version = client.list_objects(kind, namespace or None, selector, metadata_only=False)
    return {Ref(kind.group, kind.kind, item["metadata"].get("namespace") or "", item["metadata"]["name"]): item for item in items}


def _is_at_hand(subject: Subject, whole: Mapping[Ref, Document]) -> bool:
    return subject.ref in whole and whole[subject.ref]["apiVersion"] == subject.kind.api_version
