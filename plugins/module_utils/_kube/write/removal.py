# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Objects that a task names are taken away: planned, guarded, deleted by their uid, and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..._core.canonical import digest
from ..._core.change import Action, Change
from ..._core.concurrency import map_threads
from ..._core.errors import InputError, RefusedError, ServerError, TimeoutExceededError
from ..._core.plan import Plan
from ..._core.suggest import did_you_mean
from ..form.documents import normalise
from ..form.impact import holds_data, impact_of
from ..form.kinds import Kind, Ref
from ..form.stages import deletion_order
from ..observe.observed import live_label
from ..resolve.requests import ReconcileRequest, ReconcileResult
from ..wire.client import Document, KubeClient
from ..wire.discovery import Discovery
from ..wire.errors import ApiError

_SYSTEM = Kind("", "v1", "Namespace", "namespaces", False).path(None, "kube-system")
_PAUSE = 0.1


@dataclass(frozen=True)
class _Target:
    ref: Ref
    path: str
    live: Document


def remove_named(
    client: KubeClient, request: ReconcileRequest, default_namespace: str, tell: Callable[[str], None] = lambda text: None
) -> ReconcileResult:
    """Delete the objects of the request's documents that exist. Raises errors of ``_core.errors``; a rerun goes on from there."""
    discovery = Discovery(client)
    plan = Plan()
    paths = _paths(request, discovery, default_namespace, plan)
    found = map_threads(lambda path: client.find(path, metadata_only=True), list(paths.values()), client.threads)
    targets = {ref: _Target(ref, paths[ref], live["metadata"]) for ref, live in zip(paths, found, strict=True) if live}
    plan.unchanged = len(paths) - len(targets)
    system = client.find(_SYSTEM, metadata_only=True) if targets else None
    uid = str(system["metadata"]["uid"]) if system else ""
    plan.identity = [uid, ["absent"]]
    groups = deletion_order(targets)
    plan.changes = [_change(targets[ref]) for group in groups for ref in group]
    _guard(plan, request, targets)
    if plan.changed and not request.check_mode:
        for group in groups:
            tell(f"removing {len(group)} objects")
            map_threads(lambda ref: _delete(client, targets[ref]), group, client.threads)
            if request.wait:
                _await_gone(client, [targets[ref] for ref in group], request.wait_timeout, tell)
    plan.warnings += [warning for warning in client.warnings if warning not in plan.warnings]
    return ReconcileResult(plan=plan, cluster_uid=uid, requests=dict(client.pool.requests), objects=[] if request.return_objects else None)


def _paths(request: ReconcileRequest, discovery: Discovery, default_namespace: str, plan: Plan) -> dict[Ref, str]:
    """URL path of each object that the documents name; one of a kind that is not served cannot exist."""
    paths: dict[Ref, str] = {}
    problems = []
    for one in request.sets:
        for document, source in one.documents:
            kind = discovery.find(str(document.get("apiVersion") or ""), str(document.get("kind") or ""))
            item, notes = normalise(
                document,
                source,
                one.name,
                default_namespace if kind and kind.namespaced else None,
                kind is not None and not kind.namespaced,
            )
            plan.warnings += notes
            if kind is not None:
                paths[item.ref] = kind.path(item.ref.namespace or None, item.ref.name)
                continue
            named = f"{item.api_version} {item.ref.kind}"
            if item.ref.group in discovery.stale:
                problems.append(
                    f"  {source}: {named}: the API group's backend does not answer (stale in discovery); repair it and run again"
                )
                continue
            hint = did_you_mean(named, sorted(f"{known.api_version} {known.kind}" for known in discovery.kinds()))
            plan.warnings.append(f"{source}: no kind {named} is served, so {item.ref.name} counts as gone{hint}")
            plan.unchanged += 1
    if problems:
        raise InputError("the documents do not fit the cluster; nothing was removed:\n" + "\n".join(problems))
    return paths


def _change(target: _Target) -> Change:
    if target.live.get("deletionTimestamp"):
        finalizers = ", ".join(target.live.get("finalizers") or []) or "none"
        reason = f"is being deleted since {target.live['deletionTimestamp']}, finalizers: {finalizers}"
        return Change(target.ref.id, Action.BLOCKED, reason=reason, fingerprint=digest(["blocked", target.live["uid"]]))
    reason = "state: absent"
    if live_label(target.live):
        reason += "; a set that declares it makes it again"
    return Change(
        target.ref.id,
        Action.DELETE,
        impact_of(Action.DELETE, target.ref),
        reason=reason,
        fingerprint=digest(["delete", target.live["uid"]]),
    )


def _guard(plan: Plan, request: ReconcileRequest, targets: dict[Ref, _Target]) -> None:
    kept = [ref for ref in targets if holds_data(ref) and not {ref.kind, ref.group_kind} & request.prune.data]
    if kept:
        names = ", ".join(sorted({ref.kind for ref in kept}))
        listed = "\n".join(f"  {ref.id}" for ref in sorted(kept))
        raise RefusedError(
            f"these objects may hold data; nothing was removed. If that is meant, write prune: {{data: [{names}]}}.\n{listed}"
        )
    request.judge(plan)


def _delete(client: KubeClient, target: _Target) -> None:
    if target.live.get("deletionTimestamp"):
        return
    try:
        client.delete(target.path, target.live["uid"])
    except ApiError as error:
        raise ServerError(f"{target.ref.id}: {error.message}", id=target.ref.id) from error


def _await_gone(client: KubeClient, targets: list[_Target], seconds: float, tell: Callable[[str], None]) -> None:
    end = time.monotonic() + seconds
    left = targets
    while True:
        answers = map_threads(lambda target: client.find(target.path, metadata_only=True), left, client.threads)
        left = [target for target, live in zip(left, answers, strict=True) if live and live["metadata"]["uid"] == target.live["uid"]]
        if not left:
            return
        if time.monotonic() > end:
            names = ", ".join(sorted(target.ref.id for target in left))
            raise TimeoutExceededError(f"waited {seconds:.0f} s for these to go away: {names}; look at their finalizers", changed=True)
        tell(f"{len(left)} objects still go away")
        time.sleep(_PAUSE)
