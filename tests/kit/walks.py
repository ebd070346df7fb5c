# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random walks that go the same way twice."""

from __future__ import annotations

import os

SEED = 2026
"""Where nobody asks for another walk: one commit has one result."""


def walk(name: str, steps: int) -> tuple[int, int]:
    """(steps, seed): what ``GANTRY_<NAME>_STEPS`` and ``GANTRY_<NAME>_SEED`` say; without them ``steps`` and the usual seed."""
    return int(os.environ.get(f"GANTRY_{name}_STEPS") or steps), int(os.environ.get(f"GANTRY_{name}_SEED") or SEED)
