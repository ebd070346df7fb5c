# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Secrets in a Vault's KV engines, at paths as ``vault kv get`` takes them, and references to them: ``vault:<path>#<key>``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._core.errors import InputError
from .._core.references import MissingSecretError
from .client import Json, VaultClient, VaultError
from .names import path_problem


@dataclass(frozen=True)
class Place:
    """Where a secret lies: the engine's own word for its mount and its version, nothing guessed from the path."""

    mount: str
    rest: str
    versioned: bool

    @property
    def data(self) -> str:
        """The path of the API that holds the value."""
        return f"{self.mount}/data/{self.rest}" if self.versioned else f"{self.mount}/{self.rest}"

    def read(self, client: VaultClient) -> tuple[Json, int, str]:
        """What it holds, nothing where it is not there; its version and when that was made, where the engine knows."""
        if not self.versioned:
            return dict((client.find(self.data) or {}).get("data") or {}), 0, ""
        metadata = (client.find(f"{self.mount}/metadata/{self.rest}") or {}).get("data") or {}
        version = int(metadata.get("current_version") or 0)
        current = (metadata.get("versions") or {}).get(str(version)) or {}
        if not current or current.get("deletion_time") or current.get("destroyed"):
            return {}, version, ""
        return dict(client.read(self.data)["data"]["data"]), version, str(current["created_time"])

    def write(self, client: VaultClient, content: Mapping[str, Any], version: int) -> None:
        """Replace what it holds; with an engine that counts, only the ``version`` that was read. Raises VaultError."""
        client.write(self.data, {"data": content, "options": {"cas": version}} if self.versioned else content)


def place_of(client: VaultClient, path: str) -> Place | None:
    """Where ``path`` lies, as the server says; none where no KV engine is mounted there or the token may not see it."""
    try:
        found = ((client.find(f"sys/internal/ui/mounts/{path}") or {}).get("data")) or {}
    except VaultError as error:
        if error.status in (400, 403):
            return None
        raise
    mount = str(found.get("path") or "").rstrip("/")
    rest = path.removeprefix(f"{mount}/")
    if not mount or rest == path or found.get("type", "kv") not in ("kv", "generic", "cubbyhole"):
        return None
    return Place(mount, rest, str((found.get("options") or {}).get("version")) == "2")


class SecretReader:
    """Reads each secret once. The result of a read is in memory only."""

    def __init__(self, client: VaultClient) -> None:
        self._client = client
        self._secrets: dict[str, Json] = {}

    def __call__(self, rest: str) -> str:
        """The value of ``path#key``. Raises InputError that names the reference, never a value."""
        path, hash_, key = rest.partition("#")
        if not (path and hash_ and key):
            raise InputError(f"the secret reference 'vault:{rest}' is not whole; allowed: vault:<path>#<key>")
        problem = path_problem(path) or ("allowed: one #, between path and key" if "#" in key else "")
        if problem:
            raise InputError(f"the secret reference 'vault:{rest}' cannot be understood; {problem}")
        if path not in self._secrets:
            self._secrets[path] = self._read(path)
        secret = self._secrets[path]
        if key not in secret:
            raise MissingSecretError(f"the secret reference 'vault:{rest}' cannot be resolved: {path} has no {key}")
        value: Any = secret[key]
        return value if isinstance(value, str) else json.dumps(value)

    def _read(self, path: str) -> Json:
        try:
            place = place_of(self._client, path)
            # Where the mount is no KV engine, or cannot be seen, the path itself may still be read: a database's static role.
            answer = self._client.find(place.data if place else path)
        except VaultError as error:
            if error.status == 403:
                raise InputError(
                    f"the secret reference 'vault:{path}' cannot be resolved: the token may not read it, or nothing is mounted there"
                ) from error
            raise
        data = (answer or {}).get("data") or {}
        content = data.get("data") if place and place.versioned else data
        if not content:
            raise MissingSecretError(f"the secret reference 'vault:{path}' cannot be resolved: there is no such secret")
        return dict(content)
