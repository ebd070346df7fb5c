# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Objects in which others hold declared fields: whose values they are to have is for somebody to say before anything is written."""

from __future__ import annotations

from collections.abc import Iterable

from ..._core.change import Action
from ..._core.errors import RefusedError
from ..._core.plan import Plan
from ..._core.words import listed
from ..resolve.requests import ReconcileRequest
from .examine import Finding


def contested_lines(request: ReconcileRequest, findings: Iterable[Finding]) -> list[str]:
    """A line for each such object of a run that would write and was not told to leave them."""
    if request.check_mode or request.conflicts == "leave":
        return []
    contested = [finding for finding in findings if finding.action is Action.CONFLICT]
    return [f"  {finding.subject.ref.id} ({finding.subject.desired.source}): {finding.reason}" for finding in contested]


def refuse_contested(request: ReconcileRequest, plan: Plan, findings: Iterable[Finding]) -> None:
    """Refuse the plan where there are any. Raises RefusedError with what can be said instead."""
    findings = list(findings)
    lines = contested_lines(request, findings)
    if not lines:
        return
    managers = sorted({name for finding in findings for name in finding.contested})
    cures = [
        f"to take these fields back: {request.called('force_conflicts')}: {managers}",
        f"to leave these objects and do everything else: {request.called('conflicts')}: leave",
        "to keep what is there: declare that value",
    ]
    raise RefusedError(
        f"{len(lines)} object(s) have declared fields that others changed; nothing was written:\n" + listed([*lines, *cures]),
        plan=[change.as_result() for change in plan.changes],
        counts=plan.counts,
    )
