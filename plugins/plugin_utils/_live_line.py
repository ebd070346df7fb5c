# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The line at the end of a terminal that says what goes on and for how long; whatever else is displayed comes above it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from ..module_utils._run.table import shortened

_EVERY = 0.5
"""Seconds between two looks at the clock; what is over before the first one never shows."""
_ERASE = "\r\x1b[K"
_NARROWEST = 40


class Passing(str):
    """A text that the next one of its kind replaces. Everywhere but on a live line it is a line like any other."""

    __slots__ = ()


def columns() -> int | None:
    """How wide the terminal is now; none where nobody looks at one."""
    if not sys.stdout.isatty():
        return None
    with contextlib.suppress(OSError):
        found = os.get_terminal_size(sys.stdout.fileno()).columns
        return found if found >= _NARROWEST else None
    return None


class LiveLine:
    """Takes the place of the display's ``display`` from ``begin`` to ``end``.

    ``text`` gives what to show now, nothing to show nothing; ``passing`` is told every passing text and says whether it is to stand as a line.
    """

    def __init__(self, display: Any, text: Callable[[], str], passing: Callable[[str], bool]) -> None:
        self._display, self._text, self._passing = display, text, passing
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._process = os.getpid()
        self._shown = False
        self._thread: threading.Thread | None = None
        self._original: Callable[..., None] = display.display
        self._begun = False

    def begin(self) -> None:
        """From now on."""
        self._original = self._display.display
        self._display.display = self._above
        self._begun = True
        if columns() is not None and os.environ.get("TERM") != "dumb":
            self._thread = threading.Thread(target=self._go_on, daemon=True)
            self._thread.start()

    def end(self) -> None:
        """No more; what is displayed from here on is as if there had never been such a line."""
        self._over.set()
        with self._lock:
            self._erase()
        if self._begun:
            self._display.display = self._original
            self._begun = False

    @property
    def alive(self) -> bool:
        """Whether there is a terminal that shows it."""
        return self._thread is not None

    def _above(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if os.getpid() != self._process:  # a worker, whose display sends it here
            self._original(msg, *args, **kwargs)
            return
        with self._lock:
            if isinstance(msg, Passing) and not self._passing(msg):
                return
            self._erase()
            self._original(msg, *args, **kwargs)

    def _go_on(self) -> None:
        while not self._over.wait(_EVERY):
            with self._lock:
                if not self._over.is_set():
                    self._draw()

    def _draw(self) -> None:
        text, width = self._text(), columns()
        if not text or width is None:
            self._erase()
            return
        sys.stdout.write(f"{_ERASE}{shortened(text, width - 1)}")
        sys.stdout.flush()
        self._shown = True

    def _erase(self) -> None:
        if self._shown:
            sys.stdout.write(_ERASE)
            sys.stdout.flush()
            self._shown = False
