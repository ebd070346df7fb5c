# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.gantry.platform.plugins.module_utils._model.layers import Layer, Merged, Place, find_place
from hypothesis import given
from hypothesis import strategies as st


def merged(*values):
    found = Merged()
    for index, value in enumerate(values):
        found.add(Layer(f"layer{index}", "v", (), value))
    return found


def test_mappings_merge_lists_are_replaced_and_null_removes():
    found = merged({"a": {"x": 1, "y": [1, 2]}, "b": 1}, {"a": {"y": [3], "z": {"q": 1}}, "b": None})
    assert found.value == {"a": {"x": 1, "y": [3], "z": {"q": 1}}}


def test_every_layer_that_spoke_is_remembered_in_order():
    found = merged({"a": {"x": 1}}, {"a": {"x": 2}}, {"a": {"x": None}})
    assert [(one.layer, one.value, one.removed) for one in found.spoken[("a", "x")]] == [
        ("layer0", 1, False),
        ("layer1", 2, False),
        ("layer2", None, True),
    ]


def test_a_layer_is_never_changed_by_what_comes_after_it():
    first = {"a": {"x": [1]}}
    found = merged(first, {"a": {"y": 2}})
    found.value["a"]["x"].append(9)
    assert first == {"a": {"x": [1]}}


def test_a_value_lies_under_the_root_of_its_variable():
    found = Merged()
    found.add(Layer("shared", "platform_teams", ("teams",), {"a": {}}))
    assert found.value == {"teams": {"a": {}}}


def test_a_layer_that_is_no_mapping_is_left_to_the_schema():
    found = merged({"a": 1}, ["wrong"])
    assert found.value == {"a": 1}


def test_the_nearest_place_of_the_last_layer_is_found():
    low = Layer("shared", "v", ("s",), {}, {("s",): Place("low", 1), ("s", "a"): Place("low", 2), ("s", "a", "b"): Place("low", 3)})
    high = Layer("cluster", "w", (), {}, {("s", "a"): Place("high", 9)})
    assert str(find_place([low, high], ("s", "a", "b", "c"))) == "low:3"
    assert str(find_place([low, high], ("s", "a", "x"))) == "high:9"
    assert find_place([low, high], ("t",)) is None


TREES = st.recursive(st.integers() | st.lists(st.integers()), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=8)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), TREES)


@given(MAPPINGS, MAPPINGS, MAPPINGS)
def test_merging_is_the_same_in_steps(one, two, three):
    assert merged(merged(one, two).value, three).value == merged(one, two, three).value


@given(MAPPINGS)
def test_saying_the_same_twice_changes_nothing(one):
    assert merged(one, one).value == merged(one).value == one
