# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule is that of a cluster that was watched: what controllers wrote is known, every edit by hand is found."""

from __future__ import annotations

import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.fields import text
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.foreign import additions, is_known_path, lost, said_of
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Ref

GROUPS = {
    "Deployment": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "APIService": "apiregistration.k8s.io",
    "ClusterRole": "rbac.authorization.k8s.io",
    "CustomResourceDefinition": "apiextensions.k8s.io",
    "MutatingWebhookConfiguration": "admissionregistration.k8s.io",
    "NetworkPolicy": "networking.k8s.io",
}


def ref(kind):
    return Ref(GROUPS.get(kind, ""), kind, "n", "x")


def tree(*path):
    return {path[0]: tree(*path[1:])} if path else {}


def entry(*path, manager="them", subresource="", operation="Update"):
    return {"manager": manager, "operation": operation, "time": "t", "fieldsV1": tree(*path)} | (
        {"subresource": subresource} if subresource else {}
    )


def found(kind, *entries, ours=None, helpers=(), ignored=()):
    own = [{"manager": "us", "operation": "Apply", "fieldsV1": ours}] if ours else []
    return [one.path for one in additions(ref(kind), {"managedFields": [*own, *entries]}, "us", helpers, ignored)]


ANNOTATIONS = ("f:metadata", "f:annotations")
WEBHOOK = 'k:{"name":"w.example"}'
KNOWN = [
    ("Deployment", ("f:status", "f:replicas"), {}),
    ("ConfigMap", ("f:metadata", "f:finalizers", 'v:"x"'), {}),
    ("Pod", ("f:metadata", "f:ownerReferences", 'k:{"uid":"u"}'), {}),
    ("Deployment", (*ANNOTATIONS, "f:deployment.kubernetes.io/revision"), {"subresource": "status"}),
    ("DaemonSet", (*ANNOTATIONS, "f:deprecated.daemonset.template.generation"), {}),
    ("Deployment", ("f:spec", "f:template", *ANNOTATIONS, "f:kubectl.kubernetes.io/restartedAt"), {"manager": "kubectl-rollout"}),
    (
        "Deployment",
        ("f:spec", "f:template", *ANNOTATIONS, "f:vso.secrets.hashicorp.com/restartedAt"),
        {"manager": "vault-secrets-operator"},
    ),
    ("PersistentVolumeClaim", (*ANNOTATIONS, "f:pv.kubernetes.io/bind-completed"), {}),
    ("PersistentVolumeClaim", (*ANNOTATIONS, "f:volume.beta.kubernetes.io/storage-provisioner"), {}),
    ("PersistentVolumeClaim", ("f:spec", "f:volumeName"), {}),
    ("PersistentVolume", ("f:spec", "f:claimRef", "f:name"), {}),
    ("Deployment", ("f:spec", "f:replicas"), {"subresource": "scale"}),
    ("Service", ("f:spec", "f:clusterIPs"), {}),
    ("Service", ("f:spec", "f:ipFamilyPolicy"), {}),
    ("Service", ("f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:nodePort"), {}),
    ("ServiceAccount", ("f:secrets", 'k:{"name":"t"}'), {"manager": "kube-controller-manager"}),
    ("ClusterRole", ("f:rules",), {"manager": "clusterrole-aggregation-controller", "operation": "Apply"}),
    ("MutatingWebhookConfiguration", ("f:webhooks", WEBHOOK, "f:clientConfig", "f:caBundle"), {"manager": "cainjector"}),
    ("CustomResourceDefinition", ("f:spec", "f:conversion", "f:webhook", "f:clientConfig", "f:caBundle"), {}),
    ("APIService", ("f:spec", "f:caBundle"), {}),
]
FOREIGN = [
    ("Deployment", ("f:spec", "f:replicas"), {}),
    ("ConfigMap", ("f:data", "f:hot-fix"), {}),
    ("ConfigMap", (*ANNOTATIONS, "f:deployment.kubernetes.io/revision"), {}),
    ("ConfigMap", ("f:spec", "f:volumeName"), {}),
    ("NetworkPolicy", ("f:spec", "f:ingress"), {}),
    ("ServiceAccount", ("f:secrets", 'k:{"name":"t"}'), {}),
    ("ClusterRole", ("f:rules",), {}),
    ("Service", ("f:spec", "f:selector"), {"manager": "rollouts-controller"}),
    ("MutatingWebhookConfiguration", ("f:webhooks", WEBHOOK, "f:failurePolicy"), {}),
    # Names are self-declared: a sidecar that calls itself a controller is one more sidecar.
    (
        "Deployment",
        ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"miner"}', "f:image"),
        {"manager": "kube-controller-manager"},
    ),
    ("Deployment", ("f:spec", "f:paused"), {"manager": "ancient-changes"}),
]


@pytest.mark.parametrize(("kind", "path", "by"), KNOWN, ids=lambda value: value if isinstance(value, str) else None)
def test_what_controllers_write_is_no_addition(kind, path, by):
    assert found(kind, entry(*path, **by)) == []


@pytest.mark.parametrize(("kind", "path", "by"), FOREIGN, ids=lambda value: value if isinstance(value, str) else None)
def test_what_anybody_else_writes_is_found(kind, path, by):
    item = next((number for number, segment in enumerate(path, start=1) if segment.startswith("k:")), len(path))
    assert found(kind, entry(*path, **by)) == [text(path[:item])]


