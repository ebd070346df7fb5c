# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: console
type: stdout
short_description: The phases of a run, each problem once, the table and what comes next
version_added: 0.1.0
description:
  - Of the playbooks of this collection it shows the phases with their time, each warning and error once with the hosts that have it, then
    the table that P(gantry.platform.plan#callback) draws elsewhere, then what the run has to say. In a terminal the last line tells what
    goes on and for how long.
  - Of other playbooks it shows what changed, what failed and where the task stands, what C(debug) says, diffs, and Ansible's recap.
  - With C(-v) everything is shown as by P(ansible.builtin.default#callback), and the table below it.
  - In a job of GitHub Actions (C(GITHUB_ACTIONS=true)) every problem that has a place in a file is annotated there.
  - Colours and their absence are Ansible's (E(NO_COLOR), none in a pipe); lines are as long as the terminal is wide, 100 characters of the table elsewhere.
  - Before the first task it looks whether the inventory's files can be read at all, and ends the run with file, line and cure where not.
author:
  - The gantry.platform authors (@gantry-platform)
requirements:
  - It must be chosen, for example by C(stdout_callback = gantry.platform.console) in C(ansible.cfg).
extends_documentation_fragment:
  - default_callback
  - result_format_callback
  - gantry.platform.run_table
seealso:
  - plugin: gantry.platform.plan
    plugin_type: callback
"""

import atexit
import functools
import os
from collections.abc import Callable
from typing import Any

from ansible.executor.task_result import CallbackTaskResult
from ansible.playbook.task import Task
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback.default import CallbackModule as Default

from ..module_utils._core.words import clean, clean_lines
from ..module_utils._run.next_steps import next_steps
from ..module_utils._run.phases import OURS, phase_of
from ..module_utils._run.problems import text_of
from ..module_utils._run.report import FAILED
from ..plugin_utils._run_table import RunTable, unreadable
from ..plugin_utils._voice import Voice, lines_of

_EXIT = 2
"""The exit code of ansible-playbook where a task failed, as it does for any other mistake of an inventory."""
_ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
_SAYS = "ansible.builtin.debug"
_ASKS = "ansible.builtin.pause"
_TABLE_SAYS = "platform_table_says"
_GATE = f"{OURS}run_report"
_CRASHED = "Task failed"
"""So Ansible begins where a task did not fail by its own judgement."""


def _unless_verbose(quiet: Callable[..., None]) -> Callable[..., None]:
    """With -v it is Ansible's own method that speaks."""

    @functools.wraps(quiet)
    def method(self: CallbackModule, *args: Any, **kwargs: Any) -> None:
        speaks = getattr(Default, quiet.__name__).__get__(self) if self.verbose else functools.partial(quiet, self)
        speaks(*args, **kwargs)

    return method


class CallbackModule(Default):
    """One voice for a run. What it says is worded in ``plugin_utils/_voice`` and drawn by ``plugin_utils/_run_table``."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "gantry.platform.console"

    def __init__(self) -> None:
        super().__init__()
        self._table = RunTable(self._display)
        self._voice = Voice(self._display)
        self._looked_at: set[str] = set()
        self._ours: dict[str, bool] = {}
        self._warnings: list[tuple[str, str]] = []
        self._headed = ("", "")
        self._play: Any = None
        self._play_name = ""
        self._others = False
        atexit.register(self._interrupted)

    @property
    def verbose(self) -> bool:
        """Whether Ansible's own output is wanted."""
        return bool(self._display.verbosity)

    @_unless_verbose
    def v2_playbook_on_start(self, playbook: Any) -> None:
        """From here on there is a live line."""
        self._voice.begin()

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Look at the inventory's files before Ansible reads them. No task can do that: the first one needs their variables."""
        error = unreadable(play, self._looked_at)
        if error is not None:
            self._voice.problem("error", "", str(error))
            self._voice.end()
            atexit.unregister(self._interrupted)
            raise SystemExit(_EXIT)
        if self.verbose:
            super().v2_playbook_on_play_start(play)
        self._play, self._play_name = play, play.get_name().strip()

    @_unless_verbose
    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:
        """Another task, and perhaps another phase. A task that asks somebody has the terminal for itself."""
        if task.action in (_ASKS, "pause"):
            self._voice.rest()
        else:
            self._voice.task(self._phase(task), "" if self._is_ours(task) else task.get_name().strip())

    @_unless_verbose
    def v2_playbook_on_handler_task_start(self, task: Task) -> None:
        """As any task."""
        self._voice.task(self._phase(task), "" if self._is_ours(task) else task.get_name().strip())

    @_unless_verbose
    def v2_runner_on_start(self, host: Any, task: Task) -> None:
        """Not said."""

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """Of ours the table says what changed, of others this does."""
        self._table.collect(result)
        if self.verbose:
            super().v2_runner_on_ok(result)
            return
        host, task = self.host_label(result), result.task
        if isinstance(task, TaskInclude):
            return
        self._heard(result)
        if not self._is_ours(task):
            if task.action in (_SAYS, "debug"):
                self._below(task, host, self._message(result))
            elif result.result.get("changed"):
                self._below(task, host, "changed", "changed")
        elif task.action in (_SAYS, "debug"):
            self._voice.say(host, lines_of(result.result.get("msg", "")))

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        """A problem, unless the table is about to say just that."""
        self._table.collect(result)
        if self.verbose:
            super().v2_runner_on_failed(result, ignore_errors)
            return
        self._heard(result, failed=not (ignore_errors or result.task.get_vars().get(_TABLE_SAYS)))
        text = text_of(result.result)
        if ignore_errors:
            self._below(result.task, self.host_label(result), f"failed, which is ignored: {text}", "warn")
        else:
            self._failed(result, text)

    @_unless_verbose
    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        """A problem like any other."""
        self._heard(result, failed=True)
        self._failed(result, f"cannot be reached: {text_of(result.result)}")

    @_unless_verbose
    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        """Not said."""

    @_unless_verbose
    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        """The whole loop is one task. What its items warn of is said."""
        self._warned(result)
        if not self._is_ours(result.task) and result.task.action in (_SAYS, "debug"):
            self._below(result.task, self.host_label(result), self._message(result))

    @_unless_verbose
    def v2_runner_item_on_failed(self, result: CallbackTaskResult) -> None:
        """The whole loop's failure names what its items said."""
        self._warned(result)

    @_unless_verbose
    def v2_runner_item_on_skipped(self, result: CallbackTaskResult) -> None:
        """Not said."""

    @_unless_verbose
    def v2_runner_retry(self, result: CallbackTaskResult) -> None:
        """Not said; the live line goes on."""

    @_unless_verbose
    def v2_runner_on_async_poll(self, result: CallbackTaskResult) -> None:
        """Not said; the live line goes on."""

    @_unless_verbose
    def v2_runner_on_async_ok(self, result: CallbackTaskResult) -> None:
        """The task itself says how it ended."""

    @_unless_verbose
    def v2_runner_on_async_failed(self, result: CallbackTaskResult) -> None:
        """The task itself says how it ended."""

    @_unless_verbose
    def v2_on_file_diff(self, result: CallbackTaskResult) -> None:
        """Diffs are shown as Ansible shows them, below the task's name; of ours the page has them where one is wanted."""
        if self.get_option("html") and self._is_ours(result.task):
            return
        results = result.result.get("results") if result.task.loop else None
        for item in results or [result.result]:
            diff = self._get_diff(item["diff"]) if item.get("diff") and item.get("changed") else ""
            if diff:
                self._heading(result.task)
                self._display.display(diff)

    @_unless_verbose
    def v2_playbook_on_include(self, included_file: Any) -> None:
        """Not said."""

    @_unless_verbose
    def v2_playbook_on_notify(self, handler: Any, host: Any) -> None:
        """Not said."""

    @_unless_verbose
    def v2_playbook_on_no_hosts_matched(self) -> None:
        """A play of ours is for what this run has; of others nobody may have meant it."""
        if not _is_ours(self._play):
            self._voice.problem("warning", "", f"no host matched the play {self._play_name!r}")

    @_unless_verbose
    def v2_playbook_on_no_hosts_remaining(self) -> None:
        """Each of them said why."""

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The table, and what the run has to say."""
        atexit.unregister(self._interrupted)
        if self.verbose:
            super().v2_playbook_on_stats(stats)
        self._end(self._table.report())
        if self._others and not self.verbose:
            super().v2_playbook_on_stats(stats)

    def _end(self, report: dict[str, Any] | None) -> None:
        self._voice.flush()
        if report is None or self.get_option("show") == "never":
            known: list[str] = []
        else:
            known = [clean_lines(str(text)) for text in report["warnings"]]
        for host, text in self._warnings:
            if not any(text in one for one in known):
                self._voice.problem("warning", host, text)
        self._voice.end()
        if report is not None:
            self._table.draw(report, self.get_option("show"), self._voice.told)
            self._table.write(report, self.get_option("html"))
            for text in known:
                self._voice.annotate("warning", text)
        self._voice.last_words()
        for line in (
            next_steps(report, self._table.place, self._voice.width) if report is not None and self.get_option("show") != "never" else ()
        ):
            self._voice.line(line, "quiet")

    def _interrupted(self) -> None:
        report = self._table.interrupted()
        self._end(report)

    def _failed(self, result: CallbackTaskResult, text: str) -> None:
        task = result.task
        if self._is_ours(task):
            if not self._is_consequence(result):
                crashed = f"\n  at {self._place(task)}; -vvv shows more" if text.startswith(_CRASHED) else ""
                self._voice.problem("error", self.host_label(result), text + crashed)
            return
        self._below(task, self.host_label(result), f"failed: {text}\n  at {self._place(task)}", "error")
        self._voice.annotate("error", f"{self._place(task)}: {text.splitlines()[0]}")

    def _is_consequence(self, result: CallbackTaskResult) -> bool:
        """Whether the task only ends the play: the table says at what the run failed, or all hosts have just said so."""
        statuses = result.result.get("statuses") if result.task.action == _GATE else None
        everywhere = bool(statuses) and all(status in FAILED for status in statuses.values())
        return bool(result.task.get_vars().get(_TABLE_SAYS)) or (everywhere and self._voice.failed)

    def _heard(self, result: CallbackTaskResult, failed: bool = False) -> None:
        if self._is_ours(result.task):
            self._voice.worked(self.host_label(result), failed)
        self._warned(result)

    def _warned(self, result: CallbackTaskResult) -> None:
        """Warnings of ours may stand in the report, which is known in the end; those of others are said at once."""
        host = self.host_label(result)
        texts = [clean_lines(str(text)).strip() for text in result.result.get("warnings") or ()]
        texts += [f"outdated: {item['msg'] if isinstance(item, dict) else item}" for item in result.result.get("deprecations") or ()]
        for text in texts:
            if self._is_ours(result.task):
                self._warnings.append((host, text))
            else:
                self._voice.problem("warning", host, text)

    def _message(self, result: CallbackTaskResult) -> str:
        """What a debug task says: its message, or its variable with the value."""
        self._clean_results(result.result, result.task.action)
        if "msg" in result.result:
            return "\n".join(lines_of(result.result["msg"]))
        return str(self._dump_results(result.result))

    def _below(self, task: Task, host: str, text: str, style: str = "") -> None:
        """Of a task that is not ours, below its name."""
        self._heading(task)
        lines = clean_lines(text).splitlines() or [""]
        for number, line in enumerate(lines):
            self._voice.line(f"  {host}: {line}" if number == 0 else f"    {line}", style)

    def _heading(self, task: Task) -> None:
        if self._headed != (self._play_name, task._uuid):
            self._headed = (self._play_name, task._uuid)
            self._voice.line(clean(task.get_name().strip()), "title")

    def _phase(self, task: Task) -> str:
        if not self._is_ours(task):
            return ""
        role = task._role.get_name() if task._role else ""
        file = os.path.splitext(os.path.basename(_path(task)))[0]
        return phase_of(str(task.action), role, file, task.get_vars())

    def _is_ours(self, task: Task) -> bool:
        if task._uuid not in self._ours:
            self._ours[task._uuid] = _is_ours(task)
            self._others = self._others or not self._ours[task._uuid]
        return self._ours[task._uuid]

    def _place(self, task: Task) -> str:
        path, _colon, line = (task.get_path() or "").rpartition(":")
        return f"{os.path.relpath(path)}:{line}" if path else "a task without a file"


def _path(thing: Any) -> str:
    return (thing.get_path() or "").rpartition(":")[0]


def _is_ours(thing: Any) -> bool:
    """Whether a play or a task stands in a file of this collection."""
    return os.path.realpath(_path(thing) or os.sep).startswith(f"{_ROOT}{os.sep}")
