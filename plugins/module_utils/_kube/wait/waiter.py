# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Waiting for objects to become ready: one watch per kind, all objects together, and an early end where one cannot succeed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..._core.concurrency import map_threads
from ..._core.errors import TimeoutExceededError, UnreachableError
from ..._core.http import StreamRefused
from ..._core.words import clean
from ..form.kinds import Kind, Ref
from ..wire.client import KubeClient
from ..wire.errors import ApiError
from .readiness import READY, Readiness, State, ended, readiness

_EVENT = Kind("", "v1", "Event", "events", True)
_STORAGE_CLASS = Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", False)
_SHORT_WATCH = 2.0
_SHOWN = 10
_GAVE_UP = ("BackoffLimitExceeded", "DeadlineExceeded", "FailedIndexes", "MaxFailedIndexesExceeded", "PodFailurePolicy")
"""Reasons of the events that a Job's controller leaves about a Job that failed."""


class NotReadyError(TimeoutExceededError):
    """Objects that failed or did not become ready in time; ``refs`` are theirs."""

    def __init__(self, message: str, refs: set[Ref], **details: Any) -> None:
        super().__init__(message, **details)
        self.refs = refs


class Waiter:
    """Waits for a set of objects; ``selector`` is a label selector that all of them meet. ``tell`` hears how many are still missing whenever that changes."""

    def __init__(self, client: KubeClient, seconds: float, selector: str = "", tell: Callable[[str], None] = lambda text: None) -> None:
        self._client = client
        self._deadline = time.monotonic() + seconds
        self._seconds = seconds
        self._selector = selector
        self._tell = tell
        self._states: dict[Ref, Readiness] = {}
        self._vanishing: Mapping[Ref, str] = {}
        self.completed: set[Ref] = set()
        """Jobs that were seen to complete, or that their TTL took without a word of failure."""
        self._lock = threading.Lock()
        self._failed = threading.Event()

    def wait(self, targets: Mapping[Ref, Kind], vanishing: Mapping[Ref, str] | None = None) -> None:
        """Return when all are ready. Raises NotReadyError that names each object, its reason and its last events.

        ``vanishing`` are Jobs with a TTL that were there, with their uids: where one is gone, it has ended.
        """
        self._vanishing = vanishing or {}
        self._states = {ref: Readiness(State.WAITING, "not seen yet") for ref in targets}
        groups: dict[Kind, set[Ref]] = {}
        for ref, kind in targets.items():
            groups.setdefault(kind, set()).add(ref)
        map_threads(lambda group: self._group(*group), list(groups.items()), len(groups))
        if self._missing():
            raise self._error()

    def _group(self, kind: Kind, refs: set[Ref]) -> None:
        try:
            self._see(kind, refs)
        except ApiError as error:
            places = {ref.namespace for ref in refs}
            if error.status != 403 or len(places) < 2:
                raise
            # Not everywhere, then where it is needed.
            groups = [{ref for ref in refs if ref.namespace == place} for place in sorted(places)]
            map_threads(lambda group: self._group(kind, group), groups, len(groups))

    def _see(self, kind: Kind, refs: set[Ref]) -> None:
        delayed = self._delayed_classes() if kind.group_kind == "PersistentVolumeClaim" else frozenset()
        while not self._ended(refs):
            try:
                items, version = self._list(kind, refs)
            except ApiError as error:
                if not error.out_of_order:
                    raise
                for ref in refs:
                    self._set(ref, Readiness(State.WAITING, f"cannot be read: {error.message}"))
                time.sleep(min(0.5, max(0.0, self._left())))
                continue
            seen = set()
            for item in items:
                seen.add(self._look(kind, refs, item, delayed))
            for ref in refs - seen:
                self._set(ref, self._of_gone(ref))
            if self._ended(refs):
                return
            self._follow(kind, refs, version, delayed)

    def _list(self, kind: Kind, refs: set[Ref]) -> tuple[list[dict[str, Any]], str]:
        namespaces = {ref.namespace for ref in refs}
        where = next(iter(namespaces)) if len(namespaces) == 1 else None
        return self._client.list_objects(kind, where or None, self._selector, metadata_only=False)

    def _follow(self, kind: Kind, refs: set[Ref], version: str, delayed: frozenset[str]) -> None:
        """Read events until all are decided. Returns early where the server forgot ``version``: the caller lists again."""
        namespaces = {ref.namespace for ref in refs}
        where = next(iter(namespaces)) if len(namespaces) == 1 else None
        while not self._ended(refs):
            # Short watches, renewed from where they ended, notice a failure elsewhere and the deadline in a quiet stream.
            try:
                for event in self._client.watch(kind, version, where or None, max(1.0, min(_SHORT_WATCH, self._left())), self._selector):
                    if event.get("type") == "ERROR":
                        return
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event.get("type") in ("ADDED", "MODIFIED") or ended(event["object"]):
                        self._look(kind, refs, event["object"], delayed)
                    elif event.get("type") == "DELETED":
                        metadata = event["object"]["metadata"]
                        ref = Ref(kind.group, kind.kind, metadata.get("namespace") or "", metadata["name"])
                        if ref in refs:
                            self._set(ref, Readiness(State.WAITING, "was deleted by somebody"))
                    if self._ended(refs):
                        return
            except (UnreachableError, StreamRefused):
                time.sleep(min(0.5, max(0.0, self._left())))
                return

    def _look(self, kind: Kind, refs: set[Ref], item: dict[str, Any], delayed: frozenset[str]) -> Ref:
        metadata = item["metadata"]
        ref = Ref(kind.group, kind.kind, metadata.get("namespace") or "", metadata["name"])
        if ref in refs:
            found = readiness(item)
            if found.state is State.WAITING and (item.get("spec") or {}).get("storageClassName") in delayed:
                found = Readiness(State.READY, "is bound when a pod uses it")
            if found.state is State.READY and ended(item):
                self.completed.add(ref)
            self._set(ref, found)
        return ref

    def _of_gone(self, ref: Ref) -> Readiness:
        """What is not there: nothing yet, or a Job that has ended. Whether one that its TTL took had failed, its events say."""
        if ref in self.completed:
            return READY
        if ref not in self._vanishing:
            return Readiness(State.WAITING, "does not exist")
        told = [_told(event) for event in self._warnings(ref) if event["involvedObject"].get("uid") == self._vanishing[ref]]
        failure = next((text for text in told if text.startswith(_GAVE_UP)), "")
        if failure:
            return Readiness(State.FAILED, f"it failed, and its TTL took it: {failure}")
        self.completed.add(ref)
        return READY

    def _set(self, ref: Ref, found: Readiness) -> None:
        with self._lock:
            before = self._states.get(ref)
            self._states[ref] = found
            missing = sum(state.state is not State.READY for state in self._states.values())
        if found.state is State.FAILED:
            self._failed.set()
        if before is not None and before.state is not found.state and missing:
            self._tell(f"waiting for {missing} of {len(self._states)} objects")

    def _ended(self, refs: Iterable[Ref]) -> bool:
        if self._failed.is_set() or self._left() <= 0:
            return True
        with self._lock:
            return all(self._states[ref].state is State.READY for ref in refs)

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _missing(self) -> dict[Ref, Readiness]:
        return {ref: state for ref, state in self._states.items() if state.state is not State.READY}

    def _delayed_classes(self) -> frozenset[str]:
        """Storage classes whose claims stay pending until a pod uses them."""
        try:
            items, _version = self._client.list_objects(_STORAGE_CLASS, metadata_only=False)
        except ApiError:
            return frozenset()
        return frozenset(item["metadata"]["name"] for item in items if item.get("volumeBindingMode") == "WaitForFirstConsumer")

    def _error(self) -> NotReadyError:
        missing = self._missing()
        failed = {ref: state for ref, state in missing.items() if state.state is State.FAILED}
        shown = failed or missing
        lines = []
        for ref, state in sorted(shown.items())[:_SHOWN]:
            lines.append(f"  {clean(ref.id)}: {clean(state.reason)}")
            lines.extend(f"    {event}" for event in self._events(ref))
        if len(shown) > _SHOWN:
            lines.append(f"  and {len(shown) - _SHOWN} more")
        head = (
            f"{len(failed)} object(s) failed"
            if failed
            else f"{len(missing)} of {len(self._states)} objects did not become ready within {self._seconds:.0f} s"
        )
        rows = [{"id": ref.id, "state": state.state.value, "reason": clean(state.reason)} for ref, state in sorted(missing.items())]
        return NotReadyError(head + ":\n" + "\n".join(lines), set(missing), not_ready=rows)

    def _events(self, ref: Ref) -> list[str]:
        """The last warnings about an object and, for a workload, about what it made."""
        return list(dict.fromkeys(_told(event) for event in self._warnings(ref)))[-2:]

    def _warnings(self, ref: Ref) -> list[dict[str, Any]]:
        if not ref.namespace:
            return []
        try:
            items, _version = self._client.list_objects(_EVENT, ref.namespace, metadata_only=False, fields="type=Warning")
        except (ApiError, UnreachableError):
            return []
        related = [item for item in items if (item.get("involvedObject") or {}).get("name", "").startswith(ref.name)]
        related.sort(key=lambda item: item.get("lastTimestamp") or item.get("eventTime") or item["metadata"].get("creationTimestamp") or "")
        return related


def _told(event: Mapping[str, Any]) -> str:
    return clean(f"{event.get('reason')}: {event.get('message')}")
