# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Changes that are harmless in a namespace which the run makes itself, and not in one where pods run already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from ..._core.change import Action
from ..._core.diff import ABSENT
from ..._core.pod_security import ENFORCE, LEVELS
from ..form.kinds import Kind, Ref
from ..observe.observed import Observed
from ..wire.client import KubeClient
from ..wire.errors import ApiError
from .examine import Finding

_POD = Kind("", "v1", "Pod", "pods", True)
_POLICY = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", True)
_QUOTA = Kind("", "v1", "ResourceQuota", "resourcequotas", True)
_RUNNING = "status.phase!=Succeeded,status.phase!=Failed"
_ENFORCE = f'metadata.labels."{ENFORCE}"'
_STRICTER = LEVELS[::-1]
Document = Mapping[str, Any]


def disturbances(client: KubeClient, findings: Iterable[Finding], observed: Observed) -> dict[Ref, str]:
    """Object → what it disturbs among the pods that run now. A request or two for each namespace that is hemmed in anew, else none."""

    @cache
    def listed(kind: Kind, namespace: str) -> list[Document] | None:
        """None where this identity may not list them: then nobody knows that there is none."""
        try:
            fields = _RUNNING if kind is _POD else ""
            return list(client.list_objects(kind, namespace, metadata_only=kind is _POD, fields=fields)[0])
        except ApiError as error:
            if error.status == 403:
                return None
            if error.status == 404:
                return []
            raise

    found: dict[Ref, str] = {}
    for finding in findings:
        ref, body = finding.subject.ref, finding.subject.body
        action = finding.meant if finding.contested else finding.action
        if ref.group_kind == "Namespace" and action in (Action.UPDATE, Action.ADOPT):
            if any(change.path == _ENFORCE and _rank(change.after) > _rank(change.before) for change in finding.changes):
                found[ref] = "pods that run there and do not fit this level are refused when they are made again"
        elif finding.action is not Action.CREATE or not observed.has_namespace(ref.namespace):
            continue
        elif ref.group_kind not in (_POLICY.group_kind, _QUOTA.group_kind):
            continue
        elif (pods := listed(_POD, ref.namespace)) is None:
            found[ref] = "whether pods run there cannot be seen by this identity, and those that do may be disturbed by it"
        elif ref.group_kind == _POLICY.group_kind:
            others = listed(_POLICY, ref.namespace) if pods else []
            cut = [pod for pod in pods if _isolates_anew(body, pod, others or [])]
            if cut:
                found[ref] = f"{len(cut)} running pod(s) may then be reached, or reach others, only as policies say"
        elif pods and not listed(_QUOTA, ref.namespace):
            found[ref] = "pods run there: those that do not fit it are refused when they are made again"
    return found


def _isolates_anew(policy: Document, pod: Document, others: Iterable[Document]) -> bool:
    """Whether a pod that nothing isolated in a direction is isolated in it by this policy."""
    if not _selects(policy, pod):
        return False
    return bool(_directions(policy) - {way for other in others if _selects(other, pod) for way in _directions(other)})


def _directions(policy: Document) -> set[str]:
    spec = policy.get("spec") or {}
    return set(spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]))


def _selects(policy: Document, pod: Document) -> bool:
    selector = (policy.get("spec") or {}).get("podSelector") or {}
    labels = pod["metadata"].get("labels") or {}
    if not (selector.get("matchLabels") or {}).items() <= labels.items():
        return False
    return all(_meets(rule, labels) for rule in selector.get("matchExpressions") or [])


def _meets(rule: Document, labels: Mapping[str, str]) -> bool:
    key, values = str(rule.get("key")), rule.get("values") or []
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }.get(str(rule.get("operator")), True)


def _rank(level: Any) -> int:
    return 0 if level is ABSENT or level not in _STRICTER else _STRICTER.index(level)
