# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What others did to our objects, in two depths.

``recorded``: managedFields alone. ``full``: a dry-run apply of each document under an unused name gives the exact object that
would be there, defaults and admission included; what live has beyond it was added by somebody, whether or not managedFields
tell (a scale of an undeclared field, a webhook's override, a write after a reset leave no trace there).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._core.concurrency import map_threads
from .._core.diff import ABSENT, Difference, differences
from .client import Document, KubeClient
from .errors import ApiError
from .examine import bare
from .fields import leaves, text
from .foreign import additions, is_known_path
from .kinds import Kind, Ref
from .preview import shadow_of
from .requests import ReconcileRequest
from .show import shown_document
from .subject import Subject

_UNTRACKED = "not recorded in managedFields"
_MADE_UNIQUE = {"Job", "Pod", "ControllerRevision"}
"""Kinds into which the server writes something unique on creation: compared by managedFields alone."""


def compare_fully(
    client: KubeClient, request: ReconcileRequest, subjects: Mapping[Ref, Subject], warnings: list[str]
) -> list[dict[str, Any]]:
    """Foreign additions on the given live objects: ``{id, path, manager, time, value}``, by ``request.verify``'s depth."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for ref, subject in subjects.items():
        ignored = [tuple(f"f:{member}" for member in seed.path) for seed in subject.seeds]
        for addition in additions(ref, subject.live or {}, request.manager, request.helpers, ignored):
            found[(ref.id, addition.path)] = {"id": ref.id, "path": addition.path, "manager": addition.manager, "time": addition.time}
    if request.verify == "full":
        by_kind: dict[Kind, list[Subject]] = {}
        for subject in subjects.values():
            if subject.ref.namespace and subject.ref.kind not in _MADE_UNIQUE:
                by_kind.setdefault(subject.kind, []).append(subject)
        refused: list[str] = []
        for kind, members in by_kind.items():
            live = _live(client, kind, members)
            pairs = [(subject, live[subject.ref]) for subject in members if subject.ref in live]
            for rows in map_threads(lambda pair: _beyond(client, request, pair[0], pair[1], refused), pairs, client.threads):
                for row in rows:
                    if not any(_same_place(row["path"], path) for identity, path in found if identity == row["id"]):
                        found[(row["id"], row["path"])] = row
        if refused:
            warnings.append(
                f"{len(refused)} object(s) could be checked by managedFields only, this identity may not dry-run them: {', '.join(sorted(refused)[:5])}"
            )
    return [found[key] for key in sorted(found)]


def _live(client: KubeClient, kind: Kind, members: Iterable[Subject]) -> dict[Ref, Document]:
    """Whole objects, one LIST per namespace."""
    wanted = {subject.ref for subject in members}
    namespaces = sorted({ref.namespace for ref in wanted})
    found: dict[Ref, Document] = {}
    for items in map_threads(lambda name: client.list_objects(kind, name, metadata_only=False)[0], namespaces, client.threads):
        for item in items:
            ref = Ref(kind.group, kind.kind, item["metadata"].get("namespace") or "", item["metadata"]["name"])
            if ref in wanted:
                found[ref] = item
    return found


def _beyond(client: KubeClient, request: ReconcileRequest, subject: Subject, live: Document, refused: list[str]) -> list[dict[str, Any]]:
    path, body = shadow_of(subject, subject.ref.namespace)
    try:
        shadow, _response = client.ask(path, body, request.manager)
    except ApiError as error:
        if error.status == 403:
            refused.append(subject.ref.id)
            return []
        return [
            {
                "id": subject.ref.id,
                "path": "",
                "manager": "",
                "time": "",
                "reason": f"the declared object would be refused today: {error.message}",
            }
        ]
    shadow["metadata"]["name"] = subject.ref.name
    secret = subject.desired.is_secret
    rows = []
    for difference in differences(bare(shown_document(shadow, secret)), bare(shown_document(live, secret))):
        if is_known_path(subject.ref, difference.path) or any(_same_place(difference.path, ".".join(seed.path)) for seed in subject.seeds):
            continue
        manager, time = _holder(live, difference.path, request)
        rows.append(
            {"id": subject.ref.id, "path": difference.path, "manager": manager, "time": time, "reason": _sentence(difference, secret)}
        )
    return rows


def _holder(live: Document, path: str, request: ReconcileRequest) -> tuple[str, str]:
    for entry in live["metadata"].get("managedFields") or []:
        if entry.get("manager") in (request.manager, *request.helpers):
            continue
        if any(_same_place(path, text(leaf)) for leaf in leaves(entry.get("fieldsV1") or {})):
            return entry.get("manager") or "unknown", entry.get("time") or ""
    return _UNTRACKED, ""


def _sentence(difference: Difference, secret: bool) -> str:
    if secret and difference.path.startswith("data"):
        return "declared otherwise"
    declared = "not declared" if difference.before is ABSENT else f"declared {difference.before!r}"
    return f"{declared}, found {'nothing' if difference.after is ABSENT else repr(difference.after)}"


def _same_place(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return one == other or longer.startswith((shorter + ".", shorter + "["))
