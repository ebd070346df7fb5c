# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""From desired and observed to a plan. The same code runs in check mode and before a real run's first write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.canonical import digest
from ..._core.change import Action, Change, Impact
from ..._core.concurrency import map_threads
from ..._core.diff import ABSENT
from ..._core.errors import InputError, RefusedError
from ..._core.plan import Plan
from ..._core.words import listed
from ..form.fields import entries_of, own_entry
from ..form.impact import holds_data, impact_of
from ..form.kinds import Kind, Ref
from ..form.stages import Stage, arrange, deletion_order
from ..observe.observed import Observed, live_label, owners_of
from ..observe.record import PART_OF, Entry, SetRecord
from ..observe.subject import Subject
from ..resolve.requests import ReconcileRequest
from ..resolve.wanted import Wanted
from ..wire.client import KubeClient
from .administered import WHOSE, examine_read_only, guard_administered, leftovers, unreadable
from .contested import contested_lines, refuse_contested
from .disturb import disturbances
from .doubt import still_right
from .emptied import refuse_emptied
from .examine import Finding, enforced_levels, examine_existing, examine_new, examine_unasked
from .handover import Retired, retired, still_held
from .immutable import replaceable
from .moved import moves
from .pending import CRD_PENDING, NAMESPACE_PENDING, Pending
from .preview import nearest_fields, schema_problems
from .proof import Verdict, entry_of, says_the_same, verdict
from .quota import quota_problems
from .shadow import DECLARED_REFUSED, Comparison, compare_fully, is_same_place
from .show import plain_pair, shown_changes
from .undo import to_take_out

_CURES = 5


@dataclass
class Removal:
    """A recorded object that nobody declares any more."""

    ref: Ref
    path: str
    uid: str
    record: SetRecord


@dataclass
class Work:
    """A plan together with what the writer needs to carry it out."""

    plan: Plan
    stages: list[Stage]
    findings: dict[Ref, Finding]
    removals: list[list[Removal]]
    subjects: dict[Ref, Subject]
    confirmed: dict[Ref, Entry]
    """Objects that turned out right although their record did not prove it: their new record entries."""
    renewed: dict[Ref, Entry] = field(default_factory=dict)
    """Objects that are as recorded although somebody wrote to them since; worth recording, and no reason to write a record."""
    foreign: list[dict[str, Any]] = field(default_factory=list)
    orphan_sets: list[str] = field(default_factory=list)
    disturbed: dict[Ref, str] = field(default_factory=dict)
    """Objects that change how something runs which this run did not start, and how."""
    unready: set[Ref] = field(default_factory=set)
    finished: set[Ref] = field(default_factory=set)
    """Jobs that are done and gone."""
    retired: list[Retired] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    """Sets whose former record holds nothing after this run, and ends."""


