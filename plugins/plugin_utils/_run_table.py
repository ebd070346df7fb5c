# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A run's table: collects what its tasks return while it goes on, draws the report at its end, completes that of an interrupted run."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.executor.task_result import CallbackTaskResult
from ansible.utils.color import stringc

from ..module_utils._core.errors import InputError
from ..module_utils._model.build import InventoryError
from ..module_utils._run.page import page_of
from ..module_utils._run.report import build_report, interrupted, make_note, seal_of
from ..module_utils._run.table import WIDTH, render
from ._files import project_folder, write_json
from ._live_line import columns
from ._origins import read_files
from ._run_folder import left_word

_REPORT = "gantry.platform.run_report"
_OWN = "gantry.platform."
_MODEL = "gantry.platform.platform_model"
_STOPS_WITHIN = 90.0
"""Seconds in which a worker that was told to stop ends its last request, saves its records and gives the lock back."""
COLOURS = {
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
    "conflict": "bright purple",
    "safe": "green",
    "restart": "yellow",
    "disruptive": "bright red",
    "destroys_data": "red",
}


def unreadable(play: Any, looked_at: set[str]) -> InventoryError | None:
    """What cannot be read at all of the files of the play's inventory, in folders that were not ``looked_at`` yet."""
    inventory = play.get_variable_manager()._inventory
    groups = inventory.get_groups_dict()
    for source in getattr(inventory, "_sources", None) or ():
        folder = source if os.path.isdir(source) else os.path.dirname(source)
        if folder in looked_at or not os.path.isdir(folder):
            continue
        looked_at.add(folder)
        findings = read_files(folder, groups, groups.get("all", ()), project_folder()).unreadable()
        if findings:
            return InventoryError(findings, os.path.basename(source))
    return None


class RunTable:
    """Of the one run that this process is; workers that it forks have no part in it."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._file = ""
        self._run: dict[str, Any] = {"id": "", "command": "", "environment": "", "areas": [], "revision": "", "created": "", "files": []}
        self._stores: dict[str, str] = {}
        self._process = os.getpid()
        self._notes: dict[str, list[dict[str, Any]]] = {}
        self._diffs: dict[str, list[Mapping[str, Any]]] = {}
        self._values: dict[tuple[str, str], Mapping[str, Any]] = {}

    def collect(self, result: CallbackTaskResult) -> None:
        """Remember a plan, a refused one as well, or the report's file."""
        answer = result.result
        if str(result.task.action).startswith(_OWN) and isinstance(answer.get("diff"), list):
            self._diffs.setdefault(result.host.get_name(), []).extend(answer["diff"])
        for change in (answer.get("plan") or ()) if str(result.task.action).startswith(_OWN) else ():
            self._values[result.host.get_name(), change["id"]] = change.get("values") or {}
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

    def report(self) -> dict[str, Any] | None:
        """The report that the run wrote, else one of what its tasks returned; none where there was no plan.

        With such values as may be shown, which no report keeps.
        """
        found = self._told()
        for change in found["changes"] if found else ():
            change |= {"values": values} if (values := self._values.get((change["host"], change["id"]))) else {}
        return found

    def _told(self) -> dict[str, Any] | None:
        if self._file:
            # Another run of this checkout may have put its own in this place since.
            with contextlib.suppress(FileNotFoundError), open(self._file, encoding="utf-8") as handle:
                found: dict[str, Any] = json.load(handle)
                if found["run"] == self._run["id"]:
                    return found
        if not self._notes:
            return None
        return build_report({**self._run, "run": self._run["id"]}, self._notes)

    def write(self, report: dict[str, Any], place: str | None) -> None:
        """The report as a page, where one is wanted."""
        if not place:
            return
        try:
            with open(place, "w", encoding="utf-8") as handle:
                handle.write(page_of(report, self._diffs))
        except OSError as error:
            self._display.error(f"the page {place} cannot be written: {error.strerror}")

    @property
    def place(self) -> str:
        """Where the report is, from the current folder; nothing where the run wrote none."""
        return os.path.relpath(self._file) if self._file.startswith(f"{os.getcwd()}{os.sep}") else self._file

    def draw(self, report: dict[str, Any], show: str, told: Iterable[str] = ()) -> None:
        """The table, where ``show`` wants it; errors and warnings that were ``told`` already are not told again."""
        if show == "never" or (show == "changes" and report["status"] == "clean"):
            return
        self._display.display("")
        # Nobody's terminal ends the lines of a log.
        for line in render(report, self.place, columns() or WIDTH, told):
            pieces = [(text, style) for text, style in line if text]
            ended = [*pieces[:-1], *((text.rstrip(), style) for text, style in pieces[-1:])]
            self._display.display("".join(stringc(text, COLOURS[style]) if style else text for text, style in ended))

    def interrupted(self) -> dict[str, Any] | None:
        """The report of a run whose process ends without the run's end, completed by what its workers still say; none of another one."""
        if os.getpid() != self._process or not self._file:
            return None
        for worker in multiprocessing.active_children():
            worker.join(_STOPS_WITHIN)
        report = self._told()
        if report is None or report["status"] != "running":
            return None
        words = {host: left_word(store) for host, store in self._stores.items()}
        report = interrupted(report, {host: [make_note("apply", "", "", word)] for host, word in words.items() if word})
        report["seal"] = seal_of(report)
        with contextlib.suppress(InputError):
            for path in self._run["files"] or [self._file]:
                write_json(path, report)
        return report

    def _is_part_of_a_plan(self, host: str, answer: Mapping[str, Any]) -> bool:
        """Whichever module it is: a plan, a refused one, or the failure of what goes on after one."""
        return ("plan" in answer and "counts" in answer) or "refused" in answer or bool(answer.get("failed") and self._notes.get(host))
