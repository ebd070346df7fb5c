# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.form import yaml
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.yaml import dump_yaml, load_all_yaml, load_yaml


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
    with pytest.raises(InputError, match="f:1:4: the tag !!python/object/apply:os.system means nothing to Kubernetes"):
        load_all_yaml("a: !!python/object/apply:os.system [true]", "f")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: !!binary aGVsbG8=\n", r"f\.yml:2:4: !!binary has no place in JSON; write the text itself"),
        ("a:\n- !vault |\n  x\n", r"f\.yml:2:3: the tag !vault means nothing to Kubernetes, .*; decrypt the value"),
        ("a: {b: .inf}", r"f\.yml:1:8: JSON, and so Kubernetes, has no infinity"),
        ("a: {~: b}", r"f\.yml:1:5: a key is a text, not null"),
        (
            "v:\n  1: a\n  '1': b",
            r"f\.yml:3:3: the key '1' is there twice, written in two ways, and Kubernetes takes either by luck; write it once",
        ),
        ("{true: a, 'true': b}", r"f\.yml:1:11: the key 'true' is there twice"),
        ("{1: a, 1.0: b}", r"f\.yml:1:8: the key '1' is there twice"),
        ("{3.14159260: a, 3.14159261: b}", r"f\.yml:1:17: the key '3.14159[0-9]*' is there twice"),
        ("a: &a {1: a}\nb: {'1': b, <<: *a}", r"f\.yml:2:13: the key '1' is there twice"),
        ("a: &a {1: a}\nb: {<<: *a, '1': b}", r"f\.yml:2:13: the key '1' is there twice"),
        ("? [a]\n: b", r"f\.yml:1:3: a key is a text, not a list"),
        ("a: &a [*a]", r"f\.yml:1:4: an anchor holds itself"),
        ("a: 1\nb: !!int x", r"f\.yml:2:4: 'x' is no !!int"),
        ("a: 1\nb: \x01", r"f\.yml:2: control characters are not allowed; write them as escapes"),
        ("a: b: c", r"f\.yml:1:5: mapping values are not allowed in this context; put a text that holds ': ' into quotes"),
        ("a:\n\t- b", r"f\.yml:2:1: found character .* indent with blanks"),
        ("<<: 1", r"f\.yml:1:5: << merges a mapping"),
        ("a: \ud800", r"f\.yml: holds half of a character"),
    ],
)
def test_what_kubernetes_cannot_have_is_refused_with_place_and_cure(text, words):
    with pytest.raises(InputError, match=words):
        load_all_yaml(text, "f.yml")


def test_a_few_lines_of_aliases_do_not_become_millions_of_values():
    rows = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    rows += [f"{name}: &{name} [{', '.join([f'*{of}'] * 9)}]" for of, name in zip("abcdefgh", "bcdefghi", strict=True)]
    with pytest.raises(InputError, match="aliases stand for far more than is written"):
        load_all_yaml("\n".join(rows), "f.yml")


TEXTS = [
    "y",
    "1e3",
    "08",
    "22:30",
    "0o17",
    "~",
    "null",
    "x",
    "2001-01-01",
    "true",
    "1_0",
    "=",
    "<<",
    "",
    ".inf",
    "é",
    "1.",
    "-",
    "+1",
    "0b+1",
]


def test_what_is_shown_means_the_same_to_kubernetes():
    values = {"a": [*TEXTS, True, None, 1, 1.5, 1e20]}
    assert load_yaml(dump_yaml(values), "f") == values


def test_without_the_library_json_is_read_and_written(monkeypatch):
    monkeypatch.setattr(yaml, "_HAS_YAML", False)
    assert load_yaml('{"a": [1]}', "f") == {"a": [1]}
    assert dump_yaml({"a": 1}) == '{\n  "a": 1\n}\n'
    with pytest.raises(InputError, match="f: reading YAML needs PyYAML"):
        load_yaml("a: 1", "f")
