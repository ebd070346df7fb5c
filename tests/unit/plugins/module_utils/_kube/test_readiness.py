# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.wait.readiness import State, readiness
from hypothesis import given
from hypothesis import strategies as st

VERSIONS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "Job": "batch/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "APIService": "apiregistration.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
    "Thing": "example.org/v1",
}
READY, WAITING, FAILED = State.READY, State.WAITING, State.FAILED


def condition(name, status="True", **more):
    return {"type": name, "status": status, **more}


def state(kind, spec=None, status=None, **metadata):
    return readiness(
        {
            "apiVersion": VERSIONS.get(kind, "v1"),
            "kind": kind,
            "metadata": {"name": "x", "generation": 2, **metadata},
            "spec": spec,
            "status": status,
        }
    )


def rolled(**counts):
    return {"observedGeneration": 2, "updatedReplicas": 3, "replicas": 3, "availableReplicas": 3, "readyReplicas": 3, **counts}


CASES = [
    ("Deployment", {"replicas": 3}, rolled(), READY, ""),
    ("Deployment", {"replicas": 3}, None, WAITING, "not seen it yet"),
    ("Deployment", {"replicas": 3}, rolled(updatedReplicas=1), WAITING, "1 of 3 pods updated"),
    ("Deployment", {"replicas": 3}, rolled(replicas=5), WAITING, "2 old pods still there"),
    ("Deployment", {"replicas": 3}, rolled(availableReplicas=2), WAITING, "2 of 3 pods available"),
    ("Deployment", {"replicas": 0}, {"observedGeneration": 2}, READY, ""),
    ("Deployment", {}, {"observedGeneration": 2}, WAITING, "0 of 1 pods updated"),
    ("Deployment", {"replicas": 3, "paused": True}, rolled(updatedReplicas=0), READY, ""),
    (
        "Deployment",
        {"replicas": 3},
        rolled(updatedReplicas=1, conditions=[condition("Progressing", "False", reason="ProgressDeadlineExceeded", message="no progress")]),
        FAILED,
        "no progress",
    ),
    ("Deployment", {"replicas": 3}, rolled(conditions=[condition("ReplicaFailure", message="exceeded quota")]), FAILED, "exceeded quota"),
    ("Deployment", {"replicas": 3}, rolled(conditions=[condition("ReplicaFailure", "False")]), READY, ""),
    ("StatefulSet", {"replicas": 3}, rolled(), READY, ""),
    ("StatefulSet", {"replicas": 3}, None, WAITING, "not seen it yet"),
    ("StatefulSet", {"replicas": 3}, rolled(readyReplicas=1), WAITING, "1 of 3 pods ready"),
    ("StatefulSet", {"replicas": 3}, rolled(updatedReplicas=2), WAITING, "2 of 3 pods updated"),
    ("StatefulSet", {"replicas": 3}, rolled(currentRevision="a", updateRevision="b"), WAITING, "rolling update is not finished"),
    ("StatefulSet", {"replicas": 3, "updateStrategy": {"type": "OnDelete"}}, rolled(updatedReplicas=0), READY, ""),
    (
        "StatefulSet",
        {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}},
        rolled(updatedReplicas=1, currentRevision="a", updateRevision="b"),
        READY,
        "",
    ),
    ("DaemonSet", {}, {"observedGeneration": 2, "desiredNumberScheduled": 0}, READY, ""),
    ("DaemonSet", {}, {"observedGeneration": 2, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}, READY, ""),
    ("DaemonSet", {}, {"observedGeneration": 2, "desiredNumberScheduled": 2, "updatedNumberScheduled": 1}, WAITING, "1 of 2 pods updated"),
    (
        "DaemonSet",
        {"updateStrategy": {"type": "OnDelete"}},
        {"observedGeneration": 2, "desiredNumberScheduled": 2, "numberAvailable": 1},
        WAITING,
        "1 of 2 pods available",
    ),
    ("DaemonSet", {}, None, WAITING, "not seen it yet"),
    ("ReplicaSet", {"replicas": 2}, {"availableReplicas": 1}, WAITING, "1 of 2 pods available"),
    ("ReplicaSet", {"replicas": 2}, {"conditions": [condition("ReplicaFailure", reason="FailedCreate")]}, FAILED, "FailedCreate"),
    ("Job", {}, {"active": 1}, WAITING, "1 active, 0 succeeded"),
    ("Job", {}, {"conditions": [condition("Complete")]}, READY, ""),
    ("Job", {"suspend": True}, {}, READY, ""),
    ("Job", {}, {"conditions": [condition("Failed", message="BackoffLimitExceeded")]}, FAILED, "BackoffLimitExceeded"),
    ("Job", {}, {"conditions": [condition("FailureTarget", reason="PodFailurePolicy")]}, FAILED, "PodFailurePolicy"),
    ("Pod", {}, None, WAITING, "phase Pending"),
    ("Pod", {}, {"phase": "Running", "conditions": [condition("Ready")]}, READY, ""),
    ("Pod", {}, {"phase": "Running", "conditions": [condition("Ready", "False")]}, WAITING, "phase Running"),
    ("Pod", {}, {"phase": "Succeeded"}, READY, ""),
    ("Pod", {}, {"phase": "Failed", "reason": "Evicted"}, FAILED, "Evicted"),
    (
        "Pod",
        {},
        {
            "phase": "Running",
            "containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}],
        },
        FAILED,
        "app: back-off",
    ),
    ("PersistentVolumeClaim", {}, {"phase": "Bound"}, READY, ""),
    ("PersistentVolumeClaim", {}, None, WAITING, "phase Pending"),
    ("PersistentVolumeClaim", {}, {"phase": "Lost"}, FAILED, "its volume is lost"),
    ("Service", {"type": "ClusterIP"}, None, READY, ""),
    ("Service", {"type": "LoadBalancer"}, {"loadBalancer": {}}, WAITING, "no load balancer address yet"),
    ("Service", {"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}, READY, ""),
    ("Namespace", {}, {"phase": "Terminating"}, WAITING, "phase Terminating"),
    ("Namespace", {}, {"phase": "Active"}, READY, ""),
    ("CustomResourceDefinition", {}, {"conditions": [condition("Established")]}, READY, ""),
    ("CustomResourceDefinition", {}, None, WAITING, "not established yet"),
    (
        "CustomResourceDefinition",
        {},
        {"conditions": [condition("NamesAccepted", "False", message="taken"), condition("Established")]},
        FAILED,
        "taken",
    ),
    ("APIService", {}, {"conditions": [condition("Available")]}, READY, ""),
    ("APIService", {}, {"conditions": [condition("Available", "False", message="no endpoints")]}, WAITING, "no endpoints"),
    ("APIService", {}, None, WAITING, "not available yet"),
    ("PodDisruptionBudget", {}, {}, WAITING, "not seen it yet"),
    ("PodDisruptionBudget", {}, {"observedGeneration": 2}, READY, ""),
    ("ConfigMap", None, None, READY, ""),
    ("Thing", {}, {}, READY, ""),
    ("Thing", {}, {"conditions": [condition("Ready", "False", message="no issuer")]}, WAITING, "no issuer"),
    ("Thing", {}, {"conditions": [condition("Ready", "Unknown", reason="Pending")]}, WAITING, "Pending"),
    ("Thing", {}, {"conditions": [condition("Ready"), condition("Reconciling", message="at it")]}, WAITING, "at it"),
    ("Thing", {}, {"conditions": [condition("Ready", "False"), condition("Stalled", message="stuck")]}, FAILED, "stuck"),
]


@pytest.mark.parametrize(("kind", "spec", "status", "expected", "why"), CASES, ids=lambda value: value if isinstance(value, str) else None)
def test_each_kind_is_ready_by_its_own_rule(kind, spec, status, expected, why):
    found = state(kind, spec, status)
    assert found.state is expected
    assert why in found.reason and bool(found.reason) is (expected is not READY)


@pytest.mark.parametrize("kind", sorted({case[0] for case in CASES}))
def test_no_kind_is_ready_while_it_goes_away(kind):
    found = state(
        kind, {"replicas": 3}, rolled(phase="Bound", conditions=[condition("Available")]), deletionTimestamp="2026-01-01T00:00:00Z"
    )
    assert (found.state, found.reason) == (WAITING, "is being deleted")


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Thing"])
def test_a_status_from_before_the_last_change_says_nothing(kind):
    assert state(kind, {"replicas": 3}, rolled(observedGeneration=1)).state is WAITING
    assert state(kind, {"replicas": 3}, rolled(observedGeneration=1, conditions=[condition("ReplicaFailure")])).state is WAITING


STATUS = st.dictionaries(
    st.sampled_from(["phase", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "conditions", "loadBalancer"]),
    st.none(),
)


@given(st.sampled_from([case[0] for case in CASES]), STATUS)
def test_what_is_null_counts_as_not_there(kind, status):
    assert state(kind, {}, status) == state(kind, {}, {})
