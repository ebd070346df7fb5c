# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What proves an object right without asking the server about it, and what of that is recorded at each write.

managedFields say who owns which field, but any client may write them. What no client can put back is the resourceVersion, which
every write moves, and the generation, which every change of what is declared moves. Where the record and these two agree nothing
has happened; where they do not, somebody wrote, and the values in our fields decide by their keyed digest.
"""

from __future__ import annotations

import base64
import enum
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.canonical import canonical
from ..form.fields import entry_digest, own_entry
from ..observe.record import PART_OF, Entry
from ..observe.subject import Subject

_UNCOUNTED = {"PriorityClass.scheduling.k8s.io"}
"""Kinds whose generation stands still whatever changes."""
_LABELLING = {("metadata", "labels"), ("metadata", "annotations")}
_MISSING: Any = object()
_ITSELF = {"."}
"""All that is below a map or list of which nothing but that it is there is ours."""


class Verdict(enum.Enum):
    """RIGHT: proven. WRITTEN: somebody wrote to it, the values in our fields must be looked at. UNPROVEN: the server must be asked."""

    RIGHT = "right"
    WRITTEN = "written"
    UNPROVEN = "unproven"


def verdict(subject: Subject, manager: str) -> Verdict:
    """By metadata alone: recorded, the same object and document, nobody took a field from us, nobody wrote what is declared."""
    entry, live = subject.entry, subject.live
    if entry is None or live is None or subject.record is None or entry.uid != live.get("uid"):
        return Verdict.UNPROVEN
    own = own_entry(live, manager)
    if own is None or (live.get("labels") or {}).get(PART_OF) != subject.record.id or entry.desired != subject.desired_digest:
        return Verdict.UNPROVEN
    if entry.own != entry_digest(own) and not _lost_only_labelling(entry, own, subject.body):
        return Verdict.UNPROVEN
    return Verdict.RIGHT if _untouched(subject, entry, live) else Verdict.WRITTEN


def entry_of(subject: Subject, live: Mapping[str, Any], manager: str, overridden: tuple[str, ...] = ()) -> Entry:
    """What is recorded of an object that is right: ``live`` is the whole of it, as the server answered our write."""
    own = own_entry(live["metadata"], manager) or {}
    plain, solid = entry_digest(own), _solid(own, subject.body)
    return Entry(
        live["metadata"]["uid"],
        plain,
        subject.desired_digest,
        overridden,
        stamp_of(live["metadata"]),
        _value(subject, live, own),
        "" if solid == own else entry_digest(solid),
        tuple(sorted(".".join(seed.path) for seed in subject.seeds)),
    )


def same_value(subject: Subject, live: Mapping[str, Any], manager: str) -> bool:
    """Whether our fields of a whole object hold what they held when it was last right."""
    own = own_entry(live["metadata"], manager)
    return own is not None and subject.entry is not None and bool(subject.entry.value) and subject.entry.value == _value(subject, live, own)


def says_the_same(one: Entry | None, other: Entry) -> bool:
    """Whether two entries differ in nothing but when somebody last wrote."""
    return one is not None and all(
        getattr(one, name) == getattr(other, name) for name in ("uid", "desired", "overridden", "value", "claims")
    )


def stamp_of(metadata: Mapping[str, Any]) -> str:
    """``generation/resourceVersion``: what the server alone counts."""
    counted = f"{metadata.get('generation') or ''}/{metadata.get('resourceVersion') or ''}"
    return "" if counted == "/" else counted


def _untouched(subject: Subject, entry: Entry, live: Mapping[str, Any]) -> bool:
    now = stamp_of(live)
    if now == entry.stamp:
        return True
    generation, _slash, _version = entry.stamp.partition("/")
    if not generation or generation != now.partition("/")[0] or subject.ref.group_kind in _UNCOUNTED:
        return False
    # The generation does not count what is in the metadata, and all of that is at hand.
    for name, declared in subject.body["metadata"].items():
        if name in ("labels", "annotations"):
            if not (declared or {}).items() <= (live.get(name) or {}).items():
                return False
        elif name not in ("name", "namespace") and declared:
            return False
    return True


def _lost_only_labelling(entry: Entry, own: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether all that we lost are claims on empty maps of labels or annotations, which others fill: those claimed nothing."""
    if entry.claims != entry_digest(_solid(own, body)):
        return False
    return all(path[-2:] in _LABELLING for path in _lost_claims(own.get("fieldsV1") or {}, body))


def _solid(own: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Our entry without the claims on what our document leaves empty: anybody's addition to it takes such a claim away."""
    return {**own, "fieldsV1": _without_empty(own.get("fieldsV1") or {}, body)}


def _without_empty(tree: Mapping[str, Any], body: Any) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for segment, children in tree.items():
        value = _step(body, segment)
        if not children:
            if not is_empty(value):
                kept[segment] = children
            continue
        inner = _without_empty(children, value)
        if inner:
            kept[segment] = inner
    return kept


def _lost_claims(tree: Mapping[str, Any], body: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths that our document leaves empty and that are no longer ours."""
    if isinstance(body, Mapping):
        for name, value in body.items():
            children = tree.get(f"f:{name}")
            if is_empty(value):
                if children is None:
                    yield (*path, name)
            elif children:
                yield from _lost_claims(children, value, (*path, name))
    elif isinstance(body, list):
        for segment, children in tree.items():
            item = _step(body, segment) if segment.startswith(("k:", "i:")) else None
            if isinstance(item, Mapping):
                yield from _lost_claims(children, item, (*path, segment))


def _value(subject: Subject, live: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """Keyed, because a weak secret could be guessed; 128 bits of it, because thousands of them stand in one Secret."""
    held = _held(own.get("fieldsV1") or {}, live)
    key = subject.record.key if subject.record else b""
    return base64.b64encode(hmac.digest(key, canonical(held), "sha256")[:16]).decode().rstrip("=")


def _held(tree: Mapping[str, Any], live: Any, parent: str = "") -> dict[str, Any]:
    """What is there at the leaves of a tree of fields."""
    found: dict[str, Any] = {}
    for segment, children in tree.items():
        if segment == ".":
            continue
        value = _step(live, segment)
        if children and children.keys() != _ITSELF:
            found[segment] = _held(children, value, segment)
        elif not (parent == "f:metadata" and segment in ("f:labels", "f:annotations")):
            found[segment] = [] if value is _MISSING else [value]
    return found


def _step(here: Any, segment: str) -> Any:
    if segment.startswith("f:"):
        return here.get(segment[2:], _MISSING) if isinstance(here, dict) else _MISSING
    mark, _colon, rest = segment.partition(":")
    if not isinstance(here, list):
        return _MISSING
    wanted = json.loads(rest)
    if mark == "k":
        return next((item for item in here if isinstance(item, dict) and wanted.items() <= item.items()), _MISSING)
    if mark == "v":
        return wanted if wanted in here else _MISSING
    return here[wanted] if mark == "i" and wanted < len(here) else _MISSING


def is_empty(value: Any) -> bool:
    """A map or list without anything in it."""
    return not value and isinstance(value, (dict, list))
