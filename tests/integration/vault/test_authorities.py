# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate authorities that a killed run left half made, on a real Vault."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient


def test_an_authority_that_a_kill_left_without_its_default_is_ended(live, name):
    """Vault stores an issuer first and makes it the mount's default after that; a request that ends in between leaves none."""
    root, record = f"{name}-root", f"gantry/data/{name}"
    engines = {root: {"type": "pki", "issuers": {"root": {"type": "root", "common_name": "root", "ttl": "87600h"}}}}
    live.configure({"engines": engines}, owner=name)
    live.api.write(f"{root}/issuers/generate/root/internal", {"common_name": "passing", "issuer_name": "passing"})
    live.api.write(f"{root}/config/issuers", {"default": "passing"})
    live.api.delete(f"{root}/issuer/passing")
    assert live.api.read(f"{root}/config/issuers")["data"]["default"] == ""
    content = live.api.read(record)["data"]["data"]
    content["paths"][f"{root}/issuer/root"]["pending"] = True
    live.api.write(record, {"data": content})

    signed = {"type": "intermediate", "signed_by": root, "common_name": "issuing", "ttl": "43800h"}
    engines[f"{name}-pki"] = {"type": "pki", "issuers": {"issuing": signed}}
    planned = live.configure({"engines": engines}, owner=name, check_mode=True)
    assert [change["reason"] for change in planned["plan"] if change["action"] == "adopt"] == ["a run that began to write it did not end"]
    live.configure({"engines": engines}, owner=name)
    for mount, issuer in ((root, "root"), (f"{name}-pki", "issuing")):
        identity = live.api.read(f"{mount}/issuer/{issuer}")["data"]["issuer_id"]
        assert live.api.read(f"{mount}/config/issuers")["data"]["default"] == identity
    since = live.audit.mark()
    assert not live.configure({"engines": engines}, owner=name)["changed"] and live.audit.changes(since) == []


def declared(name, **more):
    """A root, another one of the same name, and an intermediate that the first one signs, each in a mount of its own."""
    pki = {"type": "pki", "tune": {"max_lease_ttl": "87600h"}}
    root = {**pki, "issuers": {"root": {"type": "root", "common_name": "root", "ttl": "87600h"}}}
    issuing = {"type": "intermediate", "signed_by": f"{name}-root", "common_name": "issuing", "ttl": "43800h", **more}
    return {"engines": {f"{name}-root": root, f"{name}-other": root, f"{name}-pki": {**pki, "issuers": {"issuing": issuing}}}}


def killed_before(place, live, document, owner, monkeypatch):
    """A run that ends right before its first write to a path with ``place`` in it."""
    write = VaultClient.write

    def dying(client, path, body):
        if place in path:
            raise KeyboardInterrupt
        return write(client, path, body)

    with monkeypatch.context() as dies:
        dies.setattr(VaultClient, "write", dying)
        with pytest.raises(KeyboardInterrupt):
            live.configure(document, owner=owner)


def with_keys(live, mount):
    """Names of the authorities of a mount that have a key there, by their ids."""
    return {identity: row["issuer_name"] for identity, row in live.api.rows(f"{mount}/issuers").items() if row["key_id"]}


def is_done(live, document, name):
    """Whether a run of it changes nothing."""
    since = live.audit.mark()
    return not live.configure(document, owner=name)["changed"] and live.audit.changes(since) == []


REQUESTS = ("issuers/generate/intermediate/", "/sign-intermediate", "/issuers/import/bundle", "-pki/issuer/")
"""Each write of which an intermediate comes."""


@pytest.mark.parametrize("times", [1, 3])
def test_kills_at_every_request_leave_one_authority(live, name, monkeypatch, times):
    """Vault stores the signed certificate first, and is told its name after that."""
    name = f"{name}{times}"
    for place in REQUESTS:
        for _time in range(times):
            killed_before(place, live, declared(name), name, monkeypatch)
    ((own, called),) = with_keys(live, f"{name}-pki").items()
    assert called == ""
    done = live.configure(declared(name), owner=name)
    assert done["warnings"] == []
    assert (with_keys(live, f"{name}-pki"), len(live.api.rows(f"{name}-pki/keys"))) == ({own: "issuing"}, 1)
    assert is_done(live, declared(name), name)


