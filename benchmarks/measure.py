# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one command and prints what it cost: ``measure.py RESULT_FILE COMMAND ARGUMENT…``.

A process of its own, and a small one: Linux counts what a parent held at the fork as its child's peak.
"""

import json
import os
import sys
import time

began = time.monotonic()
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_pid, status, usage = os.wait4(child, 0)
wall = time.monotonic() - began
cost = {
    "wall": wall,
    "cpu": usage.ru_utime + usage.ru_stime,
    "memory": usage.ru_maxrss * 1024,
    "code": os.waitstatus_to_exitcode(status),
}
with open(sys.argv[1], "w") as handle:
    json.dump(cost, handle)
