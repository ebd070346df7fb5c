# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One document against one API: observe, plan, guard, write. Check mode ends before the writing.

What the API is a provider says. All is compared in names, and ids are looked up when it is written: so the plan of an empty server is the
plan of what is then done to it, and one approval holds for both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .change import Action, Change, Impact
from .compare import Finding, Resource, Subject, examine, given_up, kept, removal
from .concurrency import map_threads
from .errors import CancelledError, GantryError, InputError, RefusedError
from .guards import Guards
from .lock import LockLostError, holder_name
from .plan import Plan
from .provider import Provider
from .record import Entry, Json, Record, RecordLock
from .references import MissingSecretError, References, reference_of
from .show import as_diff, as_json
from .suggest import did_you_mean
from .words import clean, clean_lines, listed

_THREADS = 16
_NOWHERE = "it is declared nowhere"


@dataclass(frozen=True)
class Request(Guards):
    """What is wanted. ``prune.data`` names what holds data, or what others put into a container, that may be removed."""

    resources: Sequence[Resource]
    owner: str = "gantry"
    check_mode: bool = False
    patience: float = 120.0
    """Seconds to wait for another run of the same owner."""
    removable: frozenset[str] = frozenset()
    """As ``prune.data``, in the words of before: no container that is only declared no more goes by it."""
    replaceable: frozenset[str] = frozenset()
    """Ids of what may be removed and made anew for a field that cannot be changed."""
    reset_root: frozenset[str] = frozenset()
    """Ids of what gets its declared root credential although that may have been rotated."""


@dataclass(frozen=True)
class Removal:
    """Something that goes: the resource (or what the record says of it) and its change."""

    resource: Resource
    change: Change
    place: str


def plan_of_absent(request: Request, scope: str, reason: str) -> Json:
    """The result of check mode for a server that the same run brings: all that is declared, none of it looked at by a server."""
    changes = [
        Change(resource.id, Action.CREATE, fields=tuple(sorted(resource.body)), reason=reason, verified=False, scope=scope)
        for resource in request.resources
        if resource.body is not None
    ]
    # Without a digest: what cannot be known yet cannot be approved, and is not compared with an approved plan.
    return {**Plan(changes).as_result(), "digest": "", "diff": [], "foreign": [], "requests": {}}


def reconcile(
    provider: Provider[Any],
    request: Request,
    references: References,
    record: Record,
    holder: str = "",
    tell: Callable[[str], None] = lambda text: None,
) -> Json:
    """Make it so, or say what that would take; the keys of every reconciling module. Raises GantryError.

    What a server says may quote a secret that it was sent: the caller scrubs what ``references`` registered. ``holder`` names this run in the lock.
    """
    work = _Work(provider, request, references, record)
    plan: Plan | None = None
    try:
        plan = work.guarded_plan()
        if plan.changed and not request.check_mode:
            work.make_place_of_record()
            with RecordLock(record, holder or holder_name(os.environ), request.patience, tell) as lock:
                provider.may_write = lock.check
                if lock.moved:
                    provider.forget()
                    work = _Work(provider, request, references, record)
                    plan = work.guarded_plan()
                if plan.changed:
                    work.execute()
    except GantryError as error:
        if plan is not None and not request.check_mode:
            error.details = _so_far(work, plan, error) | error.details
        raise
    result = plan.as_result()
    result["warnings"] = work.warnings(plan)
    result["diff"] = as_diff(plan.changes, as_json)
    result["foreign"] = [{"id": clean(id_), "path": clean(why), "manager": "", "time": ""} for id_, why in work.foreign.items()]
    result["requests"] = provider.requests()
    return result


def _so_far(work: _Work, plan: Plan, error: GantryError) -> Json:
    """What a run that did not come to its end says beside its error: all that it was to do, and of each whether it was done."""
    found: Json = plan.as_far_as(work.written) | {"warnings": work.warnings(plan), "requests": work.provider.requests()}
    if isinstance(error, (CancelledError, LockLostError)):
        found["interrupted"] = True
    return found


