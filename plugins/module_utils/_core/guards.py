# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What every module that reconciles is told alike: its options, and the guards that they become.

The documentation of these options is the fragment ``gantry.platform.reconcile``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .change import Impact
from .errors import InputError
from .plan import Plan, RemovalLimits, guard_approval, guard_impact, guard_removal
from .suggest import did_you_mean

EVERY_IMPACT = tuple(impact.value for impact in Impact)
REMOVED_IN = "1.0.0"
"""The version that no longer takes the words of before."""
_OF_BEFORE = {"removed_in_version": REMOVED_IN, "removed_from_collection": "gantry.platform"}


def of_before(**option: Any) -> dict[str, Any]:
    """An option that is still taken, with a deprecation."""
    return {**option, **_OF_BEFORE}


GUARD_SPEC: dict[str, Any] = {
    "allowed_impact": {"type": "list", "elements": "str", "choices": list(EVERY_IMPACT), "default": list(EVERY_IMPACT)},
    "allowed_impact_variable": of_before(type="str"),
    "approved_digest": {"type": "str"},
    "variables": {"type": "dict", "default": {}},
}
OWNER_SPEC: dict[str, Any] = {"owner": {"type": "str", "default": "gantry"}}
PRUNE_SPEC: dict[str, Any] = {
    "prune": {
        "type": "dict",
        "options": {
            "mode": {"type": "str", "choices": ["none", "report", "delete"], "default": "none"},
            "max_count": {"type": "int", "default": RemovalLimits.max_count},
            "max_percent": {"type": "int", "default": RemovalLimits.max_percent},
            "data": {
                "type": "list",
                "elements": "str",
                "default": [],
                "aliases": ["kinds"],
                "deprecated_aliases": [{"name": "kinds", "version": REMOVED_IN, "collection_name": "gantry.platform"}],
            },
        },
    },
}


@dataclass(frozen=True)
class Prune:
    """What happens to what is recorded and no longer declared. ``data`` names what holds data and may go all the same."""

    mode: str = "none"
    limits: RemovalLimits = field(default_factory=RemovalLimits)
    data: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Guards:
    """What a run may do. ``variables``: option → the variable that people set it by; messages name that one."""

    allowed_impact: tuple[str, ...] = EVERY_IMPACT
    approved_digest: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    prune: Prune = field(default_factory=Prune)

    def called(self, option: str) -> str:
        """What whoever reads a message has to set to change this option."""
        return self.variables.get(option, option)

    def judge(self, plan: Plan, held: int = 0) -> None:
        """Raise RefusedError for a plan that removes too much of what is ``held``, has an impact that is not allowed, or was not approved."""
        guard_removal(plan, held, self.prune.limits, self.called("prune"))
        guard_impact(plan, self.allowed_impact, self.called("allowed_impact"))
        guard_approval(plan, self.approved_digest)


def guards_of(params: Mapping[str, Any], spec: Iterable[str]) -> dict[str, Any]:
    """The arguments of Guards that the options of a task make; ``spec`` are the names of its options. Raises InputError."""
    unknown = [name for name in params["allowed_impact"] if name not in EVERY_IMPACT]
    if unknown:
        raise InputError(f"allowed_impact: {unknown[0]!r} is none of {', '.join(EVERY_IMPACT)}")
    variables = {option: str(variable) for option, variable in params["variables"].items()}
    for option in variables:
        if option not in spec:
            raise InputError(f"variables: there is no option {option!r}{did_you_mean(option, spec)}")
    if params.get("allowed_impact_variable"):
        variables.setdefault("allowed_impact", params["allowed_impact_variable"])
    return {
        "allowed_impact": tuple(params["allowed_impact"]),
        "approved_digest": params.get("approved_digest") or "",
        "variables": variables,
        "prune": prune_of(params.get("prune") or {}),
    }


def prune_of(given: Mapping[str, Any]) -> Prune:
    """The option ``prune``. Raises InputError for limits that cannot be meant."""
    limits = RemovalLimits(given.get("max_count", RemovalLimits.max_count), given.get("max_percent", RemovalLimits.max_percent))
    if limits.max_count < 0:
        raise InputError(f"prune.max_count is a number of removals from 0, found {limits.max_count}")
    if not 0 <= limits.max_percent <= 100:
        raise InputError(f"prune.max_percent is a percentage of what is held, 0 to 100, found {limits.max_percent}")
    return Prune(given.get("mode") or "none", limits, frozenset(given.get("data") or ()))
