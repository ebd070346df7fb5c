# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a Vault tells the loop of every API; what comes of it is in tests/integration/vault."""

from __future__ import annotations

import types

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.compare import Traits
from ansible_collections.gantry.platform.plugins.module_utils._core.record import Entry
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultError
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.plugins.module_utils._vault.fields import Fields
from ansible_collections.gantry.platform.plugins.module_utils._vault.kinds import KINDS
from ansible_collections.gantry.platform.plugins.module_utils._vault.order import STAGES
from ansible_collections.gantry.platform.plugins.module_utils._vault.provider import VaultProvider

DOCUMENT = {
    "auth": {"users": {"type": "userpass", "users": {"Joe": {}}}},
    "engines": {"kv": {"type": "kv-v2", "config": {"max_versions": 5}}, "gone": None},
    "policies": {"Reader": {"kv/*": ["read"]}},
    "identity": {"entities": {"Ann": {}}},
}
DECLARED = {resource.id: resource for resource in read_document(DOCUMENT, "gantry")}


@pytest.fixture
def provider():
    client = types.SimpleNamespace(pool=types.SimpleNamespace(requests={"GET": 2}))
    client.guarded = lambda may_write: client
    found = VaultProvider(client, "gantry")
    found._server.mounts, found._server.auths = {"kv": {}, "gone": {}, "old": {}}, {"users": {}}
    return found


def test_every_stage_and_kind_is_known(provider):
    assert tuple(provider.stages) == STAGES and set(provider.reveals) <= set(STAGES)
    assert {resource.stage for resource in DECLARED.values()} <= set(STAGES)
    assert provider.traits("of a later version") == Traits() and provider.recorded("x/y", Entry("of a later version")) is None
    assert {kind for kind in KINDS if provider.traits(kind).container} == {"mount", "auth"}
    assert provider.requests() == {"GET": 2}


@pytest.mark.parametrize(
    ("declared", "recorded"),
    [
        ("auth/users/users/joe", "auth/users/users/Joe"),
        ("sys/policies/acl/reader", "sys/policies/acl/Reader"),
        ("identity/entity/name/Ann", "identity/entity/name/ann"),
    ],
)
def test_earlier_spellings_of_a_record_stand_for_the_same(provider, declared, recorded):
    assert declared in DECLARED and provider.recorded_as(declared) == provider.recorded_as(recorded)


def test_only_what_the_server_finds_in_any_case_is_the_same_to_it(provider):
    assert provider.folded("identity/group/name/A") == provider.folded("identity/group/name/a")
    assert provider.folded("kv/A") != provider.folded("kv/a")


@pytest.mark.parametrize(
    ("kind", "path", "name", "within"),
    [
        ("mount", "sys/mounts/kv", "kv", ["kv/config"]),
        ("auth", "sys/auth/users", "auth/users", ["auth/users/users/joe"]),
        ("entry", "kv/config", "kv/config", []),
    ],
)
def test_a_mount_is_named_as_people_do_and_takes_what_is_in_it_along(provider, kind, path, name, within):
    entries = {one: Entry("entry") for one in ("kv/config", "kvx/config", "auth/users/users/joe", "sys/policies/acl/kv")}
    assert provider.called(provider.recorded(path, Entry(kind))) == name
    assert provider.within(path, entries) == within


@pytest.mark.parametrize(
    ("kind", "path", "spoken"),
    [
        ("entry", "old/config", True),
        ("entry", "kv/more", False),
        ("policy", "sys/policies/acl/x", False),
        ("entity", "identity/entity/name/x", False),
        ("mount", "sys/mounts/old", False),
    ],
)
def test_a_mount_that_is_not_declared_speaks_for_what_is_in_it(provider, kind, path, spoken):
    assert provider.spoken_for(provider.recorded(path, Entry(kind)), DECLARED) is spoken


def test_what_lies_in_a_mount_of_this_run_has_not_been_judged(provider):
    assert provider.waits_for(DECLARED["kv/config"], ()) == ""
    del provider._server.mounts["kv"]
    assert provider.waits_for(DECLARED["kv/config"], ()) == "below kv, which is made first"
    assert provider.waits_for(DECLARED["sys/mounts/kv"], ()) == ""


def test_what_is_foreign_is_neither_known_nor_the_servers_own(provider):
    provider._collections = {"sys/policies/acl"}
    provider._server._lists = {"sys/policies/acl": ["default", "root", "reader", "theirs"]}
    provider._server.mounts |= {"sys": {}, "cubbyhole": {}}
    known = {"sys/policies/acl/reader", "sys/mounts/kv", "sys/mounts/gone"}
    assert list(provider.foreign(known, False)) == ["sys/policies/acl/theirs", "sys/mounts/old", "sys/auth/users"]


def test_the_record_lies_in_its_mount_which_another_run_may_make_first(provider):
    assert [one for one in DECLARED.values() if provider.holds_record(one)] == [DECLARED["sys/mounts/gantry"]]

    def refused(text):
        return VaultError(types.SimpleNamespace(status=400, attempts=1, json=lambda: {"errors": [text]}), "PUT sys/mounts/gantry")

    assert provider.was_first(refused("path is already in use at gantry/")) and not provider.was_first(refused("permission denied"))
    assert not provider.was_first(ValueError("already in use"))


def test_a_mount_of_another_type_is_told_and_not_what_follows_from_it(provider):
    provider._server.mounts["kv"] = {"type": "transit"}
    provider._server.auths["users"] = {"type": "ldap"}
    provider._server.mounts["gantry"] = {"type": "transit"}
    provider._server.specs = types.SimpleNamespace(of=lambda path, **_more: Fields({"a": {}}))
    told = list(provider.problems([resource for resource in DECLARED.values() if resource.kind != "entity" and resource.body is not None]))
    assert sorted(text.partition(";")[0] for text in told) == [
        "config.auth.users.type: the mount auth/users is there and is of type ldap, declared is userpass, and a type cannot be changed",
        "config.engines.kv.type: the mount kv is there and is of type transit, declared is kv, and a type cannot be changed",
        "config.policies.Reader.policy: unknown to this server",
        "record_mount: the mount gantry is there and is of type transit, a record needs one of type kv",
    ]
    (cure,) = [text for text in told if "engines.kv" in text]
    assert "declare engines.kv as null first and name kv in prune.data: then it goes with all it holds" in cure


def test_what_this_run_began_is_not_what_another_one_left(provider):
    provider._server.observe = lambda *_resources, **_more: None
    provider.observe(
        [], {"left": Entry("issuer", pending=True), "again": Entry("issuer", {"ttl": "m"}, pending=True), "ended": Entry("issuer")}
    )
    provider.observe([], {name: Entry("issuer", pending=True) for name in ("left", "ended", "new")})
    assert provider._server.begun == {"left": False, "again": True}
    provider.forget()
    assert provider._server.begun == {}
