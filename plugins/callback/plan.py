# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: plan
type: aggregate
short_description: Shows the plan of a run as one table
version_added: 0.1.0
description:
  - Shows at the end of a run one table of what changes (or would change), where, with which impact and why, over all hosts.
  - It draws the report that M(gantry.platform.run_report) wrote. Where a run has none, as when a role is used alone, it draws
    what the run's tasks returned as their plan, whatever system it was of.
  - It writes no file and says nothing where there was no plan.
  - For every other stdout callback than P(gantry.platform.console#callback), such as those of AWX and ansible-runner. Where that one speaks
    it draws the table itself, and this one rests.
  - It also lets C(ansible-playbook) look for garbage more seldom, which is an eighth of the work of a plan otherwise.
  - Before the first task it looks whether the inventory's files can be read at all. Ansible would end with words that name no file; it
    ends the run with file, line and cure, and the exit code 2 of a failed run.
author:
  - The gantry.platform authors (@gantry-platform)
requirements:
  - It must be enabled, for example by C(callbacks_enabled = gantry.platform.plan) in C(ansible.cfg).
extends_documentation_fragment:
  - gantry.platform.run_table
seealso:
  - plugin: gantry.platform.console
    plugin_type: callback
"""

import atexit
from typing import Any

from ansible import constants as C
from ansible.executor.task_result import CallbackTaskResult
from ansible.plugins.callback import CallbackBase

from ..plugin_utils._garbage import keep_what_is_there
from ..plugin_utils._run_table import RunTable, unreadable

_FAILED = 2
"""The exit code of ansible-playbook where a task failed, as it does for any other mistake of an inventory."""


class CallbackModule(CallbackBase):
    """Collects while the run goes on, draws at its end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "gantry.platform.plan"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keep_what_is_there()
        self._table = RunTable(self._display)
        self._looked_at: set[str] = set()
        self.disabled = C.DEFAULT_STDOUT_CALLBACK == "gantry.platform.console"
        if not self.disabled:
            atexit.register(self._interrupted)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Look at the inventory's files before Ansible reads them. No task can do that: the first one needs their variables."""
        error = unreadable(play, self._looked_at)
        if error is not None:
            self._display.error(str(error), wrap_text=False)
            atexit.unregister(self._interrupted)
            raise SystemExit(_FAILED)

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """Remember a plan or the report's file."""
        self._table.collect(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        """A refused plan is shown as well."""
        self._table.collect(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Draw the table."""
        atexit.unregister(self._interrupted)
        report = self._table.report()
        if report is not None:
            self._table.draw(report, self.get_option("show"))
            self._table.write(report, self.get_option("html"))

    def _interrupted(self) -> None:
        report = self._table.interrupted()
        if report is not None:
            self._table.draw(report, self.get_option("show"))
