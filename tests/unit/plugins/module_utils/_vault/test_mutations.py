# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever stands in a document, it is read or refused with its place: nothing ends in an error of Python."""

from __future__ import annotations

import copy
import datetime

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError, InputError
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.plugins.module_utils._vault.rotation import rotate
from ansible_collections.gantry.platform.plugins.module_utils._vault.store import record_of
from hypothesis import given, settings
from hypothesis import strategies as st

DOCUMENT = {
    "namespaces": {"team": {}},
    "plugins": {"auth": {"kubernetes": {"command": "k", "sha256": "00"}}},
    "audit": {"file": {"type": "file", "options": {"file_path": "stdout", "log_raw": False}}},
    "auth": {
        "token": {"type": "token", "tune": {"max_lease_ttl": "700h"}, "roles": {"short": {"orphan": True}}},
        "users": {
            "type": "userpass",
            "users": {"joe": {"password": {"reference": "env:X"}, "token_policies": ["a"]}},
            "entries": {"x": {}},
        },
    },
    "engines": {
        "kv": {"type": "kv-v2", "config": {"max_versions": 5}},
        "pki": {"type": "pki", "issuers": {"a": {"type": "root"}, "b": {"type": "intermediate", "signed_by": "pki"}}, "roles": {"r": {}}},
        "db": {"type": "database", "connections": {"c": {"plugin_name": "p", "allowed_roles": ["*"]}}},
    },
    "policies": {
        "a": {"kv/*": ["read"], "x": {"capabilities": ["list"], "required_parameters": ["y"]}},
        "b": 'path "x" { capabilities = ["read"] }',
    },
    "password_policies": {"p": 'length = 20\nrule "charset" { charset = "ab" }'},
    "identity": {
        "entities": {"e": {"policies": ["a"], "metadata": {"a": "b"}, "aliases": {"users": "joe"}}},
        "groups": {
            "g": {"member_entities": ["e"], "member_groups": ["h"]},
            "h": {"type": "external", "alias": {"mount": "users", "name": "n"}},
        },
        "oidc": {"config": {"issuer": "https://x"}, "keys": {"k": {}}, "clients": {"c": {"key": "k"}}},
    },
    "quotas": {"rate_limit": {"q": {"path": "kv", "rate": 5}}},
    "entries": {"sys/config/ui/headers/X": {"values": ["1"]}},
}
ROTATION = {
    "database_roots": {"db/c": {"max_age": "720h"}},
    "transit_keys": {"transit/k": {"max_age": 3600}},
    "secrets": {"kv/a/b": {"max_age": "720h", "keys": {"x": {"bytes": 48}, "y": {"policy": "p"}}}},
    "secret_ids": {"approle/ci": {"max_age": "720h", "deliver": "kv/ci/a", "metadata": {"for": "ci"}}},
    "issuers": {"pki/i": {"max_age": "8760h", "issuer": {"type": "intermediate", "signed_by": "root", "common_name": "x"}}},
}
JUNK = st.sampled_from(
    [None, "", " ", "x", "a/../b", "a//b", "?", "#", "x\n", "{{x}}", "1 fortnight", 0, -1, 1.5, True, [], ["x"], [None], [[1]], {}, {"x": None},
     {"reference": 5}, {"reference": "env:X"}, {"type": 5}, {1: 2}, {"": {}}, datetime.date(2026, 1, 1), "root", "Admin", "token", "kv-v1"]
)  # fmt: skip


def places(value, path=()):
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*path, key))


def mutated(data, document):
    document = copy.deepcopy(document)
    for _number in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([path for path in places(document) if path] or [()]))
        if not path:
            return copy.deepcopy(data.draw(JUNK))
        place = document
        for key in path[:-1]:
            place = place[key]
        kind = data.draw(st.sampled_from(["replace", "remove", "rename", "add"]))
        junk = copy.deepcopy(data.draw(JUNK))
        if kind == "replace":
            place[path[-1]] = junk
        elif kind == "remove":
            del place[path[-1]]
        elif isinstance(place, dict) and isinstance(junk, (str, int, type(None))):
            place[junk] = place.pop(path[-1]) if kind == "rename" else copy.deepcopy(place[path[-1]])
    return document


@settings(max_examples=250)
@given(st.data())
def test_a_document_is_read_or_refused_with_its_place(data):
    document = mutated(data, DOCUMENT)
    try:
        for resource in read_document(document, "gantry"):
            assert resource.path == resource.path.strip("/") and "//" not in resource.path and "/../" not in resource.path
    except InputError as error:
        assert "config" in error.message or "these need one another" in error.message


class Nowhere:
    """A Vault that a mistake must not be taken to."""

    def guarded(self, may_write):
        return self

    def __getattr__(self, name):
        raise Contacted("nothing may be asked")


class Contacted(GantryError):
    pass


@settings(max_examples=250)
@given(st.data())
def test_a_rotation_is_begun_or_refused_with_its_place(data):
    wanted = mutated(data, ROTATION)
    try:
        rotate(Nowhere(), wanted, record_of(Nowhere(), "gantry", "o"), True, datetime.datetime.now(datetime.UTC))
    except InputError as error:
        assert error.message.startswith("rotate")
    except Contacted:
        pass


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"secret_ids": {"approle/ci": {"max_age": "1h"}}}, 'rotate.secret_ids."approle/ci".deliver: missing; allowed: <mount>/<name>'),
        ({"secrets": {"kv/a": {"max_age": "1h"}}}, 'rotate.secrets."kv/a".keys: missing'),
        ({"issuers": {"pki/a": {"max_age": "1h"}}}, 'rotate.issuers."pki/a".issuer: missing'),
        ({"issuers": {"pki/a": {"max_age": "1h", "issuer": {"type": "intermediate"}}}}, "issuer.signed_by: allowed: the mount"),
        ({"secrets": {"kv/a": {"max_age": "1h", "keys": {"x": {"bytes": 20, "policy": "p"}}}}}, "allowed: policy or bytes, one of them"),
        ({"transit_keys": {"transit/../x": {"max_age": "1h"}}}, "without . and .. as a part"),
        ([], "rotate"),
    ],
)
def test_what_is_missing_is_named(wanted, words):
    with pytest.raises(InputError) as told:
        rotate(Nowhere(), wanted, record_of(Nowhere(), "gantry", "o"), True, datetime.datetime.now(datetime.UTC))
    assert words in told.value.message
