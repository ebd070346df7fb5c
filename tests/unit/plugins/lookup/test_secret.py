# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError
from ansible_collections.gantry.platform.plugins.lookup.secret import LookupModule


@pytest.fixture
def lookup(tmp_path, monkeypatch):
    """The lookup as a role in a folder of its own has it, with a sops that counts its runs."""
    script = tmp_path / "sops"
    script.write_text(f'#!/bin/sh\necho run >> {tmp_path}/runs\necho \'{{"a": "one", "b": {{"c": "two"}}}}\'\n')
    script.chmod(0o755)
    monkeypatch.setenv("ANSIBLE_SOPS_BINARY", str(script))
    (tmp_path / "secrets.yml").write_text("")

    def run(*terms):
        made = LookupModule()
        # What the plugin loader does, which reads the documentation for that.
        made.set_options, made.get_option = lambda **_given: None, lambda _name: None
        return made.run(list(terms), {"role_path": str(tmp_path)})

    return run


def test_references_are_resolved_in_their_order(lookup, monkeypatch):
    monkeypatch.setenv("GANTRY_TEST_REFERENCE", "here")
    assert lookup("sops:secrets.yml#b.c", "env:GANTRY_TEST_REFERENCE", "sops:secrets.yml#a") == ["two", "here", "one"]


def test_a_file_is_decrypted_once_by_a_process(lookup, tmp_path):
    assert [lookup("sops:secrets.yml#a"), lookup("sops:secrets.yml#b.c")] == [["one"], ["two"]]
    assert (tmp_path / "runs").read_text() == "run\n"


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("sops:secrets.yml#none", "has no none"),
        ("aws-sm:#key", "is not whole"),
        ("vault:a", "VAULT_ADDR"),
        ("kube:a/b#c", "it must begin with one of env, file, sops, vault, aws-sm"),
    ],
)
def test_what_cannot_be_resolved_is_an_error_of_ansible(lookup, monkeypatch, term, words):
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    with pytest.raises(AnsibleError) as told:
        lookup(term)
    assert words in str(told.value) and "one" not in str(told.value).replace("one of", "").replace("none", "")
