# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Text that came from elsewhere: which characters are not what they look like, and how such text is shown.

A terminal acts on control characters (C0, C1), some viewers break lines at U+2028 and U+2029, marks of direction turn what
stands behind them around, and marks of no width hide. None of them has a place in one line of text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_HIDDEN = (
    "\u0000-\u001f\u007f-\u009f"  # C0, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers: nothing is seen of them
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # no width, separators, direction
    "\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # of musical notes, tags
)
_HIDDEN_IN_LINE = re.compile(f"[{_HIDDEN}]")
_NOT_TEXT = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def is_line(text: str) -> bool:
    """Whether the text is what it looks like, in one line."""
    return (text.isascii() and text.isprintable()) or _HIDDEN_IN_LINE.search(text) is None


def is_text(text: str) -> bool:
    """Whether the text can be written anywhere as it is: line breaks and tabs are its only control characters."""
    return _NOT_TEXT.search(text) is None


def clean(text: str) -> str:
    """The text in one line for people: what would not be seen, or would be obeyed, is written as an escape such as ``\\x1b``."""
    # Nearly all text is plain, and plain text is told at once.
    return text if text.isascii() and text.isprintable() else _HIDDEN_IN_LINE.sub(_escape, text)


def clean_lines(text: str) -> str:
    """As ``clean``, but line breaks stay: for text that we put together, whose foreign parts have been cleaned as lines."""
    return "\n".join(map(clean, text.split("\n")))


def clean_text(text: str) -> str:
    """As ``clean``, but line breaks and tabs stay: for texts that are somebody's own, such as a file in a ConfigMap."""
    return "\t".join(clean_lines(part) for part in text.split("\t"))


def listed(rows: Iterable[str]) -> str:
    """Rows below each other, each in one line whatever a server's words in it are."""
    return "\n".join(clean(row) for row in rows)


def amount(count: int, one: str, several: str = "") -> str:
    """``1 error``, ``2 errors``; the word for ``several`` where it is not just an s longer."""
    return f"{count} {one if count == 1 else several or one + 's'}"


def cleaned(value: Any, how: Callable[[str], str] = clean) -> Any:
    """A value of JSON with all its texts cleaned as ``how`` does it, and all its keys as lines."""
    if isinstance(value, str):
        return how(value)
    if isinstance(value, Mapping):
        return {clean(key) if isinstance(key, str) else key: cleaned(item, how) for key, item in value.items()}
    return [cleaned(item, how) for item in value] if isinstance(value, (list, tuple)) else value


def _escape(match: re.Match[str]) -> str:
    sign = match[0]
    if sign in _NAMED:
        return _NAMED[sign]
    number = ord(sign)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
