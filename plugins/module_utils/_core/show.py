# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Changes as Ansible shows them under ``--diff``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from .change import Action, Change
from .words import clean, clean_lines

_MOST_CHARACTERS = 20_000


def as_json(side: Any) -> str:
    """A side of a change as text, for systems whose own form is JSON."""
    return json.dumps(side, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def as_diff(changes: Iterable[Change], dump: Callable[[Any], str]) -> list[dict[str, str]]:
    """The changes in the form that Ansible prints; ``dump`` writes a side of a change as text."""
    found = []
    for change in changes:
        if change.action is Action.BLOCKED or not (change.before or change.after or change.action is Action.DELETE):
            continue
        before = "" if not change.before else _cut(dump(change.before))
        after = "" if not change.after else _cut(dump(change.after))
        if change.action is Action.DELETE:
            before = f"{change.id} exists\n"
        name = clean(change.id)
        found.append(
            {
                "before_header": name,
                "after_header": f"{name} ({change.action.value})",
                "before": clean_lines(before),
                "after": clean_lines(after),
            }
        )
    return found


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + f"… {len(text) - _MOST_CHARACTERS} characters more\n"
