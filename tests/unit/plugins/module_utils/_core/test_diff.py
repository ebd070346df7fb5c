# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.diff import ABSENT, Difference, differences
from hypothesis import given
from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "b", "name", ""])
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.fixed_dictionaries({"name": st.sampled_from("ab")}, optional={"value": inner}), max_size=3)
        | st.dictionaries(st.sampled_from(["name", "b", "x.y"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def shown(before, after):
    return [(one.path, one.before, one.after) for one in differences(before, after)]


def exactly(value):
    """Equal only where JSON is equal: true is not 1."""
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    return [exactly(item) for item in value] if isinstance(value, list) else (type(value).__name__, value)


@given(JSON, JSON)
def test_there_is_a_difference_exactly_where_two_values_differ(before, after):
    assert (shown(before, after) == []) is (exactly(before) == exactly(after))


@given(JSON)
def test_a_value_does_not_differ_from_its_copy(value):
    assert shown(value, copy.deepcopy(value)) == []


@given(JSON, JSON)
def test_the_way_back_is_the_same_with_its_sides_changed(before, after):
    there = {(one.path, repr(one.before), repr(one.after)) for one in differences(before, after)}
    back = {(one.path, repr(one.after), repr(one.before)) for one in differences(after, before)}
    assert there == back


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [("a.c", 2, 3)]),
        ({"a": None}, {}, [("a", None, ABSENT)]),
        ({}, {"a": {"b": 1}}, [("a.b", ABSENT, 1)]),
        ({"a": {}}, {}, [("a", {}, ABSENT)]),
        ({"a": [1]}, {"a": "x"}, [("a", [1], "x")]),
        ({"app.kubernetes.io/name": "a"}, {"app.kubernetes.io/name": "b"}, [('"app.kubernetes.io/name"', "a", "b")]),
        ({"a": 1}, {"a": True}, [("a", 1, True)]),
    ],
)
def test_each_leaf_is_told_with_its_path_and_both_values(before, after, expected):
    assert shown(before, after) == expected


def containers(*images):
    return {"containers": [{"name": image.split(":")[0], "image": image} for image in images]}


def test_an_item_put_in_front_does_not_change_those_behind_it():
    found = shown(containers("app:1", "log:1"), containers("new:1", "app:1", "log:2"))
    assert found == [
        ("containers[name=log].image", "log:1", "log:2"),
        ("containers[name=new].image", ABSENT, "new:1"),
        ("containers[name=new].name", ABSENT, "new"),
    ]


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ({"containerPort": 80, "protocol": "TCP"}, "containerPort=80,protocol=TCP"),
        ({"port": 80, "protocol": "TCP"}, "port=80,protocol=TCP"),
        ({"port": 80}, "port=80"),
        ({"mountPath": "/data"}, "mountPath=/data"),
        ({"type": "Ready"}, "type=Ready"),
        ({"ip": "10.0.0.1"}, "ip=10.0.0.1"),
    ],
)
def test_items_are_known_by_the_keys_of_their_list(item, key):
    assert shown([{**item, "x": 1}], [{**item, "x": 2}]) == [(f"[{key}].x", 1, 2)]


def test_items_of_which_two_share_a_name_are_told_by_their_place():
    assert shown([{"name": "a"}, {"name": "a"}], [{"name": "a"}, {"name": "b"}]) == [("[1].name", "a", "b")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["--from", "a", "--to", "b"], ["--from", "b", "--to", "a"]),
        (["-v"], ["-v", "-v"]),
        (["-v", "-v"], ["-v"]),
        ([{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]),
    ],
)
def test_order_and_number_count_in_a_list(before, after):
    """Arguments of a container are such a list."""
    assert shown({"args": before}, {"args": after})


def test_values_of_a_list_come_and_go_by_themselves():
    assert shown(["a", "b"], ["c", "a"]) == [("[=b]", "b", ABSENT), ("[=c]", ABSENT, "c")]


def test_absent_is_neither_none_nor_true():
    assert ABSENT is not None and not ABSENT
    assert Difference("a", ABSENT, 1) != Difference("a", None, 1)


def test_items_are_told_apart_by_the_key_that_is_said():
    before = [{"ref": "a", "at": [{"to": 1, "n": 1}]}, {"ref": "b", "at": []}]
    after = [{"ref": "new", "at": []}, {"ref": "a", "at": [{"to": 1, "n": 2}]}, {"ref": "b", "at": []}]
    paths = [found.path for found in differences(before, after, "rules", {"rules": "ref", "rules.at": "to"})]
    assert paths == ["rules[ref=a].at[to=1].n", "rules[ref=new].at", "rules[ref=new].ref"]
    assert len(list(differences(before, after, "rules"))) > 3