@pytest.mark.parametrize(("kind", "path", "by"), KNOWN, ids=lambda value: value if isinstance(value, str) else None)
def test_the_rule_for_paths_as_text_says_the_same_but_of_what_needs_a_subresource(kind, path, by):
    live = {"metadata": {}, "aggregationRule": {}}
    assert is_known_path(ref(kind), text(path), live, by.get("manager", "")) is (by.get("subresource") != "scale")


@pytest.mark.parametrize(("kind", "path", "manager"), [(kind, text(path), by.get("manager", "")) for kind, path, by in FOREIGN])
def test_the_rule_for_paths_as_text_knows_no_path_of_a_person(kind, path, manager):
    assert not is_known_path(ref(kind), path, {"metadata": {}}, manager)


def test_the_rules_of_a_role_are_a_controllers_only_where_the_role_aggregates():
    assert not is_known_path(ref("ClusterRole"), "rules", {"metadata": {}}, "clusterrole-aggregation-controller")


@pytest.mark.parametrize(
    ("kind", "name", "annotations", "path"),
    [
        ("Secret", "x", {"kubernetes.io/service-account.name": "a"}, "data.token"),
        ("Secret", "x", {"kubernetes.io/service-account.name": "a"}, 'data."ca.crt"'),
        ("ConfigMap", "kube-root-ca.crt", {}, 'data."ca.crt"'),
    ],
)
def test_what_a_controller_fills_in_is_known_where_the_object_asks_for_it(kind, name, annotations, path):
    one = ref(kind)._replace(name=name)
    segments = ("f:data", "f:" + path.removeprefix("data.").strip('"'))
    metadata = {"annotations": annotations, "managedFields": [entry(*segments, manager="kube-controller-manager")]}
    assert additions(one, metadata, "us", ()) == [] and is_known_path(one, path, {"metadata": metadata}, "")
    other = {**metadata, "annotations": {}}
    assert additions(one._replace(name="y"), other, "us", ()) and not is_known_path(one._replace(name="y"), path, {"metadata": other}, "")


@pytest.mark.parametrize(
    ("kind", "path", "what", "impact"),
    [
        ("Deployment", "spec.template.spec.containers[name=side]", "container side added", "restart"),
        ("Deployment", "spec.template.spec.containers[name=app].env[name=DEBUG]", "env entry DEBUG added", "restart"),
        ("Deployment", 'metadata.labels."a.b/c"', "label a.b/c added", "safe"),
        ("ConfigMap", "data.hot-fix", "key hot-fix added", "safe"),
        ("ConfigMap", 'data."a.yml"', "key a.yml added", "safe"),
        ("Service", "spec.ports[port=80,protocol=TCP]", "port port=80,protocol=TCP added", "disruptive"),
        ("Deployment", "spec.paused", "spec.paused added", "safe"),
    ],
)
def test_an_addition_is_said_in_a_few_words_with_the_impact_of_its_removal(kind, path, what, impact):
    assert said_of(ref(kind), path) == {"what": what, "impact": impact}


def test_a_sidecar_is_one_addition_and_a_field_of_our_container_is_its_own():
    containers = ("f:spec", "f:template", "f:spec", "f:containers")
    side = {"f:name": {}, "f:image": {}, "f:resources": {"f:limits": {"f:cpu": {}}}}
    theirs = {"manager": "them", "operation": "Update", "fieldsV1": tree(*containers)}
    theirs["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"] = {
        'k:{"name":"side"}': side,
        'k:{"name":"app"}': {"f:tty": {}, "f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}}},
    }
    ours = tree(*containers, 'k:{"name":"app"}', "f:image")
    assert found("Deployment", theirs, ours=ours) == [
        "spec.template.spec.containers[name=side]",
        "spec.template.spec.containers[name=app].tty",
        "spec.template.spec.containers[name=app].env[name=A]",
    ]


def test_an_addition_says_whose_when_and_where():
    (addition,) = additions(ref("ConfigMap"), {"managedFields": [entry("f:data", "f:a", manager="kubectl-edit")]}, "us", ())
    assert (addition.ref, addition.path, addition.manager, addition.time) == (ref("ConfigMap"), "data.a", "kubectl-edit", "t")


def test_what_is_ours_too_is_no_addition_and_neither_is_what_our_helpers_wrote():
    shared = entry("f:data", "f:a")
    assert found("ConfigMap", shared, ours=tree("f:data", "f:a")) == []
    assert found("Deployment", entry("f:spec", "f:replicas", manager="us-initial"), helpers=["us-initial"]) == []


def test_a_field_that_was_handed_over_is_no_addition_and_nothing_below_it():
    weights = entry("f:spec", "f:http", "f:weight")
    assert found("Rollout", weights, ignored=[("f:spec", "f:http")]) == []
    assert found("Rollout", weights, ignored=[("f:spec", "f:htt")]) == ["spec.http.weight"]


def test_one_path_of_two_strangers_is_told_once():
    assert found("ConfigMap", entry("f:data", "f:a", manager="one"), entry("f:data", "f:a", manager="two")) == ["data.a"]


def test_an_update_under_our_own_name_is_not_our_apply():
    assert found("ConfigMap", entry("f:data", "f:a", manager="us")) == ["data.a"]


def test_what_we_lost_is_told_with_its_new_holder():
    metadata = json.loads(
        json.dumps(
            {"managedFields": [{"manager": "us", "operation": "Apply", "fieldsV1": tree("f:data", "f:kept")}, entry("f:data", "f:lost")]}
        )
    )
    wanted = {("f:data", "f:kept"), ("f:data", "f:lost"), ("f:data", "f:new")}
    assert lost(wanted, metadata, "us") == {("f:data", "f:lost"): ("them", "t")}
