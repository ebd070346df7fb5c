# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields that no table knows and that the server does not let change: replaced where their kind is named."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    definition,
    gadget,
    identity,
    one_set,
    quota,
    unused_group,
    unused_name,
)

REPLACE = {"on_immutable": "replace"}


def _quota(cluster, namespace):
    before = quota(namespace, pods="3")
    after = copy.deepcopy(before)
    after["spec"]["scopes"] = ["NotTerminating"]
    return [], before, after, "spec.scopes", "disruptive"


def _claim(cluster, namespace):
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "one", "resources": {"requests": {"storage": "1Gi"}}}
    before = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": namespace}, "spec": spec}
    after = copy.deepcopy(before)
    after["spec"]["storageClassName"] = "two"
    return [], before, after, "spec.storageClassName", "destroys_data"


def _custom(cluster, namespace):
    group = unused_group()
    crd = definition(group)
    rule = {"rule": "self == oldSelf", "message": "the size stays what it was"}
    size = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"]
    size["x-kubernetes-validations"] = [rule]
    return [crd], gadget(group, namespace), gadget(group, namespace, size=2), "spec.size", "disruptive"


def _ingress_class(cluster, namespace):
    name = unused_name("class")
    before = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name}, "spec": {"controller": "a.dev/one"}}
    return [], before, {**before, "spec": {"controller": "a.dev/two"}}, "spec.controller", "disruptive"


@pytest.mark.parametrize("made", [_quota, _claim, _custom, _ingress_class])
def test_any_kind_that_is_named_is_replaced_where_the_server_refuses_the_change(cluster, namespace, made):
    more, before, after, path, impact = made(cluster, namespace)
    cluster.run(one_set("s", namespace, *more, before), wait=False).ok()
    uid = cluster.get(before)["metadata"]["uid"]
    wanted, named = one_set("s", namespace, *more, after), {**REPLACE, "replace_kinds": [before["kind"]], "wait": False}
    refused = cluster.run(wanted, **REPLACE, wait=False)
    assert identity(before) in refused.message and refused.writes == []
    checked = cluster.run(wanted, check=True, **named).ok()
    change = checked.change(identity(before))
    assert (change["action"], change["impact"]) == ("replace", impact)
    assert any(field.startswith(path) for field in change["fields"]) and "cannot be changed in place" in change["reason"]
    done = cluster.run(wanted, **named).ok()
    assert done.result["digest"] == checked.result["digest"]
    assert cluster.get(before)["metadata"]["uid"] != uid
    assert cluster.run(wanted, **named).ok().tried == []


def test_what_would_be_refused_as_a_new_object_too_is_not_replaced(cluster, namespace):
    document = quota(namespace, pods="3")
    cluster.run(one_set("s", namespace, document)).ok()
    document["spec"]["hard"] = {"pods": "-1"}
    refused = cluster.run(one_set("s", namespace, document), **REPLACE, replace_kinds=["ResourceQuota"])
    assert "spec.hard" in refused.message and "cannot be changed in place" not in refused.message
    assert refused.writes == []


def test_a_message_that_speaks_of_immutability_proves_nothing(cluster, namespace):
    group = unused_group()
    crd = definition(group)
    size = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"]
    size["x-kubernetes-validations"] = [{"rule": "self < 5", "message": "field is immutable"}]
    cluster.run(one_set("s", namespace, crd, gadget(group, namespace))).ok()
    refused = cluster.run(one_set("s", namespace, crd, gadget(group, namespace, size=9)), **REPLACE, replace_kinds=["Gadget"])
    assert "cannot be changed in place" not in refused.message
    assert refused.writes == []
