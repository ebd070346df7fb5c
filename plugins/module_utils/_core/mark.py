# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Whose a thing is, as the last words of a text of it: what a server keeps for people is the only place that many have for that."""

from __future__ import annotations

import re
from typing import Any

_MARK = re.compile(r"\s*\[gantry\.platform: ([^\[\]]*)\]\s*\Z")


def marked(text: Any, owner: str) -> str:
    """The text with the mark of an owner behind it, in the place of one that it bears."""
    return f"{unmarked(text)} [gantry.platform: {owner}]".lstrip()


def unmarked(text: Any) -> str:
    """The text as somebody wrote it."""
    return _MARK.sub("", str(text or ""))


def owner_of(text: Any) -> str:
    """Whose mark it bears; empty where it bears none. A mark that somebody quotes within the text is none."""
    found = _MARK.search(str(text or ""))
    return found[1] if found else ""
