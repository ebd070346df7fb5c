# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The reconcile, from request to result."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._core.change import Action
from .._core.errors import CancelledError, GantryError, RefusedError
from .._core.lock import LockLostError
from .._core.references import References
from .._core.words import clean, listed
from .observe.observed import Observed, observe, read_sets, records_changed, refuse_parents, require_namespaces
from .observe.subject import subjects_of
from .plan.planner import Work, make_plan
from .resolve.requests import ReconcileRequest, ReconcileResult
from .resolve.wanted import Wanted, resolve
from .wait.waiter import NotReadyError
from .wire.client import Document, KubeClient
from .wire.discovery import Discovery
from .wire.errors import ApiError
from .wire.lease import RunLease
from .wire.whoami import identity_warnings
from .write.removal import remove_named
from .write.writer import Writer


@dataclass
class _Planned:
    """What was wanted, what was found, and what is to be done about it."""

    discovery: Discovery
    wanted: Wanted
    observed: Observed
    work: Work


def reconcile(
    client: KubeClient,
    request: ReconcileRequest,
    references: References,
    holder: str,
    tell: Callable[[str], None] = lambda text: None,
) -> ReconcileResult:
    """Observe, plan, guard, and unless in check mode write and wait.

    ``holder`` names this run in the lock. Raises errors of ``_core.errors``; after one of them a rerun converges.
    """
    client.warnings |= dict.fromkeys(identity_warnings(client, request.identity))
    if request.absent:
        return remove_named(client, request, _default_namespace(client, request), tell)
    planned = _plan(client, request, references)
    objects: list[Document] = []
    if planned.work.plan.changed and not request.check_mode:
        planned, objects = _write(client, request, references, planned, holder, tell)
    work = planned.work
    if request.wait and not request.check_mode:
        _refuse_left(client, planned)
    work.plan.warnings.extend(warning for warning in client.warnings if warning not in work.plan.warnings)
    return ReconcileResult(
        plan=work.plan,
        foreign=work.foreign,
        orphan_sets=work.orphan_sets,
        cluster_uid=planned.observed.cluster_uid,
        requests=dict(client.pool.requests),
        objects=objects if request.return_objects else None,
    )


def _plan(client: KubeClient, request: ReconcileRequest, references: References) -> _Planned:
    discovery = Discovery(client)
    try:
        return _planned(client, discovery, request, references)
    except ApiError as error:
        if not error.forbidden or not request.administered.cure:
            raise
        cures = [request.administered.cure]
        if request.remove_sets:
            # What nobody declares is granted to nobody: the administrator's next run would not help.
            names = json.dumps({request.called("remove_sets"): sorted(request.remove_sets)})
            cures.append(
                f"Where the right is missing since nobody declares the set to be removed, he removes it: the same command with -e '{names}'"
            )
        raise RefusedError("\n".join([f"This identity lacks a right, and nothing was written: {error.message}", *cures])) from error


def _planned(client: KubeClient, discovery: Discovery, request: ReconcileRequest, references: References) -> _Planned:
    """Everything before the first write."""
    wanted = resolve(request.sets, discovery, _default_namespace(client, request))
    observed = read_sets(client, request.sets, request.owner, request.known_sets)
    formers = [record.former for record in observed.records.values() if record.former]
    removed = observed.removed(request.remove_sets)
    observe(client, discovery, wanted, observed, [*observed.records.values(), *formers, *removed], request.administered.sets)
    require_namespaces(wanted, observed, request.administered.cure)
    refuse_parents(wanted, observed)
    subjects = subjects_of(wanted, observed, references, request.apply_sets)
    return _Planned(discovery, wanted, observed, make_plan(client, request, wanted, observed, subjects))


def _default_namespace(client: KubeClient, request: ReconcileRequest) -> str:
    return request.default_namespace or client.default_namespace or "default"


def _write(
    client: KubeClient, request: ReconcileRequest, references: References, planned: _Planned, holder: str, tell: Callable[[str], None]
) -> tuple[_Planned, list[Document]]:
    """Carry the plan out under the lock. Where another run had it meanwhile, that run's doing is seen by a new plan first."""

    def writer_of(now: _Planned, lease: RunLease | None) -> Writer:
        return Writer(client, now.discovery, request, now.wanted, now.observed, now.work, holder, tell, lease)

    with contextlib.ExitStack() as stack:
        writer = writer_of(planned, None)
        lease = None
        try:
            lease = writer.lock()
            if lease is not None:
                stack.enter_context(lease)
            if lease is not None and (lease.waited or records_changed(client, request.owner, planned.observed)):
                planned = _plan(client, request, references)
                if not planned.work.plan.changed:
                    return planned, []
                writer = writer_of(planned, lease)
            writer.run()
        except GantryError as error:
            error.details = _so_far(client, planned, writer.written, error) | error.details
            raise
        finally:
            if lease is not None:
                total = sum(change.action.writes for change in planned.work.plan.changes)
                lease.written = f"{len(writer.written)} of {total} changes"
    return planned, writer.objects


def _so_far(client: KubeClient, planned: _Planned, written: set[str], error: GantryError) -> dict[str, Any]:
    """What a run that did not come to its end says beside its error: all that it was to do, and of each whether it was done."""
    found: dict[str, Any] = planned.work.plan.as_far_as(written) | {
        "cluster_uid": clean(planned.observed.cluster_uid),
        "requests": dict(client.pool.requests),
    }
    if isinstance(error, (CancelledError, LockLostError)):
        found["interrupted"] = True
    return found


def _refuse_left(client: KubeClient, planned: _Planned) -> None:
    """Raise NotReadyError for what was wanted and could not be touched: everything else is done by now."""
    work = planned.work
    left = {finding.subject.ref: finding.reason for finding in work.findings.values() if finding.action is Action.BLOCKED}
    if left:
        rows = [f"  {ref.id}: {reason}" for ref, reason in sorted(left.items())]
        error = NotReadyError(
            f"{len(left)} object(s) could not be made as declared; everything else is done. Run again when it can be:\n" + listed(rows),
            set(left),
            not_ready=[{"id": ref.id, "state": "blocked", "reason": reason} for ref, reason in sorted(left.items())],
        )
        done = {change.id for change in work.plan.changes if change.action.writes}
        error.details = _so_far(client, planned, done, error) | error.details
        raise error