@pytest.mark.parametrize(("place", "keys"), [*zip(REQUESTS, (2, 3, 3, 2), strict=True)])
def test_an_authority_that_somebody_took_away_comes_back_with_a_key_of_its_own(live, name, monkeypatch, place, keys):
    name = f"{name}{REQUESTS.index(place)}"
    live.configure(declared(name), owner=name)
    ((own, _called),) = with_keys(live, f"{name}-pki").items()
    old = live.api.read(f"{name}-pki/issuer/issuing")["data"]["key_id"]
    live.api.delete(f"{name}-pki/issuer/issuing")
    killed_before(place, live, declared(name), name, monkeypatch)
    live.configure(declared(name), owner=name)
    ((other, called),) = with_keys(live, f"{name}-pki").items()
    assert other != own and called == "issuing" and len(live.api.rows(f"{name}-pki/keys")) == keys
    assert live.api.read(f"{name}-pki/issuer/issuing")["data"]["key_id"] != old
    assert is_done(live, declared(name), name)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"common_name": "another"}, "its subject"),
        ({"key_type": "ec"}, "its kind of key"),
        ({"key_bits": 3072}, "its kind of key"),
        ({"signed_by": "{}-other"}, "its signer"),
        ({"organization": "somebody", "signed_by": "{}-other/issuer/root"}, "its subject and its signer"),
    ],
)
def test_what_a_kill_left_is_taken_only_where_it_is_what_is_declared(live, name, monkeypatch, other, words, request):
    name = f"{name}{request.node.callspec.indices['other']}"
    mount = f"{name}-pki"
    killed_before("-pki/issuer/", live, declared(name), name, monkeypatch)
    (left,) = with_keys(live, mount)
    wanted = declared(name, **{field: value.format(name) if isinstance(value, str) else value for field, value in other.items()})
    for place in (*REQUESTS[:-1], f"{mount}/config/issuers", REQUESTS[-1]):
        for _time in range(2):
            killed_before(place, live, wanted, name, monkeypatch)
    done = live.configure(wanted, owner=name)
    (warning,) = done["warnings"]
    assert f"{mount}/issuer/{left} has no name" in warning and f"differs from what is declared in {words};" in warning
    found = with_keys(live, mount)
    default = live.api.read(f"{mount}/config/issuers")["data"]["default"]
    assert found[default] == "issuing" and found.pop(left) == "" and list(found.values()) == ["issuing"]
    assert len(live.api.rows(f"{mount}/keys")) == 2
    assert is_done(live, wanted, name)


def test_a_key_that_a_kill_left_and_that_is_of_another_kind_is_not_taken(live, name, monkeypatch):
    killed_before("/sign-intermediate", live, declared(name), name, monkeypatch)
    (left,) = live.api.rows(f"{name}-pki/keys")
    done = live.configure(declared(name, key_type="ec", key_bits=384), owner=name)
    assert [text for text in done["warnings"] if f"{name}-pki/key/{left}, called issuing, is of another kind" in text] == done["warnings"]
    own = live.api.read(f"{name}-pki/issuer/issuing")["data"]["key_id"]
    assert own != left and live.api.read(f"{name}-pki/key/{own}")["data"]["key_type"] == "ec"
    assert is_done(live, declared(name, key_type="ec", key_bits=384), name)


def test_an_authority_that_was_left_and_revoked_is_not_taken(live, name, monkeypatch):
    killed_before("-pki/issuer/", live, declared(name), name, monkeypatch)
    (left,) = with_keys(live, f"{name}-pki")
    live.api.write(f"{name}-pki/issuer/{left}/revoke", {})
    (warning,) = live.configure(declared(name), owner=name)["warnings"]
    assert f"{left} has no name" in warning and "differs from what is declared in being revoked;" in warning
    assert sorted(with_keys(live, f"{name}-pki").values()) == ["", "issuing"]
    assert is_done(live, declared(name), name)


def test_without_a_record_of_the_killed_run_the_default_of_the_mount_stays(live, name, monkeypatch):
    killed_before("-pki/issuer/", live, declared(name), name, monkeypatch)
    (left,) = with_keys(live, f"{name}-pki")
    live.api.delete(f"gantry/metadata/{name}")
    warnings = live.configure(declared(name, common_name="another"), owner=name)["warnings"]
    assert sum(f"{name}-pki/issuer/{left} is still the default of {name}-pki" in text for text in warnings) == 1
    assert live.api.read(f"{name}-pki/config/issuers")["data"]["default"] == left
    assert is_done(live, declared(name, common_name="another"), name)


def test_a_key_of_the_declared_name_that_was_there_is_not_taken(live, name):
    wanted = declared(name, key_name="theirs")
    without = {"engines": {**wanted["engines"], f"{name}-pki": {"type": "pki", "tune": {"max_lease_ttl": "87600h"}}}}
    live.configure(without, owner=name)
    theirs = live.api.write(f"{name}-pki/keys/generate/internal", {"key_name": "theirs", "key_type": "rsa"})["data"]["key_id"]
    done = live.configure(wanted, owner=name)
    assert any(text.endswith("so the key of this one is called theirs.again-2") for text in done["warnings"])
    own = live.api.read(f"{name}-pki/issuer/issuing")["data"]["key_id"]
    assert own != theirs and live.api.read(f"{name}-pki/key/{own}")["data"]["key_name"] == "theirs.again-2"
    assert is_done(live, wanted, name)


def test_an_authority_may_sign_another_one_of_its_own_mount(live, name):
    mount = f"{name}-pki"
    signed = {"type": "intermediate", "signed_by": f"{mount}/issuer/root", "common_name": "issuing", "ttl": "43800h"}
    issuers = {"root": {"type": "root", "common_name": "root", "ttl": "87600h"}, "issuing": signed}
    document = {"engines": {mount: {"type": "pki", "tune": {"max_lease_ttl": "87600h"}, "issuers": issuers}}}
    live.configure(document, owner=name)
    assert sorted(with_keys(live, mount).values()) == ["issuing", "root"]
    chain = live.api.read(f"{mount}/issuer/issuing")["data"]["ca_chain"]
    assert chain[1:] == live.api.read(f"{mount}/issuer/root")["data"]["ca_chain"]
    assert is_done(live, document, name)
