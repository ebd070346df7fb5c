# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One document against one Vault: observe, plan, guard, write. Check mode ends before the writing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.change import Action, Change
from .._core.concurrency import map_threads
from .._core.errors import CancelledError, GantryError, InputError, RefusedError
from .._core.guards import Guards
from .._core.lock import LockLostError, holder_name
from .._core.plan import Plan
from .._core.references import MissingSecretError, References, reference_of
from .._core.show import as_diff, as_json
from .._core.words import clean, clean_lines, listed
from .client import Json, VaultClient, VaultError
from .compare import Finding, examine, removal, unknown_fields
from .document import Resource
from .kinds import KINDS
from .lock import RecordLock
from .names import folded
from .order import STAGES, place
from .planned import refusals
from .record import Entry, Record, paths_of_others
from .server import Server

_THREADS = 16
_BUILT_IN = {
    "sys/policies/acl": {"default", "root", "response-wrapping", "control-group"},
    "identity/oidc/key": {"default"},
    "identity/oidc/provider": {"default"},
    "identity/oidc/assignment": {"allow_all"},
}
_BUILT_IN_MOUNTS = {"sys", "identity", "cubbyhole", "agent-registry"}
_MOUNT_KINDS = ("mount", "auth")
_NOWHERE = "it is declared nowhere"


@dataclass(frozen=True)
class Request(Guards):
    """What is wanted. ``prune.data`` names mounts (``auth/<path>`` for auth methods) and whatever else holds data that may be removed."""

    resources: list[Resource]
    owner: str = "gantry"
    record_mount: str = "gantry"
    removable: frozenset[str] = frozenset()
    """As ``prune.data``, in the words of before: no mount that is only declared no more goes by it."""
    reset_root: frozenset[str] = frozenset()
    check_mode: bool = False
    known_policies: frozenset[str] = frozenset()
    patience: float = 120.0
    """Seconds to wait for another run of the same owner."""


@dataclass
class Removal:
    """Something that goes: the resource (or what the record says of it) and its change."""

    kind: str
    change: Change


def plan_of_absent(request: Request) -> Json:
    """The result of check mode for a Vault that the same run brings: all that is declared, none of it looked at by a server."""
    reason = "there is no Vault yet"
    changes = [
        Change(resource.path, Action.CREATE, fields=tuple(sorted(resource.body)), reason=reason, verified=False, scope="vault")
        for resource in request.resources
        if resource.body is not None
    ]
    # Without a digest: what cannot be known yet cannot be approved, and is not compared with an approved plan.
    return {**Plan(changes).as_result(), "digest": "", "diff": [], "foreign": [], "requests": {}}


def configure(
    client: VaultClient, request: Request, references: References, holder: str = "", tell: Callable[[str], None] = lambda text: None
) -> Json:
    """Make it so, or say what that would take; the keys of every reconciling module. Raises GantryError.

    What a server says may quote a secret that it was sent: the caller scrubs what ``references`` registered. ``holder`` names this run in the lock.
    """
    lock: RecordLock | None = None

    def may_write() -> None:
        if lock is not None:
            lock.check()

    record = Record(request.record_mount, request.owner)
    work = _Work(client.guarded(may_write), request, references, record)
    plan: Plan | None = None
    try:
        plan = work.guarded_plan()
        if plan.changed and not request.check_mode:
            work.make_record_mount()
            with RecordLock(client, record, holder or holder_name(os.environ), request.patience, tell) as lock:
                if lock.moved:
                    work = _Work(client.guarded(may_write), request, references, record)
                    plan = work.guarded_plan()
                if plan.changed:
                    work.execute()
    except GantryError as error:
        if plan is not None and not request.check_mode:
            error.details = _so_far(client, work, plan, error) | error.details
        raise
    result = plan.as_result()
    result["warnings"] = work.warnings(plan)
    result["diff"] = as_diff(plan.changes, as_json)
    result["foreign"] = [{"id": clean(path), "path": clean(why), "manager": "", "time": ""} for path, why in work.foreign.items()]
    result["requests"] = dict(client.pool.requests)
    return result


def _so_far(client: VaultClient, work: _Work, plan: Plan, error: GantryError) -> Json:
    """What a run that did not come to its end says beside its error: all that it was to do, and of each whether it was done."""
    found: Json = plan.as_far_as(work.written) | {
        "warnings": work.warnings(plan),
        "requests": dict(client.pool.requests),
    }
    if isinstance(error, (CancelledError, LockLostError)):
        found["interrupted"] = True
    return found


