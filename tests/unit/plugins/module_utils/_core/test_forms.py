# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core import forms
from ansible_collections.gantry.platform.plugins.module_utils._core.forms import empty, masked, seconds
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(0, 10**6), st.integers(0, 59), st.integers(0, 59))
def test_durations_add_up(hours, minutes, rest):
    assert seconds(f"{hours}h{minutes}m{rest}s") == hours * 3600 + minutes * 60 + rest


def test_what_is_empty_and_what_is_starred():
    assert all(map(empty, (None, "", 0, [], {}, False))) and not any(map(empty, ("x", 1, [0], {"a": 0}, True)))
    assert masked("postgres://vault:*****@db") and not masked("postgres://{{username}}:{{password}}@db") and not masked(["***"])


@pytest.mark.parametrize(
    ("form", "value", "read"),
    [
        ("seconds", "1d12h", 129600),
        ("seconds", "soon", "soon"),
        ("boolean", "T", True),
        ("boolean", "perhaps", "perhaps"),
        ("number", "0x10", 16),
        ("number", "many", "many"),
        ("mapped", '{"a": 1}', {"a": 1}),
        ("mapped", "{a", "{a"),
        ("network", "1.2.3.4/32", "1.2.3.4"),
        ("network", "here", "here"),
        ("moment", "2030-01-01T01:00:00+01:00", "2030-01-01T00:00:00Z"),
        ("moment", "one day", "one day"),
        ("text", True, "true"),
        ("kind_of", ["a"], "array"),
    ],
)
def test_what_can_be_read_has_one_form_and_the_rest_stays(form, value, read):
    assert getattr(forms, form)(value) == read


LIVE = {"a": {"x": 1, "seen": 2}, "rules": [{"name": "b", "id": 5, "on": True}, {"name": "a", "id": 6, "on": True}], "more": 1}


def test_only_what_is_declared_counts_and_sets_have_one_order():
    declared = {"a": {"x": 1}, "rules": [{"name": "a", "on": True}, {"name": "b", "on": True}]}
    assert forms.shaped(LIVE, declared, {"rules": "name"}) == declared == forms.shaped(declared, declared, {"rules": "name"})
    assert forms.shaped(LIVE, declared, {})["rules"] == [{"name": "b", "on": True}, {"name": "a", "on": True}]


def test_an_item_that_nobody_declared_stays_as_a_difference():
    declared = {"rules": [{"name": "a", "on": True}]}
    assert [item["name"] for item in forms.shaped(LIVE, declared, {"rules": "name"})["rules"]] == ["a", "b"]
