# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import json

import jsonschema
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.schema import Problem, Schema, show_path
from hypothesis import given, settings
from hypothesis import strategies as st

DOCUMENT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"$ref": "#/$defs/name"},
        "size": {"enum": ["small", "large"], "default": "small"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "tags": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string", "minLength": 1}},
        "parts": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 2,
            "propertyNames": {"$ref": "#/$defs/name"},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"on": {"type": "boolean", "default": True}, "note": {"type": ["string", "null"]}, "secret": {"const": 1}},
            },
        },
    },
    "$defs": {"name": {"type": "string", "pattern": "^[a-z]+$", "x-allowed": "small letters"}},
}
SCHEMA = Schema(DOCUMENT)


def messages(value, **options):
    return {show_path(problem.path): problem.message for problem in SCHEMA.check(value, **options)}


def test_a_right_value_has_no_problem():
    assert messages({"name": "a", "count": 3, "share": 0.5, "tags": ["x"], "parts": {"one": {"on": False, "note": None}}}) == {}


def test_all_problems_come_at_once_each_with_path_found_and_allowed():
    found = messages(
        {"name": "A1", "siez": "small", "size": "smal", "count": 12, "share": 1, "tags": ["x", "x"], "parts": {"B": {"on": "yes"}}}
    )
    assert found == {
        "name": 'found "A1"; allowed: small letters',
        "siez": "unknown key; allowed: name, size, count, share, tags, parts; did you mean 'size'?",
        "size": "found \"smal\"; allowed: small, large; did you mean 'small'?",
        "count": "found 12; allowed: at most 9",
        "share": "found 1; allowed: less than 1",
        "tags[1]": 'found "x" twice; allowed: each item once',
        "parts.B": 'found "B"; allowed: small letters',
        "parts.B.on": 'found "yes"; allowed: true or false',
    }


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ({}, "name", "missing; allowed: small letters"),
        ({"name": 7}, "name", "found 7; allowed: text; put it in quotes"),
        ({"name": "a", "count": True}, "count", "found true; allowed: a whole number"),
        ({"name": "a", "tags": []}, "tags", "found 0 items; allowed: at least 1"),
        ({"name": "a", "tags": [""]}, "tags[0]", 'found ""; allowed: at least 1 characters'),
        ({"name": "a", "parts": {}}, "parts", "found 0 entries; allowed: at least 1"),
        ({"name": "a", "parts": {"a": {}, "b": {}, "c": {}}}, "parts", "found 3 entries; allowed: at most 2"),
        ({"name": "a", "parts": {"p": {"secret": 2}}}, "parts.p.secret", "found 2; allowed: 1"),
        ({"name": "a", 5: "b"}, '"5"', "found the key 5; allowed: text; put it in quotes"),
    ],
)
def test_each_rule_says_what_it_wants(value, path, message):
    assert messages(value) == {path: message}


def test_a_layer_may_leave_keys_out_and_remove_others():
    assert messages({"size": None, "parts": {"one": None}}, partial=True) == {}
    assert "name" in messages({"size": "small"})


def test_a_list_is_replaced_as_a_whole_so_null_is_no_removal_inside_it():
    assert messages({"tags": [None]}, partial=True) == {"tags[0]": "found null; allowed: text"}


def test_defaults_fill_what_is_missing_and_are_told_even_where_something_else_was_said():
    value = {"name": "a", "size": "large", "parts": {"one": {}}}
    filled, found = SCHEMA.fill(value)
    assert filled == {"name": "a", "size": "large", "parts": {"one": {"on": True}}}
    assert found == {("size",): "small", ("parts", "one", "on"): True}
    assert value["parts"] == {"one": {}}


def test_a_hook_sees_every_property():
    def hook(path, schema, value):
        if "enum" in schema:
            yield Problem(path, "seen")

    assert messages({"name": "a", "size": "small"}, hook=hook) == {"size": "seen"}


def test_a_keyword_that_nobody_enforces_cannot_be_written():
    with pytest.raises(ValueError, match="'minimun' is not supported; did you mean 'minimum'"):
        Schema({"properties": {"count": {"type": "integer", "minimun": 1}}})


def test_there_is_a_schema_for_every_place_and_none_beside_them():
    assert SCHEMA.at(("parts", "one", "on"))["type"] == "boolean"
    assert SCHEMA.at(("tags", 3))["type"] == "string"
    assert SCHEMA.at(("name", "more")) is None
    with pytest.raises(ValueError, match="no nothing"):
        SCHEMA.check(1, ("nothing",))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.floats(-2, 2) | st.sampled_from(["a", "B", "", "small", "large"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*DOCUMENT["properties"], "on", "note", "x"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_it_judges_as_the_reference_implementation(value):
    expected = jsonschema.Draft202012Validator(DOCUMENT).is_valid(value)
    assert (SCHEMA.check(value) == []) is expected, json.dumps(value)


KEYS = st.none() | st.booleans() | st.integers(-1, 9) | st.floats() | st.dates() | st.sampled_from([*DOCUMENT["properties"], "on", ""])
LOADED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.dates() | st.binary(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.fixed_dictionaries({}, optional=dict.fromkeys(DOCUMENT["properties"], inner))
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(LOADED, st.booleans())
def test_whatever_a_file_holds_is_judged_and_never_an_accident(value, partial):
    for problem in SCHEMA.check(value, partial=partial):
        assert problem.message and isinstance(show_path(problem.path), str)
    SCHEMA.fill(value)


@pytest.mark.parametrize("key", [datetime.date(2026, 1, 1), 5, None])
def test_a_mapping_in_a_wrong_place_is_shown_whatever_its_keys_are(key):
    assert messages({"name": {key: 1, "a": 2}})["name"].startswith("found {")


def test_mappings_of_keys_that_cannot_be_sorted_are_told_apart():
    assert set(messages({"name": "a", "tags": [{1: "x", "a": 1}, {1: "x", "a": 1}]})) == {"tags[0]", "tags[1]"}