def make_plan(client: KubeClient, request: ReconcileRequest, wanted: Wanted, observed: Observed, subjects: dict[Ref, Subject]) -> Work:
    """Decide for every object, guard the whole. Raises InputError or RefusedError, which name every problem at once."""
    plan = Plan(warnings=list(wanted.warnings), identity=[observed.cluster_uid, sorted(r.id for r in observed.records.values())])
    stages = arrange(wanted.objects)
    work = Work(plan, stages, {}, [], subjects, {}, orphan_sets=sorted(record.name for record in observed.orphans))
    in_scope = {ref: s for ref, s in subjects.items() if request.apply_sets is None or s.desired.scope in request.apply_sets}
    _refuse_foreign_sets(client, request, in_scope, observed)

    unclear: list[tuple[Subject, Action]] = []
    right: list[Subject] = []
    written: list[Subject] = []
    new: list[Subject] = []
    theirs: list[Subject] = []
    leaving = {name: str(since) for name, metadata in observed.namespaces.items() if (since := metadata.get("deletionTimestamp"))}
    for ref, subject in in_scope.items():
        live = subject.live
        left = _why_left(subject, observed, leaving)
        if subject.desired.scope in request.administered.sets and not left:
            proven = request.verify != "full" and live is not None and verdict(subject, request.manager) is Verdict.RIGHT
            if proven or unreadable(subject, observed):
                plan.unchanged += 1
            else:
                theirs.append(subject)
        elif (live is None or live.get("deletionTimestamp")) and _finished(subject):
            work.finished.add(ref)
            plan.unchanged += 1
        elif left:
            work.findings[ref] = Finding(subject, Action.BLOCKED, reason=left)
            plan.warnings.append(f"{ref.id} is left as it is: {left}")
        elif live is None:
            new.append(subject)
        elif request.adopt and entries_of(live, request.adopt):
            unclear.append((subject, _action_on_existing(subject, request.manager)))
        elif (known := verdict(subject, request.manager)) is Verdict.RIGHT:
            right.append(subject)
        elif known is Verdict.WRITTEN:
            written.append(subject)
        else:
            unclear.append((subject, _action_on_existing(subject, request.manager)))
    named = {s.ref for s in [*right, *written] if to_take_out(s, s.live or {}, request)}
    unclear += [(subject, Action.UPDATE) for subject in [*right, *written] if subject.ref in named]
    right, written = ([subject for subject in some if subject.ref not in named] for some in (right, written))
    compared = Comparison()
    if request.verify == "full" or request.foreign == "report":
        ours = {ref: s for ref, s in in_scope.items() if s.live is not None and s.desired.scope not in request.administered.sets}
        asked = {ref: s for ref, s in ours.items() if not wanted.is_pending(ref)}
        compared = compare_fully(client, request, asked, plan.warnings)
    if request.verify == "full":  # neither the record nor managedFields are believed: values alone
        unclear += [(subject, Action.UPDATE) for subject in [*right, *written] if subject.ref in compared.suspects]
        right = [subject for subject in [*right, *written] if subject.ref not in compared.suspects]
    else:
        still = still_right(client, observed, written, request.manager)
        work.renewed = {ref: entry_of(subjects[ref], live, request.manager, _overridden(subjects[ref])) for ref, live in still.items()}
        unclear += [(subject, Action.UPDATE) for subject in written if subject.ref not in still]
        plan.unchanged += len(still)
    plan.unchanged += len(right)
    enforced = enforced_levels(observed.namespaces, in_scope)
    _examine_theirs(client, request, work, theirs)
    missing = [subject for subject in theirs if subject.live is None]
    pending = Pending(wanted, observed, [*new, *missing], subjects)
    _examine(client, request, work, unclear, new, pending, enforced)
    rows = [(row, work.findings.get(Ref.parse(row["id"]))) for row in compared.rows]
    work.foreign = [row for row, finding in rows if not (finding and finding.awaited) and _is_of_others(row, finding)]
    quota = quota_problems(client, [s for s in new if not wanted.is_pending(s.ref)], observed, subjects)
    more = [*quota, *pending.undeclared_fields(in_scope.values())]
    problems = [*_problems(client, request, work), *more]
    if request.adopt_from:
        problems += still_held(client, request, work.findings.values(), plan.warnings)
        work.retired = retired(client, request)
    work.disturbed = disturbances(
        client, [f for f in work.findings.values() if f.subject.desired.scope not in request.administered.sets], observed
    )
    removals = _removals(request, wanted, observed, plan)
    refuse_emptied(request, [(removal.ref, removal.record.name) for removal in removals])
    work.unready = {
        ref
        for record in observed.records.values()
        if record.name not in request.administered.sets
        for ref in record.unready
        if ref in in_scope
    }
    _list_changes(request, work, removals)
    work.moved = _moved(wanted, observed, removals)
    _list_records(work, observed)
    plan.changes += [one.change for one in work.retired]
    pending.mark(work.findings, plan)
    if problems and request.check_mode and request.verify == "full":
        plan.warnings += more  # a comparison says what differs, each object for itself, and refuses nothing
    elif problems:
        lines = sorted([*problems, *contested_lines(request, work.findings.values())])
        raise InputError(
            f"{len(lines)} object(s) cannot be applied; nothing was written:\n" + listed([*lines, *_grantor(request, work)]),
            plan=[change.as_result() for change in plan.changes],
            counts=plan.counts,
        )
    _list_leftovers(request, work, wanted, observed)
    refuse_contested(request, plan, work.findings.values())
    request.judge(plan, _held(request, observed))
    return work


