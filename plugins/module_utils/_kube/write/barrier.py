# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Between two stages: what was just written must have taken effect before something builds on it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from ..._core.errors import InputError, ServerError, TimeoutExceededError
from ..._core.words import listed
from ..form.kinds import Kind
from ..form.yaml import load_yaml
from ..observe.subject import Subject
from ..wait.readiness import State, readiness
from ..wire.client import Document, KubeClient
from ..wire.discovery import Discovery
from ..wire.errors import ApiError

_POLICY = "ValidatingAdmissionPolicy"
_PAUSE = 0.05
_ACCESS_SPREADS = 5.0
"""Seconds in which a new role binding reaches the authorizer's cache (measured: under 0.3)."""
_QUOTA_COUNTS = 30.0
"""Seconds in which a controller counts a new or changed quota; until then creations are refused by the old limit or by none."""
_PASSING = 10.0
"""Seconds for a kind, a namespace or a deleted CRD to settle."""
_AGREES = 30.0
"""Seconds after which a refusal is no longer taken for one that this run's own changes will end: longer, and a real one is told late."""
Outcome = TypeVar("Outcome")


class Barriers:
    """Waits for effects, and retries what fails only because an effect has not spread yet."""

    def __init__(self, client: KubeClient, discovery: Discovery, manager: str, wait_seconds: float) -> None:
        self._client = client
        self._discovery = discovery
        self._manager = manager
        self._seconds = wait_seconds
        self._access_until = 0.0
        self._quota_until = 0.0
        self._probes: list[Subject] = []

    def admission_changed(self, access: bool, quota: bool) -> None:
        """From now on, for a while, a 403 may mean that a role or a quota has not spread yet."""
        now = time.monotonic()
        self._access_until = now + _ACCESS_SPREADS if access else self._access_until
        self._quota_until = now + _QUOTA_COUNTS if quota else self._quota_until

    def after(self, subjects: Iterable[Subject], pending: set[Kind]) -> None:
        """Wait until CRDs are served; remember policies that have a probe."""
        subjects = list(subjects)
        crds = [subject for subject in subjects if subject.ref.kind == "CustomResourceDefinition"]
        for subject in crds:
            self._until(functools.partial(self._established, subject), f"{subject.ref.id} to be established")
        if crds and pending:
            self._until(lambda: self._served(pending), f"the server to serve {', '.join(sorted(kind.kind for kind in pending))}")
        self._probes += [subject for subject in subjects if subject.ref.kind == _POLICY and subject.probe]

    def policies_hold(self) -> None:
        """Wait until new policies refuse their probes: they take about a second to reach every apiserver.

        Asked before the first stage that they judge, when the bindings that let us ask are there.
        """
        while self._probes:
            subject = self._probes.pop()
            self._until(functools.partial(self._refuses, subject), f"{subject.ref.id} to refuse its probe")

    def agree(self, subjects: Iterable[Subject]) -> None:
        """Wait until the server would take what it refused when the plan was made: it judges by what this run has changed now.

        Raises ServerError with everything that it still refuses in the end; nothing of these was written.
        """
        end = time.monotonic() + min(_AGREES, self._seconds)
        left = list(subjects)
        while left:
            refused = [(subject, self._objection(subject)) for subject in left]
            left = [subject for subject, objection in refused if objection]
            if left and time.monotonic() > end:
                lines = listed(f"  {subject.ref.id} ({subject.desired.source}): {why}" for subject, why in refused if why)
                raise ServerError(
                    f"{len(left)} object(s) would be refused by what this run has changed; none of them was written:\n{lines}"
                )
            if left:
                time.sleep(_PAUSE)

    def _objection(self, subject: Subject) -> str:
        try:
            self._client.ask(subject.path, subject.body, self._manager)
        except ApiError as error:
            return "" if error.conflicts else error.message
        return ""

    def retrying(self, send: Callable[[], Outcome], until_it_fits: bool = False) -> Outcome:
        """The outcome of ``send``, tried again while its refusal is one that passes by itself.

        ``until_it_fits``: one by what this run has changed does, until every apiserver has seen that.
        """
        end = time.monotonic() + _PASSING
        while True:
            try:
                return send()
            except ApiError as error:
                now = time.monotonic()
                spreading = error.status == 403 and now < (self._quota_until if error.over_quota else self._access_until)
                late = until_it_fits and (error.schema_mismatch or error.status in (403, 404, 422)) and not error.changed_since
                if not (((error.passing or late) and now < end) or spreading):
                    raise
            time.sleep(_PAUSE)

    def replace_away(self, subject: Subject, uid: str, propagation: str) -> None:
        """Delete the object that cannot be changed, and wait until it is gone."""
        self._client.delete(subject.path, uid, propagation)

        def gone() -> bool:
            live = self._client.find(subject.path, metadata_only=True)
            return live is None or live["metadata"]["uid"] != uid

        self._until(gone, f"{subject.ref.id} to go away")

    def _established(self, subject: Subject) -> bool:
        live = self._client.find(subject.path)
        if live is None:
            return False
        found = readiness(live)
        if found.state is State.FAILED:
            raise ServerError(f"{subject.ref.id}: {found.reason}")
        return found.state is State.READY

    def _served(self, pending: set[Kind]) -> bool:
        self._discovery.refresh()
        return all(self._discovery.find(kind.api_version, kind.kind) is not None for kind in pending)

    def _refuses(self, subject: Subject) -> bool:
        probe: Document = load_yaml(subject.probe, f"{subject.ref.id}, annotation gantry.dev/probe")
        kind: Kind | None = self._discovery.find(probe.get("apiVersion") or "", probe.get("kind") or "")
        if kind is None:
            raise InputError(f"{subject.ref.id}: its probe is of a kind that is not served")
        metadata = probe["metadata"]
        try:
            _answer, response = self._client.ask(kind.path(metadata.get("namespace"), metadata["name"]), probe, self._manager)
        except ApiError as error:
            if subject.ref.name in error.raw_message:
                return True
            if error.status in (403, 404):
                # Not ours to ask, or not there: then nothing of ours slips through either. Right after a binding it passes.
                return time.monotonic() > self._access_until
            raise
        return any(subject.ref.name in warning for warning in response.warnings)  # a policy that only warns

    def _until(self, met: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + self._seconds
        while not met():
            if time.monotonic() > end:
                raise TimeoutExceededError(f"waited {self._seconds:.0f} s for {what}")
            time.sleep(_PAUSE)
