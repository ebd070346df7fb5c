# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""References to secrets in a Vault: ``vault:<path>#<key>``, the path as ``vault kv get`` takes it."""

from __future__ import annotations

import json
from typing import Any

from .._core.errors import InputError
from .._core.references import MissingSecretError
from .client import Json, VaultClient, VaultError


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
        if path not in self._secrets:
            self._secrets[path] = self._read(path)
        secret = self._secrets[path]
        if key not in secret:
            raise MissingSecretError(f"the secret reference 'vault:{rest}' cannot be resolved: {path} has no {key}")
        value: Any = secret[key]
        return value if isinstance(value, str) else json.dumps(value)

    def _read(self, path: str) -> Json:
        try:
            mount = self._client.find(f"sys/internal/ui/mounts/{path}")
            found = (mount or {}).get("data") or {}
            versioned = str((found.get("options") or {}).get("version")) == "2"
            root = str(found.get("path") or "")
            answer = self._client.find(f"{root}data/{path.removeprefix(root)}" if versioned else path)
        except VaultError as error:
            if error.status == 403:
                raise InputError(
                    f"the secret reference 'vault:{path}' cannot be resolved: the token may not read it, or nothing is mounted there"
                ) from error
            raise
        data = (answer or {}).get("data") or {}
        content = data.get("data") if versioned else data
        if not content:
            raise MissingSecretError(f"the secret reference 'vault:{path}' cannot be resolved: there is no such secret")
        return dict(content)
