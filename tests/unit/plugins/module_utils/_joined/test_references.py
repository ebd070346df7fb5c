# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._joined.references import once, references_for


def test_what_reads_is_made_when_it_is_first_asked_and_once():
    made = []
    resolve = once(lambda: made.append(1) or str.upper)
    assert made == []
    assert [resolve("a"), resolve("b")] == ["A", "B"] and made == [1]


def test_every_scheme_stands_in_one_place():
    references = references_for({"NAME": "n"}, vault=str.upper, kube=str.title)
    assert [references.resolve(word) for word in ("env:NAME", "vault:a#b", "kube:a/b#c")] == ["n", "A#B", "A/B#C"]
    with pytest.raises(InputError, match="it must begin with one of env, file, sops, vault, aws-sm, kube"):
        references.resolve("other:x")


def test_a_cluster_or_a_vault_is_there_only_where_it_is_given():
    with pytest.raises(InputError, match="it must begin with one of env, file, sops, aws-sm$"):
        references_for({}).resolve("vault:a#b")


def test_a_vault_that_nobody_named_is_asked_for_when_it_is_needed():
    references = references_for({"NAME": "n"}, vault={})
    assert references.resolve("env:NAME") == "n"
    with pytest.raises(InputError, match=r"references to a Vault cannot be resolved: vault: url .or VAULT_ADDR."):
        references.resolve("vault:a#b")


def test_a_misspelt_word_of_the_vault_is_told_before_anything_is_resolved():
    with pytest.raises(InputError, match="vault: unknown option 'tokenfile'; did you mean 'token_file'"):
        references_for({}, vault={"tokenfile": "x"})
