# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A plan: ordered changes with warnings, and the guards that look at it before the first write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from .canonical import digest
from .change import Action, Change
from .errors import RefusedError
from .words import clean_lines, cleaned, listed


@dataclass
class Plan:
    """Everything that one reconcile would do, in the order in which it would do it.

    ``identity`` is what the plan is about (a cluster's uid and the ids of its sets): two plans with the same changes
    against different servers have different digests. ``unchanged`` counts what is already right.
    """

    changes: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unchanged: int = 0
    identity: Any = None

    @property
    def changed(self) -> bool:
        """Whether the run would write."""
        return any(change.action.writes for change in self.changes)

    @property
    def digest(self) -> str:
        """Identifies the plan for an approval: equal exactly if the same changes would be made to the same server."""
        changes = sorted((change.id, change.action.value, change.fingerprint) for change in self.changes)
        return digest({"identity": self.identity, "changes": changes})

    @property
    def counts(self) -> dict[str, int]:
        """Changes by action (every action is present) and ``unchanged``."""
        found = Counter(change.action.value for change in self.changes)
        return {action.value: found[action.value] for action in Action} | {"unchanged": self.unchanged}

    def as_result(self) -> dict[str, Any]:
        """The keys that every reconciling module returns, without the diff."""
        return {
            "changed": self.changed,
            "plan": [change.as_result() for change in self.changes],
            "counts": self.counts,
            "warnings": cleaned(self.warnings, clean_lines),
            "digest": self.digest,
        }

    def as_far_as(self, written: Collection[str]) -> dict[str, Any]:
        """The keys of a run that did not come to its end: all that it was to do, and of each whether it was done, by its id."""
        return self.as_result() | {
            "changed": bool(written),
            "plan": [{**change.as_result(), "written": change.id in written} for change in self.changes],
        }


@dataclass(frozen=True)
class RemovalLimits:
    """How much one run may remove. ``max_percent`` is of what the plan's own sets hold now (0 to 100)."""

    max_count: int = 20
    max_percent: int = 25
    floor: int = 5
    """Up to this many removals the percentage is not looked at: one of three objects is 33 %."""


def guard_impact(plan: Plan, allowed: Iterable[str], variable: str) -> None:
    """Refuse the plan when a change has an impact outside ``allowed``.

    Raises RefusedError that names every refused change and ``variable``, the setting that would allow it.
    """
    permitted = set(allowed)
    refused = [change for change in plan.changes if change.action.writes and change.impact.value not in permitted]
    if not refused:
        return
    missing = sorted({change.impact for change in refused}, key=lambda impact: impact.rank)
    names = ", ".join(impact.value for impact in missing)
    raise RefusedError(
        f"{len(refused)} change(s) with impact {names} are not allowed here; nothing was written. "
        f"To allow them add {names} to {variable}.\n" + _listed(refused),
        refused=[change.as_result() for change in refused],
    )


def guard_removal(plan: Plan, owned: int, limits: RemovalLimits, variable: str) -> None:
    """Refuse the plan when it would delete more than ``limits`` allow of the ``owned`` objects.

    Raises RefusedError that names every deletion and ``variable``.
    """
    deletions = [change for change in plan.changes if change.action is Action.DELETE]
    count = len(deletions)
    if count > limits.max_count:
        raise RefusedError(
            f"The run would delete {count} objects, the limit is {limits.max_count}; nothing was written. "
            f"If that is meant, raise {variable}.max_count.\n" + _listed(deletions),
            refused=[change.as_result() for change in deletions],
        )
    if count > limits.floor and owned and count * 100 > limits.max_percent * owned:
        raise RefusedError(
            f"The run would delete {count} of {owned} objects, the limit is {limits.max_percent} %; nothing was written. "
            f"If that is meant, raise {variable}.max_percent.\n" + _listed(deletions),
            refused=[change.as_result() for change in deletions],
        )


def guard_approval(plan: Plan, approved: str | None) -> None:
    """Refuse the plan when it is not the approved one (``approved`` is that plan's digest, or nothing)."""
    if approved and approved != plan.digest:
        raise RefusedError(
            f"What the run would do now is not what was approved (approved {approved}, now {plan.digest}); nothing was "
            "written. Make a new plan, look at it and approve that one.\n" + _listed(plan.changes),
            refused=[change.as_result() for change in plan.changes],
            approved_digest=approved,
        )


def _listed(changes: list[Change], limit: int = 20) -> str:
    lines = [f"  {change.as_line()}" for change in changes[:limit]]
    if len(changes) > limit:
        lines.append(f"  and {len(changes) - limit} more")
    return listed(lines)
