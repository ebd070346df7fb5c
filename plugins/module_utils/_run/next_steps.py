# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What comes after a run, by its report: the command, as somebody would type it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._core.words import clean
from .taking import as_argument, taken_by

_MOST_KEPT = 5


def next_steps(report: Mapping[str, Any], place: str, columns: int) -> Iterator[str]:
    """Lines, none where nothing is left to do; ``place`` is where the report is. A command is never cut."""
    for words, does in _commands(report, clean(place)):
        line = f"next: {words}"
        yield from [f"{line}  {does}"] if len(line) + len(does) + 2 <= columns else [line, f"  {does}"]
    drift = report["command"] == "drift"
    rows = [*(change for change in report["changes"] if drift or change["action"] == "conflict"), *report.get("foreign", ())]
    kept = list(dict.fromkeys(line for row in rows for line in _kept(row)))
    if kept:
        yield "to keep what others changed, write it into the inventory instead:"
        yield from (f"  {clean(line)}" for line in kept[:_MOST_KEPT])
        if len(kept) > _MOST_KEPT:
            yield f"  and {len(kept) - _MOST_KEPT} more in the report's file"


def _commands(report: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    command, status, env = report["command"], report["status"], f"ENV={clean(report['environment'])}"
    take = as_argument(names) if (names := taken_by(report)) else ""
    contested = sum(change["action"] == "conflict" for change in report["changes"])
    if command == "drift" and status == "drift":
        yield f"make apply {env}{f' {take}' if take else ''}", "makes it as declared again"
    elif command in ("plan", "site", "up", "apply") and contested and status in ("changes", "failed"):
        yield f"make {'plan' if command == 'plan' else 'apply'} {env} {take}", "takes back what others changed"
        yield f"make apply {env} CONFLICTS=leave", "does the rest and leaves those objects"
    elif command == "plan" and status == "changes" and place:
        yield f"make apply {env} PLAN={place}", "applies exactly this"


def _kept(row: Mapping[str, Any]) -> Iterator[str]:
    """Keys of the inventory with what is there now; a value that is not shown here is shown by ``DIFF=1``."""
    values = row.get("values") or {}
    for field, key in (row.get("keep") or {}).items():
        there = values.get(field, [None])[0]
        yield f"{key['key']}: {'<what is there now>' if there is None else there}  ({key['file']})"
