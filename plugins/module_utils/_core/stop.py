# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Being told to stop: a signal lets no further request out, and leaves time to say what was done and to give the lock back."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

from .errors import CancelledError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Gate:
    """Asked before every request: raises once the run was told to stop or its parent is gone."""

    def __init__(self, parent: bool = True) -> None:
        self._parent = os.getppid() if parent else 0
        self._cancelled = False  # no Event: a second signal in the middle of its set() would wait for itself
        self._why = "the run was told to stop"

    def __call__(self) -> None:
        if self._cancelled:
            raise CancelledError(f"{self._why}; no further request was sent")
        if self._parent and os.getppid() != self._parent:
            raise CancelledError("ansible-playbook is gone; no further request was sent")

    def cancel(self, why: str = "") -> None:
        """Let no further request out."""
        self._why = why or self._why
        self._cancelled = True


@contextlib.contextmanager
def stopped_by_signals(gate: Gate) -> Iterator[None]:
    """In here a signal to stop closes the gate, whatever handler there was; only the main thread may ask for it, others get nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        gate.cancel(f"the run was told to stop ({signal.Signals(number).name})")

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
