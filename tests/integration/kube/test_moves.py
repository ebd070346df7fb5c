# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set whose record moves to another namespace, and objects that leave a set."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.cluster import HookedClient
from ansible_collections.gantry.platform.tests.integration.kube.objects import config_map, identity, one_set

LABEL = "applyset.kubernetes.io/part-of"
DELETE = {"mode": "delete"}


@pytest.fixture
def home(cluster):
    """Where the record goes."""
    return cluster.namespace()


@pytest.fixture
def pair(cluster, namespace):
    """Two objects of the set s, whose record is beside them."""
    documents = [config_map(namespace, name) for name in ("a", "b")]
    cluster.run(one_set("s", namespace, *documents)).ok()
    return documents


def names(records):
    return [record["metadata"]["name"] for record in records]


def test_a_set_whose_record_is_looked_for_elsewhere_is_refused_with_set_owner_and_cure(cluster, namespace, home, pair):
    refused = cluster.run(one_set("s", home, *pair))
    assert "these objects belong to another apply set; nothing was written" in refused.message
    assert f"{identity(pair[0])} (definition[1]): set s in {namespace}, owner tests" in refused.message
    assert f"where set s has moved, say so beside its name: moved_from: {namespace}" in refused.message
    assert refused.tried == []


def test_a_set_moves_with_all_that_it_holds(cluster, namespace, home, pair):
    moved = one_set("s", home, pair[0], moved_from=namespace)
    checked = cluster.run(moved, check=True, prune=DELETE).ok()
    assert checked.planned == {identity(pair[0]): "adopt", identity(pair[1]): "delete"}
    done = cluster.run(moved, prune=DELETE).ok()
    assert done.result["digest"] == checked.result["digest"]
    assert (names(cluster.parents_in(namespace)), names(cluster.parents_in(home))) == ([], ["s"])
    assert cluster.find(pair[1]) is None
    again = cluster.run(moved, prune=DELETE).ok()
    assert (again.planned, again.tried) == ({}, [])
    assert cluster.run(one_set("s", home, pair[0]), prune=DELETE).ok().tried == []


def test_what_is_declared_no_more_keeps_the_former_record(cluster, namespace, home, pair):
    moved = one_set("s", home, pair[0], moved_from=namespace)
    cluster.run(moved).ok()
    assert names(cluster.parents_in(namespace)) == ["s"]
    assert cluster.run(moved).ok().tried == []
    assert cluster.run(moved, prune=DELETE).ok().planned == {identity(pair[1]): "delete"}
    assert (names(cluster.parents_in(namespace)), names(cluster.parents_in(home))) == ([], ["s"])


@pytest.mark.parametrize("writes", range(1, 5))
def test_a_move_that_was_killed_is_ended_by_the_next_run(cluster, namespace, home, pair, writes):
    client = cluster.client("hooked")
    client.__class__ = HookedClient

    def die(number):
        if number == writes:
            raise KeyboardInterrupt

    client.before = die
    moved = one_set("s", home, *pair, moved_from=namespace)
    with pytest.raises(KeyboardInterrupt):
        cluster.run(moved, client=client)
    cluster.run(moved, prune=DELETE).ok()
    assert (names(cluster.parents_in(namespace)), names(cluster.parents_in(home))) == ([], ["s"])
    assert all(cluster.find(document) for document in pair)
    assert cluster.run(moved, prune=DELETE).ok().tried == []


def test_somebody_elses_set_does_not_move(cluster, namespace, home, pair):
    refused = cluster.run(one_set("s", home, *pair, moved_from=namespace), owner="other")
    assert f"Secret/{namespace}/s is the record of a set of the owner tests" in refused.message
    assert refused.tried == []


def test_an_object_leaves_every_set_by_the_command_that_the_refusal_names(cluster, namespace, pair):
    refused = cluster.run(definition=pair[0])
    assert f"{identity(pair[0])} (definition): set s in {namespace}, owner tests" in refused.message
    assert f"kubectl -n {namespace} label configmap a {LABEL}-" in refused.message
    assert refused.tried == []
    cluster.edit(pair[0], {"metadata": {"labels": {LABEL: None}}}, "kubectl-label")
    cluster.run(definition=pair[0]).ok()
    cluster.run(one_set("s", namespace, pair[1]), prune=DELETE).ok()
    assert cluster.find(pair[0]) is not None
    assert cluster.run(definition=pair[0]).ok().writes == []


def test_an_object_of_another_set_in_another_place_is_refused_with_the_way(cluster, namespace, home, pair):
    refused = cluster.run(one_set("other", home, pair[0]))
    assert f"set s in {namespace}, owner tests" in refused.message
    assert "where it changes its set, declare s in the same task (sets), without it" in refused.message
    cluster.run(one_set("other", home, pair[0]), one_set("s", namespace, pair[1]), prune=DELETE).ok()
    assert cluster.find(pair[0]) is not None


def test_an_object_whose_set_is_nowhere_is_refused_with_the_way(cluster, namespace, home, pair):
    cluster.delete(f"Secret/{namespace}/s")
    refused = cluster.run(one_set("other", home, pair[0]))
    assert "a set whose record is not to be found" in refused.message
    assert f"kubectl -n {namespace} label configmap a {LABEL}-" in refused.message
