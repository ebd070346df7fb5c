# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.diff import ABSENT
from ansible_collections.gantry.platform.plugins.module_utils._core.redaction import CHANGED, SET, UNSET, shown_pair
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (ABSENT, "a", (ABSENT, SET)),
        ("a", ABSENT, (SET, UNSET)),
        ("a", "b", (SET, CHANGED)),
        (None, "b", (SET, CHANGED)),
    ],
)
def test_a_secret_is_shown_as_the_fact_that_it_is_set_changed_or_unset(before, after, shown):
    assert shown_pair(before, after) == shown


@given(VALUES, VALUES)
def test_nothing_of_a_value_is_shown(before, after):
    assert {*shown_pair(before, after)} <= {SET, CHANGED}
