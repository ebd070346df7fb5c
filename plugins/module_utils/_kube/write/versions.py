# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Writes that name the version they were planned on: what a run that slept still sends undoes nothing of another run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ..._core.errors import ServerError
from ..form.fields import own_entry
from ..form.kinds import Kind
from ..observe.observed import live_label
from ..observe.record import SetRecord
from ..wire.client import KubeClient
from ..wire.errors import ApiError

_SECRET = Kind("", "v1", "Secret", "secrets", True)
_TRIES = 8
"""So many times in a row somebody else may touch an object, between a look at it and the next request."""
_RECORD_CHANGED = "the record of set {} was written by another run since this one planned ({}); it was left as it is. Run again"
Outcome = TypeVar("Outcome")


def over_version(client: KubeClient, manager: str, path: str, known: Mapping[str, Any], send: Callable[[str], Outcome]) -> Outcome:
    """What ``send`` gives, sent over the version that ``known`` (the object's metadata when it was planned) names.

    A new version in which our fields are as they were is a status, or somebody else's field: then it is sent over that one.
    """
    version = str(known.get("resourceVersion") or "")
    for attempt in range(1, _TRIES + 1):
        try:
            return send(version)
        except ApiError as error:
            if not version or not error.changed_since or attempt == _TRIES:
                raise
            live = client.find(path, metadata_only=True)
            now = live["metadata"] if live else {}
            same = now.get("uid") == known.get("uid") and live_label(now) == live_label(known)
            if not same or own_entry(now, manager) != own_entry(known, manager):
                raise
            version = now["resourceVersion"]
    raise AssertionError("the last try returns or raises")


def save_record(client: KubeClient, manager: str, record: SetRecord, known: tuple[str, str]) -> tuple[str, str]:
    """Save a record over the one that this run knows, and over no other: what another run recorded since would be lost.

    ``known`` is the version that was read or saved last and its text; those that now stand there are returned. Raises ServerError.
    """
    path = _SECRET.path(record.namespace, record.name)
    version, stored = known
    for _attempt in range(_TRIES):
        body = replace(record, version=version).body()
        text: str = body["data"]["record"]
        try:
            answer = client.apply(path, body, manager, force=True)[0]
        except ApiError as error:
            live = client.find(path) if error.status == 409 and not error.conflicts else None
            # Our own first try may have had its effect, or somebody has labelled the Secret: what it says is then still ours.
            if live is None or (live.get("data") or {}).get("record") not in (stored, text):
                raise ServerError(_RECORD_CHANGED.format(record.name, error.message) if live else error.message) from error
            version = live["metadata"]["resourceVersion"]
        else:
            return answer["metadata"]["resourceVersion"], text
    raise ServerError(f"the record of set {record.name} changes faster than it can be saved; run again")
