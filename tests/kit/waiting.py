# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a condition, never for seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

LONGEST = 600
"""Seconds after which what is waited for does not come: many times what it takes, since only a failing test waits as long."""
_PAUSE = 0.05


def until(met: Callable[[], Any], what: str) -> Any:
    """The first true answer of ``met``."""
    answer = within(LONGEST, met)
    assert answer, f"waited {LONGEST} s for {what}"
    return answer


def within(seconds: float, met: Callable[[], Any]) -> Any:
    """The first true answer of ``met``, or its last one when the time is over: for what may well never come."""
    end = time.monotonic() + seconds
    while not (answer := met()) and time.monotonic() < end:
        time.sleep(_PAUSE)
    return answer
