# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A lock between processes, as long as a block lasts; the system frees it when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def _quietly() -> None:
    """Nobody wants to know that the lock is awaited."""


@contextlib.contextmanager
def locked(path: Path, tell: Callable[[], None] = _quietly) -> Iterator[None]:
    """Hold the lock of the file ``path``, made where it is missing. ``tell`` is called while another process holds it.

    The holder may remove the file.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)
        try:
            while not _taken(descriptor):
                tell()
                time.sleep(0.2)
            # Where its former holder removed it, somebody else may hold a new one of the same name by now.
            if _is_still(path, descriptor):
                yield
                return
        finally:
            os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
