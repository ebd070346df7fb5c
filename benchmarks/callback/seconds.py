# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import resource
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: seconds
type: aggregate
short_description: CPU seconds by task, for benchmarks
description: Writes what each task cost ansible-playbook and its workers to the file in the environment variable GANTRY_SECONDS.
"""


class CallbackModule(CallbackBase):
    """A row for each task, in order: its name, and what was spent until the next one began."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "seconds"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[dict[str, Any]] = []
        self._open = ("start", 0.0)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._next(task.get_name())

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._next("end")
        with open(os.environ["GANTRY_SECONDS"], "w", encoding="utf-8") as handle:
            json.dump(self._rows, handle)

    def _next(self, name: str) -> None:
        spent = sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
        self._rows.append({"task": self._open[0], "cpu": spent - self._open[1]})
        self._open = (name, spent)
