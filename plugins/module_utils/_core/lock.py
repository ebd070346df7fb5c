# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One lock for each system keeps two runs apart. It is taken only when there is something to write.

No clock but this machine's own decides: a lock has expired when nothing of it changed for its whole length while we looked, and ours
is good as long as we renewed it a moment ago by our own clock. The times in it are for people. Where it stands, a provider says.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from .clock import steady
from .errors import GantryError, RefusedError
from .words import clean

SECONDS = 30
"""For so long a holder may be silent."""
_LOOKS_EACH = 1.0


class LockLostError(GantryError):
    """Somebody else took or broke the lock of this run. Nothing more may be written, the records neither."""


class TakenError(Exception):
    """What stands there is not the version that was to be replaced."""


@dataclass(frozen=True)
class Seen:
    """A lock as it stands: ``version`` is another one after every write of it, ``holder`` is empty where nobody has it.

    ``taken`` is when its holder took it and ``shown`` when it showed life last, both by its own clock; ``seconds`` how long it may be
    silent, as it said.
    """

    version: Any
    holder: str = ""
    taken: str = ""
    shown: str = ""
    seconds: Any = None

    @property
    def length(self) -> float:
        """For how long its holder may be silent; a length that is none counts as the usual one."""
        said = self.seconds
        return float(said) if isinstance(said, int) and not isinstance(said, bool) and said > 0 else SECONDS


class RunLock(ABC):
    """Held while a run writes and renewed meanwhile; a run that died leaves it to who sees it unchanged for its whole length.

    ``check`` is asked right before each write: it renews where the last renewal is too long ago, as after a sleep of the machine,
    and raises LockLostError where that is no longer possible. ``patience`` is how many seconds to wait for another run,
    ``waited`` says that there was one, so that what was planned before may be old.
    """

    system = ""
    """What it guards, in words."""
    breaking = ""
    """How somebody who knows that its holder is dead breaks it, in words."""

    def __init__(self, holder: str, patience: float, tell: Callable[[str], None], seconds: float) -> None:
        self._holder = holder
        self._patience = patience
        self._tell = tell
        self._seconds = seconds
        self._stop = threading.Event()
        self._renewing = threading.Lock()
        self._version: Any = None
        self._renewed = 0.0
        self._taken = ""
        self._held = False
        self.waited = False
        self.lost: LockLostError | None = None

    # what a provider says

    @abstractmethod
    def _look(self) -> Seen | None:
        """The lock as it stands; none where there is none."""

    @abstractmethod
    def _put(self, version: Any, held: bool) -> Any:
        """Write it over exactly this version (none: make it), held by us or given back; its new version. Raises TakenError."""

    @abstractmethod
    def _last_words(self) -> AbstractContextManager[None]:
        """Surroundings in which a run that was told to stop may still give it back."""

    @abstractmethod
    def _now(self) -> str:
        """The time as it is written."""

    # its life

    def __enter__(self) -> Self:
        self._acquire()
        self._held = True
        threading.Thread(target=self._keep, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        with self._renewing:
            if self.lost is None and self._held:
                try:
                    with self._last_words():
                        self._put(self._version, held=False)
                except (GantryError, TakenError):
                    return  # it expires by itself; the error that brought us here matters more

    def check(self) -> None:
        """Raise LockLostError unless nobody else can have the lock now. Asks the server only where the last renewal is old."""
        if self.lost is None and steady() - self._renewed > self._seconds * 2 / 3:
            self._renew()
        if self.lost is not None:
            raise self.lost

    # taking it

    def _acquire(self) -> None:
        seen: Seen | None = None
        since = began = steady()
        while True:
            current = self._look()
            if current is None:
                if self._take(None):
                    return
                self.waited = True
                continue
            if current != seen:
                seen, since = current, steady()
            silent = steady() - since
            if not current.holder or current.holder == self._holder or silent >= current.length:
                self.waited = self.waited or bool(current.holder) and current.holder != self._holder
                if self._take(current.version):
                    return
                self.waited = True
                continue
            self.waited = True
            if steady() - began >= self._patience:
                raise self._busy(current, silent)
            self._tell(
                f"waits for the run of {current.holder}, {'no' if silent > self._seconds / 2 else 'last'} sign of life for {silent:.0f} s"
            )
            time.sleep(min(_LOOKS_EACH, max(0.01, current.length - silent), max(0.01, self._patience - (steady() - began))))

    def _busy(self, current: Seen, silent: float) -> RefusedError:
        return RefusedError(
            f"another run is writing to {self.system}: {clean(current.holder)}, since "
            f"{clean(current.taken or current.shown or 'an unknown time')} by its own clock; waited {self._patience:.0f} s for it, and saw "
            f"its last sign of life {silent:.0f} s ago. If it is dead its lock is free once it was silent for {current.length:.0f} s. "
            f"To break it, when you know that it is dead: {self.breaking}",
            holder=current.holder,
        )

    def _take(self, version: Any) -> bool:
        """Take a lock that nobody has (any more): whoever replaces exactly this version of it wins."""
        self._version, self._taken = version, self._now()
        try:
            self._write()
        except TakenError:
            return False
        return True

    # keeping it

    def _keep(self) -> None:
        while not self._stop.wait(self._seconds / 3):
            try:
                self._renew()
            except GantryError:
                continue  # the writer meets the same trouble and reports it
            if self.lost is not None:
                return

    def _renew(self) -> None:
        """One renewal by whoever comes first. Its version proves that nobody had the lock in between."""
        seen = self._renewed
        with self._renewing:
            if self.lost is not None or self._renewed != seen or self._stop.is_set():
                return
            try:
                self._write()
            except TakenError:
                self._renewed = float("-inf")  # until it is known whose the lock is, no write goes out
                self._look_again()

    def _look_again(self) -> None:
        """A renewal is refused as well where its first answer was lost, or somebody labelled the lock; then it is still ours."""
        while (current := self._look()) is not None and self.is_ours(current):
            self._version = current.version
            with contextlib.suppress(TakenError):  # somebody writes to it right now; whose it is then is looked at once more
                self._write()
                return
        self.lose(current.holder if current else "")

    def is_ours(self, seen: Seen) -> bool:
        """Whether this run holds it, whoever else wrote to it."""
        return (seen.holder, seen.taken) == (self._holder, self._taken)

    def lose(self, taker: str) -> LockLostError:
        """From now on nothing more may be written."""
        self.lost = LockLostError(
            f"this run's lock was taken or broken by somebody else{f' ({clean(taker)})' if taker else ''}; it stopped writing, its records "
            "included. What it wrote until then stands. Run again: the next plan shows what is left",
            lock_lost=True,
        )
        return self.lost

    def _write(self) -> None:
        began = steady()
        self._version = self._put(self._version, held=True)
        self._renewed = began


def holder_name(environment: Mapping[str, str]) -> str:
    """Who runs, as the lock shows it: user@machine and a number of this run."""
    user = environment.get("USER") or environment.get("LOGNAME") or pwd.getpwuid(os.getuid()).pw_name
    return f"{user}@{socket.gethostname()} {secrets.token_hex(4)}"
