# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The clock that locks are judged by: this machine's own, which no one sets, and which goes on while the machine sleeps."""

from __future__ import annotations

import time

_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux' monotonic clock stands still while a laptop is shut, this one does not; macOS' monotonic clock does not stand still."""


def steady() -> float:
    """Seconds since some moment; only differences mean something, and only on this machine."""
    return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)
