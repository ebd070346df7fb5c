# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One Lease per cluster keeps two runs apart. It is taken only when there is something to write."""

from __future__ import annotations

import datetime
import threading
from types import TracebackType
from typing import Any

from .._core.errors import GantryError, RefusedError
from .client import KubeClient
from .errors import ApiError
from .kinds import Kind

LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases", True)
NAME = "gantry-run"
SECONDS = 30


class RunLease:
    """Held while the writer writes and renewed meanwhile; a run that died lets it expire after 30 s.

    ``lost`` is set when somebody else took it: the writer then stops.
    """

    def __init__(self, client: KubeClient, namespace: str, holder: str) -> None:
        self._client = client
        self._namespace = namespace
        self._holder = holder
        self._stop = threading.Event()
        self._version = ""
        self._thread: threading.Thread | None = None
        self.lost: GantryError | None = None

    def __enter__(self) -> RunLease:
        self._acquire()
        self._thread = threading.Thread(target=self._renew, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        if self.lost is None and self._version:
            try:
                self._write(held=False)
            except GantryError:
                return  # it expires by itself; the error that brought us here matters more

    def _acquire(self) -> None:
        current = self._client.find(LEASE.path(self._namespace, NAME))
        if current is None:
            try:
                body = self._body(held=True)
                self._version = self._client.create(LEASE.path(self._namespace), body, "gantry-run")["metadata"]["resourceVersion"]
                return
            except ApiError as error:
                if error.status != 409:
                    raise
                current = self._client.get(LEASE.path(self._namespace, NAME))
        self._refuse_held(current)
        self._version = current["metadata"]["resourceVersion"]
        try:
            self._write(held=True)
        except ApiError as error:
            if error.status == 409:
                self._refuse_held(self._client.get(LEASE.path(self._namespace, NAME)))
            raise

    def _refuse_held(self, lease: dict[str, Any]) -> None:
        spec = lease.get("spec") or {}
        holder, renewed = spec.get("holderIdentity") or "", _parse(spec.get("renewTime"))
        if not holder or holder == self._holder or renewed is None:
            return
        age = (_now() - renewed).total_seconds()
        since = _parse(spec.get("acquireTime")) or renewed
        seconds = spec.get("leaseDurationSeconds") or SECONDS
        if age < seconds:
            raise RefusedError(
                f"another run is writing to this cluster: {holder}, for {int((_now() - since).total_seconds())} s, last sign of life {int(age)} s ago. "
                f"Wait for it; if it is dead its lock expires in {int(seconds - age) + 1} s. "
                f"To break it now: kubectl -n {self._namespace} delete lease {NAME}",
                holder=holder,
            )

    def _write(self, held: bool) -> None:
        body = self._body(held)
        body["metadata"]["resourceVersion"] = self._version
        self._version = self._client.replace(LEASE.path(self._namespace, NAME), body, "gantry-run")["metadata"]["resourceVersion"]

    def _body(self, held: bool) -> dict[str, Any]:
        stamp = _now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec: dict[str, Any] = {"leaseDurationSeconds": SECONDS, "renewTime": stamp}
        if held:
            spec["holderIdentity"] = self._holder
            self._acquired = getattr(self, "_acquired", stamp)
            spec["acquireTime"] = self._acquired
        return {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {"name": NAME, "namespace": self._namespace, "labels": {"app.kubernetes.io/managed-by": "gantry.platform"}},
            "spec": spec,
        }

    def _renew(self) -> None:
        while not self._stop.wait(SECONDS / 3):
            try:
                self._write(held=True)
            except ApiError as error:
                if error.status in (404, 409):
                    self.lost = RefusedError("this run's lock was taken or broken by somebody else; it stopped writing")
                    return
            except GantryError:
                continue  # the writer meets the same trouble and reports it


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _parse(stamp: Any) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(str(stamp).replace("Z", "+00:00"))
    except ValueError:
        return None
