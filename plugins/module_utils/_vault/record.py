# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What was written to a Vault and by whom: paths, and a keyed mark of each value that the server never gives back.

It is one KV v2 secret for each owner. Who may read it can test guesses of weak secrets against the marks, so it belongs to those who
configure the Vault and could read more anyway.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .._core.canonical import keyed_digest
from .._core.errors import InputError, ServerError
from .client import Json, VaultClient, VaultError
from .names import folded

_FORMAT = 1
_UPGRADING = "Upgrading from non-versioned"
_UPGRADES_WITHIN = 30.0


@dataclass
class Entry:
    """One recorded path. ``marks`` by field; ``pending`` while a run that began to write it has not said that it ended."""

    kind: str
    marks: dict[str, str] = field(default_factory=dict)
    pending: bool = False
    rotated: str = ""
    """When this collection rotated the root credential that the path holds (UTC)."""
    former: Json | None = None
    """What stood there before, while it is replaced: who is stopped in between finds here what to put back."""


def paths_of_others(client: VaultClient, mount: str, owner: str) -> set[str]:
    """Every path that another owner of the same Vault has on record; none where the token may not list the records."""
    try:
        owners = client.names(f"{mount}/metadata")
    except VaultError as error:
        if error.status != 403:
            raise
        owners = []
    found: set[str] = set()
    for other in owners:
        if other != owner and not other.endswith("/"):
            record = Record(mount, other)
            record.load(client)
            found.update(record.entries)
    return found


class Record:
    """The record of one owner, as it was read and as it will be."""

    def __init__(self, mount: str, owner: str) -> None:
        self.path = f"{mount}/data/{owner}"
        self.entries: dict[str, Entry] = {}
        self.renewing: dict[str, str] = {}
        """What a rotation began to renew and has not said to have ended: where, and since when (or as what)."""
        self.renewed: dict[str, str] = {}
        """When a rotation renewed what the server keeps no time of (UTC)."""
        self._key = secrets.token_bytes(32)
        self._version = 0

    def load(self, client: VaultClient) -> None:
        """Read it; a Vault without one has the empty record. Raises ServerError where it is not ours to understand."""
        try:
            answer = client.find(self.path)
        except VaultError as error:
            if error.status in (400, 403) and "preflight" in str(error):  # what Vault says of a mount that is not there
                return
            raise
        if answer is None:
            return
        try:
            self._version = int(answer["data"]["metadata"]["version"])
        except (KeyError, TypeError):
            mount = self.path.partition("/data/")[0]
            raise InputError(
                f"record_mount: {mount} is no KV engine of version 2; name another mount, it is made where it is missing"
            ) from None
        content = answer["data"].get("data")
        if content is None:
            return
        if content.get("format") != _FORMAT:
            raise ServerError(f"{self.path} is not in a form that this version understands (format {content.get('format')!r})")
        self._key = base64.b64decode(content["key"])
        self.entries = {
            path: Entry(row["kind"], row.get("marks") or {}, bool(row.get("pending")), row.get("rotated") or "", row.get("former"))
            for path, row in content["paths"].items()
        }
        self.renewing = dict(content.get("renewing") or {})
        self.renewed = dict(content.get("renewed") or {})

    def respell(self, declared: Iterable[str]) -> None:
        """Take what is recorded in another spelling of the same name for what is declared."""
        spelt = {folded(path): path for path in self.entries if folded(path) != path}
        for path in declared:
            before = spelt.get(folded(path))
            if before and before != path:
                self.entries[path] = self.entries.pop(before)

    def mark(self, path: str, name: str, value: Any, version: int) -> str:
        """The mark of a value: equal for the same value of the same field and version, and nothing else can be told from it."""
        return keyed_digest(self._key, [path, name, value, version])

    def content(self) -> Json:
        """What is stored."""
        rows: dict[str, Json] = {}
        for path, entry in sorted(self.entries.items()):
            rows[path] = {"kind": entry.kind}
            if entry.marks:
                rows[path]["marks"] = dict(sorted(entry.marks.items()))
            if entry.pending:
                rows[path]["pending"] = True
            if entry.rotated:
                rows[path]["rotated"] = entry.rotated
            if entry.former is not None:
                rows[path]["former"] = entry.former
        more = {name: dict(sorted(kept.items())) for name, kept in (("renewing", self.renewing), ("renewed", self.renewed)) if kept}
        return {"format": _FORMAT, "key": base64.b64encode(self._key).decode(), "paths": rows, **more}

    def save(self, client: VaultClient) -> None:
        """Write it, unless somebody else did since it was read. Raises ServerError."""
        end = time.monotonic() + _UPGRADES_WITHIN
        content = self.content()
        while True:
            try:
                answer = client.write(self.path, {"data": content, "options": {"cas": self._version}})
            except VaultError as error:
                if _UPGRADING in str(error) and time.monotonic() < end:
                    time.sleep(0.1)
                    continue
                if "check-and-set" in str(error):
                    # Where the answer to our own write was lost, its repetition is refused: what stands there is ours all the same.
                    stored = (client.find(self.path) or {}).get("data") or {}
                    if stored.get("data") == content:
                        self._version = int(stored["metadata"]["version"])
                        return
                    raise ServerError(
                        f"another run of the same owner wrote {self.path} meanwhile; let it end and run again (nothing is lost)"
                    ) from error
                raise
            self._version = int(answer["data"]["version"])
            return
