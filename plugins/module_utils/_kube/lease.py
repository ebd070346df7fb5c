# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One Lease per cluster keeps two runs apart. It is taken only when there is something to write.

No clock but this machine's own decides: a lock has expired when nothing of it changed for its whole length while we looked, and ours
is good as long as we renewed it a moment ago by our own clock. The times in the Lease are for people.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from .._core.clock import steady
from .._core.errors import GantryError, LostAnswerError, RefusedError
from .._core.words import clean
from .client import Document, KubeClient
from .errors import ApiError
from .kinds import Kind

LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases", True)
NAME = "gantry-run"
SECONDS = 30
RUN = "gantry.dev/run"
"""Annotation: the run that wrote last, as its report and its record name it."""
WRITTEN = "gantry.dev/written"
"""Annotation: how much of its plan that run has written, once it gave the lock back."""
_LOOKS_EACH = 1.0


class LockLostError(GantryError):
    """Somebody else took or broke the lock of this run. Nothing more may be written, the records neither."""


class RunLease:
    """Held while the writer writes and renewed meanwhile; a run that died leaves it to who sees it unchanged for 30 s.

    ``check`` is asked right before each write: it renews where the last renewal is too long ago, as after a sleep of the machine,
    and raises LockLostError where that is no longer possible. ``patience`` is how many seconds to wait for another run,
    ``waited`` says that there was one, so that what was planned before may be old. ``written`` is told to whom reads the lock.
    """

    def __init__(
        self,
        client: KubeClient,
        namespace: str,
        holder: str,
        patience: float = 0.0,
        tell: Callable[[str], None] = lambda text: None,
        run: str = "",
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._holder = holder
        self._patience = patience
        self._tell = tell
        self._run = run
        self._stop = threading.Event()
        self._renewing = threading.Lock()
        self._version = ""
        self._renewed = 0.0
        self._acquired = ""
        self._thread: threading.Thread | None = None
        self.waited = False
        self.written = ""
        self.lost: LockLostError | None = None

    def __enter__(self) -> RunLease:
        self._acquire()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        with self._renewing:
            if self.lost is None and self._version:
                try:
                    with self._client.pool.last_words():
                        self._write(held=False)
                except GantryError:
                    return  # it expires by itself; the error that brought us here matters more

    def check(self) -> None:
        """Raise LockLostError unless nobody else can have the lock now. Asks the server only where the last renewal is old."""
        if self.lost is None and steady() - self._renewed > SECONDS * 2 / 3:
            self._renew()
        if self.lost is not None:
            raise self.lost

    # taking it

    def _acquire(self) -> None:
        seen: Any = None
        since = began = steady()
        while True:
            current = self._client.find(LEASE.path(self._namespace, NAME))
            if current is None:
                if self._create():
                    return
                self.waited = True
                continue
            spec = current.get("spec") or {}
            holder = spec.get("holderIdentity") or ""
            life = (current["metadata"].get("uid"), current["metadata"]["resourceVersion"], holder)
            if life != seen:
                seen, since = life, steady()
            silent = steady() - since
            if not holder or holder == self._holder or silent >= _length(spec):
                self.waited = self.waited or bool(holder) and holder != self._holder
                if self._take(current):
                    return
                self.waited = True
                continue
            self.waited = True
            if steady() - began >= self._patience:
                raise self._held(spec, holder, silent)
            self._tell(f"waits for the run of {holder}, {'no' if silent > SECONDS / 2 else 'last'} sign of life for {silent:.0f} s")
            time.sleep(min(_LOOKS_EACH, max(0.01, _length(spec) - silent), max(0.01, self._patience - (steady() - began))))

    def _held(self, spec: Mapping[str, Any], holder: str, silent: float) -> RefusedError:
        return RefusedError(
            f"another run is writing to this cluster: {clean(holder)}, since {spec.get('acquireTime') or spec.get('renewTime') or 'an unknown time'} "
            f"by its own clock; waited {self._patience:.0f} s for it, and saw its last sign of life {silent:.0f} s ago. "
            f"If it is dead its lock is free once it was silent for {_length(spec):.0f} s. "
            f"To break it, when you know that it is dead: kubectl -n {self._namespace} delete lease {NAME}",
            holder=holder,
        )

    def _create(self) -> bool:
        self._acquired = _stamp()
        began = steady()
        try:
            made = self._client.create(LEASE.path(self._namespace), self._body(held=True), "gantry-run")
        except LostAnswerError:
            return False  # what is there now says whose it is
        except ApiError as error:
            if error.status == 409:
                return False
            raise
        self._version, self._renewed = made["metadata"]["resourceVersion"], began
        return True

    def _take(self, current: Document) -> bool:
        """Take a lock that nobody has any more: whoever replaces exactly this version of it wins."""
        self._version = current["metadata"]["resourceVersion"]
        self._acquired = _stamp()
        try:
            self._write(held=True)
        except ApiError as error:
            if error.status in (404, 409):
                return False
            raise
        return True

    # keeping it

    def _keep(self) -> None:
        while not self._stop.wait(SECONDS / 3):
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
                self._write(held=True)
            except ApiError as error:
                if error.status not in (404, 409):
                    raise
                self._renewed = float("-inf")  # until it is known whose the lock is, no write goes out
                self._look_again(error)

    def _look_again(self, refused: ApiError) -> None:
        """A renewal is refused as well where its first answer was lost, or somebody labelled the Lease; then the lock is still ours."""
        current = self._client.find(LEASE.path(self._namespace, NAME)) if refused.status == 409 else None
        spec = (current or {}).get("spec") or {}
        if current is not None and (spec.get("holderIdentity"), spec.get("acquireTime")) == (self._holder, self._acquired):
            self._version = current["metadata"]["resourceVersion"]
            self._write(held=True)
            return
        taker = spec.get("holderIdentity")
        self.lost = LockLostError(
            f"this run's lock was taken or broken by somebody else{f' ({clean(taker)})' if taker else ''}; it stopped writing, its records "
            "included. What it wrote until then stands. Run again: the next plan shows what is left",
            lock_lost=True,
        )

    def _write(self, held: bool) -> None:
        body = self._body(held)
        body["metadata"]["resourceVersion"] = self._version
        began = steady()
        answer = self._client.replace(LEASE.path(self._namespace, NAME), body, "gantry-run")
        self._version, self._renewed = answer["metadata"]["resourceVersion"], began

    def _body(self, held: bool) -> Document:
        spec: Document = {"leaseDurationSeconds": SECONDS, "renewTime": _stamp()}
        if held:
            spec |= {"holderIdentity": self._holder, "acquireTime": self._acquired}
        said = {RUN: self._run, WRITTEN: "" if held else self.written}
        return {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {
                "name": NAME,
                "namespace": self._namespace,
                "labels": {"app.kubernetes.io/managed-by": "gantry.platform"},
                "annotations": {name: value for name, value in said.items() if value},
            },
            "spec": spec,
        }


def lock_of(lease: Document | None) -> dict[str, str] | None:
    """What the lock says of the run that wrote last: ``run``, ``written``, ``since``, and ``holder`` where it was not given back."""
    if lease is None:
        return None
    said, spec = lease["metadata"].get("annotations") or {}, lease.get("spec") or {}
    found = {"run": said.get(RUN), "written": said.get(WRITTEN), "since": spec.get("acquireTime"), "holder": spec.get("holderIdentity")}
    return {name: str(value or "") for name, value in found.items()}


def _length(spec: Mapping[str, Any]) -> float:
    """For how long its holder may be silent, as the holder said."""
    said = spec.get("leaseDurationSeconds")
    return float(said) if isinstance(said, int) and not isinstance(said, bool) and said > 0 else float(SECONDS)


def _stamp() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
