# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The one unit of every plan: a change, with what it does and how dear it is."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .words import clean


class Action(enum.StrEnum):
    """What happens to the thing.

    ``blocked`` is wanted but cannot be done now (it is being deleted, for example); ``conflict`` is left to somebody else, who holds
    declared fields of it, until a run is told to take them.
    """

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    BLOCKED = "blocked"
    CONFLICT = "conflict"

    @property
    def writes(self) -> bool:
        """Whether a run does anything by it."""
        return self not in (Action.BLOCKED, Action.CONFLICT)


class Impact(enum.StrEnum):
    """What a change costs those who use the thing, from harmless to irreversible."""

    SAFE = "safe"
    RESTART = "restart"
    DISRUPTIVE = "disruptive"
    DESTROYS_DATA = "destroys_data"

    @property
    def rank(self) -> int:
        """0 for harmless, 3 for irreversible."""
        return list(Impact).index(self)


@dataclass(frozen=True)
class Holder:
    """Somebody else who holds declared fields of a thing, which ones, and since when; empty where that is not recorded."""

    manager: str
    time: str
    fields: tuple[str, ...]

    def as_result(self) -> dict[str, Any]:
        """As it stands in a change's ``held_by``."""
        return {"manager": clean(self.manager), "time": clean(self.time), "fields": [clean(field) for field in self.fields]}


@dataclass(frozen=True)
class Change:
    """One change of a plan.

    ``id`` names the thing for good (Kubernetes: ``Kind.group/namespace/name``). ``fields`` are the paths that change.
    ``before`` and ``after`` hold only those fields, already redacted. ``verified`` is false where the server could not
    yet be asked, and ``reason`` then says why. ``fingerprint`` identifies exactly this change for an approved plan: it is
    made from unredacted values by the provider, is a digest, and is never shown.
    """

    id: str
    action: Action
    impact: Impact = Impact.SAFE
    fields: tuple[str, ...] = ()
    reason: str = ""
    before: Any = None
    after: Any = None
    verified: bool = True
    scope: str = ""
    fingerprint: str = field(default="", repr=False)
    held_by: tuple[Holder, ...] = ()
    values: Mapping[str, tuple[Any, Any]] = field(default_factory=dict, hash=False)
    """Of the fields, those whose both sides anybody may see in one line: numbers, amounts, names of images. For the screen alone."""

    def as_result(self) -> dict[str, Any]:
        """The change as it stands in a task result and in ``plan.json``."""
        more: dict[str, Any] = {"held_by": [holder.as_result() for holder in self.held_by]} if self.held_by else {}
        if self.values:
            more["values"] = {
                clean(path): [side if side is None else clean(str(side)) for side in pair] for path, pair in self.values.items()
            }
        return {
            "id": clean(self.id),
            "action": self.action.value,
            "impact": self.impact.value,
            "fields": [clean(field) for field in self.fields],
            "reason": clean(self.reason),
            "verified": self.verified,
            "set": clean(self.scope),
            **more,
        }

    def as_line(self) -> str:
        """The change in one line of text."""
        what = f"{self.action.value} {self.id} [{self.impact.value}]"
        return clean(f"{what} {self.reason}" if self.reason else what)
