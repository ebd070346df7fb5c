# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A definition, a policy or a limit that is there already, changed in the run that brings what needs the change."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    config_map,
    definition,
    gadget,
    identity,
    namespace_of,
    one_set,
    policy,
    policy_binding,
    unused_group,
    unused_name,
)
from ansible_collections.gantry.platform.tests.kit.waiting import until

MARK = "tests.example.com/judged"


def spec_schema(crd, version=0):
    return crd["spec"]["versions"][version]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]


def with_field(crd, name="colour", **schema):
    """The definition with one more field of a Gadget's spec."""
    changed = copy.deepcopy(crd)
    spec_schema(changed)[name] = schema or {"type": "string"}
    return changed


def with_version(crd, name="v2", alone=False):
    """The definition with one more version, which is stored; ``alone``: the old one is served no more."""
    changed = copy.deepcopy(crd)
    old = changed["spec"]["versions"][0]
    changed["spec"]["versions"] = [{**old, "storage": False, "served": not alone}, {**copy.deepcopy(old), "name": name}]
    return changed


@pytest.fixture
def group():
    return unused_group()


@pytest.fixture
def crd(group):
    return definition(group)


@pytest.fixture
def first(cluster, namespace, group, crd):
    """A definition and an object of it, applied and recorded."""
    document = gadget(group, namespace)
    cluster.run(one_set("s", namespace, crd, document)).ok()
    return document


def through(cluster, namespace, *documents, **options):
    """The run as planned, then done, then clean: plan and run agree on every object."""
    wanted = one_set("s", namespace, *documents)
    checked = cluster.run(wanted, check=True, **options).ok()
    assert checked.writes == []
    done = cluster.run(wanted, **options).ok()
    assert {one for one in done.written if not one.startswith("Namespace/")} <= set(checked.planned)
    assert (done.result["digest"], done.planned) == (checked.result["digest"], checked.planned)
    assert cluster.run(wanted, **options).ok().tried == []
    return checked


def waits(run, document):
    change = run.change(identity(document))
    return change["action"], change["verified"], change["reason"]


def test_a_field_that_a_definition_gains_is_used_in_the_same_run(cluster, namespace, crd, group, first):
    changed, new = copy.deepcopy(first), gadget(group, namespace, "second")
    for document in (changed, new):
        document["spec"]["colour"] = "red"
    checked = through(cluster, namespace, with_field(crd), changed, new)
    assert waits(checked, changed) == ("update", False, "definition_pending")
    assert waits(checked, new) == ("create", False, "definition_pending")
    assert "spec.colour" in checked.change(identity(changed))["fields"]
    assert checked.change(identity(crd))["verified"] is True
    assert [cluster.get(one)["spec"]["colour"] for one in (changed, new)] == ["red", "red"]


def test_a_value_that_a_definition_allows_from_now_on_is_used_in_the_same_run(cluster, namespace, crd, group, first):
    narrow = with_field(crd, "mode", type="string", enum=["slow"])
    first["spec"]["mode"] = "slow"
    cluster.run(one_set("s", namespace, narrow, first)).ok()
    wide, changed = with_field(crd, "mode", type="string", enum=["slow", "fast"]), copy.deepcopy(first)
    changed["spec"]["mode"] = "fast"
    checked = through(cluster, namespace, wide, changed)
    assert waits(checked, changed) == ("update", False, "definition_pending")


def test_a_new_field_in_a_namespace_of_the_same_run(cluster, namespace, crd, group, first):
    home = unused_name()
    new = gadget(group, home)
    new["spec"]["colour"] = "red"
    checked = through(cluster, namespace, with_field(crd), first, namespace_of(home), new)
    assert waits(checked, new) == ("create", False, "namespace_pending")


def test_a_version_that_a_definition_gains_is_used_in_the_same_run(cluster, namespace, crd, group, first):
    later, new = copy.deepcopy(first), gadget(group, namespace, "second")
    for document in (later, new):
        document["apiVersion"] = f"{group}/v2"
    later["spec"]["size"] = 7
    uid = cluster.get(first)["metadata"]["uid"]
    checked = through(cluster, namespace, with_version(crd), later, new)
    assert waits(checked, later) == ("update", False, "crd_pending")
    assert checked.change(identity(later))["fields"] == ["apiVersion", "spec.size"]
    assert waits(checked, new) == ("create", False, "crd_pending")
    live = cluster.admin.get(f"/apis/{group}/v2/namespaces/{namespace}/gadgets/first")
    assert (live["metadata"]["uid"], live["spec"]["size"]) == (uid, 7)


def test_what_is_pruned_goes_although_its_version_ends_in_the_same_run(cluster, namespace, crd, group, first):
    going = gadget(group, namespace, "going")
    cluster.run(one_set("s", namespace, crd, first, going)).ok()
    later = {**first, "apiVersion": f"{group}/v2"}
    checked = through(cluster, namespace, with_version(crd, alone=True), later, prune={"mode": "delete"})
    assert checked.planned[identity(going)] == "delete"
    items = cluster.admin.get(f"/apis/{group}/v2/namespaces/{namespace}/gadgets")["items"]
    assert [item["metadata"]["name"] for item in items] == ["first"]


