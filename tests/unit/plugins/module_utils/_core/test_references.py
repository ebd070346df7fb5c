# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References, reference_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        ({"reference": "env:A"}, "env:A"),
        ({"reference": "env:A", "more": 1}, None),
        ({"reference": 7}, None),
        ("env:A", None),
        ({}, None),
        (None, None),
    ],
)
def test_a_reference_is_a_mapping_of_that_one_text(value, reference):
    assert reference_of(value) == reference


@given(st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_an_environment_variable_is_given_as_it_is(value):
    assert References({"NAME": value}).resolve("env:NAME") == value


def test_an_empty_variable_is_a_value():
    assert References({"NAME": ""}).resolve("env:NAME") == ""


def test_without_a_given_environment_it_is_the_process_own(monkeypatch):
    monkeypatch.setitem(os.environ, "GANTRY_TEST_REFERENCE", "here")
    assert References().resolve("env:GANTRY_TEST_REFERENCE") == "here"


def test_a_file_is_read_from_the_given_folder_without_the_newline_at_its_end(tmp_path):
    (tmp_path / "token").write_text(" a \nb\n", encoding="utf-8")
    assert References({}, str(tmp_path)).resolve("file:token") == " a \nb"
    assert References({}, "/nowhere").resolve(f"file:{tmp_path}/token") == " a \nb"


def test_further_schemes_can_be_added():
    assert References({}, resolvers={"vault": str.upper}).resolve("vault:a:b") == "A:B"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:NAME", "'env:NAME' cannot be resolved: the environment variable is not set"),
        ("file:token", "'file:token' cannot be resolved: No such file or directory"),
        ("file:.", "'file:.' cannot be resolved: Is a directory"),
        ("vault:a#b", "'vault:a#b' cannot be resolved here: it must begin with one of env, file"),
        ("plain", "'plain' cannot be resolved here"),
    ],
)
def test_what_cannot_be_resolved_is_told_with_the_reference_and_why(tmp_path, reference, words):
    with pytest.raises(InputError) as problem:
        References({}, str(tmp_path)).resolve(reference)
    assert words in problem.value.message


def test_a_file_that_is_no_text_is_told_without_a_byte_of_it(tmp_path):
    (tmp_path / "key").write_bytes(b"canary\xff")
    with pytest.raises(InputError, match="'file:key' cannot be resolved: it is not UTF-8 text") as problem:
        References({}, str(tmp_path)).resolve("file:key")
    assert problem.value.__cause__ is None and "canary" not in str(problem.value)
