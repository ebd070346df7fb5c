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
  - Before the first task it looks whether the inventory's files can be read at all. Ansible would end with words that name no file; it
    ends the run with file, line and cure, and the exit code 2 of a failed run.
author:
  - The gantry.platform authors (@gantry-platform)
requirements:
  - It must be enabled, for example by C(callbacks_enabled = gantry.platform.plan) in C(ansible.cfg).
options:
  show:
    description:
      - When to show the table. V(changes) leaves it out where nothing changes and nothing went wrong.
    type: str
    choices: [always, changes, never]
    default: always
    ini:
      - section: callback_plan
        key: show
    env:
      - name: GANTRY_PLAN_SHOW
"""

import atexit
import contextlib
import json
import multiprocessing
import os
import sys
from collections.abc import Mapping
from typing import Any

from ansible.executor.task_result import CallbackTaskResult
from ansible.plugins.callback import CallbackBase
from ansible.utils.color import stringc

from ..module_utils._core.errors import InputError
from ..module_utils._model.build import InventoryError
from ..module_utils._run.report import build_report, interrupted, make_note, seal_of
from ..module_utils._run.table import WIDTH, render
from ..plugin_utils._files import project_folder, write_json
from ..plugin_utils._origins import read_files
from ..plugin_utils._run_folder import left_word

_REPORT = "gantry.platform.run_report"
_OWN = "gantry.platform."
_MODEL = "gantry.platform.platform_model"
_STOPS_WITHIN = 90.0
"""Seconds in which a worker that was told to stop ends its last request, saves its records and gives the lock back."""
_FAILED = 2
"""The exit code of ansible-playbook where a task failed, as it does for any other mistake of an inventory."""
_COLOURS = {
    "title": "bright cyan",
    "quiet": "dark gray",
    "ok": "green",
    "changed": "yellow",
    "warn": "bright purple",
    "error": "red",
    "create": "green",
    "update": "yellow",
    "adopt": "cyan",
    "replace": "bright red",
    "delete": "red",
    "blocked": "bright purple",
    "safe": "green",
    "restart": "yellow",
    "disruptive": "bright red",
    "destroys_data": "red",
}


class CallbackModule(CallbackBase):
    """Collects while the run goes on, draws at its end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "gantry.platform.plan"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._file = ""
        self._run: dict[str, Any] = {"id": "", "command": "", "environment": "", "areas": [], "revision": "", "created": "", "files": []}
        self._stores: dict[str, str] = {}
        self._process = os.getpid()
        self._notes: dict[str, list[dict[str, Any]]] = {}
        self._looked_at: set[str] = set()
        atexit.register(self._interrupted)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Look at the inventory's files before Ansible reads them. No task can do that: the first one needs their variables."""
        inventory = play.get_variable_manager()._inventory
        groups = inventory.get_groups_dict()
        for source in getattr(inventory, "_sources", None) or ():
            folder = source if os.path.isdir(source) else os.path.dirname(source)
            if folder in self._looked_at or not os.path.isdir(folder):
                continue
            self._looked_at.add(folder)
            findings = read_files(folder, groups, groups.get("all", ()), project_folder()).unreadable()
            if findings:
                self._display.error(str(InventoryError(findings, os.path.basename(source))), wrap_text=False)
                atexit.unregister(self._interrupted)
                raise SystemExit(_FAILED)

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """Remember a plan or the report's file."""
        self._collect(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        """A refused plan is shown as well."""
        self._collect(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Draw the table."""
        atexit.unregister(self._interrupted)
        show = self.get_option("show")
        report = self._report()
        if report is None or show == "never" or (show == "changes" and report["status"] == "clean"):
            return
        self._draw(report)

    def _draw(self, report: dict[str, Any]) -> None:
        self._display.display("")
        # Nobody's terminal ends the lines of a log.
        columns = self._display.columns + 1 if sys.stdout.isatty() else WIDTH
        for line in render(report, self._file, columns):
            self._display.display("".join(stringc(text, _COLOURS[style]) if style else text for text, style in line).rstrip())

    def _interrupted(self) -> None:
        """The process ends without the run's end: what its workers still say completes the report of what it was about to do."""
        if os.getpid() != self._process or not self._file:
            return
        for worker in multiprocessing.active_children():
            worker.join(_STOPS_WITHIN)
        report = self._report()
        if report is None or report["status"] != "running":
            return
        words = {host: left_word(store) for host, store in self._stores.items()}
        report = interrupted(report, {host: [make_note("apply", "", "", word)] for host, word in words.items() if word})
        report["seal"] = seal_of(report)
        with contextlib.suppress(InputError):
            for path in self._run["files"] or [self._file]:
                write_json(path, report)
        if self.get_option("show") != "never":
            self._draw(report)

    def _collect(self, result: CallbackTaskResult) -> None:
        answer = result.result
        if result.task.action == _REPORT and answer.get("report_file"):
            self._file = str(answer["report_file"])
        elif result.task.action == _MODEL and answer.get("store"):
            self._stores[result.host.get_name()] = str(answer["store"])
        elif result.task.action == _REPORT:
            self._run = {key: answer.get(key, value) for key, value in self._run.items()}
        elif str(result.task.action).startswith(_OWN) and "noted" in answer:
            self._notes.setdefault(result.host.get_name(), []).extend(answer["noted"])
        elif str(result.task.action).startswith(_OWN) and self._is_part_of_a_plan(result.host.get_name(), answer):
            notes = self._notes.setdefault(result.host.get_name(), [])
            notes.append(make_note("plan" if result.task.check_mode is True else "apply", str(len(notes)), result.task.get_name(), answer))

    def _is_part_of_a_plan(self, host: str, answer: Mapping[str, Any]) -> bool:
        """Whichever module it is: a plan, a refused one, or the failure of what goes on after one."""
        return ("plan" in answer and "counts" in answer) or "refused" in answer or bool(answer.get("failed") and self._notes.get(host))

    def _report(self) -> dict[str, Any] | None:
        if self._file:
            # Another run of this checkout may have put its own in this place since.
            with contextlib.suppress(FileNotFoundError), open(self._file, encoding="utf-8") as handle:
                found: dict[str, Any] = json.load(handle)
                if found["run"] == self._run["id"]:
                    return found
        if not self._notes:
            return None
        return build_report({**self._run, "run": self._run["id"]}, self._notes)