def _refuse_foreign_sets(client: KubeClient, request: ReconcileRequest, subjects: Mapping[Ref, Subject], observed: Observed) -> None:
    ours = {ident for record in [*observed.records.values(), *observed.orphans] for ident in record.ids}
    taken = {
        ref: subject
        for ref, subject in subjects.items()
        if subject.live and live_label(subject.live) and live_label(subject.live) not in ours
    }
    if not taken:
        return
    sets = owners_of(
        client, {live_label(subject.live or {}) for subject in taken.values()}, {ref.namespace for ref in taken if ref.namespace}
    )
    rows: list[str] = []
    cures: dict[str, None] = {}
    for ref, subject in sorted(taken.items()):
        other = sets.get(live_label(subject.live or {}))
        whose = (
            f"set {other.name} in {other.namespace}, owner {other.owner or 'unknown'}" if other else "a set whose record is not to be found"
        )
        rows.append(f"  {ref.id} ({subject.desired.source}): {whose}")
        if other and other.owner == request.owner and subject.record and other.name == subject.record.name:
            cures[f"where set {other.name} has moved, say so beside its name: moved_from: {other.namespace}"] = None
        elif other and other.owner == request.owner and subject.record:
            cures[f"where it changes its set, declare {other.name} in the same task (sets), without it"] = None
        else:
            place = f"-n {ref.namespace} " if ref.namespace else ""
            cures[f"to take it out of its set: kubectl {place}label {ref.group_kind.lower()} {ref.name} {PART_OF}-"] = None
    who = "another apply set" if any(one.owner == request.owner for one in sets.values()) else "an apply set of somebody else"
    raise RefusedError(f"these objects belong to {who}; nothing was written:\n" + listed([*rows, *list(cures)[:_CURES]]))


def _why_left(subject: Subject, observed: Observed, leaving: Mapping[str, str]) -> str:
    """Why nothing can be done to an object now, or nothing. ``leaving``: since when namespaces are being deleted."""
    ref = subject.ref
    if (ref.group, ref.kind) in observed.unreadable:
        return f"its kind cannot be read now: {observed.unreadable[(ref.group, ref.kind)]}"
    if subject.live and subject.live.get("deletionTimestamp"):
        finalizers = ", ".join(subject.live.get("finalizers") or []) or "none"
        return f"is being deleted since {subject.live['deletionTimestamp']}, finalizers: {finalizers}"
    if ref.namespace in leaving:
        return f"its namespace {ref.namespace} is being deleted since {leaving[ref.namespace]}"
    if subject.record and subject.record.namespace in leaving:
        return f"its set's namespace {subject.record.namespace} is being deleted since {leaving[subject.record.namespace]}"
    return ""


def _finished(subject: Subject) -> bool:
    """A Job that is done, and not missing where it is gone: it was seen to complete, or its TTL may have taken it.

    One that a run waited for without seeing its end is neither: it is made again.
    """
    entry, record = subject.entry, subject.record
    if subject.ref.group_kind != "Job.batch" or entry is None or record is None or not entry.uid or entry.desired != subject.desired_digest:
        return False
    return subject.ref in record.done or (subject.vanishes and subject.ref not in record.unready)


