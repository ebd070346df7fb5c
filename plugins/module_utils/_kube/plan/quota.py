# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Object counts against ResourceQuotas. Each dry run sees the quota as it is, so five creations into two free places all pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.concurrency import map_threads
from ..form.kinds import Kind, Ref
from ..observe.observed import Observed
from ..observe.subject import Subject
from ..wire.client import KubeClient
from ..wire.errors import ApiError

_QUOTA = Kind("", "v1", "ResourceQuota", "resourcequotas", True)
_PLAIN = {"configmaps", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas", "secrets", "services"}


def quota_problems(client: KubeClient, new: Iterable[Subject], observed: Observed, subjects: Mapping[Ref, Subject]) -> list[str]:
    """One line for every quota that the creations would exceed; quotas that this run changes count with their new limit."""
    by_namespace: dict[str, Counter[str]] = {}
    for subject in new:
        if subject.ref.namespace:
            by_namespace.setdefault(subject.ref.namespace, Counter()).update(_names(subject.kind))
    limits = {
        (ref.namespace, ref.name): ((subject.body.get("spec") or {}).get("hard") or {}, ref in observed.metadata)
        for ref, subject in subjects.items()
        if ref.group_kind == "ResourceQuota" and not (subject.body.get("spec") or {}).get("scopes")
    }
    live = [namespace for namespace in sorted(by_namespace) if observed.has_namespace(namespace)]
    listed = dict(zip(live, map_threads(lambda name: _quotas(client, name), live, client.threads), strict=True))
    problems = []
    for namespace, counts in sorted(by_namespace.items()):
        quotas: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
        for item in listed.get(namespace, []):
            if not (item.get("spec") or {}).get("scopes"):
                quotas[item["metadata"]["name"]] = (
                    (item.get("spec") or {}).get("hard") or {},
                    (item.get("status") or {}).get("used") or {},
                )
        for (where, name), (hard, _live) in limits.items():
            if where == namespace:
                quotas[name] = (hard, quotas.get(name, ({}, {}))[1])
        for name, (hard, used) in sorted(quotas.items()):
            for resource, amount in sorted(counts.items()):
                limit = str(hard.get(resource, ""))
                taken = str(used.get(resource, "0"))
                if limit.isdigit() and taken.isdigit() and int(taken) + amount > int(limit):
                    problems.append(
                        f"  ResourceQuota/{namespace}/{name}: {resource} is limited to {limit}, {taken} are used and the run would create {amount} more"
                    )
    return problems


def _quotas(client: KubeClient, namespace: str) -> list[dict[str, Any]]:
    """Those of a namespace; none where this identity may not see them: each dry run is told by its own."""
    try:
        return client.list_objects(_QUOTA, namespace, metadata_only=False)[0]
    except ApiError as error:
        if error.status != 403:
            raise
        return []


def _names(kind: Kind) -> list[str]:
    """The names under which a quota may count an object of this kind."""
    counted = f"count/{kind.plural}.{kind.group}" if kind.group else f"count/{kind.plural}"
    return [counted, kind.plural] if not kind.group and kind.plural in _PLAIN else [counted]
