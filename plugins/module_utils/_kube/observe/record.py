# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Apply sets and their records: what we own, and what it looked like when we last wrote it.

The parent is a Secret in the wire format of KEP-3659, so other ApplySet tools can read it. Its ``record`` holds, per object,
the uid, a digest of our managedFields entry, keyed digests of the desired document and of what is in our fields, and what the
server counted at our last write (``proof.py``); its ``key`` is that key.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
import secrets
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..._core.errors import InputError
from ..form.kinds import Ref

ID_LABEL = "applyset.kubernetes.io/id"
PART_OF = "applyset.kubernetes.io/part-of"
OWNER_LABEL = "gantry.dev/owner"
TOOLING = "kube_apply/v1"
_TOOLING = "applyset.kubernetes.io/tooling"
_KINDS = "applyset.kubernetes.io/contains-group-kinds"
_NAMESPACES = "applyset.kubernetes.io/additional-namespaces"
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Entry:
    """What is recorded of one object. An intended object, not yet written, has an empty ``uid``."""

    uid: str = ""
    own: str = ""
    desired: str = ""
    overridden: tuple[str, ...] = ()
    """Paths in which the server's answer differed from what we sent (a mutating webhook's doing)."""
    stamp: str = ""
    """Generation and resourceVersion of our last write, which no client can put back; empty in records of before."""
    value: str = ""
    """Keyed digest of the values in our fields; empty in records of before."""
    solid: str = ""
    """As ``own``, without claims on what the document leaves empty; empty where that is the same."""
    handed: tuple[str, ...] = ()
    """Fields that were handed over to a controller: whoever holds them now has them from us."""

    @property
    def claims(self) -> str:
        """Digest of what we own that says something."""
        return self.solid or self.own

    def row(self, identity: str) -> list[Any]:
        """The entry as the record has it; readers of before look at no more than the first five columns."""
        said: dict[str, Any] = {"at": self.stamp, "is": self.value, "solid": self.solid, "handed": list(self.handed)}
        more = {key: value for key, value in said.items() if value}
        row: list[Any] = [identity, self.uid, self.own, self.desired]
        return row + ([list(self.overridden), more] if more else [list(self.overridden)] if self.overridden else [])

    @classmethod
    def of_row(cls, row: list[Any]) -> Entry:
        """The inverse of ``row``. Raises what a wrong form of it raises."""
        _identity, uid, own, desired, *rest = row
        overridden = tuple(rest[0]) if rest else ()
        more = rest[1] if len(rest) > 1 else {}
        stamp, value, solid = str(more.get("at") or ""), str(more.get("is") or ""), str(more.get("solid") or "")
        return cls(uid, own, desired, overridden, stamp, value, solid, tuple(more.get("handed") or ()))


