# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The reconcile, from request to result."""

from __future__ import annotations

from collections.abc import Callable

from .._core.references import References
from .._core.show import as_diff
from .client import Document, KubeClient
from .discovery import Discovery
from .observe import observe, read_sets, refuse_parents, require_namespaces
from .planner import make_plan
from .requests import ReconcileRequest, ReconcileResult
from .resolve import resolve
from .subject import subjects_of
from .writer import Writer
from .yaml import dump_yaml


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
    discovery = Discovery(client)
    wanted = resolve(request.sets, discovery, request.default_namespace or client.default_namespace or "default")
    observed = read_sets(client, request.sets, request.owner, request.known_sets)
    doomed = [record for record in observed.strangers if record.name in request.remove_sets]
    observe(client, discovery, wanted, observed, [*observed.records.values(), *doomed])
    require_namespaces(wanted, observed)
    refuse_parents(wanted, observed)
    subjects = subjects_of(wanted, observed, references)
    work = make_plan(client, request, wanted, observed, subjects)
    objects: list[Document] = []
    if work.plan.changed and not request.check_mode:
        writer = Writer(client, discovery, request, wanted, observed, work, holder, tell)
        writer.run()
        objects = writer.objects
    work.plan.warnings.extend(warning for warning in client.warnings if warning not in work.plan.warnings)
    return ReconcileResult(
        plan=work.plan,
        diff=as_diff(work.plan.changes, dump_yaml),
        foreign=work.foreign,
        orphan_sets=work.orphan_sets,
        cluster_uid=observed.cluster_uid,
        requests=dict(client.pool.requests),
        objects=objects if request.return_objects else None,
    )