def test_a_version_that_the_definition_ends_is_refused_before_the_first_write(cluster, namespace, crd, group, first):
    refused = cluster.run(one_set("s", namespace, with_version(crd, alone=True), first))
    assert (
        f"Gadget is not served as {group}/v1; it is as {group}/v2 by the CustomResourceDefinition that this run brings" in refused.message
    )
    assert refused.tried == []


def test_a_field_that_a_definition_loses_is_refused_before_the_first_write_where_it_is_used(cluster, namespace, crd, group, first):
    changed = copy.deepcopy(first)
    changed["spec"]["colour"] = "red"
    cluster.run(one_set("s", namespace, with_field(crd), changed)).ok()
    refused = cluster.run(one_set("s", namespace, with_field(crd, "colours"), changed))
    assert f"{identity(changed)} (definition[2])" in refused.message
    assert "has no field spec.colour; did you mean 'colours'?" in refused.message
    assert refused.writes == []


def test_a_field_goes_from_the_definition_and_from_what_used_it_in_one_run(cluster, namespace, crd, group, first):
    changed = copy.deepcopy(first)
    changed["spec"]["colour"] = "red"
    cluster.run(one_set("s", namespace, with_field(crd), changed)).ok()
    checked = through(cluster, namespace, crd, first)
    assert waits(checked, first) == ("update", False, "definition_pending")
    assert "colour" not in cluster.get(first)["spec"]


def test_a_misspelt_field_of_a_kind_that_this_run_brings_is_found_before_the_first_write(cluster, namespace, crd, group):
    wrong = gadget(group, namespace)
    wrong["spec"] = {"sise": 1}
    refused = cluster.run(one_set("s", namespace, crd, wrong))
    assert "has no field spec.sise; did you mean 'size'?" in refused.message
    assert refused.writes == []


def test_what_the_changed_definition_refuses_is_not_written(cluster, namespace, crd, group, first):
    changed = copy.deepcopy(first)
    changed["spec"]["colour"] = "much too long"
    refused = cluster.run(
        one_set("s", namespace, with_field(crd, type="string", maxLength=3), changed, config_map(namespace)), wait_timeout=2
    )
    assert "1 object(s) would be refused by what this run has changed; none of them was written" in refused.message
    assert identity(changed) in refused.message and "spec.colour" in refused.message
    assert "colour" not in cluster.get(first)["spec"]


def test_a_chart_label_on_a_definition_leaves_what_was_asked_verified(cluster, namespace, crd, group, first):
    labelled = copy.deepcopy(crd)
    labelled["metadata"]["labels"] = {"chart": "2"}
    checked = through(cluster, namespace, labelled, {**first, "spec": {"size": 2}})
    assert waits(checked, first) == ("update", True, "")


def test_full_verification_beside_a_changed_definition(cluster, namespace, crd, group, first):
    changed = copy.deepcopy(first)
    changed["spec"]["colour"] = "red"
    later = gadget(group, namespace, "second")
    later["apiVersion"] = f"{group}/v2"
    cluster.run(one_set("s", namespace, crd, first, gadget(group, namespace, "second"))).ok()
    both = with_field(with_version(crd))
    drift = cluster.run(one_set("s", namespace, both, changed, later), check=True, verify="full", foreign="report").ok()
    assert drift.result["foreign"] == []


# policies and limits


def judged(namespace, colour):
    document = config_map(namespace, "judged", colour=colour)
    document["metadata"]["labels"] = {MARK: namespace}
    return document


def test_a_policy_that_this_run_loosens_does_not_refuse_what_it_allows_then(cluster, namespace):
    name = f"colour-{namespace}"
    strict = policy(name, MARK, namespace, "object.data.colour == 'red'", judged(namespace, "blue"))
    loose = policy(name, MARK, namespace, "object.data.colour in ['red', 'green']", judged(namespace, "blue"))
    cluster.run(one_set("s", namespace, strict, policy_binding(name))).ok()
    green = judged(namespace, "green")
    refused = until(
        lambda: cluster.run(one_set("s", namespace, strict, policy_binding(name), green), check=True).error, "the policy to hold"
    )
    assert "denied request" in refused.message
    checked = through(cluster, namespace, loose, policy_binding(name), green)
    assert waits(checked, green) == ("create", False, "policy_pending")


def limit(namespace, most):
    spec = {"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": most}}]}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits", "namespace": namespace}, "spec": spec}


def claim(namespace, size):
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": size}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": namespace}, "spec": spec}


def test_a_limit_that_this_run_raises_is_in_nobodys_way(cluster, namespace):
    cluster.run(one_set("s", namespace, limit(namespace, "1Gi"))).ok()
    until(
        lambda: cluster.run(one_set("s", namespace, limit(namespace, "1Gi"), claim(namespace, "2Gi")), check=True).error,
        "the limit to hold",
    )
    checked = through(cluster, namespace, limit(namespace, "3Gi"), claim(namespace, "2Gi"), wait=False)
    assert waits(checked, claim(namespace, "2Gi")) == ("create", False, "limits_pending")
