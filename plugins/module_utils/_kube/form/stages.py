# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""In which order objects are written: what others need comes first, with a barrier after each stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..._core.errors import InputError
from ..._core.suggest import did_you_mean
from .documents import Desired
from .kinds import Ref

_START_PODS = {
    *("Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "ReplicaSet.apps"),
    *("Job.batch", "CronJob.batch", "Pod", "ReplicationController", "HorizontalPodAutoscaler.autoscaling"),
}
"""Last in their stage: the first pod finds its Service and its budget, and controllers begin when the rest is written."""

DEPENDS_ON = "gantry.dev/depends-on"
"""Annotation: ids (``Kind.group/namespace/name``, comma separated) that must be ready before this object is written."""

_STAGES: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "foundations",
        frozenset(
            {
                "CustomResourceDefinition.apiextensions.k8s.io",
                "Namespace",
                "PriorityClass.scheduling.k8s.io",
                "StorageClass.storage.k8s.io",
                "CSIDriver.storage.k8s.io",
                "IngressClass.networking.k8s.io",
                "GatewayClass.gateway.networking.k8s.io",
                "RuntimeClass.node.k8s.io",
                "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
                "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
                "ClusterRole.rbac.authorization.k8s.io",
            }
        ),
    ),
    ("access", frozenset({"ClusterRoleBinding.rbac.authorization.k8s.io"})),
    ("roles and limits", frozenset({"Role.rbac.authorization.k8s.io", "ResourceQuota", "LimitRange"})),
    (
        "configuration",
        frozenset(
            {
                "RoleBinding.rbac.authorization.k8s.io",
                "ServiceAccount",
                "ConfigMap",
                "Secret",
                "PersistentVolume",
                "PersistentVolumeClaim",
                "NetworkPolicy.networking.k8s.io",
            }
        ),
    ),
    ("workloads", frozenset()),
    (
        "webhooks",
        frozenset(
            {
                "APIService.apiregistration.k8s.io",
                "MutatingWebhookConfiguration.admissionregistration.k8s.io",
                "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
            }
        ),
    ),
)
WORKLOADS = next(index for index, (_name, kinds) in enumerate(_STAGES) if not kinds)
WEBHOOKS = len(_STAGES) - 1
CONFIGURATION = next(index for index, (name, _kinds) in enumerate(_STAGES) if name == "configuration")
_ACCESS = 1


@dataclass
class Stage:
    """Objects that may be written at the same time. ``waits_for`` must be ready before."""

    number: int
    name: str
    members: list[Ref] = field(default_factory=list)
    waits_for: set[Ref] = field(default_factory=set)


def stage_number(ref: Ref) -> int:
    """The stage of an object by its kind."""
    for index, (_name, kinds) in enumerate(_STAGES):
        if ref.group_kind in kinds:
            return index
    return WORKLOADS


def arrange(desired: Mapping[Ref, Desired]) -> list[Stage]:
    """Stages in order. An object with dependencies gets a stage of its own depth behind that of its dependencies.

    Raises InputError on a dependency that nobody declares and on a cycle, before any write.
    """
    needs = {ref: _dependencies(item, desired) for ref, item in desired.items()}
    depth: dict[Ref, tuple[int, int]] = {}

    def place(ref: Ref, trail: tuple[Ref, ...]) -> tuple[int, int]:
        if ref in trail:
            circle = " → ".join(member.id for member in (*trail[trail.index(ref) :], ref))
            raise InputError(f"{DEPENDS_ON} makes a circle: {circle}")
        if ref not in depth:
            own = (_ACCESS if _grants_cluster_role(desired[ref]) else stage_number(ref), 0)
            behind = [place(other, (*trail, ref)) for other in needs[ref]]
            depth[ref] = max([own, *((number, step + 1) for number, step in behind)])
        return depth[ref]

    stages: dict[tuple[int, int], Stage] = {}
    for ref in desired:
        where = place(ref, ())
        name = _STAGES[where[0]][0] + (f", step {where[1] + 1}" if where[1] else "")
        stage = stages.setdefault(where, Stage(where[0], name))
        stage.members.append(ref)
        stage.waits_for |= needs[ref]
    for stage in stages.values():
        stage.members.sort(key=lambda ref: ref.group_kind in _START_PODS)
    return [stages[where] for where in sorted(stages)]


def deletion_order(refs: Iterable[Ref]) -> list[list[Ref]]:
    """Objects to delete in groups: last written, first deleted."""
    groups: dict[int, list[Ref]] = {}
    for ref in refs:
        groups.setdefault(stage_number(ref), []).append(ref)
    return [sorted(groups[number]) for number in sorted(groups, reverse=True)]


def _grants_cluster_role(item: Desired) -> bool:
    """A RoleBinding to a ClusterRole may be what lets this very run write into the namespace, so it goes first."""
    return item.ref.kind == "RoleBinding" and (item.body.get("roleRef") or {}).get("kind") == "ClusterRole"


def _dependencies(item: Desired, desired: Mapping[Ref, Desired]) -> set[Ref]:
    text = (item.body["metadata"].get("annotations") or {}).get(DEPENDS_ON) or ""
    found: set[Ref] = set()
    for part in filter(None, (word.strip() for word in text.split(","))):
        try:
            ref = Ref.parse(part)
        except ValueError as error:
            raise InputError(f"{item.source}: {item.ref.id}: {DEPENDS_ON}: {part!r} is not Kind.group/namespace/name") from error
        if ref not in desired:
            hint = did_you_mean(part, [known.id for known in desired])
            raise InputError(f"{item.source}: {item.ref.id}: {DEPENDS_ON} names {part}, which nobody declares{hint}")
        found.add(ref)
    return found | _account_of_token(item, desired)


def _account_of_token(item: Desired, desired: Mapping[Ref, Desired]) -> set[Ref]:
    """The token controller deletes at once the Secret of a token whose ServiceAccount is not there."""
    if item.body.get("type") != "kubernetes.io/service-account-token":
        return set()
    name = (item.body["metadata"].get("annotations") or {}).get("kubernetes.io/service-account.name")
    account = Ref("", "ServiceAccount", item.ref.namespace, str(name))
    return {account} if account in desired else set()