def _is_of_others(row: Mapping[str, Any], finding: Finding | None) -> bool:
    """Whether a difference is nothing that the plan tells: a change, or an object whose declared fields cannot be had."""
    if finding is None:
        return True
    if (finding.problem or finding.action is Action.REPLACE) and str(row.get("reason") or "").startswith(("declared", DECLARED_REFUSED)):
        return False
    return not any(is_same_place(row["path"], change.path) for change in finding.changes)


def _overridden(subject: Subject) -> tuple[str, ...]:
    return subject.entry.overridden if subject.entry else ()


def _action_on_existing(subject: Subject, manager: str) -> Action:
    live = subject.live or {}
    ours = own_entry(live, manager) is not None
    moved = subject.record is not None and bool(live_label(live)) and live_label(live) != subject.record.id
    return Action.UPDATE if ours and not moved else Action.ADOPT


def _examine_theirs(client: KubeClient, request: ReconcileRequest, work: Work, theirs: list[Subject]) -> None:
    """What an administrator applies: by reading alone, and before anything else is asked, since the rest may need it."""
    why = {ident: reason for one in request.sets for ident, reason in one.reasons.items()}
    found = map_threads(lambda subject: examine_read_only(client, subject, why.get(subject.ref.id, "")), theirs, client.threads)
    for finding in found:
        if finding.action is None:
            work.plan.unchanged += 1
        work.findings[finding.subject.ref] = finding
    if request.administered.refuse or not request.check_mode:
        waiting = [_change(finding, finding.action, request) for finding in found if finding.action is not None]
        guard_administered(waiting, request.administered)


def _list_leftovers(request: ReconcileRequest, work: Work, wanted: Wanted, observed: Observed) -> None:
    """What an administrator applied and nobody declares any more is drift; no other run needs anything of it."""
    if request.verify != "full":
        return
    reason = f"{WHOSE}, and declared no more"
    for ref, name in leftovers(observed, request.administered.sets, wanted.objects):
        if (request.apply_sets is None or name in request.apply_sets) and not holds_data(ref):
            work.plan.changes.append(Change(ref.id, Action.DELETE, reason=reason, scope=name, verified=False))


def _examine(
    client: KubeClient,
    request: ReconcileRequest,
    work: Work,
    unclear: list[tuple[Subject, Action]],
    new: list[Subject],
    pending: Pending,
    enforced: Mapping[str, str],
) -> None:
    waits = any(
        finding.action is not None for finding in work.findings.values() if finding.subject.desired.scope in request.administered.sets
    )

    def existing(item: tuple[Subject, Action]) -> Finding:
        subject, action = item
        if pending.is_upcoming(subject):
            finding = examine_unasked(client, subject, pending.kind_now(subject), action)
            finding.reason = CRD_PENDING
            return finding
        return examine_existing(client, subject, request, action, enforced)

    def created(subject: Subject) -> Finding:
        reason = pending.reason(subject)
        if reason:
            return Finding(subject, Action.CREATE, reason=reason, verified=False)
        return examine_new(client, subject, request, enforced)

    outcomes = map_threads(existing, unclear, client.threads) + map_threads(created, new, client.threads)
    pending.settle(outcomes, waits)
    waiting = [f.subject for f in outcomes if f.reason == NAMESPACE_PENDING and not pending.is_redefined(f.subject)]
    unfit = schema_problems(client, waiting, pending.existing_namespace, request.manager)
    for finding in outcomes:
        finding.problem = finding.problem or unfit.get(finding.subject.ref.id, "")
        if finding.action is None and not finding.problem:
            work.plan.unchanged += 1
            _confirm(work, finding, request.manager)
        work.findings[finding.subject.ref] = finding


def _confirm(work: Work, finding: Finding, manager: str) -> None:
    """Record an object that the server found right, if that says more than that somebody wrote to it."""
    subject, live = finding.subject, finding.live
    if subject.record is not None and live is not None and own_entry(live["metadata"], manager) is not None:
        entry = entry_of(subject, live, manager, _overridden(subject))
        (work.renewed if says_the_same(subject.entry, entry) else work.confirmed)[subject.ref] = entry


