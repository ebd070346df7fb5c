# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What one owner wrote to an API: which things, where the server keeps them, and a keyed mark of each value that it never gives back.

It lies in a store that a provider brings, one document for each owner, and while a run writes it says who that is: it is the lock as well.
Who may read it can test guesses of weak secrets against the marks, so it belongs to those who may read more anyway.
"""

from __future__ import annotations

import base64
import datetime
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from .canonical import keyed_digest
from .errors import GantryError, ServerError
from .lock import SECONDS, RunLock, Seen, TakenError

Json = dict[str, Any]
_FORMAT = 1


class NowhereError(GantryError):
    """What would hold the record is not there."""


class Store(Protocol):
    """Where the records of all owners of a system lie; this one is one owner's. A version is another one after every write."""

    @property
    def name(self) -> str:
        """What a message calls it."""

    @property
    def system(self) -> str:
        """What its lock guards, in words."""

    @property
    def breaking(self) -> str:
        """How somebody who knows that its holder is dead breaks the lock, in words."""

    @property
    def identity(self) -> list[str]:
        """Whose it is and where it lies: a part of what every plan is about."""

    def read(self) -> tuple[Any, Json | None]:
        """The version and the document, ``(0, none)`` where there is none. Raises NowhereError, GantryError."""

    def write(self, version: Any, content: Json) -> Any:
        """Write it over exactly this version; its new one. Raises TakenError where another one stands there, and GantryError."""

    def others(self) -> Iterable[tuple[str, Json]]:
        """Every other owner and its document; none where they may not be read."""

    def last_words(self) -> AbstractContextManager[None]:
        """Surroundings in which a run that was told to stop may still give the lock back."""


@dataclass
class Entry:
    """One recorded thing. ``marks`` by field; ``pending`` while a run that began to write it has not said that it ended."""

    kind: str
    marks: dict[str, str] = field(default_factory=dict)
    pending: bool = False
    rotated: str = ""
    """When this collection rotated the root credential that it holds (UTC)."""
    former: Json | None = None
    """What stood there before, while it is replaced: who is stopped in between finds here what to put back."""
    place: str = ""
    """The server's own id of it, where that is not its name: with it it is read at once, and found after it was renamed."""
    parent: str = ""
    """What it lies in, by the id of that."""
    fields: tuple[str, ...] = ()
    """Which fields were declared, where the kind wants those that no longer are set back."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Entry:
        """As it is stored."""
        return cls(
            row["kind"],
            dict(row.get("marks") or {}),
            bool(row.get("pending")),
            row.get("rotated") or "",
            row.get("former"),
            row.get("place") or "",
            row.get("parent") or "",
            tuple(row.get("fields") or ()),
        )

    def as_stored(self) -> Json:
        """Without what says nothing."""
        row: Json = {"kind": self.kind}
        if self.marks:
            row["marks"] = dict(sorted(self.marks.items()))
        if self.former is not None:
            row["former"] = self.former
        rest = {"pending": self.pending, "rotated": self.rotated, "place": self.place, "parent": self.parent, "fields": list(self.fields)}
        return row | {name: value for name, value in rest.items() if value}


class Record:
    """The record of one owner, as it was read and as it will be."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.version: Any = 0
        """The version that was read or written last."""
        self.may_write: Callable[[], None] = lambda: None
        """Asked before each save: a lock that is held sets it."""
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

    @property
    def missing(self) -> bool:
        """Whether there is none: nothing was written here yet, or it was lost."""
        return self._there is None

    def look(self) -> Json:
        """Who runs, as it stands there now: ``{holder, since, until, seconds}``, empty where nobody does. Raises NowhereError, GantryError."""
        with self._writing:
            self.version, content = self.store.read()
            run = (content or {}).get("run")
            self._there = None if content is None else {name: value for name, value in content.items() if name != "run"}
            return dict(run) if isinstance(run, Mapping) else {}

    def hold(self, run: Json | None) -> Any:
        """Say who runs (none: nobody) over exactly the version that was read or written last, and nothing else; the new one."""
        with self._writing:
            self._write(self.content() if self._there is None else self._there, run)
            return self.version

    def load(self) -> None:
        """Read it; where there is none it is empty. Raises ServerError where it is not ours to understand."""
        self._empty()
        try:
            self.look()
        except NowhereError:
            self.version, self._there = 0, None
        content = self._there
        if content is None:
            return
        self.entries = _entries(self.store.name, content)
        self._key = base64.b64decode(content["key"])
        self.renewing = dict(content.get("renewing") or {})
        self.renewed = dict(content.get("renewed") or {})

    def others(self) -> dict[str, str]:
        """Every id that another owner has on record, and whose it is."""
        return {id_: owner for owner, content in self.store.others() for id_ in _entries(f"the record of {owner}", content)}

    def respell(self, declared: Iterable[str], folded: Callable[[str], str]) -> None:
        """Take what is recorded in another spelling of the same name for what is declared."""
        spelt = {folded(id_): id_ for id_ in self.entries if folded(id_) != id_}
        for id_ in declared:
            before = spelt.get(folded(id_))
            if before and before != id_:
                self.entries[id_] = self.entries.pop(before)

    def mark(self, id_: str, name: str, value: Any, version: int) -> str:
        """The mark of a value: equal for the same value of the same field and version, and nothing else can be told from it."""
        return keyed_digest(self._key, [id_, name, value, version])

    def content(self) -> Json:
        """What is stored."""
        rows = {id_: entry.as_stored() for id_, entry in sorted(self.entries.items())}
        more = {name: dict(sorted(kept.items())) for name, kept in (("renewing", self.renewing), ("renewed", self.renewed)) if kept}
        return {"format": _FORMAT, "key": base64.b64encode(self._key).decode(), "paths": rows, **more}

    def save(self) -> None:
        """Write it, unless somebody else did since it was read. Raises ServerError, and LockLostError where another run has the lock."""
        self.may_write()  # before it is our turn: it may renew the lock, which is written to the same place
        with self._writing:
            try:
                self._write(self.content(), self._run)
            except TakenError:
                raise ServerError(
                    f"another run of the same owner wrote {self.store.name} meanwhile; let it end and run again (nothing is lost)"
                ) from None

    def _write(self, content: Json, run: Json | None) -> None:
        self.version = self.store.write(self.version, content | ({"run": run} if run else {}))
        self._there, self._run = content, run


