# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The lock of what one owner has in a Vault: its record says who runs until when."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import AbstractContextManager

from .._core.lock import SECONDS, RunLock, Seen, TakenError
from .client import VaultClient, VaultError
from .record import Record, is_outrun


class RecordLock(RunLock):
    """``moved`` says that the record is not the one that was read before: what was planned on it may be old.

    The record's own saves go over the lock's last version, and the lock's over theirs: both are the same secret.
    """

    def __init__(self, client: VaultClient, record: Record, holder: str, patience: float, tell: Callable[[str], None]) -> None:
        super().__init__(holder, patience, tell, SECONDS)
        place = f"{record.mount} {record.owner}"
        self.system = f"what {record.owner} has in this Vault"
        self.breaking = f"vault kv patch -mount={place} run="
        self._client = client
        self._record = record
        self._planned_on = self._taken_over = record.version

    @property
    def moved(self) -> bool:
        """Whether to plan again, once it is held."""
        return self.waited or self._taken_over != self._planned_on

    def _look(self) -> Seen:
        run = self._record.look(self._client)
        holder, since, until = (str(run.get(name) or "") for name in ("holder", "since", "until"))
        return Seen(self._record.version, holder, since, until, run.get("seconds"))

    def _put(self, version: int, held: bool) -> int:
        if not self._held:
            self._taken_over = version
        until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=self._seconds)
        run = {"holder": self._holder, "since": self._taken, "until": f"{until:%Y-%m-%dT%H:%M:%SZ}", "seconds": self._seconds}
        try:
            return self._record.hold(self._client, run if held else None)
        except VaultError as error:
            if is_outrun(error):
                raise TakenError from error
            raise

    def _last_words(self) -> AbstractContextManager[None]:
        return self._client.pool.last_words()

    def _now(self) -> str:
        return f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
