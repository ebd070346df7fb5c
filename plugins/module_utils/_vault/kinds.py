# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""How each kind of resource is read, written and removed. Most are one path that is read, written and deleted; the rest is said here."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import replace

from .._core.change import Impact
from .._core.compare import Traits
from .._core.errors import GantryError, InputError
from .authorities import intermediate
from .client import Json, VaultError, told
from .document import Resource
from .fields import Fields
from .hcl import HclError, parse, policy_meaning
from .server import Server

_SWITCHES = ("local", "seal_wrap")
"""What can be said of a mount once, and is true or false."""


class Kind:
    """One path that is read by GET, written by PUT and removed by DELETE."""

    traits = Traits()

    def live(self, server: Server, resource: Resource) -> Json | None:
        """Its fields on the server; none where it is not there."""
        if not server.has(resource):
            return None
        try:
            answer = server.client.find(resource.path)
        except VaultError as error:
            if error.status == 405:  # it can be written, but not read
                return {}
            if error.unsupported:
                raise InputError(
                    f"config.{resource.where or resource.path}: this server has no {resource.path} ({error.message})"
                ) from error
            raise
        return None if answer is None else dict(answer.get("data") or {})

    def fields(self, server: Server, resource: Resource) -> Fields:
        """What may be written."""
        return server.fields(resource)

    def compared(self, body: Json) -> Json:
        """The fields of ``body`` in the form in which both sides are compared."""
        return body

    def write(self, server: Server, resource: Resource, body: Json, live: Json | None, changed: set[str]) -> list[str]:
        """Make it so; gives what the server said about it. ``changed`` names the fields that differ."""
        fields = self.fields(server, resource)
        if live is not None and fields.replaced:
            body = {**fields.kept(live), **body}
        return told(server.client.write(resource.path, body))

    def former(self, live: Json) -> Json:
        """What has to be written to have back what is about to be replaced."""
        return live

    def remove(self, server: Server, path: str) -> None:
        """Remove it."""
        server.client.delete(path)


class Connection(Kind):
    """A database's connection: a write leaves out what it does not name, so that the root credential is only written on purpose."""

    traits = Traits(protects=True)

    def live(self, server: Server, resource: Resource) -> Json | None:
        found = super().live(server, resource)
        if found is not None:
            found |= found.pop("connection_details", None) or {}
            found["root_rotation_statements"] = found.pop("root_credentials_rotate_statements", None)
        return found

    def compared(self, body: Json) -> Json:
        # The server reads whatever it is given as a URL, and gives back what that makes of it.
        url = body.get("connection_url")
        return {**body, "connection_url": urllib.parse.unquote(url)} if isinstance(url, str) else body

    def fields(self, server: Server, resource: Resource) -> Fields:
        # Each plugin takes fields of its own, which the server describes nowhere.
        return server.fields(resource, open_=True)


class Mount(Kind):
    """A secret engine."""

    traits = Traits(fixed=frozenset({"type", *_SWITCHES}), removal=Impact.DESTROYS_DATA, container=True)
    prefix = "sys/mounts"

    def rows(self, server: Server) -> dict[str, Json]:
        """What is mounted."""
        return server.mounts

    def live(self, server: Server, resource: Resource) -> Json | None:
        row = self.rows(server).get(resource.path.removeprefix(f"{self.prefix}/"))
        return None if row is None else {**row, **(row.get("config") or {})}

    def fields(self, server: Server, resource: Resource) -> Fields:
        tune = server.specs.of(f"{resource.path}/tune").properties
        if not tune:
            return Fields(None)
        duration = {"type": "string", "format": "duration"}
        own = {name: {"type": "string"} for name in ("type", "plugin_version")} | {name: {"type": "boolean"} for name in _SWITCHES}
        return Fields(
            {**tune, **own, "default_lease_ttl": duration, "max_lease_ttl": duration, "options": {"type": "object", "format": "kvpairs"}}
        )

    def write(self, server: Server, resource: Resource, body: Json, live: Json | None, changed: set[str]) -> list[str]:
        if live is not None:
            return told(server.client.write(f"{resource.path}/tune", {name: body[name] for name in sorted(changed)}))
        of_mount = ("type", "description", "local", "seal_wrap", "options", "plugin_version")
        config = {name: value for name, value in body.items() if name not in of_mount}
        return told(server.client.write(resource.path, {name: body[name] for name in of_mount if name in body} | {"config": config}))


class AuthMethod(Mount):
    """An auth method."""

    prefix = "sys/auth"

    def rows(self, server: Server) -> dict[str, Json]:
        return server.auths


