# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of servers that a test starts itself."""

from __future__ import annotations

import os
import random
import re
import socket

_RANGE = range(30000, 32000)
"""Beside those of sandboxes, and below those of outgoing connections, which could take one before its server does."""
_WORKERS = 8
_MINE = _RANGE[int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "0")) or 0) % _WORKERS :: _WORKERS]
"""Those of this process alone, of all that run at once."""
_left: list[int] = []


def free_port() -> int:
    """One that nobody has right now, and that this process gave nobody as long as it had others."""
    while True:
        if not _left:
            _left.extend(random.sample(_MINE, len(_MINE)))
        port = _left.pop()
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
