# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What is said of a run while it goes on: its phases, each problem once, and in the end what its tasks have to say."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.utils.color import stringc

from ..module_utils._core.words import clean, clean_lines
from ..module_utils._run.problems import annotation, places_of
from ..module_utils._run.table import wrapped
from ._files import project_folder
from ._live_line import LiveLine, columns
from ._run_table import COLOURS

_TITLE = 24
_NAMED = 3
"""As many hosts of a phase are named, more are counted."""
_LONGEST = 100
"""As many lines of one problem are shown in a terminal, all in a log."""
_HEAD = re.compile(r"^\s*(?:\S+ {2,})?")
_OWN_TIME = re.compile(r", \d+ s$")
_BRIEF = 2.0
"""Seconds below which a phase that was told of before is not told of again."""
_SELDOM = 30.0
"""Seconds between two lines about one step where no live line tells of it."""


@dataclass
class Phase:
    """One phase: since when, on which hosts, and on which of them it failed."""

    title: str
    began: float
    hosts: dict[str, None] = field(default_factory=dict)
    failed: dict[str, None] = field(default_factory=dict)


@dataclass
class Problem:
    """A text, and the hosts that said it, or nearly: their own names in it are no difference."""

    level: str
    text: str
    hosts: list[str]
    alike: list[str] = field(default_factory=list)