@dataclass
class SetRecord:
    """One apply set as it stands in the cluster, or a new one."""

    name: str
    namespace: str
    owner: str
    key: bytes
    objects: dict[Ref, Entry] = field(default_factory=dict)
    unready: set[Ref] = field(default_factory=set)
    """Written by a run that did not see them become ready."""
    done: set[Ref] = field(default_factory=set)
    """Jobs that were seen to complete: gone, they are not missing."""
    exists: bool = False
    version: str = ""
    """The resourceVersion that was read: the record is saved over no other."""
    stored: str = ""
    """The text of ``record`` that was read or saved last."""
    former: SetRecord | None = None
    """The same set where its record was before, while it moves."""

    @functools.cached_property
    def id(self) -> str:
        """KEP-3659: ``applyset-<base64url(sha256("name.namespace.kind.group"))>-v1``."""
        hashed = hashlib.sha256(f"{self.name}.{self.namespace}.Secret.".encode()).digest()
        return f"applyset-{base64.urlsafe_b64encode(hashed).rstrip(b'=').decode()}-v1"

    @property
    def ids(self) -> set[str]:
        """Every id under which objects of this set may be found."""
        return {self.id} | (self.former.ids if self.former else set())

    def with_intended(self, refs: Iterable[Ref]) -> SetRecord:
        """The record widened by objects that are about to be written: a crash after that orphans none."""
        widened = {ref: Entry() for ref in refs} | self.objects
        return replace(self, objects=widened)

    def body(self) -> dict[str, Any]:
        """The parent Secret. Raises InputError when the record does not fit into one."""
        rows = [entry.row(ref.id) for ref, entry in sorted(self.objects.items())]
        content: dict[str, Any] = {"version": 1, "objects": rows}
        if self.unready:
            content["unready"] = sorted(ref.id for ref in self.unready)
        if self.done:
            content["done"] = sorted(ref.id for ref in self.done)
        packed = gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0)
        if len(packed) > _MOST_BYTES:
            raise InputError(f"set {self.name}: the record of {len(rows)} objects does not fit into one Secret; split the set")
        kinds = sorted({ref.group_kind for ref in self.objects})
        namespaces = sorted({ref.namespace for ref in self.objects if ref.namespace} - {self.namespace})
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                # "1" is the version of nothing: a record that is new must not be there yet.
                "resourceVersion": self.version or "1",
                "labels": {ID_LABEL: self.id, OWNER_LABEL: self.owner, "app.kubernetes.io/managed-by": "gantry.platform"},
                "annotations": {_TOOLING: TOOLING, _KINDS: ",".join(kinds), _NAMESPACES: ",".join(namespaces)},
            },
            "type": "Opaque",
            "data": {"record": _encode(packed), "key": _encode(self.key)},
        }


def new_record(name: str, namespace: str, owner: str, version: str = "") -> SetRecord:
    """The record of a set that the cluster does not know yet; ``version`` is that of a spoilt Secret in its place."""
    return SetRecord(name, namespace, owner, secrets.token_bytes(32), version=version)


def read_record(secret: Mapping[str, Any]) -> SetRecord:
    """The set of a parent Secret. A record that cannot be read counts as lost: every object is then looked at again."""
    metadata = secret["metadata"]
    tooling = (metadata.get("annotations") or {}).get(_TOOLING) or ""
    if tooling.partition("/")[0] != TOOLING.partition("/")[0]:
        raise InputError(
            f"Secret {metadata['namespace']}/{metadata['name']} is the parent of an apply set of another tool ({tooling or 'unnamed'}); "
            "choose another name for the set"
        )
    data = secret.get("data") or {}
    record = SetRecord(
        metadata["name"],
        metadata["namespace"],
        (metadata.get("labels") or {}).get(OWNER_LABEL) or "",
        base64.b64decode(data.get("key") or "") or secrets.token_bytes(32),
        exists=True,
        version=str(metadata.get("resourceVersion") or ""),
        stored=str(data.get("record") or ""),
    )
    try:
        content = json.loads(gzip.decompress(base64.b64decode(data["record"])))
        for row in content["objects"]:
            record.objects[Ref.parse(row[0])] = Entry.of_row(row)
        record.unready = {Ref.parse(item) for item in content.get("unready") or []}
        record.done = {Ref.parse(item) for item in content.get("done") or []}
    except (AttributeError, EOFError, LookupError, OSError, TypeError, ValueError, zlib.error):
        record.objects, record.unready, record.done = {}, set(), set()
    return record


def who_has(metadata: Mapping[str, Any], owner: str) -> str:
    """Whose a Secret without our label is that lies where a set of ``owner`` has its record; empty where it is that set's own, spoilt."""
    tooling = (metadata.get("annotations") or {}).get(_TOOLING) or ""
    if tooling.partition("/")[0] != TOOLING.partition("/")[0]:
        return "is somebody else's"
    other = (metadata.get("labels") or {}).get(OWNER_LABEL) or owner
    return "" if other == owner else f"is the record of a set of the owner {other}"


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()
