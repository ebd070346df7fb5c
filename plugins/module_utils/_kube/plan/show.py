# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What may be shown of a change: only the fields that differ, secrets as the fact that they are set."""

from __future__ import annotations

import re
from typing import Any

from ..._core.change import Action
from ..._core.diff import ABSENT, Difference
from ..._core.redaction import shown_pair
from ..form.shown import is_hidden, shown_document
from ..observe.subject import Subject
from .examine import Finding

_PRIVATE = re.compile(
    r"^(?:data|stringData|binaryData)\b|annotations\b|\b(?:env|args|command)\[|caBundle|(?i:passw|token|secret|credential|key)"
)
"""Where values may be credentials, whatever they look like; ``DIFF=1`` shows them to who asks."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/%+-]{0,39}")


def shown_changes(subject: Subject, finding: Finding) -> tuple[Any, Any]:
    """Both sides of a change, redacted: flat maps of path to value, for a creation the document."""
    if finding.action is Action.CREATE:
        return {}, shown_document(subject.body, subject.desired.is_secret)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for difference in finding.changes:
        old, new = _shown(difference, subject.desired.is_secret)
        if old is not ABSENT:
            before[difference.path] = old
        if new is not ABSENT:
            after[difference.path] = new
    return before, after


def plain_pair(difference: Difference, secret: bool) -> tuple[Any, Any] | None:
    """Both sides of a change that fit a line and that nobody need hide, none for what is not there: amounts and names, never texts of
    people, and nothing of where a credential may be."""
    if secret or _PRIVATE.search(difference.path):
        return None
    pair = (difference.before, difference.after)
    return None if not all(map(_is_plain, pair)) else (_or_none(pair[0]), _or_none(pair[1]))


def _is_plain(value: Any) -> bool:
    return value is ABSENT or isinstance(value, (bool, int, float)) or (isinstance(value, str) and _PLAIN.fullmatch(value) is not None)


def _or_none(value: Any) -> Any:
    return None if value is ABSENT else value


def _shown(difference: Difference, secret: bool) -> tuple[Any, Any]:
    if is_hidden(difference.path, secret):
        return shown_pair(difference.before, difference.after)
    return difference.before, difference.after