def _problems(client: KubeClient, request: ReconcileRequest, work: Work) -> list[str]:
    """What cannot be done, a line for each object; in the plan each is a row of its own beside all others."""
    problems = []
    for finding in work.findings.values():
        ref = finding.subject.ref
        if finding.action is Action.REPLACE and not finding.problem:
            if request.on_immutable != "replace":
                finding.problem = f"{finding.reason}; {request.called('on_immutable')}: replace deletes it and makes it again"
            elif not replaceable(ref, request.replace_kinds):
                finding.problem = f"{finding.reason}, and it is replaced only when {request.called('replace_kinds')} names {ref.kind}"
        if finding.problem:
            finding.problem += nearest_fields(client, finding.subject.kind, finding.problem)
            finding.action, finding.reason = Action.BLOCKED, finding.problem
            problems.append(f"  {ref.id} ({finding.subject.desired.source}): {finding.problem}")
    return problems


def _grantor(request: ReconcileRequest, work: Work) -> list[str]:
    """Who grants the right that is missing, where one is."""
    lacking = any(finding.forbidden and finding.problem for finding in work.findings.values())
    return [request.administered.cure] if lacking and request.administered.cure else []


def _removals(request: ReconcileRequest, wanted: Wanted, observed: Observed, plan: Plan) -> list[Removal]:
    found: list[Removal] = []
    removed = observed.removed(request.remove_sets)
    for record in [*observed.records.values(), *removed]:
        whole = record in removed
        if record.name in request.administered.sets:
            continue
        if not whole and request.apply_sets is not None and record.name not in request.apply_sets:
            continue
        for ref in record.objects:
            if ref in wanted.objects:
                continue
            live = observed.metadata.get(ref)
            kind = _kind_later(wanted, observed, ref)
            if live is None or kind is None or live_label(live) not in record.ids or live.get("deletionTimestamp"):
                continue
            if any(owner.get("controller") for owner in live.get("ownerReferences") or []):
                continue
            if request.prune.mode == "none" and not whole:
                continue
            if holds_data(ref) and not {ref.kind, ref.group_kind} & request.prune.data:
                plan.warnings.append(
                    f"{ref.id} is declared no more and kept: it may hold data; to remove it name {ref.kind} in {request.called('prune')}.data"
                )
                continue
            if request.prune.mode == "report" and not whole:
                plan.warnings.append(f"{ref.id} is declared no more (set {record.name}); {request.called('prune')}.mode: delete removes it")
                continue
            found.append(Removal(ref, kind.path(ref.namespace or None, ref.name), live["uid"], record))
    for (group, name), reason in sorted(observed.unreadable.items()):
        plan.warnings.append(f"{Ref(group, name, '', '').group_kind} cannot be read now ({reason}): nothing of it is called gone")
    return found


def _kind_later(wanted: Wanted, observed: Observed, ref: Ref) -> Kind | None:
    """The kind in a version that is served when the removal comes: after the definitions of this run."""
    kind = observed.kinds.get((ref.group, ref.kind))
    declared = wanted.declared.get((ref.group, ref.kind))
    return next(iter(declared.values())) if kind and declared and kind.api_version not in declared else kind


def _held(request: ReconcileRequest, observed: Observed) -> int:
    """What percentages of removal are of: all that the sets hold now, those that go away whole included."""
    refs = {ref for record in [*observed.records.values(), *observed.removed(request.remove_sets)] for ref in record.objects}
    return sum(ref in observed.metadata or (ref.group, ref.kind) in observed.unreadable for ref in refs)


