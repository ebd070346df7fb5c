# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.fields import (
    entries_of,
    entry_digest,
    leaves,
    merged,
    own_entry,
    owned,
    text,
    value_at,
)
from hypothesis import given
from hypothesis import strategies as st

CONTAINER = 'k:{"name":"app"}'
PORT = 'k:{"containerPort":80,"protocol":"TCP"}'
TREE = {
    "f:metadata": {"f:labels": {".": {}, "f:app.kubernetes.io/name": {}}, "f:finalizers": {".": {}, 'v:"one"': {}}},
    "f:spec": {
        "f:replicas": {},
        "f:containers": {CONTAINER: {".": {}, "f:image": {}, "f:ports": {PORT: {".": {}}}}},
        "f:args": {"i:1": {}},
    },
}
PLACES = {
    'metadata.labels."app.kubernetes.io/name"': "shop",
    "metadata.finalizers[=one]": "one",
    "spec.replicas": 3,
    "spec.containers[name=app].image": "app:1",
    "spec.containers[name=app].ports[containerPort=80,protocol=TCP]": {"containerPort": 80, "protocol": "TCP"},
    "spec.args[1]": "-v",
}
DOCUMENT = {
    "metadata": {"labels": {"app.kubernetes.io/name": "shop"}, "finalizers": ["two", "one"]},
    "spec": {
        "replicas": 3,
        "args": ["-q", "-v"],
        "containers": [{"name": "log"}, {"name": "app", "image": "app:1", "ports": [{"containerPort": 80, "protocol": "TCP"}]}],
    },
}


def entry(manager="us", operation="Apply", fields=None, **more):
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "time": "t", "fieldsV1": fields or {"f:data": {}}, **more}


def test_every_owned_leaf_is_found_and_shown_as_people_write_it():
    assert {text(path) for path in leaves(TREE)} == set(PLACES)


def test_the_value_of_every_leaf_is_found_items_by_their_keys():
    assert {text(path): value_at(DOCUMENT, path) for path in leaves(TREE)} == PLACES


@pytest.mark.parametrize(
    "path",
    [
        ("f:spec", "f:none"),
        ("f:spec", "f:replicas", "f:deeper"),
        ("f:spec", "f:containers", 'k:{"name":"gone"}', "f:image"),
        ("f:metadata", "f:finalizers", 'v:"gone"'),
        ("f:spec", "f:args", "i:2"),
        ("f:spec", "f:args", "x:what"),
    ],
)
def test_there_is_no_value_where_there_is_nothing(path):
    assert value_at(DOCUMENT, path) is None


@pytest.mark.parametrize(
    "stranger",
    [entry("others"), entry(operation="Update"), entry(subresource="status"), {"operation": "Apply"}],
)
def test_ours_is_the_entry_of_our_own_applies_and_no_other(stranger):
    ours = entry(fields={"f:spec": {}})
    assert own_entry({"managedFields": [stranger, ours]}, "us") is ours
    assert own_entry({"managedFields": [stranger]}, "us") is None
    assert own_entry({"managedFields": None}, "us") is None


def test_nobody_owns_nothing():
    assert owned(None) == set() and owned({}) == set()
    assert owned(entry(fields={"f:data": {"f:a": {}}})) == {("f:data", "f:a")}


@pytest.mark.parametrize("change", [{"time": "later"}, {"apiVersion": "v2"}, {"fieldsV1": {}}])
def test_an_entry_that_somebody_touched_has_another_digest(change):
    assert entry_digest(entry()) != entry_digest(entry() | change)


def test_the_digest_is_the_same_whatever_the_order_of_the_servers_answer():
    assert entry_digest(entry()) == entry_digest(dict(reversed(entry().items())))


def test_entries_of_managers_leave_out_what_came_by_a_subresource():
    entries = [entry("kubectl", "Update"), entry("kubectl", subresource="scale"), entry("helm"), entry("us")]
    assert entries_of({"managedFields": entries}, ["kubectl", "helm"]) == [entries[0], entries[2]]


TREES = st.recursive(st.just({}), lambda inner: st.dictionaries(st.sampled_from(["f:a", "f:b", "."]), inner, max_size=3), max_leaves=6)


@given(st.lists(TREES, max_size=3))
def test_folded_trees_hold_every_leaf_of_each(trees):
    def members(tree, prefix=()):
        for key, below in tree.items():
            yield (*prefix, key)
            yield from members(below, (*prefix, key))

    assert set(members(merged(trees))) == {member for tree in trees for member in members(tree)}
