# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Where records lie in a Vault: one KV v2 secret for each owner."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

from .._core.errors import InputError
from .._core.lock import TakenError
from .._core.record import NowhereError, Record
from .client import Json, VaultClient, VaultError

_UPGRADING = "Upgrading from non-versioned"
_UPGRADES_WITHIN = 30.0


def record_of(client: VaultClient, mount: str, owner: str) -> Record:
    """The record of one owner of a Vault, not read yet."""
    return Record(VaultStore(client, mount, owner))


class VaultStore:
    """The secret ``<mount>/<owner>``."""

    def __init__(self, client: VaultClient, mount: str, owner: str) -> None:
        self.mount = mount
        self.owner = owner
        self.name = f"{mount}/data/{owner}"
        self.system = f"what {owner} has in this Vault"
        self.breaking = f"vault kv patch -mount={mount} {owner} run="
        self.identity = [owner, mount]
        # Whoever saves has asked the lock, which is written to the same secret and must not wait for itself.
        self._client = client.guarded(lambda: None)

    def read(self) -> tuple[int, Json | None]:
        """The secret's version and content. Raises NowhereError, InputError, VaultError."""
        try:
            answer = self._client.find(self.name)
        except VaultError as error:
            if _is_nowhere(error):
                raise NowhereError(error.message) from error
            raise
        if answer is None:
            return 0, None
        try:
            version = int(answer["data"]["metadata"]["version"])
        except (KeyError, TypeError):
            raise InputError(
                f"record_mount: {self.mount} is no KV engine of version 2; name another mount, it is made where it is missing"
            ) from None
        return version, answer["data"].get("data")

    def write(self, version: int, content: Json) -> int:
        """Write it over exactly this version. Raises TakenError, VaultError."""
        end = time.monotonic() + _UPGRADES_WITHIN
        while True:
            try:
                answer = self._client.write(self.name, {"data": content, "options": {"cas": version}})
            except VaultError as error:
                if _UPGRADING in str(error) and time.monotonic() < end:
                    time.sleep(0.1)
                    continue
                if "check-and-set" not in str(error):
                    raise
                # Where the answer to our own write was lost, its repetition is refused: what stands there is ours all the same.
                stored = (self._client.find(self.name) or {}).get("data") or {}
                if stored.get("data") != content:
                    raise TakenError from error
                return int(stored["metadata"]["version"])
            return int(answer["data"]["version"])

    def others(self) -> Iterator[tuple[str, Json]]:
        """Every other owner and its document; none where the token may not list them."""
        try:
            owners = self._client.names(f"{self.mount}/metadata")
        except VaultError as error:
            if error.status != 403:
                raise
            owners = []
        for other in owners:
            if other != self.owner and not other.endswith("/"):
                content = VaultStore(self._client, self.mount, other).read()[1]
                if content is not None:
                    yield other, content

    def last_words(self) -> AbstractContextManager[None]:
        """In which the pool still sends, whatever the run was told."""
        return self._client.pool.last_words()


def _is_nowhere(error: VaultError) -> bool:
    """What Vault says of a mount that is not there."""
    return error.status in (400, 403) and "preflight" in str(error) or error.status == 404 and "no handler for route" in str(error)
