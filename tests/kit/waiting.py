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


def until(met: Callable[[], Any], what: str) -> Any:
    """The first true answer of ``met``."""
    end = time.monotonic() + LONGEST
    while not (answer := met()):
        assert time.monotonic() < end, f"waited {LONGEST} s for {what}"
        time.sleep(0.05)
    return answer
