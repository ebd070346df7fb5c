# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What went wrong, in words for people and for what annotates files: of a task's result, the text and the places that it names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.words import clean, clean_lines

_PLACE = re.compile(r"(?P<file>(?:[^\s:]|:(?!\d))+\.(?:ya?ml|json|j2|cfg)):(?P<line>\d+)(?::(?P<column>\d+))?:?\s+(?P<text>\S.*)")
_LAST_LINES = 10
"""As many lines of a program's output say how it failed."""


@dataclass(frozen=True)
class Place:
    """Where in a file something is wrong, and what."""

    file: str
    line: int
    text: str


def text_of(result: Mapping[str, Any]) -> str:
    """A failed result in lines for people: the message, of a loop those of its failed items, of a program the end of its output."""
    items = [item for item in result.get("results") or () if isinstance(item, Mapping) and (item.get("failed") or item.get("unreachable"))]
    if items:
        return "\n".join(dict.fromkeys(text_of(item) for item in items))
    said = clean_lines(str(result.get("msg") or result.get("censored") or "the task failed without a message")).strip()
    output = str(result.get("stderr") or result.get("module_stderr") or result.get("stdout") or result.get("module_stdout") or "").strip()
    if "rc" not in result or not output:
        return said
    return "\n".join([said, *(f"  {clean(line)}" for line in output.splitlines()[-_LAST_LINES:])])


def places_of(text: str) -> Iterator[Place]:
    """Every place in a file that a text names, one for each of its lines."""
    for line in text.splitlines():
        found = _PLACE.search(line)
        if found:
            yield Place(found["file"], int(found["line"]), found["text"])


def annotation(level: str, place: Place, folder: str) -> str:
    """The line by which a job of GitHub Actions marks the place in a pull request; paths are those in the repository at ``folder``."""
    file = os.path.relpath(place.file, folder) if os.path.isabs(place.file) else place.file
    return f"::{level} file={_escaped(file, ',:')},line={place.line}::{_escaped(place.text)}"


def _escaped(text: str, more: str = "") -> str:
    return "".join(f"%{ord(sign):02X}" if sign in f"%\r\n{more}" else sign for sign in text)
