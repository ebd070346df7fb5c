# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.canonical import canonical, digest, keyed_digest
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcü", max_size=3), inner, max_size=3),
    max_leaves=8,
)


def turned(value):
    """The same value with the members of every mapping in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(list(value))}
    return [turned(item) for item in value] if isinstance(value, list) else value


@given(JSON)
def test_it_is_the_same_json_whatever_the_order_of_the_keys(value):
    assert canonical(value) == canonical(turned(value))
    assert json.loads(canonical(value)) == value


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), ("1", 1), (None, ""), ([], {}), ([1, 2], [2, 1]), ({"a": None}, {})])
def test_values_that_differ_have_different_digests(one, other):
    assert digest(one) != digest(other)
    assert keyed_digest(b"key", one) != keyed_digest(b"key", other)


def test_a_keyed_digest_says_nothing_to_who_lacks_the_key():
    assert keyed_digest(b"one", "weak") == keyed_digest(b"one", "weak")
    assert keyed_digest(b"one", "weak") != keyed_digest(b"two", "weak")
    assert keyed_digest(b"", "weak") not in digest("weak")


def test_a_digest_names_how_it_was_made():
    name, _colon, value = digest({}).partition(":")
    assert (name, len(value)) == ("sha256", 64)