class Audit(Kind):
    """An audit device: it cannot be changed, only be disabled and enabled again."""

    traits = Traits(replaced=True)

    def live(self, server: Server, resource: Resource) -> Json | None:
        return server.audits.get(resource.path.removeprefix("sys/audit/"))

    def write(self, server: Server, resource: Resource, body: Json, live: Json | None, changed: set[str]) -> list[str]:
        # The server takes neither a path nor a file that another device has, so the new one cannot stand beside the old one.
        former = server.former.get(resource.path) if live is None else self.former(live)
        if live is not None:
            body = {**(self.former(live) if body.get("type") == live.get("type") else {}), **body}
            server.client.delete(resource.path)
        try:
            return told(server.client.write(resource.path, body))
        except GantryError as error:
            kept = ""
            if former is not None:
                server.client.write(resource.path, former)
                kept = "; the device that was there stands there again"
            if isinstance(error, VaultError) and ("via API" in str(error) or "unsafe_allow_api_audit" in str(error)):
                raise InputError(
                    f"{resource.path}: this server (OpenBao) takes audit devices from its own configuration only: put "
                    f'audit "{body["type"]}" "{resource.path.removeprefix("sys/audit/")}" {{ … }} there and reload it{kept}'
                ) from error
            error.message += kept
            error.args = (error.message,)
            raise

    def former(self, live: Json) -> Json:
        return {name: live[name] for name in ("type", "description", "local", "options") if live.get(name)}


class Plugin(Kind):
    """A row of the catalogue of plugins; what is built in counts as not there."""

    def live(self, server: Server, resource: Resource) -> Json | None:
        found = super().live(server, resource)
        return None if not found or found.get("builtin") else found


class Policy(Kind):
    """A text whose meaning is compared."""

    def compared(self, body: Json) -> Json:
        try:
            return {"policy": policy_meaning(str(body.get("policy") or ""))}
        except HclError:  # somebody's on the server that cannot be read: it differs from all that can
            return body


class PasswordPolicy(Kind):
    """Rules for generated passwords, in HCL."""

    def compared(self, body: Json) -> Json:
        try:
            return {"policy": parse(str(body.get("policy") or ""))}
        except HclError:
            return body


class TransitKey(Kind):
    """A key of the transit engine: made by one path, changed by another."""

    traits = Traits(
        fixed=frozenset({"type", "derived", "convergent_encryption", "key_size", "parameter_set"}), removal=Impact.DESTROYS_DATA
    )

    def fields(self, server: Server, resource: Resource) -> Fields:
        made = server.fields(resource).properties
        changed = server.fields(resource, "/config").properties
        return Fields({**made, **changed} if made else None)

    def write(self, server: Server, resource: Resource, body: Json, live: Json | None, changed: set[str]) -> list[str]:
        config = server.specs.of(f"{resource.path}/config").properties
        made = server.specs.of(resource.path).properties
        said: list[str] = []
        if live is None:
            said += told(server.client.write(resource.path, {name: value for name, value in body.items() if not config or name in made}))
            changed = {name for name in body if config and name not in made}
        if changed:
            said += told(server.client.write(f"{resource.path}/config", {name: body[name] for name in sorted(changed)}))
        return said

    def remove(self, server: Server, path: str) -> None:
        server.client.write(f"{path}/config", {"deletion_allowed": True})
        server.client.delete(path)


class Once(Kind):
    """Something that the server makes out of what it is given, and never gives back."""

    traits = Traits(made_once=True, removal=Impact.DESTROYS_DATA)

    def live(self, server: Server, resource: Resource) -> Json | None:
        try:
            answer = server.client.find(resource.path)
        except VaultError as error:
            if error.status == 400:  # "keys haven't been configured yet"
                return None
            raise
        return None if answer is None else {}


class Issuer(Kind):
    """A certificate authority of the PKI engine, made once: a root of its own, or an intermediate that another mount signs."""

    traits = Traits(made_once=True, ended_by_writing=True, removal=Impact.DESTROYS_DATA)

    def live(self, server: Server, resource: Resource) -> Json | None:
        if resource.name not in (server.listed(resource.collection) or ()):
            return None
        return dict(server.client.read(resource.path).get("data") or {})

    def fields(self, server: Server, resource: Resource) -> Fields:
        any_of = replace(resource, id=f"{resource.mount}/issuers/generate/root/internal")
        generated = server.fields(any_of).properties
        own = {"type": {"type": "string"}, "signed_by": {"type": "string"}}
        return Fields({**generated, **server.fields(resource).properties, **own} if generated else None)

    def write(self, server: Server, resource: Resource, body: Json, live: Json | None, changed: set[str]) -> list[str]:
        client, mount = server.client, resource.mount
        fields = server.fields(resource)
        later = fields.properties
        said: list[str] = []
        if live is None:
            given = {name: value for name, value in body.items() if name not in ("type", "signed_by")}
            if body.get("type", "root") == "root":
                said += told(client.write(f"{mount}/issuers/generate/root/internal", {**given, "issuer_name": resource.name}))
            else:
                said += intermediate(server, resource, body, given)
            changed = {name for name in given if name in later}
        if changed:
            # What is left out is set back by the server, whoever set it.
            whole = {**fields.kept(live or {}), **{name: value for name, value in body.items() if name in later}}
            said += told(client.write(resource.path, {**whole, "issuer_name": resource.name}))
        # The first one is the default, which the server says after it has stored it: who is killed in between leaves a mount without any.
        if not client.read(f"{mount}/config/issuers")["data"].get("default"):
            client.write(f"{mount}/config/issuers", {"default": resource.name})
        return said


