# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a change to an object costs: the one table from which every impact comes."""

from __future__ import annotations

from collections.abc import Iterable

from ..._core.change import Action, Impact
from .kinds import Ref

_TEMPLATED = {("apps", "Deployment"), ("apps", "DaemonSet"), ("apps", "StatefulSet"), ("apps", "ReplicaSet"), ("argoproj.io", "Rollout")}

_HOLDS_DATA = {
    ("", "Namespace"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
}

_SAFE_TO_DELETE = {
    ("", "Event"),
    ("", "LimitRange"),
    ("", "ResourceQuota"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("batch", "Job"),
    ("coordination.k8s.io", "Lease"),
    ("policy", "PodDisruptionBudget"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
}

_UPDATES: tuple[tuple[set[tuple[str, str]], tuple[str, ...], Impact], ...] = (
    (_TEMPLATED, ("spec.template",), Impact.RESTART),
    ({("", "Service")}, ("spec.selector", "spec.type", "spec.ports", "spec.clusterIP"), Impact.DISRUPTIVE),
    ({("networking.k8s.io", "Ingress")}, ("spec",), Impact.DISRUPTIVE),
    ({("", "Node")}, ("spec.taints", "spec.unschedulable"), Impact.DISRUPTIVE),
    ({("apiextensions.k8s.io", "CustomResourceDefinition")}, ("spec.versions", "spec.conversion"), Impact.DISRUPTIVE),
    ({("admissionregistration.k8s.io", "MutatingWebhookConfiguration")}, ("webhooks",), Impact.DISRUPTIVE),
    ({("admissionregistration.k8s.io", "ValidatingWebhookConfiguration")}, ("webhooks",), Impact.DISRUPTIVE),
)
"""(group, kind), path prefixes, impact. What no row names is safe."""


def holds_data(ref: Ref) -> bool:
    """Whether what is deleted with the object may be gone for good: such kinds are removed only where they are named."""
    return (ref.group, ref.kind) in _HOLDS_DATA


def impact_of(action: Action, ref: Ref, changes: Iterable[tuple[str, bool]] = ()) -> Impact:
    """The impact of an action on an object.

    ``changes`` are the changed paths of an update, each with whether something that was there is changed or removed (an
    addition to a Service's ports or a CRD's versions disturbs nobody).
    """
    kind = (ref.group, ref.kind)
    if action in (Action.DELETE, Action.REPLACE):
        if kind in _HOLDS_DATA:
            return Impact.DESTROYS_DATA
        if action is Action.DELETE and kind in _SAFE_TO_DELETE:
            return Impact.SAFE
        return Impact.DISRUPTIVE
    worst = Impact.SAFE
    for path, takes_away in changes:
        for kinds, prefixes, impact in _UPDATES:
            if kind in kinds and _below(path, prefixes) and (takes_away or impact is Impact.RESTART):
                worst = max(worst, impact, key=lambda candidate: candidate.rank)
    return worst


def _below(path: str, prefixes: tuple[str, ...]) -> bool:
    return any(path == prefix or path.startswith((prefix + ".", prefix + "[")) for prefix in prefixes)