class _Work:
    """One pass of ``reconcile``. ``written`` are the ids of what was written so far, removals among them."""

    def __init__(self, provider: Provider[Any], request: Request, references: References, record: Record) -> None:
        self.provider = provider
        self._request = request
        self._references = references
        self._record = record
        self._bodies: dict[str, Json] = {}
        self._unknown: dict[str, set[str]] = {}
        self._findings: list[Finding[Any]] = []
        self._removals: list[Removal] = []
        self._of_others: dict[str, str] | None = None
        self._unclear: list[Entry] = []
        """Things that bear our mark, of which nobody can say which ones they are."""
        self.foreign: dict[str, str] = {}
        """Ids of what is declared nowhere, and why each stays."""
        self.said: list[str] = []
        self.written: set[str] = set()

    # planning

    def guarded_plan(self) -> Plan:
        """What is to be done, before anything is written. Raises RefusedError where it is not allowed, or not what was approved."""
        self._observe()
        plan = self._plan()
        self._request.judge(plan, len(self._record.entries))
        return plan

    def warnings(self, plan: Plan) -> list[str]:
        """What the plan and the server warned of."""
        return [clean_lines(text) for text in dict.fromkeys([*plan.warnings, *self.said])]

    def _observe(self) -> None:
        """Everything that is asked of the server, and nothing written."""
        resources, provider, record = self._request.resources, self.provider, self._record
        for resource in resources:
            self._resolve(resource)
        record.load()
        record.respell((resource.id for resource in resources), provider.folded)
        provider.observe(resources, {**self._lost(), **record.entries})
        self._check(resources)
        lives = map_threads(provider.live, resources, _THREADS)
        for resource, live in zip(resources, lives, strict=True):
            if resource.body is None:
                self._absent(resource, live)
                continue
            finding = self._examine(resource, live)
            # Several owners may share what holds the records: where it is, it is nobody's concern.
            if resource.where or live is None:
                self._findings.append(finding)
        self._undeclared()

    def _lost(self) -> dict[str, Entry]:
        """What bears our mark although no record says so: never a reason to make it once more.

        Nor to remove what nobody declares: a mark is a text that everybody may write, and that a copy made by hand bears as well.
        """
        if not self._record.missing:
            return {}
        owner = self._request.owner
        declared = {self.provider.folded(resource.id) for resource in self._request.resources}
        found: dict[str, list[Entry]] = {}
        for id_, entry in self.provider.ours(owner, self._request.resources):
            if not id_:
                self._unclear.append(entry)
            elif self.provider.folded(id_) in declared:
                found.setdefault(id_, []).append(entry)
            else:
                self.foreign[id_] = (
                    f"it bears the mark of {owner}, and no record says that it is ours; declare it as null to have it removed"
                )
        # Of two that bear one name neither is taken: whoever looks for the name finds both, and says so.
        return {id_: entries[0] for id_, entries in found.items() if len(entries) == 1}

    def _check(self, resources: Iterable[Resource]) -> None:
        if problems := list(self.provider.problems([resource for resource in resources if resource.body is not None])):
            raise InputError(listed(problems))

    def _resolve(self, resource: Resource) -> None:
        body: Json = {}
        for name, value in (resource.body or {}).items():
            try:
                body[name] = self._resolved(value)
            except MissingSecretError as error:
                if not self._request.check_mode:
                    raise InputError(f"config.{resource.where}.{name}: {error.message}", **error.details) from error
                body[name] = ""
                self._unknown.setdefault(resource.id, set()).add(name)
            except InputError as error:
                raise InputError(f"config.{resource.where}.{name}: {error.message}", **error.details) from error
        self._bodies[resource.id] = body

    def _resolved(self, value: Any) -> Any:
        reference = reference_of(value)
        if reference is not None:
            return self._references.resolve(reference)
        if isinstance(value, Mapping):
            return {key: self._resolved(item) for key, item in value.items()}
        return [self._resolved(item) for item in value] if isinstance(value, list) else value

    def _examine(self, resource: Resource, live: Json | None) -> Finding[Any]:
        provider, traits = self.provider, self.provider.traits(resource.kind)
        back, warnings = given_up(resource, traits, self._record.entries.get(resource.id))
        body = {**self._bodies[resource.id], **back}
        subject = Subject(
            resource,
            traits,
            provider.fields(resource),
            provider.scope,
            provider.compared(resource, body, live or {}),
            provider.place(resource),
            resource.id in self._request.reset_root,
            resource.id in self._request.replaceable,
            self._unknown.get(resource.id, ()),
        )
        finding = examine(subject, body, live, self._record)
        finding.warnings += warnings
        return finding

    def _plan(self) -> Plan:
        """The plan in the order of the writes. Raises RefusedError where something cannot be made as declared."""
        refused = [*self.provider.refusals(self._findings), *self._unmet(), *self._of_somebody_else(), *self._not_made_twice()]
        if refused:
            raise RefusedError(listed([*refused, "Nothing was written."]))
        self._block_what_is_named()
        created = {f.resource.id for f in self._findings if f.change and f.change.action in (Action.CREATE, Action.REPLACE)}
        changes = [self._judged(finding, created) for finding in self._findings if finding.change]
        changes += [gone.change for gone in self._removals]
        warnings = [text for finding in self._findings for text in finding.warnings]
        identity = [self.provider.identity(), *self._record.store.identity]
        plan = Plan([change for change in changes if change], [*warnings, *self.provider.warnings(self._findings)], 0, identity)
        plan.unchanged = len(self._findings) - sum(1 for finding in self._findings if finding.change)
        return plan

    def _judged(self, finding: Finding[Any], created: set[str]) -> Change | None:
        """A change that rests on what this run makes has not been looked at by any server yet."""
        change = finding.change
        reason = self.provider.waits_for(finding.resource, created) if change else ""
        return replace(change, reason="; ".join(filter(None, (change.reason, reason))), verified=False) if change and reason else change

    def _unmet(self) -> Iterable[str]:
        """Names of what is neither declared nor there, or is to go."""
        provider = self.provider
        declared = {resource.id for resource in self._request.resources if resource.body is not None}
        gone = {one.change.id for one in self._removals if one.change.action is Action.DELETE}
        gone |= {resource.id for resource in self._request.resources if resource.body is None}
        for finding in self._findings:
            for need in sorted(set(provider.needs(finding.resource)) - declared):
                where = f"config.{finding.resource.where}"
                if need in gone:
                    yield f"{where}: names {need}, which is to be removed"
                elif not provider.there(need):
                    kind = need.partition("/")[0]
                    like = [*provider.alike(need), *(one for one in declared if one.startswith(f"{kind}/"))]
                    yield f"{where}: names {need}, which is neither declared nor there{did_you_mean(need, like)}"

    def _of_somebody_else(self) -> Iterable[str]:
        """What another owner has on record, or has marked as its own."""
        for finding in self._findings:
            id_ = finding.resource.id
            if finding.change is None or id_ in self._record.entries:
                continue
            marked = self.provider.holder(finding.resource)
            owner = marked if marked != self._request.owner else ""
            if not owner and self.provider.exclusive:
                owner = self._others().get(id_, "")
            if owner:
                yield f"config.{finding.resource.where}: {id_} is {owner}'s; take it out of one of the two documents"

    def _not_made_twice(self) -> Iterable[str]:
        """Without a record, what bears our mark and cannot be told apart may be what would be made."""
        kinds = {f.resource.kind for f in self._findings if f.change and f.change.action is Action.CREATE}
        for kind in sorted(kinds & {entry.kind for entry in self._unclear}):
            places = ", ".join(entry.place for entry in self._unclear if entry.kind == kind)
            yield (
                f"{self._record.store.name} is missing, and of kind {kind} there is what bears the mark of {self._request.owner} ({places}): "
                "it may be what would be made once more. Put the record back, name those as they are declared, or remove them"
            )

    def _block_what_is_named(self) -> None:
        """What others name cannot be removed and made anew, unless they are as well."""
        anew = {finding.resource.id for finding in self._findings if finding.anew}
        if not anew:
            return
        users: dict[str, list[str]] = {}
        for finding in self._findings:
            for need in set(self.provider.needs(finding.resource)) & anew:
                users.setdefault(need, []).append(finding.resource.id)
        for finding in self._findings:
            stay = sorted(set(users.get(finding.resource.id, ())) - anew)
            if finding.anew and finding.change and stay:
                entry = self._record.entries.get(finding.resource.id)
                finding.change = kept(
                    finding.change, f"{', '.join(stay)} name it: name them in replaceable as well, or take it out of them"
                )
                finding.anew, finding.marks = False, dict(entry.marks) if entry else {}

    # what goes, and what is not ours

    def _absent(self, resource: Resource, live: Json | None) -> None:
        """Declared as null: it has to go, whoever made it."""
        traits = self.provider.traits(resource.kind)
        change = removal(resource, live, traits, self.provider.scope, "declared as null")
        if change is None:
            return
        name = self.provider.called(resource)
        if not traits.removable:
            change = kept(change, "this API cannot remove it")
        elif traits.removal is Impact.DESTROYS_DATA and not self._may_go(name):
            change = kept(change, f"it holds data; {self._cure(name)}")
        self._removals.append(Removal(resource, change, self.provider.place(resource)))

    def _undeclared(self) -> None:
        """What the record knows and nobody declares any more, and what was never ours."""
        request, provider, entries = self._request, self.provider, self._record.entries
        if request.prune.mode == "none":
            return
        declared = {resource.id: resource for resource in request.resources}
        spelt = {provider.recorded_as(id_) for id_ in declared}
        others = self._others()
        gone = [id_ for id_ in entries if provider.recorded_as(id_) not in spelt and provider.traits(entries[id_].kind).written]
        gone.sort(key=lambda id_: (provider.traits(entries[id_].kind).container, id_))
        resources = [one for one in (provider.recorded(id_, entries[id_]) for id_ in gone) if one is not None]
        for resource, live in zip(resources, map_threads(provider.live, resources, _THREADS), strict=True):
            if live is not None:
                self._surplus(resource, live, declared)
        known = {provider.folded(id_) for id_ in (*declared, *entries, *others)} | spelt
        for id_ in provider.foreign(known, request.prune.mode == "report"):
            self.foreign.setdefault(id_, _NOWHERE)

    def _surplus(self, resource: Resource, live: Json, declared: Mapping[str, Resource]) -> None:
        request, traits = self._request, self.provider.traits(resource.kind)
        change = removal(resource, live, traits, self.provider.scope, "no longer declared")
        if change is None or self.provider.spoken_for(resource, declared):
            return
        name = self.provider.called(resource)
        if not traits.removable:
            self.foreign[resource.id] = f"{_NOWHERE}; this API cannot remove it"
            return
        if request.prune.mode == "report" or (traits.container and name not in request.prune.data):
            self.foreign[resource.id] = _NOWHERE if request.prune.mode == "report" else f"{_NOWHERE}; {self._cure(name)}"
            return
        if traits.removal is Impact.DESTROYS_DATA and not self._may_go(name):
            change = kept(change, f"no longer declared, but it holds data; {self._cure(name)}")
        self._removals.append(Removal(resource, change, self.provider.place(resource)))

    def _others(self) -> dict[str, str]:
        if self._of_others is None:
            self._of_others = self._record.others()
        return self._of_others

    def _may_go(self, name: str) -> bool:
        return name in self._request.prune.data or name in self._request.removable

    def _cure(self, name: str) -> str:
        return f"to remove it name {name} in {self._request.called('prune')}.data"

    # writing

    def make_place_of_record(self) -> None:
        """What holds the record, and with it the lock, comes before both."""
        try:
            self._write([finding for finding in self._findings if self._comes_first(finding)])
        except GantryError as error:
            if not self.provider.was_first(error):
                raise

    def _comes_first(self, finding: Finding[Any]) -> bool:
        return finding.change is not None and finding.live is None and self.provider.holds_record(finding.resource)

    def execute(self) -> None:
        """Write stage by stage; the record goes first where something new begins, and last."""
        provider, record = self.provider, self._record
        begun = [f for f in self._findings if f.change and f.change.action in (Action.CREATE, Action.REPLACE)]
        if begun:
            for finding in begun:
                resource = finding.resource
                entry = record.entries.setdefault(resource.id, Entry(resource.kind, parent=resource.parent))
                entry.pending = True
                if finding.live is None:
                    # Nobody rotated what is made now.
                    entry.rotated = ""
                else:
                    entry.former = provider.former(resource, finding.live)
            record.save()
        before = record.content()
        for stage in provider.stages:
            due = [f for f in self._findings if f.resource.stage == stage and f.change and not self._comes_first(f)]
            for depth in sorted({finding.resource.depth for finding in due}):
                self._write([finding for finding in due if finding.writes and finding.resource.depth == depth])
            if stage in provider.reveals and any(f.change and f.change.action is Action.CREATE for f in due):
                resources = [finding.resource for finding in self._findings]
                provider.observe(resources, record.entries)
                self._check(resources)
        self._settle()
        self._remove()
        if record.content() != before:
            record.save()

    def _write(self, findings: list[Finding[Any]]) -> None:
        provider = self.provider

        def one(finding: Finding[Any]) -> list[str]:
            resource, body, live = finding.resource, finding.body, finding.live
            if live is not None and provider.traits(resource.kind).protects:
                body = {name: value for name, value in body.items() if name not in resource.secrets or name in finding.changed}
            if finding.anew:
                provider.remove(resource, finding.place)
                live = None
            said = provider.write(resource, body, live, finding.changed)
            self.written.add(resource.id)
            return [f"{resource.id}: {text}" for text in said]

        for said in map_threads(one, findings, _THREADS):
            self.said += said

    def _settle(self) -> None:
        """Read back what was written: what the server does not show goes into the record, what it shows otherwise is said."""
        provider, entries = self.provider, self._record.entries
        written = [finding for finding in self._findings if finding.writes]
        if written:
            provider.observe([finding.resource for finding in written], entries)
        lives = map_threads(lambda finding: provider.live(finding.resource), written, _THREADS)
        for finding, live in zip(written, lives, strict=True):
            id_ = finding.resource.id
            entry = entries.get(id_) or Entry(finding.resource.kind)
            entries[id_] = self._entry(finding, dict(entry.marks), entry.rotated)
            seen = self._examine(finding.resource, live)
            if live is None:
                self.said.append(f"{id_} was written, and is not there")
                continue
            if unsettled := sorted(name for name in seen.changed if name not in seen.marks):
                self.said.append(f"{id_}: the server made something else of {', '.join(unsettled)}; the next run will see it as changed")
            finding.marks, finding.place = {**seen.marks}, seen.place
            if provider.traits(finding.resource.kind).protects and finding.changed & finding.resource.secrets:
                entries[id_].rotated = ""
        self._note_what_is_only_named()
        for finding in self._findings:
            if finding.change is not None and not finding.conflict:
                entry = entries.get(finding.resource.id) or Entry(finding.resource.kind)
                entries[finding.resource.id] = self._entry(finding, finding.marks, entry.rotated)

    def _note_what_is_only_named(self) -> None:
        """Where the server has what is not ours to write, so that the next run need not look for it."""
        provider, entries = self.provider, self._record.entries
        named = {f.resource.id: f for f in self._findings if not provider.traits(f.resource.kind).written}
        for id_ in [id_ for id_, entry in entries.items() if not provider.traits(entry.kind).written and id_ not in named]:
            del entries[id_]
        for id_, finding in named.items():
            entries[id_] = Entry(finding.resource.kind, place=finding.place)

    def _entry(self, finding: Finding[Any], marks: dict[str, str], rotated: str) -> Entry:
        """What the record says of it once it is as declared."""
        resource = finding.resource
        # Of a kind that keeps what nobody declares any more it does not matter what was.
        fields = tuple(sorted(resource.body or ())) if self.provider.traits(resource.kind).defaults is not None else ()
        return Entry(resource.kind, marks, rotated=rotated, place=finding.place, parent=resource.parent, fields=fields)

    def _remove(self) -> None:
        provider, entries = self.provider, self._record.entries

        def order(gone: Removal) -> tuple[int, int]:
            stage, depth = provider.stage_of(gone.resource.kind, gone.resource.id)
            return provider.stages.index(stage), depth

        for gone in sorted(self._removals, key=order, reverse=True):
            if gone.change.action is Action.DELETE:
                provider.remove(gone.resource, gone.place)
                self.written.add(gone.change.id)
                entries.pop(gone.change.id, None)
                for id_ in provider.within(gone.change.id, entries):
                    del entries[id_]
