# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Carries a plan out: records widened first, stages with barriers, removal in reverse, records written once at the end.

Killed at any point it leaves nothing that the next run does not find: an object is recorded as intended before it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ..._core.change import Action
from ..._core.concurrency import map_threads
from ..._core.diff import ABSENT, differences
from ..._core.errors import ServerError
from ..._core.words import listed
from ..form.builtin import RBAC
from ..form.fields import own_entry, value_at
from ..form.kinds import Kind, Ref
from ..form.quantity import amount
from ..form.shown import shown_document
from ..form.stages import CONFIGURATION, WEBHOOKS, Stage
from ..observe.observed import Observed
from ..observe.record import PART_OF, Entry, SetRecord
from ..observe.subject import WAIT, Subject, only_path
from ..plan.examine import Finding
from ..plan.immutable import propagation
from ..plan.planner import Removal, Work, sets_to_write
from ..plan.proof import entry_of
from ..plan.undo import removals
from ..resolve.requests import ReconcileRequest
from ..resolve.wanted import HandedOver, Wanted
from ..wait.readiness import INSTANT
from ..wait.waiter import NotReadyError, Waiter
from ..wire.client import Document, KubeClient
from ..wire.discovery import Discovery
from ..wire.errors import ApiError
from ..wire.lease import RunLease
from .barrier import Barriers
from .ownership import folded, holds
from .versions import over_version, save_record

_BORN_WITH_NAMESPACE = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
"""A controller makes these a moment after their namespace; whoever comes second must not fail."""
_SECRET = Kind("", "v1", "Secret", "secrets", True)
_CHANGED = "changed since it was planned: {error}. Run again; the new plan will show it"