def _list_changes(request: ReconcileRequest, work: Work, removals: list[Removal]) -> None:
    coming = [ref for ref, finding in work.findings.items() if finding.action is Action.CREATE]
    gone = moves((removal.ref for removal in removals), coming, request.renamed)
    for former, ref in gone.items():
        work.findings[ref].reason = "; ".join(filter(None, (f"moves from {former.id}", work.findings[ref].reason)))
    for stage in work.stages:
        for ref in sorted(stage.members):
            finding = work.findings.get(ref)
            if finding is not None and finding.action is not None:
                work.plan.changes.append(_change(finding, finding.action, request, work.disturbed.get(ref, "")))
    by_ref = {removal.ref: removal for removal in removals}
    work.removals = [[by_ref[ref] for ref in group] for group in deletion_order(by_ref)]
    for group in work.removals:
        for removal in group:
            work.plan.changes.append(
                Change(
                    removal.ref.id,
                    Action.DELETE,
                    impact_of(Action.DELETE, removal.ref),
                    reason=f"moves to {gone[removal.ref].id}" if removal.ref in gone else "declared no more",
                    scope=removal.record.name,
                    fingerprint=digest(["delete", removal.uid]),
                )
            )


def _moved(wanted: Wanted, observed: Observed, removals: list[Removal]) -> set[str]:
    going = {removal.ref for removal in removals}

    def is_left(ref: Ref) -> bool:
        there = ref in observed.metadata or (ref.group, ref.kind) in observed.unreadable
        return there and ref not in wanted.objects and ref not in going

    return {r.name for r in observed.records.values() if r.former and not any(map(is_left, r.former.objects))}


def _list_records(work: Work, observed: Observed) -> None:
    """A set of which only the record is out of date: writing that is a change like any other."""
    behind = (work.moved | {work.subjects[ref].desired.scope for ref in {*work.confirmed, *work.unready}}) - {
        change.scope for change in work.plan.changes
    }
    for name in sorted(behind):
        record = observed.records[name]
        reason = (
            "the set's record is out of date"
            if any(work.subjects[ref].record is record for ref in work.confirmed)
            else "not seen ready yet"
        )
        ident = Ref("", "Secret", record.namespace, name).id
        work.plan.changes.append(
            Change(ident, Action.UPDATE, fields=("data.record",), reason=reason, scope=name, fingerprint=digest(["record", name]))
        )


def _change(finding: Finding, action: Action, request: ReconcileRequest, disturbs: str = "") -> Change:
    subject = finding.subject
    impact = (
        Impact.SAFE
        if action is Action.BLOCKED
        else impact_of(action, subject.ref, ((d.path, d.before is not ABSENT) for d in finding.changes))
    )
    if disturbs:
        impact = max(impact, Impact.DISRUPTIVE, key=lambda candidate: candidate.rank)
    before, after = shown_changes(subject, finding)
    secret = subject.desired.is_secret and request.digest_key is None
    values = [[d.path] if secret else [d.path, _value(d.before), _value(d.after)] for d in sorted(finding.changes, key=lambda d: d.path)]
    return Change(
        subject.ref.id,
        action,
        impact,
        tuple(d.path for d in finding.changes),
        "; ".join(filter(None, (finding.reason, disturbs))),
        before,
        after,
        finding.verified,
        subject.desired.scope,
        digest([action.value, subject.uid or "absent", subject.approval_digest(request.digest_key), values]),
        finding.held_by,
        {d.path: pair for d in finding.changes if (pair := plain_pair(d, subject.desired.is_secret))},
    )


def _value(value: Any) -> Any:
    return "absent" if value is ABSENT else {"is": value}


def sets_to_write(work: Work, records: Iterable[SetRecord], administered: Iterable[str] = ()) -> list[SetRecord]:
    """Records that this run must widen or rewrite, because something of theirs changes; those of an administrator are left to him."""
    names = {change.scope for change in work.plan.changes}
    adopted = {ref for ref, finding in work.findings.items() if finding.action is Action.ADOPT}
    ours = [record for record in records if record.name not in set(administered)]
    return [record for record in ours if record.name in names or adopted & set(record.objects)]
