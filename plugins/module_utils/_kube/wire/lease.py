# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The lock of a cluster: one Lease, which also says which run wrote last and how much."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import AbstractContextManager

from ..._core.errors import LostAnswerError
from ..._core.lock import SECONDS, RunLock, Seen, TakenError
from ..form.kinds import Kind
from .client import Document, KubeClient
from .errors import ApiError

LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases", True)
NAME = "gantry-run"
RUN = "gantry.dev/run"
"""Annotation: the run that wrote last, as its report and its record name it."""
WRITTEN = "gantry.dev/written"
"""Annotation: how much of its plan that run has written, once it gave the lock back."""


class RunLease(RunLock):
    """``written`` is told to whom reads the lock."""

    system = "this cluster"

    def __init__(
        self,
        client: KubeClient,
        namespace: str,
        holder: str,
        patience: float = 0.0,
        tell: Callable[[str], None] = lambda text: None,
        run: str = "",
    ) -> None:
        super().__init__(holder, patience, tell, SECONDS)
        self.breaking = f"kubectl -n {namespace} delete lease {NAME}"
        self.written = ""
        self._client = client
        self._namespace = namespace
        self._run = run

    def _look(self) -> Seen | None:
        current = self._client.find(LEASE.path(self._namespace, NAME))
        if current is None:
            return None
        spec, metadata = current.get("spec") or {}, current["metadata"]
        version, holder = (metadata.get("uid"), metadata["resourceVersion"]), spec.get("holderIdentity") or ""
        return Seen(version, holder, str(spec.get("acquireTime") or ""), str(spec.get("renewTime") or ""), spec.get("leaseDurationSeconds"))

    def _put(self, version: tuple[str, str] | None, held: bool) -> tuple[str, str]:
        body = self._body(held)
        try:
            if version is None:
                answer = self._client.create(LEASE.path(self._namespace), body, "gantry-run")
            else:
                body["metadata"]["resourceVersion"] = version[1]
                answer = self._client.replace(LEASE.path(self._namespace, NAME), body, "gantry-run")
        except LostAnswerError as error:
            raise TakenError from error  # what is there now says whose it is
        except ApiError as error:
            if error.status == 409 or (error.status == 404 and version is not None):
                raise TakenError from error
            raise
        return answer["metadata"].get("uid"), answer["metadata"]["resourceVersion"]

    def _last_words(self) -> AbstractContextManager[None]:
        return self._client.pool.last_words()

    def _now(self) -> str:
        return _stamp()

    def _body(self, held: bool) -> Document:
        spec: Document = {"leaseDurationSeconds": SECONDS, "renewTime": _stamp()}
        if held:
            spec |= {"holderIdentity": self._holder, "acquireTime": self._taken}
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


def _stamp() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
