# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that does not pass but is counted: a busy machine cannot make it go on."""

from __future__ import annotations

_BEGIN = 1000.0


class Clock:
    """Stands for the module ``time`` in a module under test: who sleeps moves it, and nothing else but the test does."""

    def __init__(self) -> None:
        self.now = _BEGIN
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def passed(self) -> float:
        return round(self.now - _BEGIN, 3)
