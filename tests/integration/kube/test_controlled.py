# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields that a controller owns by the kind's own rule: declared or not, forced or not, they are left to it."""

from __future__ import annotations

import base64
import copy

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    RBAC,
    autoscaler,
    definition,
    deployment,
    identity,
    job,
    one_set,
    service,
    unused_group,
    unused_name,
)
from ansible_collections.gantry.platform.tests.kit.waiting import until

INJECT = {"cert-manager.io/inject-ca-from": "default/authority"}


@pytest.fixture
def settles(cluster, namespace):
    """Applies, and lets ``others`` do their part; then no run writes, with force neither, and what they did stays."""

    def check(*documents, others=lambda: None, **options):
        wanted = one_set("s", namespace, *documents)
        cluster.run(wanted, wait=False, **options).ok()
        others()
        for force in (False, True):
            again = cluster.run(wanted, wait=False, force_conflicts=force, **options).ok()
            assert (again.planned, again.tried) == ({}, [])
        drift = cluster.run(wanted, check=True, verify="full", foreign="report", force_conflicts=True, **options).ok()
        assert (drift.planned, drift.result["foreign"]) == ({}, [])
        return wanted

    return check


@pytest.fixture
def bundle(cluster):
    """An authority as a controller fills it in."""
    return base64.b64encode((cluster.root / "pki" / "ca.crt").read_bytes()).decode()


def aggregated(label, rules):
    aggregation = {"clusterRoleSelectors": [{"matchLabels": {label: "yes"}}]}
    metadata = {"name": unused_name("aggregate")}
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": metadata, "aggregationRule": aggregation, "rules": rules}


@pytest.mark.parametrize("rules", [[], [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}]], ids=["empty", "written"])
def test_rules_of_an_aggregated_role_are_the_controllers(cluster, namespace, settles, rules):
    label = f"tests.example.com/{namespace}"
    source = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    part = {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": unused_name("part")}, "rules": [source]}
    part["metadata"]["labels"] = {label: "yes"}
    whole = aggregated(label, rules)
    wanted = settles(part, whole, others=lambda: until(lambda: cluster.get(whole).get("rules") == [source], "the rules to be aggregated"))
    whole["metadata"]["labels"] = {"more": "1"}
    done = cluster.run(wanted, force_conflicts=True).ok()
    assert done.written == {identity(whole)} and cluster.get(whole)["rules"] == [source]
    said = [warning for warning in done.result["warnings"] if "aggregation controller" in warning]
    assert bool(said) is bool(rules)


def test_a_role_whose_rules_were_forced_before_gives_them_back(cluster, namespace):
    label = f"tests.example.com/{namespace}"
    whole = aggregated(label, [])
    manager = cluster.run(one_set("s", namespace, whole), check=True).ok() and "kube_apply:tests"
    cluster.admin.apply(cluster.path(whole), whole, manager, force=True)
    cluster.run(one_set("s", namespace, whole)).ok()
    owners = {entry["manager"]: entry["fieldsV1"] for entry in cluster.get(whole)["metadata"]["managedFields"]}
    assert "f:rules" not in owners[manager]


@pytest.mark.parametrize("written", [None, "", "Cg=="], ids=["nothing", "empty", "line-break"])
def test_an_authority_that_a_controller_fills_in_is_left(cluster, namespace, settles, bundle, written):
    hook = {"name": "a.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore"}
    hook["clientConfig"] = {"service": {"name": "none", "namespace": namespace}, **({} if written is None else {"caBundle": written})}
    hook["rules"] = [{"apiGroups": ["tests.example.com"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothing"]}]
    hooks = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "webhooks": [hook]}
    hooks["metadata"] = {"name": unused_name("hooks"), "annotations": INJECT}
    filled = copy.deepcopy(hook)
    filled["clientConfig"]["caBundle"] = bundle
    settles(hooks, others=lambda: cluster.edit(hooks, {"webhooks": [filled]}, "cainjector"))
    assert cluster.get(hooks)["webhooks"][0]["clientConfig"]["caBundle"] == bundle


def test_an_authority_of_a_conversion_is_left(cluster, namespace, settles, bundle):
    crd = definition(unused_group())
    crd["metadata"]["annotations"] = INJECT
    client = {"service": {"name": "none", "namespace": namespace, "path": "/convert"}, "caBundle": "Cg=="}
    crd["spec"]["conversion"] = {"strategy": "Webhook", "webhook": {"clientConfig": client, "conversionReviewVersions": ["v1"]}}
    filled = {"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": bundle}}}}}
    settles(crd, others=lambda: cluster.edit(crd, filled, "cainjector"))
    assert cluster.get(crd)["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"] == bundle


def test_replicas_under_a_declared_autoscaler_are_its_own(cluster, namespace, settles):
    app = deployment(namespace, replicas=2)
    wanted = settles(
        app, autoscaler(namespace), others=lambda: cluster.edit(app, {"spec": {"replicas": 5}}, "kube-controller-manager", "scale")
    )
    app["spec"]["minReadySeconds"] = 3
    assert cluster.run(wanted, wait=False, force_conflicts=True).ok().written == {identity(app)}
    assert cluster.get(app)["spec"]["replicas"] == 5


def test_replicas_that_were_ours_pass_to_an_autoscaler_that_is_declared_later(cluster, namespace, settles):
    app = deployment(namespace, replicas=3)
    cluster.run(one_set("s", namespace, app), wait=False).ok()
    settles(app, autoscaler(namespace))
    assert cluster.get(app)["spec"]["replicas"] == 3


def test_what_a_service_is_given_is_not_taken_back(cluster, namespace, settles):
    document = service(namespace)
    document["spec"] |= {"clusterIP": "", "type": "NodePort"}
    document["spec"]["ports"][0]["nodePort"] = 0
    wanted = settles(document)
    given = cluster.get(document)["spec"]
    document["spec"]["ports"][0]["targetPort"] = 8080
    cluster.run(wanted).ok()
    after = cluster.get(document)["spec"]
    assert (after["clusterIP"], after["ports"][0]["nodePort"]) == (given["clusterIP"], given["ports"][0]["nodePort"])


def test_a_copy_of_a_live_job_can_be_applied(cluster, namespace, settles):
    document = job(namespace)
    document["spec"]["suspend"] = True
    labels = {"batch.kubernetes.io/controller-uid": "4711", "controller-uid": "4711", "job-name": "once", "mine": "yes"}
    document["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": "4711"}}
    document["spec"]["template"]["metadata"] = {"labels": labels}
    settles(document)
    assert cluster.get(document)["spec"]["template"]["metadata"]["labels"]["mine"] == "yes"


def test_a_copy_of_a_live_deployment_does_not_fight_for_its_revision(cluster, namespace, settles):
    app = deployment(namespace)
    notes = {"deployment.kubernetes.io/revision": "7", "kubectl.kubernetes.io/last-applied-configuration": "{}", "mine": "yes"}
    app["metadata"]["annotations"] = notes
    settles(app, others=lambda: until(lambda: cluster.get(app).get("status", {}).get("observedGeneration"), "the controller"))
    found = cluster.get(app)["metadata"]["annotations"]
    assert (found["mine"], found["deployment.kubernetes.io/revision"]) == ("yes", "1")


def test_a_copy_of_a_live_namespace_can_be_applied(cluster, namespace, settles):
    copied = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": unused_name()}, "spec": {"finalizers": ["kubernetes"]}}
    settles(copied)
    assert cluster.get(copied)["spec"]["finalizers"] == ["kubernetes"]
