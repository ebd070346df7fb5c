# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Credentials and keys that are renewed by age. The age is what the server says, so a run that comes too early does nothing."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.certificate import not_before
from .._core.change import Action, Change, Impact
from .._core.concurrency import map_threads
from .._core.errors import InputError
from .._core.plan import Plan
from .._core.schema import Schema, show_path
from .client import Json, VaultClient
from .document import Resource
from .fields import seconds
from .kinds import KINDS
from .record import Entry, Record
from .server import Server

_THREADS = 8
_ENTRY: dict[str, Any] = {"type": "object", "required": ["max_age"], "additionalProperties": False}
_AGE: dict[str, Any] = {"type": ["string", "integer"], "x-allowed": "a duration such as 720h"}
_PATH: dict[str, Any] = {"type": "string", "pattern": "^[^\\s#]+/[^\\s#]+$", "x-allowed": "<mount>/<name>"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        kind: {"type": "object", "propertyNames": _PATH, "additionalProperties": {**_ENTRY, "properties": {"max_age": _AGE, **more}}}
        for kind, more in {
            "database_roots": {},
            "database_static_roles": {},
            "transit_keys": {},
            "secrets": {
                "keys": {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"policy": {"type": "string"}, "bytes": {"type": "integer", "minimum": 16, "maximum": 1024}},
                    },
                }
            },
            "secret_ids": {"deliver": _PATH, "metadata": {"type": "object"}},
            "issuers": {"issuer": {"type": "object"}},
        }.items()
    },
}


@dataclass
class _Due:
    """Something to renew: its path, since when it is as it is (none where it is not there yet), and how it is renewed."""

    path: str
    max_age: float
    since: datetime.datetime | None
    renew: Callable[[], None]
    exists: bool = True
    impact: Impact = Impact.SAFE


def rotate(client: VaultClient, wanted: Any, record: Record, check_mode: bool, now: datetime.datetime) -> Json:
    """Renew what is older than it may be; the keys of every reconciling module. Raises GantryError. Nothing new is in the result."""
    problems = Schema(SCHEMA).check(wanted)
    if problems:
        raise InputError("\n".join(f"rotate.{show_path(problem.path)}: {problem.message}" for problem in problems))
    record.load(client)
    rotation = _Rotation(client, record, now)
    rows = [
        (kind, path, options, float(_age(f"rotate.{kind}.{path}", options["max_age"])))
        for kind, entries in wanted.items()
        for path, options in entries.items()
    ]
    found = map_threads(lambda row: getattr(rotation, f"_{row[0]}")(*row[1:]), rows, _THREADS)
    due = [one for one in found if one.since is None or (now - one.since).total_seconds() >= one.max_age]
    plan = Plan([_change(one, now) for one in due], [], len(found) - len(due), [kind for kind, *_rest in rows])
    if not check_mode:
        for one in due:
            one.renew()
        if rotation.record_changed:
            record.save(client)
    return {**plan.as_result(), "requests": dict(client.pool.requests)}


def _age(where: str, text: Any) -> Any:
    value = seconds(text)
    if isinstance(value, str) or value <= 0:
        raise InputError(f"{where}.max_age: found {text!r}; allowed: a duration such as 720h")
    return value


def _change(one: _Due, now: datetime.datetime) -> Change:
    if one.since is None:
        reason = "no record says when it was renewed last" if one.exists else "it is not there yet"
    else:
        reason = f"{_days((now - one.since).total_seconds())} old, {_days(one.max_age)} allowed"
    return Change(one.path, Action.UPDATE if one.exists else Action.CREATE, one.impact, reason=reason, scope="vault", before={}, after={})


def _days(number: float) -> str:
    return f"{number / 86400:.0f} days" if number >= 2 * 86400 else f"{number / 3600:.0f} hours" if number >= 7200 else f"{number:.0f} s"