class Voice:
    """Speaks through ``display``. Problems are gathered until ``flush``, so that one of many hosts is said once."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._live = LiveLine(display, self._now, self._passing)
        self._phase: Phase | None = None
        self._next: Phase | None = None
        self._single: Phase | None = None
        self._hosts: dict[str, None] = {}
        self._waiting: list[Problem] = []
        self._said: list[tuple[list[str], list[str]]] = []
        self._closed: set[str] = set()
        self._failed = False
        self._passed = ""
        self._stepped = ("", 0.0)
        self.told: dict[str, None] = {}

    def begin(self) -> None:
        """From now on there may be a live line."""
        self._live.begin()

    def end(self) -> None:
        """Whatever is displayed from here on is no part of a phase."""
        self.flush()
        self.close()
        self._live.end()

    def task(self, title: str, name: str = "") -> None:
        """A task begins, of the phase ``title``, or of whichever goes on. One with a ``name`` is of no phase."""
        self._passed = ""
        self._single = Phase(clean(name), time.monotonic()) if name else None
        self.flush()
        if title and (self._phase is None or self._phase.title != title):
            self._next = Phase(title, time.monotonic())
        elif title:
            self._next = None

    def rest(self) -> None:
        """Nothing is shown below what is displayed: somebody is asked."""
        self.flush()
        self.close()
        self._next = self._single = None

    def worked(self, host: str, failed: bool = False) -> None:
        """A host has done a task, which was not skipped: the task's phase is really one of this run."""
        self._hosts[host] = None
        if self._next is not None:
            following, self._next = self._next, None
            self.close(following.began)
            self._phase = following
        if self._phase is not None:
            self._phase.hosts[host] = None
            if failed:
                self._phase.failed[host] = None

    def problem(self, level: str, host: str, text: str) -> None:
        """An ``error`` or a ``warning`` of a host, for the next ``flush``."""
        text = clean_lines(text).strip()
        for known in self._waiting:
            if known.level == level and _same(known.text, known.hosts[0], text, host):
                hosts = known.hosts if known.text == text else known.alike
                if host not in hosts:
                    hosts.append(host)
                return
        self._waiting.append(Problem(level, text, [host]))

    def say(self, host: str, lines: Iterable[str]) -> None:
        """What stands at the run's end, below its table."""
        # As somebody would type them: paths begin where the run was started.
        found = clean_lines("\n".join(lines).replace(f"{os.getcwd()}{os.sep}", "")).splitlines()
        same = next((hosts for hosts, said in self._said if said == found), None)
        if same is None:
            self._said.append(([host], found))
        else:
            same.append(host)

    def flush(self) -> None:
        """Say the problems that were gathered. What was said before is not said again."""
        waiting, self._waiting = self._waiting, []
        if any(problem.level == "error" for problem in waiting):
            self._failed = True
            self.close()
        for problem in waiting:
            if problem.text not in self.told:
                self.told[problem.text] = None
                self._tell(problem)
            elif len(self._hosts) > 1:
                style = "error" if problem.level == "error" else "warn"
                self.line(f"{problem.level}: {', '.join(problem.hosts)}: as above: {problem.text.splitlines()[0]}", style)

    def last_words(self) -> None:
        """What tasks had to say."""
        for _hosts, lines in self._said:
            self.line("")
            for line in lines:
                for text in _below_itself(line, self.width):
                    self.line(text)
        self._said = []

    def line(self, text: str, style: str = "") -> None:
        """One line of its own."""
        self._display.display(stringc(text, COLOURS[style]) if style and text else text)

    @property
    def failed(self) -> bool:
        """Whether an error was told."""
        return self._failed

    @property
    def width(self) -> int:
        """How long a line may be; a log's are as long as they are, so that a place and its problem are found as one."""
        return columns() or sys.maxsize

    def close(self, when: float | None = None) -> None:
        """The phase is over: one line, with its time."""
        phase, self._phase = self._phase, None
        if phase is None:
            return
        spent = (time.monotonic() if when is None else when) - phase.began
        if phase.title in self._closed and spent < _BRIEF and not phase.failed:
            return
        self._closed.add(phase.title)
        seconds = f"{spent:.1f} s"
        where = f"  {_listed(phase.hosts)}" if len(self._hosts) > 1 else ""
        head = f"  {phase.title:<{_TITLE}} {seconds:>8}"
        if phase.failed:
            where = f"  {_listed(phase.failed)}" if len(self._hosts) > 1 else ""
            self.line(f"{head}  failed{where}", "error")
        else:
            self.line(f"{head}{where}", "quiet")

    def _tell(self, problem: Problem) -> None:
        many = len(self._hosts) > 1
        who = f"{', '.join(problem.hosts)}: " if many and not problem.text.startswith(problem.hosts[0]) else ""
        style = "error" if problem.level == "error" else "warn"
        lines = [
            text
            for line in f"{problem.level}: {who}{problem.text}".splitlines()
            for text in (wrapped(line, self.width, "  ") if len(line) > self.width else [line])
        ]
        most = _LONGEST if columns() else len(lines)
        for text in lines[:most]:
            self.line(text, style)
        if len(lines) > most:
            self.line(f"  and {len(lines) - most} lines more; -v shows them all", style)
        if problem.alike:
            for text in wrapped(f"  the same of {', '.join(problem.alike)}", self.width, "  "):
                self.line(text, style)
        self.annotate(problem.level, problem.text)

    def annotate(self, level: str, text: str) -> None:
        """In a job of GitHub Actions, mark the places in files that a text names."""
        if os.environ.get("GITHUB_ACTIONS") == "true":
            folder = os.environ.get("GITHUB_WORKSPACE") or project_folder()
            for place in places_of(text):
                self.line(annotation(level, place, folder))

    def _now(self) -> str:
        phase = self._single or self._next or self._phase
        if phase is None:
            return ""
        done = f"  {len(phase.hosts)} of {len(self._hosts)} hosts" if len(self._hosts) > 1 and phase.hosts else ""
        return f"  {phase.title} {time.monotonic() - phase.began:.0f} s{done}{f'  {self._passed}' if self._passed else ''}"

    def _passing(self, text: str) -> bool:
        if self._live.alive:
            self._passed = _OWN_TIME.sub("", text.strip())
            return False
        step, now = text.partition(",")[0], time.monotonic()
        if step == self._stepped[0] and now - self._stepped[1] < _SELDOM:
            return False
        self._stepped = (step, now)
        return True


def _below_itself(line: str, width: int) -> list[str]:
    """A line that is too long goes on below its last column."""
    if len(line) <= width:
        return [line]
    start = len(line) - len(_HEAD.sub("", line, count=1))
    first, *rest = wrapped(line[start:], width - start)
    return [line[:start] + first, *(" " * start + text for text in rest)]


def _same(text: str, host: str, other: str, other_host: str) -> bool:
    return text == other or text.replace(host, "\0") == other.replace(other_host, "\0")


def _listed(hosts: Mapping[str, Any]) -> str:
    return ", ".join(sorted(hosts)) if len(hosts) <= _NAMED else f"{len(hosts)} hosts"


def lines_of(value: Any) -> Iterator[str]:
    """A message as lines, whether it is a text, a list of lines or something else."""
    for item in value if isinstance(value, list) else [value]:
        yield from str(item).splitlines() or [""]
