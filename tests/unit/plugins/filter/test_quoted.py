# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.gantry.platform.plugins.filter.quoted import FilterModule, quoted
from hypothesis import given
from hypothesis import strategies as st


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=100), inner)))
def test_json_and_both_readers_of_yaml_give_back_what_was_written(value):
    text = FilterModule().filters()["quoted"](value)
    assert json.loads(text) == value
    assert len(text.splitlines()) == 1
    for loader in {yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)}:
        assert yaml.load(f"a: {text}\nb: 1", Loader=loader) == {"a": value, "b": 1}


def test_what_only_looks_like_half_a_sign_stays():
    text = "\\ud83d\\ude00 and 😀"
    assert json.loads(quoted(text)) == text


def test_a_key_that_yaml_cannot_have_is_refused():
    with pytest.raises(AnsibleFilterError, match="a key of a mapping is longer than YAML allows: 'äää"):
        quoted({"outer": [{"ä" * 200: "value"}]})