class _Rotation:
    """What each kind of thing says of its age, and how it is renewed."""

    def __init__(self, client: VaultClient, record: Record, now: datetime.datetime) -> None:
        self._client = client
        self._record = record
        self._now = now
        self.record_changed = False

    def _database_roots(self, path: str, options: Mapping[str, Any], max_age: float) -> _Due:
        mount, _slash, name = path.rpartition("/")
        config = f"{mount}/config/{name}"
        if self._client.find(config) is None:
            raise InputError(f"rotate.database_roots.{path}: there is no connection {config}")
        entry = self._record.entries.get(config)

        def renew() -> None:
            self._client.write(f"{mount}/rotate-root/{name}", {})
            kept = self._record.entries.setdefault(config, Entry("connection"))
            kept.rotated = f"{self._now:%Y-%m-%dT%H:%M:%SZ}"
            self.record_changed = True

        return _Due(config, max_age, _time(entry.rotated) if entry and entry.rotated else None, renew)

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
        mount, _slash, name = path.partition("/")
        metadata = ((self._client.find(f"{mount}/metadata/{name}") or {}).get("data") or {}) if name else {}
        version = int(metadata.get("current_version") or 0)
        current = (metadata.get("versions") or {}).get(str(version)) or {}
        gone = not current or current.get("deletion_time") or current.get("destroyed")
        data = {} if gone else self._client.read(f"{mount}/data/{name}")["data"]["data"]
        lacking = set(options["keys"]) - set(data)

        def renew() -> None:
            fresh = {key: self._generated(how) for key, how in options["keys"].items() if not lacking or key in lacking}
            self._client.write(f"{mount}/data/{name}", {"data": {**data, **fresh}, "options": {"cas": version}})

        since = None if lacking else _time(current.get("created_time"))
        return _Due(f"{mount}/data/{name}", max_age, since, renew, exists=not gone)

    def _secret_ids(self, path: str, options: Mapping[str, Any], max_age: float) -> _Due:
        mount, _slash, name = path.rpartition("/")
        role = f"auth/{mount}/role/{name}"
        self._read(role, f"rotate.secret_ids.{path}")
        ids = [(accessor, self._made(role, accessor)) for accessor in self._client.names(f"{role}/secret-id")]
        kept, _slash, below = options["deliver"].partition("/")

        def renew() -> None:
            answer = self._client.write(f"{role}/secret-id", {})["data"]
            where = f"{kept}/data/{below}"
            old = ((self._client.find(where) or {}).get("data") or {}).get("data") or {}
            self._client.write(
                where, {"data": {**old, "secret_id": answer["secret_id"], "secret_id_accessor": answer["secret_id_accessor"]}}
            )
            # The one before stays for as long again: those who use it have not read the new one yet.
            for accessor, made in ids:
                if (self._now - made).total_seconds() >= 2 * max_age:
                    self._client.write(f"{role}/secret-id-accessor/destroy", {"secret_id_accessor": accessor})

        return _Due(f"{role}/secret-id", max_age, max((made for _accessor, made in ids), default=None), renew, exists=bool(ids))

    def _issuers(self, path: str, options: Mapping[str, Any], max_age: float) -> _Due:
        mount, _slash, prefix = path.rpartition("/")
        server = Server(self._client)
        server.observe([f"{mount}/issuer"], audit=False, identity=False)
        ours = [name for name in server.listed(f"{mount}/issuer") or () if name == prefix or name.startswith(f"{prefix}-")]
        dates = [not_before(self._client.read(f"{mount}/issuer/{name}")["data"]["certificate"]) for name in ours]
        name = f"{prefix}-{self._now:%Y%m%dt%H%M%S}"
        resource = Resource(f"{mount}/issuer/{name}", "issuer", "issuers", "", dict(options.get("issuer") or {}), mount, f"{mount}/issuer")

        def renew() -> None:
            KINDS["issuer"].write(server, resource, resource.body or {}, None, set())
            self._client.write(f"{mount}/config/issuers", {"default": name})

        return _Due(f"{mount}/issuer/{prefix}", max_age, max(dates, default=None), renew, exists=bool(ours))

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
