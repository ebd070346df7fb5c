# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Credentials and keys that are renewed by age. The age is what the server says, so a run that comes too early does nothing."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._core.canonical import digest
from .._core.certificate import not_before
from .._core.change import Action, Change, Impact
from .._core.concurrency import map_threads
from .._core.credentials import masked_text
from .._core.errors import GantryError, InputError, ServerError
from .._core.forms import seconds
from .._core.guards import Guards
from .._core.lock import holder_name
from .._core.plan import Plan
from .._core.record import Entry, NowhereError, Record, RecordLock
from .._core.schema import Problem, Schema, show_path, show_value
from .._core.show import as_diff, as_json
from .._core.words import cleaned, listed
from .client import Json, VaultClient, VaultError
from .contents import form_problems, secret_problems
from .document import Resource, issuer_problems
from .kinds import KINDS
from .names import path_problem
from .secrets import Place, place_of
from .server import Server

_THREADS = 8
_FREE = Guards()
_AGE: dict[str, Any] = {"type": ["string", "integer"], "x-allowed": "a duration such as 720h"}
_PATH: dict[str, Any] = {"type": "string", "pattern": "^[^/](.*[^/])?/[^/]+$", "x-allowed": "<mount>/<name>"}
_OF_KIND: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "database_roots": ((), {}),
    "database_static_roles": ((), {}),
    "transit_keys": ((), {}),
    "secrets": (
        ("keys",),
        {
            "keys": {
                "type": "object",
                "minProperties": 1,
                "x-allowed": "the keys to generate, such as {password: {bytes: 32}}",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "policy": {"type": "string", "minLength": 1},
                        "bytes": {"type": "integer", "minimum": 16, "maximum": 1024},
                    },
                },
            },
            "from": {**_PATH, "x-allowed": "<mount>/<name> of the secret that it was before"},
        },
    ),
    "secret_ids": (
        ("deliver",),
        {
            "deliver": {**_PATH, "x-allowed": "<mount>/<name> of the KV secret that gets it"},
            "metadata": {"type": "object", "additionalProperties": {"type": ["string", "integer", "boolean"]}},
        },
    ),
    "issuers": (
        ("issuer",),
        {"issuer": {"type": "object", "minProperties": 1, "x-allowed": "what the new one is made of, such as {common_name: …}"}},
    ),
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        kind: {
            "type": "object",
            "propertyNames": _PATH,
            "additionalProperties": {
                "type": "object",
                "required": ["max_age", *required],
                "additionalProperties": False,
                "properties": {"max_age": _AGE, **more},
            },
        }
        for kind, (required, more) in _OF_KIND.items()
    },
}


@dataclass
class _Due:
    """Something to renew: its path, since when it is as it is (none where it is not there yet), and how it is renewed.

    ``renew`` says in the record what it begins wherever the server alone could not say afterwards whether it was done.
    """

    path: str
    max_age: float
    since: datetime.datetime | None
    renew: Callable[[], None]
    exists: bool = True
    impact: Impact = Impact.SAFE
    reason: str = ""
    named: str = ""
    """The path by which it was named."""
    verified: bool = True
    adopts: bool = False
    """Whether it is only noted from when on it counts."""


