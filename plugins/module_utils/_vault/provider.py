# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A Vault, as the loop of every API sees one: paths are the ids, mounts what other paths lie in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from .._core.compare import Finding, Traits
from .._core.provider import Provider
from .._core.record import Entry
from .._core.suggest import did_you_mean
from .client import Json, VaultClient, VaultError
from .document import Resource
from .fields import Fields
from .kinds import KINDS
from .names import folded
from .order import STAGES, place
from .planned import refusals
from .server import Server

_BUILT_IN = {
    "sys/policies/acl": {"default", "root", "response-wrapping", "control-group"},
    "identity/oidc/key": {"default"},
    "identity/oidc/provider": {"default"},
    "identity/oidc/assignment": {"allow_all"},
}
_BUILT_IN_MOUNTS = {"sys", "identity", "cubbyhole", "agent-registry"}
_MOUNT_KINDS = ("mount", "auth")
_ALWAYS_THERE = ("", "sys", "identity")
_SMALL = ("auth/", "sys/policies/acl/")
"""Where the server keeps names in small letters, which stood otherwise in the records of earlier versions."""


class VaultProvider(Provider[Resource]):
    """One Vault. ``known_policies`` are those that others make, which no warning is about."""

    scope = "vault"
    stages = STAGES
    reveals = ("mounts",)
    exclusive = False

    def __init__(self, client: VaultClient, record_mount: str, known_policies: Collection[str] = ()) -> None:
        self._pool = client.pool
        self._client = client.guarded(lambda: self.may_write())
        self._record_mount = record_mount
        self._known_policies = known_policies
        self._collections: set[str] = set()
        self._server = Server(self._client)
        self._observed = False

    # reading

    def forget(self) -> None:
        self._server, self._observed = Server(self._client), False

    def observe(self, resources: Sequence[Resource], entries: Mapping[str, Entry]) -> None:
        kinds = {resource.kind for resource in resources}
        self._collections = {resource.collection for resource in resources if resource.collection}
        wanted = {one.collection for one in resources if one.collection and one.kind != "namespace"} | {"sys/policies/acl"}
        self._server.observe(resources, wanted, audit="audit" in kinds, identity=bool(kinds & {"entity", "group"}))
        if not self._observed:
            # Later on what this run began counts as well.
            self._server.begun = {path: bool(entry.marks) for path, entry in entries.items() if entry.pending}
        self._observed = True
        self._server.former = {path: entry.former for path, entry in entries.items() if entry.former is not None}

    def identity(self) -> str:
        return self._server.cluster_id

    def live(self, resource: Resource) -> Json | None:
        if not self._server.mounted(resource.path) or (resource.mount and not self._in_its_mount(resource)):
            return None
        return KINDS[resource.kind].live(self._server, resource)

    def _in_its_mount(self, resource: Resource) -> bool:
        """Whether the mount that it lies in is there: the path of one mount may begin as that of another."""
        return resource.kind in _MOUNT_KINDS or self._server.mount_of(resource.path) == resource.mount

    def foreign(self, known: Collection[str], thorough: bool) -> Iterator[str]:
        server = self._server
        for collection in sorted(self._collections):
            for name in server.listed(collection) or ():
                path = f"{collection}/{name}"
                if folded(path) not in known and name not in _BUILT_IN.get(collection, ()):
                    yield path
        for prefix, rows, own in (("sys/mounts", server.mounts, _BUILT_IN_MOUNTS), ("sys/auth", server.auths, {"token"})):
            yield from (f"{prefix}/{name}" for name in rows if name not in own and f"{prefix}/{name}" not in known)

    def requests(self) -> dict[str, int]:
        return dict(self._pool.requests)

    # what it is

    def traits(self, kind: str) -> Traits:
        return KINDS[kind].traits if kind in KINDS else Traits()

    def fields(self, resource: Resource) -> Fields:
        return KINDS[resource.kind].fields(self._server, resource)

    def compared(self, resource: Resource, declared: Json, live: Json) -> tuple[Json, Json]:
        kind = KINDS[resource.kind]
        return kind.compared(declared), kind.compared(live)

    def former(self, resource: Resource, live: Json) -> Json:
        return KINDS[resource.kind].former(live)

    # names

    def folded(self, id_: str) -> str:
        return folded(id_)

    def recorded_as(self, id_: str) -> str:
        return id_.lower() if id_.startswith(_SMALL) else folded(id_)

    def recorded(self, id_: str, entry: Entry) -> Resource | None:
        if entry.kind not in KINDS:
            return None
        collection = id_.rpartition("/")[0]
        return Resource(id_, entry.kind, "", id_, None, mount=self._server.mount_of(id_) or "", collection=collection)

    def stage_of(self, kind: str, id_: str) -> tuple[str, int]:
        stage, depth = place(kind, id_)
        return STAGES[stage], depth

    def called(self, resource: Resource) -> str:
        return _mount_at(resource.path) if resource.kind in _MOUNT_KINDS else resource.path

    def spoken_for(self, resource: Resource, declared: Mapping[str, Resource]) -> bool:
        if resource.kind in _MOUNT_KINDS or resource.mount in _ALWAYS_THERE:
            return False
        return not any(one.mount == resource.mount for one in declared.values())

    def within(self, id_: str, entries: Mapping[str, Entry]) -> list[str]:
        mount = _mount_at(id_)
        return [] if mount == id_ else [path for path in entries if path.startswith(f"{mount}/")]

    def waits_for(self, resource: Resource, created: Collection[str]) -> str:
        return f"below {resource.mount}, which is made first" if resource.mount and not self._in_its_mount(resource) else ""

    # planning

    def problems(self, resources: Sequence[Resource]) -> Iterator[str]:
        others = {resource.mount: text for resource in resources if resource.kind in _MOUNT_KINDS and (text := self._other_type(resource))}
        yield from others.values()
        for resource in resources:
            # What there is to say of what lies in a mount of another type follows from that.
            if resource.mount not in others:
                yield from unknown_fields(resource, self.fields(resource))

    def _other_type(self, resource: Resource) -> str:
        """That the mount which is there is of another type than the declared; empty where it is not."""
        live = KINDS[resource.kind].live(self._server, resource) or {}
        there, declared = live.get("type"), (resource.body or {}).get("type")
        if not there or not declared or there == declared:
            return ""
        path = resource.mount
        if not resource.where:
            return (
                f"record_mount: the mount {path} is there and is of type {there}, a record needs one of type {declared}; name another one"
            )
        return (
            f"config.{resource.where}.type: the mount {path} is there and is of type {there}, declared is {declared}, and a type cannot be "
            f"changed; take another path, or declare {resource.where} as null first and name {path} in prune.data: then it goes with all it holds"
        )

    def refusals(self, findings: Sequence[Finding[Resource]]) -> list[str]:
        return refusals(self._server, findings)

    def warnings(self, findings: Sequence[Finding[Resource]]) -> list[str]:
        """Policies that nobody has."""
        listed = self._server.listed("sys/policies/acl")
        if listed is None:
            return []
        declared = {finding.resource.name for finding in findings if finding.resource.kind == "policy"}
        known = declared | set(listed) | {"root"} | set(self._known_policies)
        return [
            f"{finding.resource.path} names the policy {name!r}, which nobody has"
            for finding in findings
            for key in ("token_policies", "policies")
            for name in _names(finding.body.get(key))
            if name not in known and "{{" not in name
        ]

    # writing

    def holds_record(self, resource: Resource) -> bool:
        return resource.path == f"sys/mounts/{self._record_mount}"

    def was_first(self, error: Exception) -> bool:
        return isinstance(error, VaultError) and any("already in use" in text for text in error.errors)

    def write(self, resource: Resource, body: Json, live: Json | None, changed: set[str]) -> list[str]:
        fields = self.fields(resource)
        body = {name: fields.sent(name, value) for name, value in body.items()}
        return KINDS[resource.kind].write(self._server, resource, body, live, changed)

    def remove(self, resource: Resource, place: str) -> None:
        KINDS[resource.kind].remove(self._server, resource.path)


def unknown_fields(resource: Resource, fields: Fields) -> list[str]:
    """Declared fields that the server in use does not know."""
    if not fields.known:
        return []
    known = sorted(fields.properties)
    return [
        f"config.{resource.where}.{name}: unknown to this server; {resource.path} takes {', '.join(known)}{did_you_mean(name, known)}"
        for name in resource.body or {}
        if name not in fields.properties
    ]


def _mount_at(path: str) -> str:
    """The mount that a path of ``sys`` stands for; another path is its own."""
    return path.removeprefix("sys/mounts/").replace("sys/auth/", "auth/", 1)


def _names(value: Any) -> list[str]:
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return [str(name) for name in value] if isinstance(value, list) else []