class Entity(Kind):
    """Who somebody is: aliases tie names of auth methods to it."""

    def live(self, server: Server, resource: Resource) -> Json | None:
        found = super().live(server, resource)
        if found is not None:
            # An alias may have outlived its mount; then it is nobody's way in.
            rows = [row for row in found.get("aliases") or [] if row.get("mount_path")]
            found["aliases"] = {row["mount_path"].removeprefix("auth/").rstrip("/"): row["name"] for row in rows}
        return found

    def fields(self, server: Server, resource: Resource) -> Fields:
        said = server.specs.of(resource.path).properties
        return Fields({**said, "aliases": {"type": "object", "format": "kvpairs"}} if said else None)

    def write(self, server: Server, resource: Resource, body: Json, live: Json | None, changed: set[str]) -> list[str]:
        client = server.client
        said = told(client.write(resource.path, {name: value for name, value in body.items() if name != "aliases"}))
        if "aliases" not in body or (live is not None and "aliases" not in changed):
            return said
        found = client.read(resource.path)["data"]
        wanted = {server.accessor(mount): name for mount, name in body["aliases"].items()}
        had = {row["mount_accessor"]: row for row in found.get("aliases") or []}
        # An alias that is there is renamed, so that nobody is without one in between; what goes goes last.
        for accessor, name in wanted.items():
            alias = {"name": name, "mount_accessor": accessor, "canonical_id": found["id"]}
            if accessor not in had:
                said += told(client.write("identity/entity-alias", alias))
            elif had[accessor]["name"] != name:
                said += told(client.write(f"identity/entity-alias/id/{had[accessor]['id']}", alias))
        for accessor, row in had.items():
            if accessor not in wanted:
                client.delete(f"identity/entity-alias/id/{row['id']}")
        return said


class Group(Kind):
    """A group by names: the server knows its members, and where an outside group comes from, by ids."""

    traits = Traits(fixed=frozenset({"type"}))

    def compared(self, body: Json) -> Json:
        # The server finds members in any case of their names.
        members = {key: [str(name).casefold() for name in body[key]] for key in ("member_entities", "member_groups") if body.get(key)}
        return {**body, **members}

    def live(self, server: Server, resource: Resource) -> Json | None:
        found = super().live(server, resource)
        if found is not None:
            for kind, key in (("entity", "member_entities"), ("group", "member_groups")):
                names = {identity: name for name, identity in server.ids[kind].items()}
                found[key] = [names.get(identity, identity) for identity in found.get(f"member_{kind}_ids") or []]
            alias = found.get("alias") or {}
            mount = str(alias.get("mount_path") or "").removeprefix("auth/").rstrip("/")
            found["alias"] = {"mount": mount, "name": alias["name"]} if alias else {}
        return found

    def fields(self, server: Server, resource: Resource) -> Fields:
        said = server.specs.of(resource.path).properties
        members = {name: {"type": "array"} for name in ("member_entities", "member_groups")}
        return Fields({**said, **members, "alias": {"type": "object", "format": "kvpairs"}} if said else None)

    def write(self, server: Server, resource: Resource, body: Json, live: Json | None, changed: set[str]) -> list[str]:
        client = server.client
        given = {name: value for name, value in body.items() if name not in ("alias", "member_entities", "member_groups")}
        for kind, key in (("entity", "member_entities"), ("group", "member_groups")):
            if key in body:
                given[f"member_{kind}_ids"] = [self._id(server, kind, name) for name in body[key]]
        said = told(client.write(resource.path, given))
        if "alias" in body and (live is None or "alias" in changed):
            found = client.read(resource.path)["data"]
            alias = {"name": body["alias"]["name"], "mount_accessor": server.accessor(body["alias"]["mount"]), "canonical_id": found["id"]}
            old = (found.get("alias") or {}).get("id")
            said += told(client.write(f"identity/group-alias/id/{old}" if old else "identity/group-alias", alias))
        return said

    @staticmethod
    def _id(server: Server, kind: str, name: str) -> str:
        if name not in server.ids[kind]:
            found = server.client.find(f"identity/{kind}/name/{name}")
            if found is None:
                raise InputError(f"there is no {kind} {name!r} that could be a member")
            server.ids[kind][name] = str(found["data"]["id"])
        return server.ids[kind][name]


class Namespace(Kind):
    """A namespace of Vault Enterprise or OpenBao."""

    traits = Traits(removal=Impact.DESTROYS_DATA)

    def live(self, server: Server, resource: Resource) -> Json | None:
        try:
            answer = server.client.find(resource.path)
        except VaultError as error:
            raise InputError(f"config.{resource.where}: this server has no namespaces ({error.message})") from error
        return None if answer is None else dict(answer.get("data") or {})


KINDS: Mapping[str, Kind] = {
    "audit": Audit(),
    "auth": AuthMethod(),
    "connection": Connection(),
    "entity": Entity(),
    "entry": Kind(),
    "group": Group(),
    "issuer": Issuer(),
    "mount": Mount(),
    "namespace": Namespace(),
    "once": Once(),
    "password_policy": PasswordPolicy(),
    "plugin": Plugin(),
    "policy": Policy(),
    "transit_key": TransitKey(),
}