class _Work:
    """One call of ``configure``. ``written`` are the paths of what was written so far, removals among them."""

    def __init__(self, client: VaultClient, request: Request, references: References, record: Record) -> None:
        self._client = client
        self._request = request
        self._references = references
        self._server = Server(client)
        self.record = record
        self._bodies: dict[str, Json] = {}
        self._unknown: dict[str, set[str]] = {}
        self._findings: list[Finding] = []
        self._removals: list[Removal] = []
        self.foreign: dict[str, str] = {}
        """Paths of what is declared nowhere, and why each stays."""
        self.said: list[str] = []
        self.written: set[str] = set()

    def guarded_plan(self) -> Plan:
        """What is to be done, before anything is written. Raises RefusedError where it is not allowed, or not what was approved."""
        self.observe()
        plan = self.plan()
        self._request.judge(plan, len(self.record.entries))
        return plan

    def observe(self) -> None:
        """Everything that is asked of the server, and nothing written."""
        resources = self._request.resources
        for resource in resources:
            self._resolve(resource)
        self._look(resources)
        self.record.load(self._client)
        self.record.respell(resource.path for resource in resources)
        self._server.former = {path: entry.former for path, entry in self.record.entries.items() if entry.former is not None}
        self._check_fields(resources)
        lives = map_threads(self._live, resources, _THREADS)
        for resource, live in zip(resources, lives, strict=True):
            if resource.body is not None:
                finding = self._examine(resource, live)
                # Several owners may share the engine that holds the records: where it is, it is nobody's concern.
                if resource.where or live is None:
                    self._findings.append(finding)
            else:
                self._absent(resource, live)
        self._undeclared()

    def plan(self) -> Plan:
        """The plan in the order of the writes. Raises RefusedError where something cannot be made as declared."""
        if refused := refusals(self._server, self._findings):
            raise RefusedError(listed([*refused, "Nothing was written."]))
        changes = [self._with_mount(finding) for finding in self._findings if finding.change]
        changes += [removal.change for removal in self._removals]
        identity = [self._server.cluster_id, self._request.owner, self._request.record_mount]
        plan = Plan([change for change in changes if change], self._policies_that_nobody_has(), 0, identity)
        plan.unchanged = len(self._findings) - sum(1 for finding in self._findings if finding.change)
        return plan

    def make_record_mount(self) -> None:
        """What holds the record, and with it the lock, comes before both."""
        try:
            self._write([finding for finding in self._findings if self._holds_record(finding) and finding.change and finding.live is None])
        except VaultError as error:
            if not any("already in use" in text for text in error.errors):  # another run was first
                raise

    def _holds_record(self, finding: Finding) -> bool:
        return finding.resource.path == f"sys/mounts/{self._request.record_mount}"

    def execute(self) -> None:
        """Write stage by stage; the record goes first where something new begins, and last."""
        begun = [f for f in self._findings if f.change and f.change.action in (Action.CREATE, Action.REPLACE)]
        if begun:
            for finding in begun:
                path, kind = finding.resource.path, finding.resource.kind
                entry = self.record.entries.setdefault(path, Entry(kind, pending=True))
                if finding.change and finding.change.action is Action.REPLACE:
                    entry.pending, entry.former = True, KINDS[kind].former(finding.live or {})
            self.record.save(self._client)
        before = self.record.content()
        for stage in STAGES:
            due = [f for f in self._findings if f.resource.stage == stage and f.change and not self._holds_record(f)]
            for depth in sorted({finding.resource.depth for finding in due}):
                self._write([finding for finding in due if finding.writes and finding.resource.depth == depth])
            if stage == "mounts" and any(f.change and f.change.action is Action.CREATE for f in due):
                # Only now does the server describe what the new ones take.
                self._look([finding.resource for finding in self._findings])
                self._check_fields([finding.resource for finding in self._findings])
        self._settle()
        self._remove()
        if self.record.content() != before:
            self.record.save(self._client)

    def warnings(self, plan: Plan) -> list[str]:
        """What the plan and the server warned of."""
        return [clean_lines(text) for text in dict.fromkeys([*plan.warnings, *self.said])]

    def _look(self, resources: Iterable[Resource]) -> None:
        kinds = {resource.kind for resource in resources}
        collections = {resource.collection for resource in resources if resource.collection and resource.kind != "namespace"}
        self._server.observe(collections | {"sys/policies/acl"}, audit="audit" in kinds, identity=bool(kinds & {"entity", "group"}))

    def _check_fields(self, resources: Iterable[Resource]) -> None:
        problems = [
            problem
            for resource in resources
            if resource.body is not None
            for problem in unknown_fields(resource, KINDS[resource.kind].fields(self._server, resource))
        ]
        if problems:
            raise InputError(listed(problem.message for problem in problems))

    def _resolve(self, resource: Resource) -> None:
        body: Json = {}
        for name, value in (resource.body or {}).items():
            try:
                body[name] = self._resolved(value)
            except MissingSecretError as error:
                if not self._request.check_mode:
                    raise InputError(f"config.{resource.where}.{name}: {error.message}") from error
                body[name] = ""
                self._unknown.setdefault(resource.path, set()).add(name)
            except InputError as error:
                raise InputError(f"config.{resource.where}.{name}: {error.message}") from error
        self._bodies[resource.path] = body

    def _resolved(self, value: Any) -> Any:
        reference = reference_of(value)
        if reference is not None:
            return self._references.resolve(reference)
        if isinstance(value, Mapping):
            return {key: self._resolved(item) for key, item in value.items()}
        return [self._resolved(item) for item in value] if isinstance(value, list) else value

    def _live(self, resource: Resource) -> Json | None:
        if not self._server.mounted(resource.path) or (resource.mount and not self._there(resource)):
            return None
        return KINDS[resource.kind].live(self._server, resource)

    def _there(self, resource: Resource) -> bool:
        """Whether the mount that it lies in is there: the path of one mount may begin as that of another."""
        return resource.kind in _MOUNT_KINDS or self._server.mount_of(resource.path) == resource.mount

    def _examine(self, resource: Resource, live: Json | None) -> Finding:
        fields = KINDS[resource.kind].fields(self._server, resource)
        unknown = self._unknown.get(resource.path, set())
        return examine(resource, self._bodies[resource.path], live, fields, self.record, self._request.reset_root, unknown)

    def _with_mount(self, finding: Finding) -> Change | None:
        """A creation below a mount that this run makes has not been looked at by any server yet."""
        change, resource = finding.change, finding.resource
        if change is None or change.action is not Action.CREATE or not resource.mount or self._there(resource):
            return change
        reason = f"below {resource.mount}, which is made first"
        return Change(
            change.id,
            change.action,
            change.impact,
            change.fields,
            reason,
            change.before,
            change.after,
            False,
            change.scope,
            change.fingerprint,
        )

    def _absent(self, resource: Resource, live: Json | None) -> None:
        """Declared as null: it has to go, whoever made it."""
        change = removal(resource, live, "declared as null")
        if change is None:
            return
        name = resource.mount if resource.kind in _MOUNT_KINDS else resource.path
        if KINDS[resource.kind].removal.value == "destroys_data" and not self._may_go(name):
            change = _kept(change, f"it holds data; {self._cure(name)}")
        self._removals.append(Removal(resource.kind, change))

    def _undeclared(self) -> None:
        """What the record knows and nobody declares any more, and what was never ours."""
        request, server = self._request, self._server
        if request.prune.mode == "none":
            return
        declared = {folded(resource.path) for resource in request.resources}
        # Names that the server keeps in small letters stood otherwise in the records of earlier versions.
        declared |= {path.lower() for path in declared if path.startswith(("auth/", "sys/policies/acl/"))}
        of_others = paths_of_others(self._client, request.record_mount, request.owner)
        mounts = {resource.mount for resource in request.resources if resource.mount}
        gone = [path for path in self.record.entries if folded(path) not in declared and _lowered(path) not in declared]
        for path in sorted(gone, key=lambda path: (self.record.entries[path].kind in _MOUNT_KINDS, path)):
            kind = self.record.entries[path].kind
            collection, _slash, _name = path.rpartition("/")
            resource = Resource(path, kind, "", path, None, server.mount_of(path) or "", collection)
            live = self._live(resource) if kind in KINDS else None
            if live is None:
                continue
            self._surplus(resource, live, mounts)
        for collection in sorted({resource.collection for resource in request.resources if resource.collection}):
            known = {folded(path) for path in (*declared, *self.record.entries, *of_others) if path.startswith(f"{collection}/")}
            for name in server.listed(collection) or ():
                path = f"{collection}/{name}"
                if folded(path) not in known and name not in _BUILT_IN.get(collection, ()):
                    self.foreign[path] = _NOWHERE
        for prefix, rows, own in (("sys/mounts", server.mounts, _BUILT_IN_MOUNTS), ("sys/auth", server.auths, {"token"})):
            paths = (f"{prefix}/{name}" for name in rows if name not in own)
            known = {*declared, *self.record.entries, *of_others}
            self.foreign |= {path: _NOWHERE for path in paths if path not in known}

    def _surplus(self, resource: Resource, live: Json, mounts: set[str]) -> None:
        request = self._request
        change = removal(resource, live, "no longer declared")
        if change is None:
            return
        of_mount = resource.kind in _MOUNT_KINDS
        below = not of_mount and resource.mount not in ("", "sys", "identity")
        if below and resource.mount not in mounts:  # its mount speaks for it
            return
        name = resource.path.removeprefix("sys/mounts/").replace("sys/auth/", "auth/", 1) if of_mount else resource.path
        if request.prune.mode == "report" or (of_mount and name not in request.prune.data):
            self.foreign[resource.path] = _NOWHERE if request.prune.mode == "report" else f"{_NOWHERE}; {self._cure(name)}"
            return
        if change.impact.value == "destroys_data" and not self._may_go(name):
            change = _kept(change, f"no longer declared, but it holds data; {self._cure(name)}")
        self._removals.append(Removal(resource.kind, change))

    def _may_go(self, name: str) -> bool:
        return name in self._request.prune.data or name in self._request.removable

    def _cure(self, name: str) -> str:
        return f"to remove it name {name} in {self._request.called('prune')}.data"

    def _policies_that_nobody_has(self) -> list[str]:
        declared = {r.name for r in self._request.resources if r.kind == "policy" and r.body is not None}
        listed = self._server.listed("sys/policies/acl")
        if listed is None:
            return []
        known = declared | set(listed) | {"root"} | self._request.known_policies
        return [
            f"{finding.resource.path} names the policy {name!r}, which nobody has"
            for finding in self._findings
            for key in ("token_policies", "policies")
            for name in _names(finding.body.get(key))
            if name not in known and "{{" not in name
        ]

    def _write(self, findings: list[Finding]) -> None:
        def one(finding: Finding) -> list[str]:
            resource, kind = finding.resource, KINDS[finding.resource.kind]
            body = finding.body
            if finding.live is not None and kind.protects_root:
                body = {name: value for name, value in body.items() if name not in resource.secrets or name in finding.changed}
            fields = kind.fields(self._server, resource)
            body = {name: fields.sent(name, value) for name, value in body.items()}
            said = kind.write(self._server, resource, body, finding.live, finding.changed)
            self.written.add(resource.path)
            return [f"{resource.path}: {text}" for text in said]

        for said in map_threads(one, findings, _THREADS):
            self.said += said

    def _settle(self) -> None:
        """Read back what was written: what the server does not show goes into the record, what it shows otherwise is said."""
        written = [finding for finding in self._findings if finding.writes]
        if written:
            self._look([finding.resource for finding in written])
        lives = map_threads(lambda finding: self._live(finding.resource), written, _THREADS)
        for finding, live in zip(written, lives, strict=True):
            path = finding.resource.path
            entry = self.record.entries.get(path)
            self.record.entries[path] = Entry(
                finding.resource.kind, dict(entry.marks) if entry else {}, rotated=entry.rotated if entry else ""
            )
            seen = self._examine(finding.resource, live)
            if live is None:
                self.said.append(f"{path} was written, and is not there")
                continue
            unsettled = sorted(name for name in seen.changed if name not in seen.marks)
            if unsettled:
                self.said.append(f"{path}: the server made something else of {', '.join(unsettled)}; the next run will see it as changed")
            finding.marks = {**seen.marks}
            if KINDS[finding.resource.kind].protects_root and finding.changed & finding.resource.secrets:
                self.record.entries[path].rotated = ""
        for finding in self._findings:
            if finding.change is None or finding.conflict:
                continue
            path = finding.resource.path
            entry = self.record.entries.get(path) or Entry(finding.resource.kind)
            self.record.entries[path] = Entry(finding.resource.kind, finding.marks, rotated=entry.rotated)

    def _remove(self) -> None:
        for entry in sorted(self._removals, key=lambda entry: place(entry.kind, entry.change.id), reverse=True):
            if entry.change.action is Action.DELETE:
                KINDS[entry.kind].remove(self._server, entry.change.id)
                self.written.add(entry.change.id)
                self.record.entries.pop(entry.change.id, None)
                if entry.kind in _MOUNT_KINDS:
                    mount = entry.change.id.removeprefix("sys/mounts/").replace("sys/auth/", "auth/", 1)
                    for path in [path for path in self.record.entries if path.startswith(f"{mount}/")]:
                        del self.record.entries[path]


def _kept(change: Change, reason: str) -> Change:
    return Change(change.id, Action.BLOCKED, reason=reason, scope=change.scope, before={}, after={}, fingerprint=change.id)


def _names(value: Any) -> list[str]:
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return [str(name) for name in value] if isinstance(value, list) else []


def _lowered(path: str) -> str:
    return path.lower() if path.startswith(("auth/", "sys/policies/acl/")) else path
