# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.controlled import handed_over, left_out
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.documents import normalise, refuse_duplicates, without_paths


def body(api_version, kind, **content):
    metadata = {"name": "x", "namespace": "n", **content.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def left(document):
    """The document without what is not ours, and what was said about it."""
    paths = list(left_out(document))
    return without_paths(document, [path for path, _why in paths]), [why for _path, why in paths if why]


RBAC, HOOKS = "rbac.authorization.k8s.io/v1", "admissionregistration.k8s.io/v1"
INJECT = {"annotations": {"cert-manager.io/inject-ca-from": "a/b"}}


@pytest.mark.parametrize(
    ("document", "rest"),
    [
        (body(RBAC, "ClusterRole", aggregationRule={"a": 1}, rules=[]), {"aggregationRule": {"a": 1}}),
        (body("batch/v1", "Job", spec={"selector": {"a": 1}}), {"spec": {}}),
        (body("v1", "Namespace", spec={"finalizers": ["kubernetes"]}), {"spec": {}}),
        (body("v1", "Service", spec={"clusterIP": "", "clusterIPs": [""], "healthCheckNodePort": 0}), {"spec": {}}),
        (body("v1", "Service", spec={"ports": [{"port": 1, "nodePort": 0}]}), {"spec": {"ports": [{"port": 1}]}}),
        (
            body(HOOKS, "MutatingWebhookConfiguration", webhooks=[{"clientConfig": {"caBundle": "", "url": "u"}}]),
            {"webhooks": [{"clientConfig": {"url": "u"}}]},
        ),
        (body("apiregistration.k8s.io/v1", "APIService", spec={"caBundle": "Cg=="}), {"spec": {}}),
        (body("apiregistration.k8s.io/v1", "APIService", spec={"caBundle": "TUlJ"}, metadata=INJECT), {"spec": {}}),
    ],
)
def test_what_a_controller_fills_in_is_left_out(document, rest):
    found, said = left(document)
    assert {key: found[key] for key in found if key not in ("apiVersion", "kind", "metadata")} == rest
    assert said == []


@pytest.mark.parametrize(
    "document",
    [
        body(RBAC, "ClusterRole", rules=[]),
        body("batch/v1", "Job", spec={"manualSelector": True, "selector": {"a": 1}}),
        body("v1", "Service", spec={"clusterIP": "None", "ports": [{"port": 1, "nodePort": 30001}]}),
        body("apiregistration.k8s.io/v1", "APIService", spec={"caBundle": "TUlJ"}),
        body("v1", "PersistentVolumeClaim", spec={"volumeName": "mine"}),
        body("v1", "ConfigMap", metadata={"annotations": {"deployment.kubernetes.io/revision": "1"}}),
    ],
)
def test_what_a_person_means_stays(document):
    assert left(document) == (document, [])


def test_rules_that_somebody_wrote_beside_an_aggregation_are_spoken_of():
    _rest, said = left(body(RBAC, "ClusterRole", aggregationRule={"a": 1}, rules=[{"verbs": ["get"]}]))
    assert said == ["rules are the aggregation controller's where there is an aggregationRule"]


@pytest.mark.parametrize(("more", "rest"), [({}, None), ({"mine": "1"}, {"mine": "1"})])
def test_annotations_of_a_copied_object_go_with_their_map_where_nothing_is_left(more, rest):
    notes = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "deployment.kubernetes.io/revision": "3", **more}
    found, _said = left(body("apps/v1", "Deployment", metadata={"annotations": notes}))
    assert found["metadata"].get("annotations") == rest


def handed(*documents):
    objects = refuse_duplicates(normalise(document, "f", "s")[0] for document in documents)
    return [(ref.id, path, value) for ref, path, value, _reason in handed_over(objects)]


APP = body("apps/v1", "Deployment", spec={"replicas": 3})
TARGET = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}}
ROLLOUT = body("argoproj.io/v1alpha1", "Rollout", spec={"strategy": {"canary": {"stableService": "x", "canaryService": "other"}}})


@pytest.mark.parametrize(
    ("documents", "found"),
    [
        ([APP, body("autoscaling/v2", "HorizontalPodAutoscaler", spec=TARGET)], [("Deployment.apps/n/x", ("spec", "replicas"), 3)]),
        (
            [APP, body("keda.sh/v1alpha1", "ScaledObject", spec={"scaleTargetRef": {"name": "x"}})],
            [("Deployment.apps/n/x", ("spec", "replicas"), 3)],
        ),
        ([body("apps/v1", "Deployment", spec={}), body("autoscaling/v2", "HorizontalPodAutoscaler", spec=TARGET)], []),
        ([APP], []),
        ([ROLLOUT, body("v1", "Service", spec={"selector": {"a": "b"}})], [("Service/n/x", ("spec", "selector"), {"a": "b"})]),
        ([body("v1", "Service", spec={"selector": {"a": "b"}})], []),
    ],
)
def test_what_a_declared_controller_sets_is_sent_once(documents, found):
    assert handed(*documents) == found
