# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""When an object has become what was asked for. The rules are those of kstatus (kubernetes-sigs/cli-utils, pkg/kstatus/README)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]

INSTANT = frozenset(
    {
        "ClusterRole.rbac.authorization.k8s.io",
        "ClusterRoleBinding.rbac.authorization.k8s.io",
        "ConfigMap",
        "CustomResourceDefinition.apiextensions.k8s.io",
        "HorizontalPodAutoscaler.autoscaling",
        "IngressClass.networking.k8s.io",
        "Lease.coordination.k8s.io",
        "LimitRange",
        "MutatingWebhookConfiguration.admissionregistration.k8s.io",
        "Namespace",
        "NetworkPolicy.networking.k8s.io",
        "PriorityClass.scheduling.k8s.io",
        "ResourceQuota",
        "Role.rbac.authorization.k8s.io",
        "RoleBinding.rbac.authorization.k8s.io",
        "RuntimeClass.node.k8s.io",
        "Secret",
        "ServiceAccount",
        "StorageClass.storage.k8s.io",
        "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
    }
)
"""Kinds that need no waiting once they are written and the barrier behind their stage has been passed."""


class State(enum.Enum):
    """READY: as asked for. WAITING: not yet. FAILED: will not become ready without a change."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True)
class Readiness:
    """A state and why, in words."""

    state: State
    reason: str = ""


READY = Readiness(State.READY)


def readiness(document: Document) -> Readiness:
    """The readiness of a whole object."""
    metadata, status = document["metadata"], document.get("status") or {}
    if metadata.get("deletionTimestamp") and not ended(document):
        return Readiness(State.WAITING, "is being deleted")
    generation, observed = metadata.get("generation"), status.get("observedGeneration")
    if isinstance(observed, int) and isinstance(generation, int) and observed < generation:
        return Readiness(State.WAITING, "its controller has not seen the last change yet")
    group = document["apiVersion"].rpartition("/")[0]
    rule = _RULES.get((group, document["kind"]))
    return rule(document, document.get("spec") or {}, status) if rule else _generic(status)


def ended(document: Document) -> bool:
    """Whether this is a Job that has run to its end, well or not: its TTL may take it at any moment, and nothing is missing then."""
    if document.get("kind") != "Job":
        return False
    conditions = _conditions(document.get("status") or {})
    return any(conditions.get(name, {}).get("status") == "True" for name in ("Complete", "Failed"))


def _generic(status: Document) -> Readiness:
    conditions = _conditions(status)
    for name, state in (("Reconciling", State.WAITING), ("Stalled", State.FAILED)):
        if conditions.get(name, {}).get("status") == "True":
            return Readiness(state, _why(conditions[name]))
    ready = conditions.get("Ready")
    if ready and ready.get("status") != "True":
        return Readiness(State.WAITING, _why(ready))
    return READY


def _deployment(_document: Document, spec: Document, status: Document) -> Readiness:
    conditions = _conditions(status)
    progressing = conditions.get("Progressing", {})
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Readiness(State.FAILED, _why(progressing))
    failure = conditions.get("ReplicaFailure", {})
    if failure.get("status") == "True":
        return Readiness(State.FAILED, _why(failure))
    if spec.get("paused"):
        return READY
    if "observedGeneration" not in status:
        return Readiness(State.WAITING, "its controller has not seen it yet")
    wanted = _replicas(spec)
    updated, total, available = (status.get(name) or 0 for name in ("updatedReplicas", "replicas", "availableReplicas"))
    if updated < wanted:
        return Readiness(State.WAITING, f"{updated} of {wanted} pods updated")
    if total > updated:
        return Readiness(State.WAITING, f"{total - updated} old pods still there")
    if available < updated:
        return Readiness(State.WAITING, f"{available} of {updated} pods available")
    return READY


def _stateful_set(_document: Document, spec: Document, status: Document) -> Readiness:
    if "observedGeneration" not in status:
        return Readiness(State.WAITING, "its controller has not seen it yet")
    wanted = _replicas(spec)
    ready = status.get("readyReplicas") or 0
    if ready < wanted:
        return Readiness(State.WAITING, f"{ready} of {wanted} pods ready")
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return READY
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    updated = status.get("updatedReplicas") or 0
    if updated < wanted - partition:
        return Readiness(State.WAITING, f"{updated} of {wanted - partition} pods updated")
    if not partition and status.get("currentRevision") != status.get("updateRevision"):
        return Readiness(State.WAITING, "the rolling update is not finished")
    return READY


def _daemon_set(_document: Document, spec: Document, status: Document) -> Readiness:
    if "observedGeneration" not in status:
        return Readiness(State.WAITING, "its controller has not seen it yet")
    wanted = status.get("desiredNumberScheduled") or 0
    for field, word in (("updatedNumberScheduled", "updated"), ("numberAvailable", "available")):
        if field == "updatedNumberScheduled" and (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
            continue
        count = status.get(field) or 0
        if count < wanted:
            return Readiness(State.WAITING, f"{count} of {wanted} pods {word}")
    return READY


def _replica_set(_document: Document, spec: Document, status: Document) -> Readiness:
    failure = _conditions(status).get("ReplicaFailure", {})
    if failure.get("status") == "True":
        return Readiness(State.FAILED, _why(failure))
    wanted, available = _replicas(spec), status.get("availableReplicas") or 0
    return READY if available >= wanted else Readiness(State.WAITING, f"{available} of {wanted} pods available")


def _job(_document: Document, spec: Document, status: Document) -> Readiness:
    conditions = _conditions(status)
    for name in ("Failed", "FailureTarget"):
        if conditions.get(name, {}).get("status") == "True":
            return Readiness(State.FAILED, _why(conditions[name]))
    if conditions.get("Complete", {}).get("status") == "True" or spec.get("suspend"):
        return READY
    return Readiness(State.WAITING, f"{status.get('active') or 0} active, {status.get('succeeded') or 0} succeeded")


def _pod(_document: Document, _spec: Document, status: Document) -> Readiness:
    phase = status.get("phase") or "Pending"
    if phase == "Succeeded":
        return READY
    if phase == "Failed":
        return Readiness(State.FAILED, status.get("message") or status.get("reason") or "the pod failed")
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") == "CrashLoopBackOff":
            return Readiness(State.FAILED, f"{container.get('name')}: {waiting.get('message') or 'CrashLoopBackOff'}")
    if _conditions(status).get("Ready", {}).get("status") == "True":
        return READY
    return Readiness(State.WAITING, f"phase {phase}")


def _claim(_document: Document, _spec: Document, status: Document) -> Readiness:
    phase = status.get("phase") or "Pending"
    if phase == "Lost":
        return Readiness(State.FAILED, "its volume is lost")
    return READY if phase == "Bound" else Readiness(State.WAITING, f"phase {phase}")


def _service(_document: Document, spec: Document, status: Document) -> Readiness:
    if spec.get("type") == "LoadBalancer" and not (status.get("loadBalancer") or {}).get("ingress"):
        return Readiness(State.WAITING, "no load balancer address yet")
    return READY


def _crd(_document: Document, _spec: Document, status: Document) -> Readiness:
    conditions = _conditions(status)
    names = conditions.get("NamesAccepted", {})
    if names.get("status") == "False":
        return Readiness(State.FAILED, _why(names))
    established = conditions.get("Established", {})
    return READY if established.get("status") == "True" else Readiness(State.WAITING, "not established yet")


def _api_service(_document: Document, _spec: Document, status: Document) -> Readiness:
    available = _conditions(status).get("Available", {})
    return READY if available.get("status") == "True" else Readiness(State.WAITING, _why(available) or "not available yet")


def _namespace(_document: Document, _spec: Document, status: Document) -> Readiness:
    phase = status.get("phase") or "Active"
    return READY if phase == "Active" else Readiness(State.WAITING, f"phase {phase}")


def _disruption_budget(_document: Document, _spec: Document, status: Document) -> Readiness:
    return READY if "observedGeneration" in status else Readiness(State.WAITING, "its controller has not seen it yet")


_RULES: dict[tuple[str, str], Any] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ReplicaSet"): _replica_set,
    ("batch", "Job"): _job,
    ("", "Pod"): _pod,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Service"): _service,
    ("", "Namespace"): _namespace,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _crd,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("policy", "PodDisruptionBudget"): _disruption_budget,
}


def _replicas(spec: Document) -> int:
    wanted = spec.get("replicas")
    return 1 if wanted is None else int(wanted)


def _conditions(status: Document) -> dict[str, Document]:
    found = status.get("conditions") or []
    return {str(condition.get("type")): condition for condition in found if isinstance(condition, Mapping)}


def _why(condition: Document) -> str:
    return str(condition.get("message") or condition.get("reason") or "")