def rotate(
    client: VaultClient,
    wanted: Any,
    record: Record,
    check_mode: bool,
    now: datetime.datetime,
    whole: Sequence[str] = (),
    guards: Guards = _FREE,
    holder: str = "",
    patience: float = 120.0,
    tell: Callable[[str], None] = lambda text: None,
) -> Json:
    """Renew what is older than it may be; the keys of every reconciling module. Raises GantryError. Nothing new is in the result.

    One that cannot be renewed does not keep the others from it; the error names all that could not, and what was renewed.
    ``holder`` names this run in the lock, ``patience`` is how many seconds it waits for another one of the same owner.
    ``whole`` are patterns such as ``kv/+/generated``: all such secrets are named in ``wanted``, others that are there are orphans.
    """
    problems = list(form_problems(wanted)) or Schema(SCHEMA).check(wanted)
    problems += [] if problems else list(_problems(wanted))
    if problems:
        raise InputError(
            "\n".join(f"rotate{'.' if problem.path else ''}{show_path(problem.path)}: {problem.message}" for problem in problems)
        )
    ages = {
        (kind, path): float(_age(f"rotate.{kind}.{path}", options["max_age"]))
        for kind, entries in wanted.items()
        for path, options in entries.items()
    }
    lock: RecordLock | None = None

    def may_write() -> None:
        if lock is not None:
            lock.check()

    guarded = client.guarded(may_write)

    def look() -> tuple[list[_Due], Plan, list[str]]:
        record.load()
        rotation = _Rotation(guarded, record, now, check_mode)
        rows = [(kind, path, options, ages[kind, path]) for kind, entries in wanted.items() for path, options in entries.items()]
        found = map_threads(lambda row: getattr(rotation, f"_{row[0]}")(*row[1:]), rows, _THREADS)
        orphans = {pattern: list(_orphans(client, pattern, wanted.get("secrets") or {})) for pattern in whole}
        _say_orphaned(found, orphans)
        due = [one for one in found if one.reason or one.since is None or (now - one.since).total_seconds() >= one.max_age]
        identity = [client.health().get("cluster_id") or "", *record.store.identity]
        plan = Plan([_change(one, now) for one in due], [], len(found) - len(due), identity)
        guards.judge(plan)
        return due, plan, [path for rows in orphans.values() for path in rows]

    done: list[str] = []
    due, plan, orphaned = look()
    if due and not check_mode:
        with contextlib.ExitStack() as stack:
            # A Vault without a record has been configured by nobody of ours.
            with contextlib.suppress(NowhereError):
                lock = stack.enter_context(RecordLock(record, holder or holder_name(os.environ), patience, tell))
            if lock is not None and lock.moved:
                due, plan, orphaned = look()
            try:
                _renew(due, done)
            except GantryError as error:
                error.details = plan.as_far_as(done) | {"requests": dict(client.pool.requests)} | error.details
                raise
    foreign = [{"id": path, "path": "it is declared nowhere", "manager": "", "time": ""} for path in orphaned]
    more = {"diff": as_diff(plan.changes, as_json), "foreign": cleaned(foreign), "requests": dict(client.pool.requests)}
    return plan.as_result() | more


def _say_orphaned(found: Sequence[_Due], orphans: Mapping[str, Sequence[str]]) -> None:
    """What is new beside something that nobody names any more may be the same thing under another name."""
    for one in found:
        beside = [
            orphan for pattern, rows in orphans.items() if one.named and not one.exists and _matches(pattern, one.named) for orphan in rows
        ]
        if beside and not one.reason:
            one.impact = Impact.DESTROYS_DATA
            one.reason = (
                f"a new one beside the orphaned {', '.join(beside)}: if it takes that one's place, what was made with that can no longer be read; "
                "renamed_from of the service carries it over"
            )


def _matches(pattern: str, path: str) -> bool:
    beginning, _plus, end = pattern.partition("/+/")
    middle = path.removeprefix(f"{beginning}/").removesuffix(f"/{end}")
    return path == f"{beginning}/{middle}/{end}" and "/" not in middle


