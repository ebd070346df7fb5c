# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._vault.hcl import HclError, parse, policy_meaning, policy_text
from hypothesis import given
from hypothesis import strategies as st

CAPABILITIES = st.lists(st.sampled_from(["create", "read", "update", "delete", "list", "sudo"]), min_size=1, unique=True)
PATHS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1)
SAME = [
    'path "kv/data/a" { capabilities = ["read", "list"] }',
    '# of the team\npath "kv/data/a" {\n  capabilities = ["list", "read",] // sorted\n}\n',
    '/* all\nof it */ path "kv/data/a" { capabilities = ["read" "list" "read"] }',
    '{"path": {"kv/data/a": {"capabilities": ["list", "read"]}}}',
    '{"path": [{"kv/data/a": [{"capabilities": ["list", "read"]}]}]}',
    'path "kv/data/a" { policy = "read" }',
]


@pytest.mark.parametrize("text", SAME)
def test_what_says_the_same_has_the_same_meaning(text):
    assert policy_meaning(text) == {'path "kv/data/a"': {"capabilities": ["list", "read"]}}


@pytest.mark.parametrize(
    "text",
    [
        'path "kv/data/a" { capabilities = ["read"] }',
        'path "kv/data/b" { capabilities = ["list", "read"] }',
        'path "kv/data/a" { capabilities = ["list", "read"] required_parameters = ["x"] }',
        'path "kv/data/a" { capabilities = ["list", "read"] }\npath "b" { capabilities = ["sudo"] }',
        'path "kv/data/a" { capabilities = ["list", "read"] }\npath "kv/data/a" { capabilities = ["sudo"] }',
    ],
)
def test_what_says_something_else_has_another_meaning(text):
    assert policy_meaning(text) != policy_meaning(SAME[0])


def test_deny_wins():
    assert policy_meaning('path "a" { capabilities = ["read", "deny"] }') == {'path "a"': {"capabilities": ["deny"]}}


def test_values_of_every_form_are_read():
    text = (
        'path "a" { capabilities = ["read"] min_wrapping_ttl = "1s" allowed_parameters = { "*" = [] "b" = [1, true, "x\\"y"] } n = -1.5 }'
    )
    rule = policy_meaning(text)['path "a"']
    assert rule["allowed_parameters"] == {"*": [], "b": [1, True, 'x"y']} and (rule["min_wrapping_ttl"], rule["n"]) == ("1s", -1.5)


def test_a_password_policy_may_have_many_rules_and_a_heredoc():
    text = 'length = 20\nrule "charset" { charset = "ab" }\nrule "charset" {\n  charset = <<EOT\nc"d\nEOT\n min-chars = 1 }'
    assert parse(text) == {"length": 20, 'rule "charset"': [{"charset": "ab"}, {"charset": 'c"d', "min-chars": 1}]}


@given(st.dictionaries(PATHS, CAPABILITIES, max_size=6))
def test_a_policy_written_from_data_means_that_data(rules):
    assert policy_meaning(policy_text(rules)) == {
        key: {"capabilities": sorted(granted)}
        for key, granted in ((next(iter(parse(policy_text({path: []})))), rules[path]) for path in rules)
    }


def test_a_rule_of_parameters_is_written_as_hcl_and_not_as_json():
    rule = {"capabilities": ["update"], "allowed_parameters": {"lease_id": ["database/creds/a/*"], "*": []}, "min_wrapping_ttl": "1s"}
    text = policy_text({"sys/leases/revoke": rule})
    assert 'allowed_parameters = {"lease_id" = ["database/creds/a/*"], "*" = []}' in text
    assert policy_meaning(text) == {'path "sys/leases/revoke"': rule}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('path "a" { allowed_parameters = {"b": []} }', "line 1: .* is not understood"),
        ('path "a" {', "has no }"),
        ('path "a" { capabilities = ["read" }', "line 1: a value was expected, not '}'"),
        ('path "a" { capabilities = ["read"', "a \\[ has no \\]"),
        ('path "a"\n capabilities', "line 1: after path an = or a { was expected"),
        ("path = ", "a value is missing at the end"),
        ('path "a" {} }', "a name was expected"),
        ("ä = 1", "is not understood"),
        ('a = "\\q"', "has an escape"),
        ("{1}", "begins as JSON"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, words):
    with pytest.raises(HclError, match=words):
        parse(text)
