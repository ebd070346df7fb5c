# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What others did to our objects, in two depths.

``recorded``: managedFields alone. ``full``: the server is asked what exactly would be there if our document alone had been
applied, defaults and admission included. Where live is otherwise somebody did that, whether or not managedFields tell (a scale of
an undeclared field, a webhook's override, a write after which managedFields were put back leave no trace there).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.concurrency import map_threads
from ..._core.diff import ABSENT, Difference, differences
from ..form.fields import leaves, text
from ..form.foreign import additions, is_at, is_known_path, said_of
from ..form.kinds import Ref
from ..form.shown import is_hidden
from ..observe.subject import Subject
from ..resolve.requests import ReconcileRequest
from ..wire.client import Document, KubeClient
from ..wire.errors import ApiError
from .alone import declared_alone
from .doubt import read_whole
from .examine import bare

DECLARED_REFUSED = "the declared object would be refused today"
_UNTRACKED = "not recorded in managedFields"
_MADE_UNIQUE = {"Job", "Pod", "ControllerRevision", "PersistentVolume"}
"""Kinds into which the server writes something of its own for each object: our fields are asked for by a dry run of the object
itself, additions are those that managedFields tell."""
Row = dict[str, Any]


@dataclass
class Comparison:
    """``rows`` are additions and differences by others; ``suspects`` the objects in which our own fields may be theirs."""

    rows: list[Row] = field(default_factory=list)
    suspects: set[Ref] = field(default_factory=set)


def compare_fully(client: KubeClient, request: ReconcileRequest, subjects: Mapping[Ref, Subject], warnings: list[str]) -> Comparison:
    """Look at the given live objects in ``request.verify``'s depth. Rows are ``{id, path, manager, time, what, impact, reason?}``."""
    found: dict[tuple[str, str], Row] = {}
    for ref, subject in subjects.items():
        ignored = [seed.segments for seed in subject.seeds]
        for addition in additions(ref, subject.live or {}, request.manager, request.helpers, ignored):
            row = {"id": ref.id, "path": addition.path, "manager": addition.manager, "time": addition.time}
            found[(ref.id, addition.path)] = row | said_of(ref, addition.path)
    compared = Comparison()
    if request.verify == "full":
        compared.suspects |= {ref for ref in subjects if ref.kind in _MADE_UNIQUE}
        live = read_whole(client, {ref: subject for ref, subject in subjects.items() if ref.kind not in _MADE_UNIQUE})
        refused: list[str] = []
        pairs = [(subjects[ref], document) for ref, document in live.items()]
        for (subject, _document), rows in zip(
            pairs, map_threads(lambda pair: _beyond(client, request, pair[0], pair[1], refused), pairs, client.threads), strict=True
        ):
            if rows or subject.ref.id in refused:
                compared.suspects.add(subject.ref)
            for row in rows:
                if not any(is_same_place(row["path"], path) for identity, path in found if identity == row["id"]):
                    found[(row["id"], row["path"])] = row
        if refused:
            warnings.append(
                f"{len(refused)} object(s) could be checked for additions by managedFields only, this identity may not dry-run them: "
                f"{', '.join(sorted(refused)[:5])}"
            )
    compared.rows = [found[key] for key in sorted(found)]
    return compared


def is_same_place(one: str, other: str) -> bool:
    """Whether one of two paths holds the other."""
    return is_at(one, other) or is_at(other, one)


def _beyond(client: KubeClient, request: ReconcileRequest, subject: Subject, live: Document, refused: list[str]) -> list[Row]:
    try:
        declared = declared_alone(client, request.manager, subject, live)
    except ApiError as error:
        if error.status == 403:
            refused.append(subject.ref.id)
            return []
        reason = f"{DECLARED_REFUSED}: {error.message}"
        return [{"id": subject.ref.id, "path": "", "manager": "", "time": "", "reason": reason}]
    secret = subject.desired.is_secret
    found: dict[str, Row] = {}
    there = [difference.path for difference in differences({}, bare(declared))]
    for difference in differences(bare(declared), bare(live)):
        manager, time = _holder(live, difference.path, request)
        if is_known_path(subject.ref, difference.path, live, manager) or any(
            is_same_place(difference.path, ".".join(seed.path)) for seed in subject.seeds
        ):
            continue
        path = _whole_item(difference, there)
        row = {"id": subject.ref.id, "path": path, "manager": manager, "time": time}
        reason = "not declared" if path != difference.path else _sentence(difference, secret)
        found.setdefault(path, row | said_of(subject.ref, path, difference.before is ABSENT) | {"reason": reason})
    return list(found.values())


def _whole_item(difference: Difference, declared: list[str]) -> str:
    """The outermost list item that is not declared at all and that the difference lies in, or its own path."""
    path = difference.path
    if difference.before is not ABSENT:
        return path
    place = path.find("]")
    while 0 < place < len(path) - 1:
        item = path[: place + 1]
        if "=" in item.rpartition("[")[2] and not any(is_at(one, item) for one in declared):
            return item
        place = path.find("]", place + 1)
    return path


def _holder(live: Document, path: str, request: ReconcileRequest) -> tuple[str, str]:
    for entry in live["metadata"].get("managedFields") or []:
        if entry.get("manager") in (request.manager, *request.helpers):
            continue
        if any(is_same_place(path, text(leaf)) for leaf in leaves(entry.get("fieldsV1") or {})):
            return entry.get("manager") or "unknown", entry.get("time") or ""
    return _UNTRACKED, ""


def _sentence(difference: Difference, secret: bool) -> str:
    """Both values, but none of a Secret: kubectl repeats those in an annotation."""
    if is_hidden(difference.path, secret):
        return "declared otherwise"
    declared = "not declared" if difference.before is ABSENT else f"declared {difference.before!r}"
    return f"{declared}, found {'nothing' if difference.after is ABSENT else repr(difference.after)}"
