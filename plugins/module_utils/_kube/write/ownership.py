# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Ownership that changes hands: what managedFields are to say after it."""

from __future__ import annotations

from typing import Any

from ..._core.errors import InputError
from ..form.documents import Document
from ..form.fields import merged
from ..plan.examine import Finding


def folded(live: Document, finding: Finding, manager: str) -> list[dict[str, Any]]:
    """A JSON patch of managedFields: the former managers' trees become part of our Apply entry, handed-over fields excepted."""
    names = {entry.get("manager") for entry in finding.former}
    kept, trees = [], []
    own: dict[str, Any] | None = None
    for entry in live["metadata"].get("managedFields") or []:
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            own = dict(entry)
            trees.append(entry.get("fieldsV1") or {})
        elif entry.get("manager") in names and not entry.get("subresource"):
            trees.append(entry.get("fieldsV1") or {})
        else:
            kept.append(entry)
    if not live["metadata"].get("managedFields"):
        trees = [entry.get("fieldsV1") or {} for entry in finding.former]
    tree = merged(trees)
    for seed in finding.subject.seeds:
        _drop(tree, seed.segments)
    own = own or {
        "manager": manager,
        "operation": "Apply",
        "apiVersion": live["apiVersion"],
        "fieldsType": "FieldsV1",
        "time": live["metadata"]["creationTimestamp"],
    }
    if not tree:
        raise InputError(f"{finding.subject.ref.id}: the former managers own nothing")
    version = live["metadata"]["resourceVersion"]
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},
        {"op": "add", "path": "/metadata/managedFields", "value": [*kept, {**own, "fieldsV1": tree}]},
    ]


def holds(tree: Any, members: tuple[str, ...]) -> bool:
    for member in members:
        if not isinstance(tree, dict) or member not in tree:
            return False
        tree = tree[member]
    return True


def _drop(tree: dict[str, Any], members: tuple[str, ...]) -> None:
    here: Any = tree
    for member in members[:-1]:
        here = here.get(member) if isinstance(here, dict) else None
    if isinstance(here, dict):
        here.pop(members[-1], None)