class Writer:
    """One run's writes. ``tell`` hears the progress."""

    def __init__(
        self,
        client: KubeClient,
        discovery: Discovery,
        request: ReconcileRequest,
        wanted: Wanted,
        observed: Observed,
        work: Work,
        holder: str,
        tell: Callable[[str], None] = lambda text: None,
        lease: RunLease | None = None,
    ) -> None:
        self._client = client.guarded(self._check_lock)
        self._request = request
        self._wanted = wanted
        self._observed = observed
        self._work = work
        self._holder = holder
        self._tell = tell
        self._barriers = Barriers(self._client, discovery, request.manager, wait_seconds=request.wait_timeout)
        self._entries: dict[Ref, Entry] = dict(work.confirmed)
        self._answers: dict[Ref, Document] = {}
        self._removed: set[Ref] = set()
        self._completed: set[Ref] = set(work.finished)
        self._ended = False
        self._done = 0
        self._total = sum(change.action.writes for change in work.plan.changes)
        self._lease = lease
        self._saved: dict[str, tuple[str, str]] = {}
        self._unlocked = client.unlimited()
        self.objects: list[Document] = []

    def lock(self) -> RunLease | None:
        """The lock, not yet taken; none where none is wanted. A namespace that the lock and the records need is made first."""
        records = sets_to_write(self._work, self._observed.records.values(), self._request.administered.sets)
        self._write_parent_namespaces(records)
        if self._request.lock and records:
            request = self._request
            self._lease = RunLease(self._unlocked, records[0].namespace, self._holder, request.wait_timeout, self._tell, request.run)
        return self._lease

    def run(self) -> None:
        """Write everything, wait where that was asked for. An error is raised after the records were saved."""
        records = sets_to_write(self._work, self._observed.records.values(), self._request.administered.sets)
        self._write_parent_namespaces(records)
        self._widen(records)
        unready: set[Ref] = set(self._work.unready)
        try:
            self._write_stages(webhooks=False)
            self._wait(webhooks=False)
            self._write_stages(webhooks=True)
            self._remove()
            self._retire()
            self._wait(webhooks=True)
            unready, self._ended = set(), True
        except NotReadyError as error:
            unready |= error.refs
            raise
        finally:
            with self._client.pool.last_words():
                self._save(records, unready | self._unended())
        self.objects = [shown_document(self._answers[ref], ref.group_kind == "Secret") for ref in sorted(self._answers)]

    @property
    def written(self) -> set[str]:
        """Ids of what was written so far, removals included."""
        return {ref.id for ref in (*self._answers, *self._removed)}

    def _check_lock(self) -> None:
        if self._lease is not None:
            self._lease.check()

    # records

    def _widen(self, records: Iterable[SetRecord]) -> None:
        """Name every object that may be created in its set's record before the first of them is."""

        def widen(record: SetRecord) -> None:
            new = [ref for ref, f in self._work.findings.items() if f.subject.record is record and f.writes]
            widened = record.with_intended(new)
            if record.exists and widened.objects.keys() == record.objects.keys():
                return
            self._write_record(widened)

        map_threads(widen, list(records), self._client.threads)

    def _save(self, records: Iterable[SetRecord], unready: set[Ref]) -> None:
        def save(record: SetRecord) -> None:
            wanted = {ref for ref, subject in self._work.subjects.items() if subject.record is record}
            objects = {ref: entry for ref, entry in record.objects.items() if ref not in self._removed}
            for ref in wanted:
                if ref in self._entries:
                    objects[ref] = self._entries[ref]
                elif ref in self._work.renewed:
                    objects[ref] = self._work.renewed[ref]
                elif (finding := self._work.findings.get(ref)) is not None and finding.writes:
                    objects.setdefault(ref, Entry())
            gone = {ref for ref in objects if ref not in wanted and self._is_gone(ref)}
            moved = {
                ref
                for ref in objects
                if ref in self._work.subjects and self._work.subjects[ref].record is not record and ref in self._entries
            }
            kept = {r: e for r, e in objects.items() if r not in gone | moved}
            done = wanted & (self._completed | (record.done - set(self._answers)))
            self._write_record(replace(record, objects=kept, unready=(unready & wanted) - done, done=done))

        map_threads(save, list(records), self._client.threads)
        for record in records:
            if record.former and record.name in self._work.moved and all(self._is_settled(ref) for ref in record.former.objects):
                self._delete_record(record.former)
        for record in self._observed.removed(self._request.remove_sets):
            if all(self._is_settled(ref) for ref in record.objects):
                self._delete_record(record)

    def _unended(self) -> set[Ref]:
        """Jobs of a run that did not come to its end: whether they completed is not known, and the next run waits for them."""
        return set() if self._ended else {ref for ref in self._answers if ref.group_kind == "Job.batch"}

    def _is_settled(self, ref: Ref) -> bool:
        finding = self._work.findings.get(ref)
        declared = ref in self._wanted.objects and (finding is None or finding.action is None or ref in self._entries)
        return ref in self._removed or declared or self._is_gone(ref)

    def _is_gone(self, ref: Ref) -> bool:
        return ref not in self._observed.metadata and (ref.group, ref.kind) not in self._observed.unreadable

    def _write_record(self, record: SetRecord) -> None:
        known = self._saved.get(record.name, (record.version, record.stored))
        self._saved[record.name] = save_record(self._client, f"{self._request.manager}-set", record, known)

    def _delete_record(self, record: SetRecord) -> None:
        path = _SECRET.path(record.namespace, record.name)
        live = self._client.find(path, metadata_only=True)
        if live is not None:
            self._client.delete(path, live["metadata"]["uid"])

    # stages

    def _write_parent_namespaces(self, records: Iterable[SetRecord]) -> None:
        """A record lives in a namespace; where this run brings that namespace, it comes before everything."""
        names = {record.namespace for record in records}
        needed = [
            ref
            for ref in self._work.findings
            if ref.group_kind == "Namespace" and ref.name in names and ref not in self._observed.metadata and ref not in self._answers
        ]
        for ref in needed:
            self._apply(self._work.findings[ref])

    def _write_stages(self, webhooks: bool) -> None:
        for stage in self._work.stages:
            if (stage.number == WEBHOOKS) is not webhooks:
                continue
            todo = [self._work.findings[ref] for ref in stage.members if self._is_todo(ref)]
            if not todo:
                continue
            if stage.number >= CONFIGURATION:
                self._barriers.policies_hold()
            if stage.waits_for:
                self._wait_for(stage.waits_for)
            if stage.number:  # in the first stage are those who judge; there each write is tried until they agree
                self._barriers.agree([finding.subject for finding in todo if finding.awaited])
            self._ask_first(stage, todo)
            self._tell(f"{stage.name}: {len(todo)} objects")
            map_threads(self._apply, todo, self._client.threads)
            self._after(stage, todo)

    def _ask_first(self, stage: Stage, todo: Iterable[Finding]) -> None:
        """Dry-run what could not be asked when the plan was made, before the stage's first write.

        A request more for each, so it is done where a plan was approved or everything is to be verified.
        """
        if not self._request.approved_digest and self._request.verify != "full":
            return
        unverified = {change.id for change in self._work.plan.changes if not change.verified}

        def ask(finding: Finding) -> str:
            subject = finding.subject
            try:
                self._barriers.retrying(lambda: self._client.ask(subject.path, subject.body, self._request.manager))
            except ApiError as error:
                return f"  {subject.ref.id} ({subject.desired.source}): {error.message}"
            return ""

        asked = [finding for finding in todo if finding.action is Action.CREATE and finding.subject.ref.id in unverified]
        problems = sorted(filter(None, map_threads(ask, asked, self._client.threads)))
        if problems:
            said = f"{len(problems)} object(s) would be refused; nothing of this stage ({stage.name}) was written:\n"
            raise ServerError(said + listed(problems))

    def _is_todo(self, ref: Ref) -> bool:
        finding = self._work.findings.get(ref)
        return finding is not None and finding.writes and ref not in self._entries and ref not in self._answers

    def _after(self, stage: Stage, done: list[Finding]) -> None:
        subjects = [finding.subject for finding in done]
        self._barriers.after(subjects, {self._wanted.kinds[ref] for ref in self._wanted.objects if self._wanted.is_pending(ref)})
        self._barriers.admission_changed(
            access=any(subject.ref.group == RBAC for subject in subjects),
            quota=any(subject.ref.group_kind == "ResourceQuota" for subject in subjects),
        )

    def _apply(self, finding: Finding) -> None:
        subject = finding.subject
        try:
            answer = self._barriers.retrying(lambda: self._send(finding), until_it_fits=finding.awaited)
        except ApiError as error:
            if error.changed_since:
                raise ServerError(f"{subject.ref.id} {_CHANGED.format(error=error.message)}", id=subject.ref.id) from error
            raise ServerError(f"{subject.ref.id} ({subject.desired.source}): {error.message}", id=subject.ref.id) from error
        answer = self._seed(finding, answer)
        overridden = tuple(sorted(_overridden(subject.body, answer)))
        before = subject.entry.overridden if subject.entry else ()
        if overridden and overridden != before:
            self._work.plan.warnings.append(f"{subject.ref.id}: overridden by admission: {', '.join(overridden)}")
        self._entries[subject.ref] = entry_of(subject, answer, self._request.manager, overridden)
        self._answers[subject.ref] = answer
        self._done += 1
        if self._done % 100 == 0:
            self._tell(f"{self._done} of {self._total} changes written")

    def _send(self, finding: Finding) -> Document:
        subject, manager = finding.subject, self._request.manager
        metadata = subject.body["metadata"]
        if finding.action is Action.REPLACE and finding.live is not None:
            self._barriers.replace_away(subject, finding.live["metadata"]["uid"], propagation(subject.ref))
        if finding.action in (Action.CREATE, Action.REPLACE):
            only_new = {} if (subject.ref.group_kind, subject.ref.name) in _BORN_WITH_NAMESPACE else {"resourceVersion": "1"}
            body = {**subject.body, "metadata": {**metadata, **only_new}}
            try:
                return self._client.apply(subject.path, body, manager)[0]
            except ApiError as error:
                if error.status == 409 and not error.conflicts and error.attempts > 1:
                    return self._ours_after_all(subject, error)
                raise
        if finding.former:
            self._take_over(finding)
        self._hand_over(finding)
        self._take_out(finding)
        strategy = _changed_strategy(finding)
        if strategy is not None:
            self._client.json_patch(subject.path, [{"op": "test", "path": "/metadata/uid", "value": subject.uid}, strategy], manager)

        def send(version: str) -> Document:
            exactly = {"uid": subject.uid} | ({"resourceVersion": version} if version else {})
            body = {**subject.body, "metadata": {**metadata, **exactly}}
            return self._client.apply(subject.path, body, manager, force=finding.force or strategy is not None)[0]

        touched = finding.former or finding.taken_out or strategy is not None or finding.subject.seeds
        known = (finding.live or {}).get("metadata") or subject.live or {}
        return over_version(self._client, manager, subject.path, {} if touched else known, send)

    def _ours_after_all(self, subject: Subject, error: ApiError) -> Document:
        """A create whose first answer was lost: the object that is there now may be our own."""
        live = self._client.find(subject.path)
        if (
            live is None
            or own_entry(live["metadata"], self._request.manager) is None
            or len(live["metadata"].get("managedFields") or []) > 2
        ):
            raise error
        return live

    # fields that belong to others

    def _seed(self, finding: Finding, answer: Document) -> Document:
        """Send the first value of a handed-over field, once, as somebody who will not come back; the object after that.

        Where the server's default is that value there is nothing to send.
        """
        if finding.action in (Action.CREATE, Action.REPLACE):
            for seed in finding.subject.seeds:
                if seed.seed is not None and value_at(answer, seed.segments) != seed.seed:
                    answer = self._send_seed(finding.subject, seed, seed.seed, answer["metadata"]["uid"])
        return answer

    def _hand_over(self, finding: Finding) -> None:
        """A field that was ours until now: its live value is claimed by the seeder first, so that letting go changes nothing."""
        if finding.live is None:
            return
        own = own_entry(finding.live["metadata"], self._request.manager)
        for seed in finding.subject.seeds:
            if own is not None and holds(own.get("fieldsV1") or {}, seed.segments):
                value = value_at(finding.live, seed.segments)
                if value is not None:
                    self._send_seed(finding.subject, seed, value, finding.subject.uid)

    def _send_seed(self, subject: Subject, seed: HandedOver, value: Any, uid: str) -> Document:
        body = only_path(subject.body, seed.path, value)
        body["metadata"]["uid"] = uid
        return self._client.apply(subject.path, body, self._request.seeder, force=True)[0]

    def _take_over(self, finding: Finding) -> None:
        """Fold former managers' entries into ours, so that what the document leaves out goes away with the apply."""
        for attempt in range(5):
            live = finding.live if attempt == 0 and finding.live else self._client.get(finding.subject.path)
            try:
                self._client.json_patch(finding.subject.path, folded(live, finding, self._request.manager), self._request.manager)
                return
            except ApiError as error:
                if error.status not in (409, 422) or attempt == 4:
                    raise

    def _take_out(self, finding: Finding) -> None:
        """Take out what others added and the plan names; where somebody writes meanwhile, out of what is there then."""
        for attempt in range(5 if finding.taken_out else 0):
            live = finding.live if attempt == 0 and finding.live else self._client.get(finding.subject.path)
            operations = removals(live, finding.taken_out)
            if not operations:
                return
            try:
                self._client.json_patch(finding.subject.path, operations, self._request.manager)
                return
            except ApiError as error:
                if error.status not in (409, 422) or attempt == 4:
                    raise

    # removal and waiting

    def _remove(self) -> None:
        for group in self._work.removals:
            map_threads(self._delete, group, self._client.threads)

    def _delete(self, removal: Removal) -> None:
        known = self._observed.metadata.get(removal.ref) or {}
        try:
            over_version(
                self._client,
                self._request.manager,
                removal.path,
                known,
                lambda version: self._client.delete(removal.path, removal.uid, version=version),
            )
        except ApiError as error:
            raise ServerError(f"{removal.ref.id}: {error.message}", id=removal.ref.id) from error
        self._removed.add(removal.ref)

    def _retire(self) -> None:
        for one in self._work.retired:
            for path, uid in one.revisions:
                self._client.delete(path, uid)
            self._removed.add(Ref.parse(one.change.id))

    def _wait(self, webhooks: bool) -> None:
        """Wait for what was written and for what an earlier run did not see ready.

        Before webhooks are written the workloads behind them must be ready whether or not a wait was asked for: a webhook
        without a backend locks the cluster.
        """
        stages = [stage for stage in self._work.stages if (stage.number == WEBHOOKS) is webhooks]
        guarded = not webhooks and any(
            self._is_todo(ref) for stage in self._work.stages if stage.number == WEBHOOKS for ref in stage.members
        )
        if self._request.wait or guarded:
            due = {ref for stage in stages for ref in stage.members if ref in self._entries or ref in self._work.unready}
            self._wait_for({ref for ref in due if self._work.subjects[ref].annotations.get(WAIT) != "false"})

    def _wait_for(self, refs: Iterable[Ref]) -> None:
        targets = {ref: self._wanted.kinds[ref] for ref in refs if not self._is_instant(ref) and ref not in self._completed}
        selector = PART_OF if all(self._work.subjects[ref].record for ref in targets) else ""
        waiter = Waiter(self._client, self._request.wait_timeout, selector, self._tell)
        try:
            waiter.wait(targets, {ref: uid for ref in targets if self._work.subjects[ref].vanishes and (uid := self._uid(ref))})
        finally:
            self._completed |= waiter.completed

    def _uid(self, ref: Ref) -> str:
        """The uid of what was written, or of what is there and not being deleted."""
        if ref in self._entries:
            return self._entries[ref].uid
        live = self._work.subjects[ref].live or {}
        return "" if live.get("deletionTimestamp") else str(live.get("uid") or "")

    def _is_instant(self, ref: Ref) -> bool:
        if ref.group_kind == "Service":
            return (self._work.subjects[ref].body.get("spec") or {}).get("type") != "LoadBalancer"
        return ref.group_kind in INSTANT


def _overridden(sent: Document, got: Document) -> set[str]:
    """Paths of scalars that the server answered otherwise than sent: a mutating webhook's doing. Quantities may be respelt."""
    ours, theirs = ({key: value for key, value in side.items() if key not in ("metadata", "status", "data")} for side in (sent, got))
    return {
        difference.path
        for difference in differences(ours, theirs)
        if difference.before is not ABSENT
        and difference.after is not ABSENT
        and (amount(difference.before) is None or amount(difference.before) != amount(difference.after))
    }


def _changed_strategy(finding: Finding) -> dict[str, Any] | None:
    """RollingUpdate → Recreate cannot be applied: the server's defaults for the old type stay and do not fit the new one."""
    strategy = (finding.subject.body.get("spec") or {}).get("strategy")
    if finding.subject.ref.kind != "Deployment" or not strategy or finding.live is None:
        return None
    live = (finding.live.get("spec") or {}).get("strategy") or {}
    if strategy.get("type") == "Recreate" and live.get("type") == "RollingUpdate":
        return {"op": "replace", "path": "/spec/strategy", "value": strategy}
    return None
