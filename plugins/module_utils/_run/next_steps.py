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

_NEXT = {
    ("plan", "changes"): ("make apply ENV={env} PLAN={place}", "applies exactly this"),
    ("drift", "drift"): ("make apply ENV={env}", "makes it as declared again"),
}


def next_steps(report: Mapping[str, Any], place: str, columns: int) -> Iterator[str]:
    """Lines, none where nothing is left to do; ``place`` is where the report is. A command is never cut."""
    found = _NEXT.get((report["command"], report["status"]))
    if found and place:
        command, does = found
        line = f"next: {command.format(env=clean(report['environment']), place=clean(place))}"
        yield from [f"{line}  {does}"] if len(line) + len(does) + 2 <= columns else [line, f"  {does}"]