def _entries(name: str, content: Mapping[str, Any]) -> dict[str, Entry]:
    if content.get("format") != _FORMAT:
        raise ServerError(f"{name} is not in a form that this version understands (format {content.get('format')!r})")
    return {id_: Entry.of(row) for id_, row in content["paths"].items()}


class RecordLock(RunLock):
    """``moved`` says that the record is not the one that was read before: what was planned on it may be old.

    The record's own saves go over the lock's last version, and the lock's over theirs: both are the same document.
    """

    def __init__(self, record: Record, holder: str, patience: float, tell: Callable[[str], None]) -> None:
        super().__init__(holder, patience, tell, SECONDS)
        self.system, self.breaking = record.store.system, record.store.breaking
        self._record = record
        self._planned_on = self._taken_over = record.version
        record.may_write = self.check

    @property
    def moved(self) -> bool:
        """Whether to plan again, once it is held."""
        return self.waited or self._taken_over != self._planned_on

    def check(self) -> None:
        """As that of every lock; before it was taken there is nothing to ask."""
        if self._held:
            super().check()

    def _look(self) -> Seen:
        run = self._record.look()
        holder, since, until = (str(run.get(name) or "") for name in ("holder", "since", "until"))
        return Seen(self._record.version, holder, since, until, run.get("seconds"))

    def _put(self, version: Any, held: bool) -> Any:
        if not self._held:
            self._taken_over = version
        until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=self._seconds)
        run = {"holder": self._holder, "since": self._taken, "until": f"{until:%Y-%m-%dT%H:%M:%SZ}", "seconds": self._seconds}
        return self._record.hold(run if held else None)

    def _last_words(self) -> AbstractContextManager[None]:
        return self._record.store.last_words()

    def _now(self) -> str:
        return f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
