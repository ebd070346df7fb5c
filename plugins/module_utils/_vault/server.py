# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a Vault holds, as far as a document asks: lists first, in parallel, so that what is not there costs no request of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._core.concurrency import map_threads
from .._core.errors import InputError
from .client import Json, VaultClient, VaultError
from .document import Resource
from .fields import Fields, Specs
from .names import folded

_THREADS = 16
_TUNED = ("sys/mounts/", "sys/auth/")
"""Of what has these beginnings the fields are those of the path below it."""
_REPLACED = {("ssh", "roles")}
"""Types of mounts and what of them a write replaces whole, without the server's description telling."""


class Server:
    """One Vault as it was read. Mounts and auth methods are named without the slash at their end."""

    def __init__(self, client: VaultClient) -> None:
        self.client = client
        self.specs = Specs(self._describe)
        self.mounts: dict[str, Json] = {}
        self.auths: dict[str, Json] = {}
        self.audits: dict[str, Json] = {}
        self.ids: dict[str, dict[str, str]] = {"entity": {}, "group": {}}
        self.cluster_id = ""
        self.former: dict[str, Json] = {}
        """What stood where a run that did not end was about to replace it, by path."""
        self.begun: Mapping[str, bool] = {}
        """Paths that a run before this one began to write and did not end, each with whether something stood there once before that."""
        self._lists: dict[str, list[str] | None] = {}
        self._plugins: dict[str, set[str]] | None = None

    def observe(self, resources: Iterable[Resource], collections: Iterable[str], *, audit: bool, identity: bool) -> None:
        """Read what many ``resources`` share. ``collections`` are the paths whose lists are wanted. Raises VaultError."""

        def first(step: Callable[[], None]) -> None:
            step()

        steps: list[Callable[[], None]] = [self.read_mounts, self._health]
        if audit:
            steps.append(self._audits)
        if identity:
            steps += [lambda: self._ids("entity"), lambda: self._ids("group")]
        before = self._mounted_types()
        map_threads(first, steps, _THREADS)
        if self._mounted_types() != before:
            # What was said of a path while its mount was not there, or was another one, is true no more.
            self.specs = Specs(self._describe)
        # One for all that are alike. What is to go takes nothing.
        written = [one for one in resources if one.body is not None]
        alike = {(one.collection or one.path, one.mount_type): self._described_at(one) for one in written}
        self.specs.learn((path + ("/tune" if path.startswith(_TUNED) else "") for path in alike.values()), _THREADS)
        wanted = [path for path in sorted(set(collections)) if self.mounted(path) and path != "sys/audit"]
        self._lists = dict(zip(wanted, map_threads(self._list, wanted, _THREADS), strict=True))

    def read_mounts(self) -> None:
        """Read which engines and auth methods there are."""
        self.mounts = _without_slash(self.client.read("sys/mounts")["data"])
        self.auths = _without_slash(self.client.read("sys/auth")["data"])

    def mounted(self, path: str) -> bool:
        """Whether there is something that answers below ``path``: what is below sys and identity always does."""
        return self.mount_of(path) is not None

    def mount_of(self, path: str) -> str | None:
        """The mount that ``path`` lies in, ``auth/…`` for an auth method; the longest wins."""
        if path.startswith("auth/"):
            found = [f"auth/{name}" for name in self.auths if f"{path}/".startswith(f"auth/{name}/")]
        else:
            found = [name for name in (*self.mounts, "sys", "identity") if f"{path}/".startswith(f"{name}/")]
        return max(found, key=len, default=None)

    def has(self, resource: Resource) -> bool:
        """Whether the list of its like names it; true as well where there is no such list."""
        listed = self.listed(resource.collection)
        if listed is None or resource.name in listed:
            return True
        wanted = folded(resource.path)
        return wanted != resource.path and any(folded(f"{resource.collection}/{name}") == wanted for name in listed)

    def fields(self, resource: Resource, below: str = "", *, open_: bool = False) -> Fields:
        """What a write of a resource (or of a path below it) takes.

        Below a mount that is not there yet it is what another mount of the type takes, as far as there is one.
        """
        found = self.specs.of(self._described_at(resource) + below, open_=open_)
        if (resource.mount_type, resource.path.removeprefix(f"{resource.mount}/").split("/")[0]) in _REPLACED:
            found = Fields(found.properties, open_=not found.known, replaced=True)
        return found

    def _described_at(self, resource: Resource) -> str:
        path, mount = resource.path, resource.mount
        if not mount or resource.kind in ("mount", "auth") or self.mount_of(path) == mount or not resource.mount_type:
            return path
        rows, prefix = (self.auths, "auth/") if mount.startswith("auth/") else (self.mounts, "")
        twin = next((f"{prefix}{name}" for name, row in sorted(rows.items()) if row.get("type") == resource.mount_type), mount)
        return twin + path[len(mount) :]

    def plugins(self) -> dict[str, set[str]]:
        """Types that mounts and connections may have: ``auth``, ``secret``, ``database``; empty where the token may not ask."""
        if self._plugins is None:
            try:
                found = self.client.read("sys/plugins/catalog")["data"]
            except VaultError as error:
                if error.status != 403:
                    raise
                found = {}
            self._plugins = {kind: set(found.get(kind) or ()) for kind in ("auth", "secret", "database")}
        return self._plugins

    def accessor(self, auth: str) -> str:
        """The accessor of an auth method, which aliases are tied to. Raises InputError where there is no such method."""
        if auth not in self.auths:
            raise InputError(f"there is no auth method {auth!r} to tie an alias to; there are {', '.join(sorted(self.auths))}")
        return str(self.auths[auth]["accessor"])

    def listed(self, collection: str) -> list[str] | None:
        """Names in a collection; none where it was not, or could not be, listed."""
        return self._lists.get(collection)

    def _mounted_types(self) -> list[dict[str, Any]]:
        """What descriptions of paths follow from: which mounts there are, and of which type and version."""
        return [{name: (row.get("type"), row.get("options")) for name, row in rows.items()} for rows in (self.mounts, self.auths)]

    def _describe(self, path: str) -> tuple[str, Json] | None:
        mount = self.mount_of(path)
        if mount is None:
            return None
        try:
            return mount, self.client.describe(path)
        except VaultError as error:
            if error.status in (403, 404):
                return None
            raise

    def _health(self) -> None:
        self.cluster_id = str(self.client.health().get("cluster_id") or "")

    def _audits(self) -> None:
        self.audits = _without_slash(self.client.read("sys/audit")["data"])

    def _ids(self, kind: str) -> None:
        self.ids[kind] = {str(row["name"]): identity for identity, row in self.client.rows(f"identity/{kind}/id").items()}

    def _list(self, path: str) -> list[str] | None:
        try:
            if path.endswith("/issuer"):
                rows = self.client.rows(f"{path}s")
                # What has no key is only there to complete a chain.
                return [row.get("issuer_name") or identity for identity, row in rows.items() if row.get("key_id")]
            return self.client.names(path)
        except VaultError as error:
            if error.status in (403, 405) or error.unsupported:
                return None
            raise


def _without_slash(rows: Json) -> dict[str, Json]:
    return {path.rstrip("/"): row for path, row in rows.items()}
