# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core import sops
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._core.sops import SopsFiles, picked, program, without_keys
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST
from hypothesis import given
from hypothesis import strategies as st

CANARY = "canary-5f1c"
DOCUMENT = {"database": {"password": "p w", "port": 5432, "none": None}, "users": [{"name": "joe"}], "ca.crt": "c", "tls": {"ca.crt": "d"}}
names = st.text("abc", min_size=1, max_size=3)


@pytest.fixture
def stand_in(tmp_path):
    """A sops that says what it is told to and notes its arguments; gives (environment, what it was called with)."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "secrets.yml").write_text("a: ENC[]\n")

    def make(said="", errors="", code=0):
        (tmp_path / "said").write_text(said)
        (tmp_path / "errors").write_text(errors)
        script = tmp_path / "bin" / "sops"
        script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\ncat {tmp_path}/said\ncat {tmp_path}/errors >&2\nexit {code}\n')
        script.chmod(0o755)
        return {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}

    return make, lambda: (tmp_path / "calls").read_text().splitlines()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("database.password", "p w"),
        ("database.port", "5432"),
        ("database", '{"password": "p w", "port": 5432, "none": null}'),
        ("users.0.name", "joe"),
        ("ca.crt", "c"),
        ("tls.ca.crt", "d"),
    ],
)
def test_a_dotted_path_leads_to_a_value(stand_in, tmp_path, key, value):
    make, calls = stand_in
    assert References(make(json.dumps(DOCUMENT)), str(tmp_path)).resolve(f"sops:secrets.yml#{key}") == value
    assert calls() == [f"--decrypt --output-type json {tmp_path}/secrets.yml"]


def test_a_file_is_decrypted_once(stand_in, tmp_path):
    make, calls = stand_in
    references = References(make(json.dumps(DOCUMENT)), str(tmp_path))
    for reference in ("sops:secrets.yml#ca.crt", "sops:secrets.yml#database.password", f"sops:{tmp_path}/./secrets.yml#users.0.name"):
        references.resolve(reference)
    assert len(calls()) == 1


@given(st.recursive(st.text(min_size=1), lambda inner: st.dictionaries(names, inner, min_size=1) | st.lists(inner, min_size=1)))
def test_every_value_of_any_document_has_a_path(document):
    def check(value, path):
        if isinstance(value, (dict, list)):
            for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
                check(inner, [*path, str(name)])
        assert picked(document, path) == value

    check(document, [])


@pytest.mark.parametrize(
    "path", ["", "database.", "users.1.name", "users.x", "users.-1.name", "database.none", "database.password.more", "Database"]
)
def test_what_is_not_there_is_none(path):
    assert picked(DOCUMENT, path.split(".")) is None


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("secrets.yml", "is not whole; allowed: sops:<file>#<key>"),
        ("secrets.yml#", "is not whole"),
        ("#key", "is not whole"),
        ("secrets.yml#database.user", "secrets.yml has no database.user"),
        ("none.yml#a", "No such file or directory"),
        (".#a", "Is a directory"),
    ],
)
def test_what_cannot_be_resolved_is_named_without_a_value(stand_in, tmp_path, rest, words):
    make, _calls = stand_in
    with pytest.raises(InputError) as told:
        SopsFiles(make(json.dumps(DOCUMENT)), str(tmp_path))(rest)
    assert f"'sops:{rest}'" in told.value.message and words in told.value.message
    assert "p w" not in told.value.message


@pytest.mark.parametrize(
    ("code", "errors", "words"),
    [
        (1, "sops metadata not found", "secrets.yml is not encrypted; 'sops encrypt --in-place' does that"),
        (1, f"invalid dotenv input line: {CANARY}", "sops ended with 1"),
        (2, f"panic: {CANARY}", "sops ended with 2"),
        (25, f"Could not decrypt value: Input string {CANARY} does not match", "changed by something else than sops"),
        (51, f"MAC mismatch. File has {CANARY}", "changed by something else than sops"),
        (
            128,
            "Group 0: FAILED\n  age1q: FAILED\n    - | no identity\n      | matched\n\nRecovery failed",
            "Group 0: FAILED age1q: FAILED - no identity matched",
        ),
        (128, f"malformed secret key: {CANARY}", "SOPS_AGE_KEY_FILE"),
        (0, "", "is no single document"),
    ],
)
def test_a_refusal_has_its_reason_and_cure_and_never_a_value(stand_in, tmp_path, code, errors, words):
    make, _calls = stand_in
    environment = {**make(f"{CANARY} {{", errors, code), "SOPS_AGE_KEY": f"# created\n{CANARY}\n"}
    with pytest.raises(InputError) as told:
        SopsFiles(environment, str(tmp_path))("secrets.yml#a")
    assert words in told.value.message
    assert_silent(told.value)


def test_one_that_does_not_end_is_ended_without_a_value(stand_in, tmp_path, monkeypatch):
    make, _calls = stand_in
    environment = make(CANARY)
    script = tmp_path / "bin" / "sops"
    script.write_text(f"#!/bin/sh\necho {CANARY}\nexec sleep {LONGEST}\n")
    monkeypatch.setattr(sops, "_SECONDS", 0.2)
    with pytest.raises(InputError, match="did not end within 0.2 s") as told:
        SopsFiles(environment, str(tmp_path))("secrets.yml#a")
    assert_silent(told.value)


def test_it_gets_the_given_environment_alone(stand_in, tmp_path, monkeypatch):
    make, _calls = stand_in
    environment = make()
    monkeypatch.setenv("SOPS_AGE_KEY", CANARY)
    (tmp_path / "bin" / "sops").write_text('#!/bin/sh\necho "{\\"key\\": \\"$SOPS_AGE_KEY\\", \\"file\\": \\"$SOPS_AGE_KEY_FILE\\"}"\n')
    files = SopsFiles({**environment, "SOPS_AGE_KEY_FILE": "k"}, str(tmp_path))
    assert (files("secrets.yml#key"), files("secrets.yml#file")) == ("", "k")


def test_a_missing_program_is_told_with_the_cure(tmp_path):
    (tmp_path / "secrets.yml").write_text("")
    with pytest.raises(InputError, match="'sops:secrets.yml#a' cannot be resolved: the program sops is not on PATH; install sops"):
        SopsFiles({"PATH": str(tmp_path)}, str(tmp_path))("secrets.yml#a")
    with pytest.raises(InputError, match="/nowhere/sops, which ANSIBLE_SOPS_BINARY names, is no executable file"):
        program({"PATH": str(tmp_path), "ANSIBLE_SOPS_BINARY": "/nowhere/sops"})


def test_a_variable_may_name_the_program(stand_in, tmp_path):
    make, _calls = stand_in
    make()
    assert program({"PATH": "", "ANSIBLE_SOPS_BINARY": str(tmp_path / "bin" / "sops")}) == str(tmp_path / "bin" / "sops")


def test_values_of_variables_with_keys_are_left_out_and_names_of_files_are_not():
    environment = {"SOPS_AGE_KEY": CANARY, "VAULT_TOKEN": "hvs.x", "SOPS_AGE_KEY_FILE": "keys.txt", "OTHER": "other", "KEY": "a"}
    assert without_keys(f"a {CANARY} hvs.x keys.txt other", environment) == "a <secret> <secret> keys.txt other"


def assert_silent(error):
    """Neither the error nor what led to it holds the canary."""
    while error is not None:
        assert CANARY not in f"{error!r} {vars(error)}"
        assert not isinstance(error, (ValueError, subprocess.SubprocessError))
        error = error.__cause__ or error.__context__
