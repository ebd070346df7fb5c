# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that answers nothing until the test lets go: for as long as that takes, whoever called it is in the middle of something."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Holding:
    """``port`` on loopback; ``called`` says whether somebody is held."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._held: list[socket.socket] = []
        self._open = True
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def called(self) -> bool:
        return bool(self._held)

    def let_go(self) -> None:
        """Hang up on whoever is held, and on everybody who calls from now on."""
        self._open = False
        for caller in self._held:
            caller.close()

    def close(self) -> None:
        """Nobody listens any more."""
        self.let_go()
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _address = self._listening.accept()
                self._held.append(caller)
                if not self._open:
                    caller.close()


@contextlib.contextmanager
def holding() -> Iterator[Holding]:
    """One, for as long as the test lasts."""
    server = Holding()
    try:
        yield server
    finally:
        server.close()
