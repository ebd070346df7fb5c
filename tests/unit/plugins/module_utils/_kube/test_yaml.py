# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube import yaml
from ansible_collections.gantry.platform.plugins.module_utils._kube.yaml import dump_yaml, load_all_yaml, load_yaml


def test_what_looks_like_a_date_or_a_value_stays_text_as_in_kubernetes():
    assert load_yaml("a: 2026-01-02\nb: =\nc: 0o17\nd: 1e3\n", "f")["a"] == "2026-01-02"
    assert load_yaml("b: =", "f") == {"b": "="}


def test_many_documents_json_and_what_begins_like_json():
    assert load_all_yaml("a: 1\n---\n---\nb: 2\n", "f") == [{"a": 1}, None, {"b": 2}]
    assert load_all_yaml('{"a": 1}', "f") == [{"a": 1}]
    assert load_all_yaml("{a: 1}", "f") == [{"a": 1}]
    assert load_yaml("", "f") is None


def test_an_error_says_where():
    with pytest.raises(InputError, match=r"^some\.yml:2:5: "):
        load_all_yaml("a: 1\nb: c: d\n", "some.yml")


def test_no_tag_makes_an_object():
    with pytest.raises(InputError, match="could not determine a constructor"):
        load_all_yaml("a: !!python/object/apply:os.system [true]", "f")


def test_without_the_library_json_is_read_and_written(monkeypatch):
    monkeypatch.setattr(yaml, "_HAS_YAML", False)
    assert load_yaml('{"a": [1]}', "f") == {"a": [1]}
    assert dump_yaml({"a": 1}) == '{\n  "a": 1\n}\n'
    with pytest.raises(InputError, match="f: reading YAML needs PyYAML"):
        load_yaml("a: 1", "f")
