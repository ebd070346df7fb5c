# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a caller asks of the engine, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.guards import Guards
from ..._core.plan import Plan
from ..._core.show import as_diff
from ..._core.words import clean, clean_text, cleaned
from ..form.tools import Taken
from ..form.yaml import dump_yaml
from .wanted import SetInput


@dataclass(frozen=True)
class Administered:
    """The sets that only an administrator may apply, the command by which, and whether a difference stops the run."""

    sets: frozenset[str] = frozenset()
    command: str = ""
    refuse: bool = True

    @property
    def cure(self) -> str:
        """What to do, in a sentence; empty where nobody told."""
        return f"An administrator applies and grants it: {self.command}" if self.command else ""


@dataclass(frozen=True)
class ReconcileRequest(Guards):
    """One reconcile: the sets, and what may be done to make them true. Kinds that hold data may go where ``prune.data`` names them."""

    sets: list[SetInput]
    owner: str = "gantry"
    check_mode: bool = False
    absent: bool = False
    """Take away the objects that the documents name, instead of making them true."""
    apply_sets: frozenset[str] | None = None
    """Write only these sets; the plan and its guards look at all of them. None writes all."""
    known_sets: frozenset[str] = frozenset()
    """Sets that somebody else declares: neither looked at nor called orphans."""
    remove_sets: frozenset[str] = frozenset()
    empty_sets: frozenset[str] = frozenset()
    """Sets that are meant to hold nothing, or to have a source that does, although objects of theirs would go away by that."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Former name → name of what is called otherwise now: what goes under the one and comes under the other is said to move."""
    force_conflicts: bool | tuple[str, ...] = False
    """Whose fields are taken back: everybody's, nobody's, or names of managers and an object's id and a path in it."""
    conflicts: str = "refuse"
    """What becomes of objects in which others hold fields that are not taken back: the run is refused, or leaves those objects."""
    foreign: str = "ignore"
    remove_foreign: tuple[str, ...] = ()
    """What others added that goes away: names of their managers, or an object's id and a path in it."""
    on_immutable: str = "fail"
    replace_kinds: list[str] = field(default_factory=list)
    adopt: tuple[str, ...] = ()
    adopt_from: tuple[Taken, ...] = ()
    """Tools whose field managers are among ``adopt``, and who have to let go."""
    retire_releases: bool = False
    """What Helm remembers of the releases that ``adopt_from`` names goes away behind the adoption."""
    verify: str = "recorded"
    digest_key: bytes | None = None
    wait: bool = True
    wait_timeout: float = 120.0
    lock: bool = False
    run: str = ""
    """The run's name, left in the lock: who reads it learns which run wrote last."""
    identity: str = ""
    """The user as whom the cluster is meant to see this run; another one is a warning."""
    default_namespace: str | None = None
    return_objects: bool = False
    administered: Administered = field(default_factory=Administered)
    """Sets that are planned by reading alone, since somebody else applies them."""

    @property
    def manager(self) -> str:
        """One field manager per installation: a manager per set would conflict with itself when an object moves."""
        return f"kube_apply:{self.owner}"

    @property
    def seeder(self) -> str:
        """The manager that sends handed-over fields once."""
        return f"{self.owner}-initial"

    @property
    def helpers(self) -> tuple[str, ...]:
        """Further names under which this installation writes."""
        return (self.seeder, f"{self.manager}-set")

    @property
    def taken(self) -> set[str]:
        """Managers, by name, whose fields may be taken over."""
        return {*(() if isinstance(self.force_conflicts, bool) else self.force_conflicts), *self.adopt}

    def may_force(self, managers: set[str]) -> bool:
        """Whether fields of these managers may be taken over."""
        return self.force_conflicts is True or managers <= self.taken


@dataclass
class ReconcileResult:
    """What was found and done. ``foreign`` are additions by others."""

    plan: Plan
    foreign: list[dict[str, Any]] = field(default_factory=list)
    orphan_sets: list[str] = field(default_factory=list)
    cluster_uid: str = ""
    requests: Mapping[str, int] = field(default_factory=dict)
    objects: list[dict[str, Any]] | None = None

    def as_result(self, diff: bool) -> dict[str, Any]:
        """The keys of the task result; ``diff`` in Ansible's form and redacted, where somebody looks at it: a large one takes as long as the plan."""
        result = self.plan.as_result() | {
            "foreign": cleaned(self.foreign),
            "orphan_sets": cleaned(self.orphan_sets),
            "cluster_uid": clean(self.cluster_uid),
            "requests": dict(self.requests),
        }
        if diff:
            result["diff"] = as_diff(self.plan.changes, dump_yaml)
        if self.objects is not None:
            result["objects"] = cleaned(self.objects, clean_text)
        return result
