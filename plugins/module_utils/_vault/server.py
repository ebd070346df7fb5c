# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a Vault holds, as far as a document asks: lists first, in parallel, so that what is not there costs no request of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._core.concurrency import map_threads
from .._core.errors import InputError
from .client import Json, VaultClient, VaultError
from .fields import Specs

_THREADS = 16


class Server:
    """One Vault as it was read. Mounts and auth methods are named without the slash at their end."""

    def __init__(self, client: VaultClient) -> None:
        self.client = client
        self.specs = Specs(None)
        self.mounts: dict[str, Json] = {}
        self.auths: dict[str, Json] = {}
        self.audits: dict[str, Json] = {}
        self.ids: dict[str, dict[str, str]] = {"entity": {}, "group": {}}
        self.cluster_id = ""
        self._lists: dict[str, list[str] | None] = {}

    def observe(self, collections: Iterable[str], *, audit: bool, identity: bool) -> None:
        """Read what many resources share. ``collections`` are the paths whose lists are wanted. Raises VaultError."""

        def first(step: Callable[[], None]) -> None:
            step()

        steps: list[Callable[[], None]] = [self._describe, self.read_mounts, self._health]
        if audit:
            steps.append(self._audits)
        if identity:
            steps += [lambda: self._ids("entity"), lambda: self._ids("group")]
        map_threads(first, steps, _THREADS)
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

    def accessor(self, auth: str) -> str:
        """The accessor of an auth method, which aliases are tied to. Raises InputError where there is no such method."""
        if auth not in self.auths:
            raise InputError(f"there is no auth method {auth!r} to tie an alias to; there are {', '.join(sorted(self.auths))}")
        return str(self.auths[auth]["accessor"])

    def listed(self, collection: str) -> list[str] | None:
        """Names in a collection; none where it was not, or could not be, listed."""
        return self._lists.get(collection)

    def _describe(self) -> None:
        try:
            self.specs = Specs(self.client.find("sys/internal/specs/openapi"))
        except VaultError as error:
            if error.status != 403:
                raise

    def _health(self) -> None:
        self.cluster_id = str(self.client.health().get("cluster_id") or "")

    def _audits(self) -> None:
        self.audits = _without_slash(self.client.read("sys/audit")["data"])

    def _ids(self, kind: str) -> None:
        found = self.client.find(f"identity/{kind}/id?list=true")
        rows = ((found or {}).get("data") or {}).get("key_info") or {}
        self.ids[kind] = {str(row["name"]): identity for identity, row in rows.items()}

    def _list(self, path: str) -> list[str] | None:
        try:
            if path.endswith("/issuer"):
                found = self.client.find(f"{path}s?list=true")
                rows: Any = ((found or {}).get("data") or {}).get("key_info") or {}
                # What has no key is only there to complete a chain.
                return [row.get("issuer_name") or identity for identity, row in rows.items() if row.get("key_id")]
            return self.client.names(path)
        except VaultError as error:
            if error.status in (403, 405):
                return None
            raise


def _without_slash(rows: Json) -> dict[str, Json]:
    return {path.rstrip("/"): row for path, row in rows.items()}