def _orphans(client: VaultClient, pattern: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Secrets of the pattern that hold something and that nobody names, neither as they are nor as what one was before."""
    beginning, plus, end = pattern.partition("/+/")
    if not plus or not end:
        raise InputError(f"whole: found {pattern!r}; allowed: a pattern such as kv/+/generated")
    known = {*wanted, *(options.get("from") for options in wanted.values())}
    root = place_of(client, f"{beginning}/x")
    if root is None:
        return
    folder = f"{root.mount}/{'metadata/' if root.versioned else ''}{root.rest.removesuffix('x')}".rstrip("/")
    for name in sorted(client.names(folder)):
        path = f"{beginning}/{name.rstrip('/')}/{end}"
        place = replace(root, rest=path.removeprefix(f"{root.mount}/"))
        if name.endswith("/") and path not in known and place.read(client)[0]:
            yield path


def _renew(due: list[_Due], done: list[str]) -> None:
    """Renew all, one after the other; the paths of those that are go to ``done``. Raises ServerError."""
    failed: list[str] = []
    for one in due:
        try:
            one.renew()
        except VaultError as error:
            failed.append(f"{one.path} was not renewed: {masked_text(error.message)}")
            if error.sealed:
                break
        except GantryError as error:
            failed.append(f"{one.path} was not renewed: {error.message}")
            break
        else:
            done.append(one.path)
    if failed:
        left = [one.path for one in due if one.path not in done][len(failed) :]
        words = [f"Renewed, and recorded: {', '.join(done) or 'nothing'}.", *([f"Not tried: {', '.join(left)}."] if left else [])]
        raise ServerError(listed([*failed, *words, "Run again when it is mended; what was renewed stays."]))


def _problems(wanted: Mapping[str, Any]) -> Iterator[Problem]:
    """What the schema cannot say."""
    for kind, entries in wanted.items():
        for path, options in entries.items():
            for place, text in (("", path), ("deliver", options.get("deliver")), ("from", options.get("from"))):
                problem = path_problem(text) if text else ""
                if problem:
                    yield Problem((kind, path, place) if place else (kind, path), problem)
            for key, how in (options.get("keys") or {}).items():
                if len(how) > 1:
                    yield Problem((kind, path, "keys", key), f"found {show_value(how)}; allowed: policy or bytes, one of them")
            if "issuer" in options:
                yield from issuer_problems((kind, path, "issuer"), options["issuer"])
                for name, value in options["issuer"].items():
                    yield from (Problem((kind, path), f"issuer.{text}") for text in secret_problems(str(name), value))


def _age(where: str, text: Any) -> Any:
    value = seconds(text)
    if isinstance(value, str) or value <= 0:
        raise InputError(f"{where}.max_age: found {text!r}; allowed: a duration such as 720h")
    return value


def _change(one: _Due, now: datetime.datetime) -> Change:
    if one.reason:
        reason = one.reason
    elif one.since is None:
        reason = "no record says when it was renewed last" if one.exists else "it is not there yet"
    else:
        reason = f"{_days((now - one.since).total_seconds())} old, {_days(one.max_age)} allowed"
    action = Action.ADOPT if one.adopts else Action.UPDATE if one.exists else Action.CREATE
    since = one.since.isoformat(timespec="seconds") if one.since else "unknown"
    before = {"since": since} if one.exists else {}
    # What was approved is the renewal of what is there now: where somebody else has renewed it since, there is nothing left of that.
    fingerprint = digest([action.value, one.since.isoformat() if one.since else "unknown" if one.exists else "absent"])
    after = {"since": "this run"}
    return Change(one.path, action, one.impact, (), reason, before, after, one.verified, "vault", fingerprint)


def _days(number: float) -> str:
    return f"{number / 86400:.0f} days" if number >= 2 * 86400 else f"{number / 3600:.0f} hours" if number >= 7200 else f"{number:.0f} s"


class _Rotation:
    """What each kind of thing says of its age, and how it is renewed."""

    def __init__(self, client: VaultClient, record: Record, now: datetime.datetime, check_mode: bool) -> None:
        self._check_mode = check_mode
        self._client = client
        self._record = record
        self._now = now

    def _begin(self, path: str, word: str = "") -> None:
        self._record.renewing[path] = word or self._words(self._now)
        self._record.save()

    def _end(self, path: str) -> None:
        self._record.renewing.pop(path, None)
        self._record.save()

    def _not_ended(self, path: str) -> str:
        return "a run that began to renew it did not end" if path in self._record.renewing else ""

    @staticmethod
    def _words(time: datetime.datetime) -> str:
        return f"{time:%Y-%m-%dT%H:%M:%SZ}"

    def _database_roots(self, path: str, options: Mapping[str, Any], max_age: float) -> _Due:
        mount, _slash, name = path.rpartition("/")
        config = f"{mount}/config/{name}"
        if self._client.find(config) is None:
            raise InputError(f"rotate.database_roots.{path}: there is no connection {config}")
        entry = self._record.entries.get(config)

        def renew() -> None:
            # Only Vault knows the new one. Who is stopped after that must not be believed to know the old one.
            self._begin(config)
            try:
                self._client.write(f"{mount}/rotate-root/{name}", {})
            except VaultError:
                # It said no, and keeps (or puts back) the one that it had.
                self._end(config)
                raise
            kept = self._record.entries.setdefault(config, Entry("connection"))
            kept.rotated = self._words(self._now)
            self._end(config)

        since = _time(entry.rotated) if entry and entry.rotated else None
        return _Due(config, max_age, since, renew, reason=self._not_ended(config))

    def _database_static_roles(self, path: str, options: Mapping[str, Any], max_age: float) -> _Due:
        mount, _slash, name = path.rpartition("/")
        role = f"{mount}/static-roles/{name}"
        found = self._read(role, f"rotate.database_static_roles.{path}")
        return _Due(role, max_age, _time(found.get("last_vault_rotation")), self._writer(f"{mount}/rotate-role/{name}"))

    def _transit_keys(self, path: str, options: Mapping[str, Any], max_age: float) -> _Due:
        mount, _slash, name = path.rpartition("/")
        key = f"{mount}/keys/{name}"
        found = self._read(key, f"rotate.transit_keys.{path}")
        made = found["keys"][str(found["latest_version"])]
        made = made.get("creation_time") if isinstance(made, Mapping) else made
        return _Due(key, max_age, _time(made), self._writer(f"{key}/rotate"))

    def _secrets(self, path: str, options: Mapping[str, Any], max_age: float) -> _Due:
        kept = place_of(self._client, path)
        if kept is None and self._check_mode:
            # The run that would make it may be the one that also makes its mount.
            mount, _slash, rest = path.partition("/")
            reason = "there is no KV engine yet where it would lie, or the token may not see it"
            return _Due(f"{mount}/data/{rest}", max_age, None, lambda: None, False, reason=reason, verified=False)
        kept = kept or self._place(path, f"rotate.secrets.{path}")
        data, version, made = kept.read(self._client)
        where = kept.data
        before = (
            self._place(options["from"], f"rotate.secrets.{path}.from").read(self._client)[0] if options.get("from") and not data else {}
        )
        lacking = set(options["keys"]) - set(data) - set(before)

        def renew() -> None:
            if not adopts:
                renewed = {} if before else options["keys"]
                fresh = {key: self._generated(how) for key, how in options["keys"].items() if key in (lacking or renewed)}
                kept.write(self._client, {**before, **data, **fresh}, version)
            if not kept.versioned:
                self._record.renewed[where] = self._words(self._now)
                self._record.save()

        known = self._record.renewed.get(where, "")
        # Version 1 keeps no time. What stands there already is nobody's to replace because nobody knows how old it is.
        adopts = not kept.versioned and bool(data) and not lacking and not known
        since = None if lacking or before else _time(made if kept.versioned else known)
        reason = "an engine of version 1 keeps no time: its age counts from now on" if adopts else ""
        reason = f"carried over from {options['from']}" if before else reason
        return _Due(where, max_age, since, renew, exists=bool(data), reason=reason, adopts=adopts, named=path)

    def _secret_ids(self, path: str, options: Mapping[str, Any], max_age: float) -> _Due:
        mount, _slash, name = path.rpartition("/")
        role = f"auth/{mount}/role/{name}"
        self._read(role, f"rotate.secret_ids.{path}")
        ids = {accessor: self._made(role, accessor) for accessor in self._client.names(f"{role}/secret-id")}
        kept = self._place(options["deliver"], f"rotate.secret_ids.{path}.deliver")
        delivered = kept.read(self._client)[0].get("secret_id_accessor")

        def renew() -> None:
            metadata = {"metadata": json.dumps(options["metadata"])} if options.get("metadata") else {}
            answer = self._client.write(f"{role}/secret-id", metadata)["data"]
            old, version, _made = kept.read(self._client)
            kept.write(self._client, {**old, "secret_id": answer["secret_id"], "secret_id_accessor": answer["secret_id_accessor"]}, version)
            # The one before stays for as long again: those who use it have not read the new one yet.
            for accessor, made in ids.items():
                if (self._now - made).total_seconds() >= 2 * max_age:
                    self._client.write(f"{role}/secret-id-accessor/destroy", {"secret_id_accessor": accessor})

        # One that was made and never delivered is nobody's: the age is that of the one that its users can read.
        reason = "none of those that are there was delivered" if ids and delivered not in ids else ""
        return _Due(f"{role}/secret-id", max_age, ids.get(str(delivered)), renew, exists=bool(ids), reason=reason)

    def _issuers(self, path: str, options: Mapping[str, Any], max_age: float) -> _Due:
        mount, _slash, prefix = path.rpartition("/")
        server = Server(self._client)
        server.observe([], [f"{mount}/issuer"], audit=False, identity=False)
        if mount not in server.mounts:
            raise InputError(f"rotate.issuers.{path}: there is no mount {mount}")
        listed = server.listed(f"{mount}/issuer") or []
        ours = [name for name in listed if name == prefix or name.startswith(f"{prefix}-")]
        dates = [not_before(self._client.read(f"{mount}/issuer/{name}")["data"]["certificate"]) for name in ours]
        where = f"{mount}/issuer/{prefix}"
        reason = self._not_ended(where)
        name = self._record.renewing.get(where) or f"{prefix}-{self._now:%Y%m%dt%H%M%S}"
        body = dict(options["issuer"])
        resource = Resource(f"{mount}/issuer/{name}", "issuer", "issuers", "", body, mount=mount, collection=f"{mount}/issuer")
        unknown = (
            sorted(set(body) - set(KINDS["issuer"].fields(server, resource).properties))
            if KINDS["issuer"].fields(server, resource).known
            else []
        )
        if unknown:
            raise InputError(f"rotate.issuers.{path}.issuer.{unknown[0]}: unknown to this server")

        def renew() -> None:
            self._begin(where, name)
            if name not in listed:
                fields = KINDS["issuer"].fields(server, resource)
                KINDS["issuer"].write(server, resource, {key: fields.sent(key, value) for key, value in body.items()}, None, set())
            self._client.write(f"{mount}/config/issuers", {"default": name})
            self._end(where)

        return _Due(where, max_age, max(dates, default=None), renew, exists=bool(ours), reason=reason)

    def _place(self, path: str, where: str) -> Place:
        found = place_of(self._client, path)
        if found is None:
            raise InputError(f"{where}: no KV engine is mounted where {path} would lie, or the token may not see it")
        return found

    def _writer(self, path: str) -> Callable[[], None]:
        def renew() -> None:
            self._client.write(path, {})

        return renew

    def _made(self, role: str, accessor: str) -> datetime.datetime:
        found = self._client.write(f"{role}/secret-id-accessor/lookup", {"secret_id_accessor": accessor})["data"]
        return _time(found["creation_time"]) or self._now

    def _generated(self, how: Mapping[str, Any]) -> str:
        if how.get("policy"):
            return str(self._client.read(f"sys/policies/password/{how['policy']}/generate")["data"]["password"])
        return secrets.token_urlsafe(int(how.get("bytes") or 32))

    def _read(self, path: str, where: str) -> Json:
        answer = self._client.find(path)
        if answer is None:
            raise InputError(f"{where}: there is no {path}")
        found: Json = answer["data"]
        return found


def _time(value: Any) -> datetime.datetime | None:
    """A time as Vault writes it: seconds since 1970, or RFC 3339 with nanoseconds."""
    if not value:
        return None
    if isinstance(value, (int, float)):
        return datetime.datetime.fromtimestamp(value, datetime.UTC)
    text = str(value)
    head, dot, rest = text.partition(".")
    if dot:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        text = f"{head}.{rest[:digits][:6]}{rest[digits:]}"
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
