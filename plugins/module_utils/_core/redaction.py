# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What may be shown of a secret: that it is set, changed or unset. And the values of one call, of which nothing may be shown."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

from .diff import ABSENT
from .words import clean

SET = "<secret: set>"
CHANGED = "<secret: changed>"
UNSET = "<secret: unset>"


def shown_pair(before: Any, after: Any) -> tuple[Any, Any]:
    """Stand-ins for both sides of a changed secret value."""
    if before is ABSENT:
        return ABSENT, SET
    if after is ABSENT:
        return SET, UNSET
    return SET, CHANGED


_SHORTEST = 4
"""What is shorter is a part of too many words, and nothing that a guess would not find."""

_OURS = frozenset({"action", "cluster_uid", "digest", "id", "impact", "set"})
"""Members of results by which things are found again: made of what was declared, never of a value."""


class Secrets:
    """The secret values that one call of a module came to know. Each is registered where it is read, and scrubbed where the call ends."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def add(self, value: str | None) -> None:
        """Nothing that is said from now on may hold this value."""
        if value and len(value) >= _SHORTEST:
            self._values.add(value)

    def scrubbed(self, value: Any) -> Any:
        """The same JSON value without any of the secrets, in whichever form a server or an encoder would quote them."""
        texts: list[str] = []
        if not self._values or not _collect(value, texts):
            return value
        # One search of all that is said: nearly always none of them is in it.
        everything = "\n".join(texts)
        found = {form for secret in self._values for form in _forms(secret) if form in everything}
        # The longest first, so that what begins like another one leaves no rest.
        return _without(value, sorted(found, key=len, reverse=True)) if found else value


def _forms(secret: str) -> set[str]:
    encoded = base64.b64encode(secret.encode()).decode()
    quoted = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], urllib.parse.quote(secret, safe="")
    return {secret, encoded, encoded.rstrip("="), clean(secret), *quoted}


def _collect(value: Any, texts: list[str]) -> bool:
    """Whether there is any text; all of it is put into ``texts``."""
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            texts.append(str(key))
            _collect(item, texts)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _collect(item, texts)
    return bool(texts)


def _without(value: Any, forms: list[str]) -> Any:
    if isinstance(value, str):
        for form in forms:
            value = value.replace(form, SET)
        return value
    if isinstance(value, Mapping):
        return {
            _without(key, forms) if isinstance(key, str) and key not in _OURS else key: item
            if key in _OURS and isinstance(item, str)
            else _without(item, forms)
            for key, item in value.items()
        }
    return [_without(item, forms) for item in value] if isinstance(value, (list, tuple)) else value
