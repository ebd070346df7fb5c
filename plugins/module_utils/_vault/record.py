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
import threading
import time
from collections.abc import Iterable, Mapping
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
        self.mount = mount
        self.owner = owner
        self.path = f"{mount}/data/{owner}"
        self.version = 0
        """The version that was read or written last."""
        self._there: Json | None = None
        """What that version holds, without who runs."""
        self._run: Json | None = None
        self._writing = threading.Lock()
        self._empty()

    def _empty(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.renewing: dict[str, str] = {}
        """What a rotation began to renew and has not said to have ended: where, and since when (or as what)."""
        self.renewed: dict[str, str] = {}
        """When a rotation renewed what the server keeps no time of (UTC)."""
        self._key = secrets.token_bytes(32)

    def look(self, client: VaultClient) -> Json:
        """Who runs, as it stands there now: ``{holder, since, until, seconds}``, empty where nobody does. Raises VaultError, InputError."""
        with self._writing:
            answer = client.find(self.path)
            content = self._read(answer) if answer is not None else None
            self.version = 0 if answer is None else self._version_of(answer)
            run = (content or {}).get("run")
            self._there = None if content is None else {name: value for name, value in content.items() if name != "run"}
            return dict(run) if isinstance(run, Mapping) else {}

    def hold(self, client: VaultClient, run: Json | None) -> int:
        """Say who runs (none: nobody) over exactly the version that was read or written last, and nothing else; the new one."""
        with self._writing:
            there = self.content() if self._there is None else self._there
            self._write(client, there, run)
            return self.version

    def load(self, client: VaultClient) -> None:
        """Read it; a Vault without one has the empty record. Raises ServerError where it is not ours to understand."""
        self._empty()
        try:
            self.look(client)
        except VaultError as error:
            if not is_nowhere(error):
                raise
        content = self._there
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

    def _version_of(self, answer: Json) -> int:
        try:
            return int(answer["data"]["metadata"]["version"])
        except (KeyError, TypeError):
            raise InputError(
                f"record_mount: {self.mount} is no KV engine of version 2; name another mount, it is made where it is missing"
            ) from None

    def _read(self, answer: Json) -> Json | None:
        self._version_of(answer)
        content: Json | None = answer["data"].get("data")
        return content

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
        """Write it, unless somebody else did since it was read. Raises ServerError, and LockLostError where another run has the lock."""
        client.may_write()  # before it is our turn: it may renew the lock, which is written to the same place
        with self._writing:
            try:
                self._write(client.guarded(lambda: None), self.content(), self._run)
            except VaultError as error:
                if not is_outrun(error):
                    raise
                raise ServerError(
                    f"another run of the same owner wrote {self.path} meanwhile; let it end and run again (nothing is lost)"
                ) from error

    def _write(self, client: VaultClient, content: Json, run: Json | None) -> None:
        end = time.monotonic() + _UPGRADES_WITHIN
        body = content | ({"run": run} if run else {})
        while True:
            try:
                answer = client.write(self.path, {"data": body, "options": {"cas": self.version}})
            except VaultError as error:
                if _UPGRADING in str(error) and time.monotonic() < end:
                    time.sleep(0.1)
                    continue
                if is_outrun(error):
                    # Where the answer to our own write was lost, its repetition is refused: what stands there is ours all the same.
                    stored = (client.find(self.path) or {}).get("data") or {}
                    if stored.get("data") == body:
                        answer = {"data": stored["metadata"]}
                        break
                raise
            break
        self.version, self._there, self._run = int(answer["data"]["version"]), content, run


def is_outrun(error: VaultError) -> bool:
    """Whether a write was refused because another one was first."""
    return "check-and-set" in str(error)


def is_nowhere(error: VaultError) -> bool:
    """What Vault says of a mount that is not there."""
    return error.status in (400, 403) and "preflight" in str(error) or error.status == 404 and "no handler for route" in str(error)
