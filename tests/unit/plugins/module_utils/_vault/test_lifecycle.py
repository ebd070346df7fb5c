# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import stat

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import (
    InputError,
    ServerError,
    TimeoutExceededError,
    UnreachableError,
    UntrustedError,
)
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultError
from ansible_collections.gantry.platform.plugins.module_utils._vault.lifecycle import Delivery, bring_up, cluster, health, token_of


class Refusal(VaultError):
    def __init__(self, status):
        ServerError.__init__(self, f"status {status}")
        self.status = status
        self.errors = []


class Vault:
    """A Vault in memory: its seal, its keys, and every write that it got."""

    def __init__(self, initialized=False, sealed=True, automatic=False, opens_itself=True):
        self.initialized, self.sealed, self.automatic, self.opens_itself = initialized, sealed, automatic, opens_itself
        self.writes = []
        self.given = set()
        self.answers = {}
        self.breaks = False
        self.silent = 0
        self.silence = UnreachableError("nobody answers")

    def health(self):
        return self.read("sys/health")

    def read(self, path, query=None):
        if self.silent:
            self.silent -= 1
            raise self.silence
        if path == "sys/seal-status":
            kind = "transit" if self.automatic else "shamir"
            return {"initialized": self.initialized, "sealed": self.sealed, "recovery_seal": self.automatic, "type": kind, "t": 2}
        if path == "sys/health":
            return {"initialized": self.initialized, "sealed": self.sealed, "standby": False, "version": "1.21.1"}
        if path == "sys/leader" and path not in self.answers:
            return {"leader_address": "" if self.sealed else "https://me", "is_self": True}
        answer = self.answers.get(path, Refusal(404))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def find(self, path):
        try:
            return self.read(path)
        except VaultError as error:
            if error.status == 404:
                return None
            raise

    def write(self, path, body):
        self.writes.append((path, body))
        if self.breaks:
            raise Refusal(500)
        if path == "sys/init":
            self.initialized = True
            self.sealed = not (self.automatic and self.opens_itself)
            kind = "recovery_keys" if self.automatic else "keys"
            return {f"{kind}_base64": ["k1", "k2", "k3"], "root_token": "s.root"}
        if body.get("reset"):
            self.given = set()
        else:
            self.given.add(body["key"])
            self.sealed = len(self.given) < 2
        return {}


@pytest.fixture
def delivery(tmp_path):
    return Delivery(str(tmp_path / "deep" / "keys.json"), 3, 2)


def paths(vault):
    return [path for path, _body in vault.writes]


def test_a_new_vault_is_initialised_unsealed_and_its_keys_are_for_the_owner_alone(delivery, tmp_path):
    vault = Vault()
    done = bring_up(vault, delivery, False, 5)
    assert done.steps == ["initialise with 3 unseal keys, 2 needed", "unseal"]
    assert paths(vault) == ["sys/init", "sys/unseal", "sys/unseal", "sys/unseal"]
    assert vault.writes[0][1] == {"secret_shares": 3, "secret_threshold": 2}
    file = tmp_path / "deep" / "keys.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = json.loads(file.read_text())
    assert (kept["keys"], kept["root_token"], kept["kind"]) == (["k1", "k2", "k3"], "s.root", "unseal")
    again = bring_up(vault, delivery, False, 5)
    assert (again.steps, len(vault.writes)) == ([], 4)


def test_a_server_that_does_not_answer_yet_is_waited_for(delivery):
    vault = Vault(automatic=True)
    vault.silent = 2
    assert bring_up(vault, delivery, False, 5).initialised
    late = Vault(automatic=True)
    late.silent = 10**6
    for check_mode in (False, True):
        with pytest.raises(UnreachableError):
            bring_up(late, delivery, check_mode, 0.2)
    assert late.writes == []


def test_who_is_not_trusted_is_not_waited_for(delivery):
    vault = Vault(automatic=True)
    vault.silent, vault.silence = 10**6, UntrustedError("another authority")
    with pytest.raises(UntrustedError, match="another authority"):
        bring_up(vault, delivery, False, 60)
    assert vault.silent == 10**6 - 1 and vault.writes == []


def test_with_automatic_unsealing_the_keys_are_for_recovery(delivery):
    vault = Vault(automatic=True)
    assert bring_up(vault, delivery, False, 5).steps == ["initialise with 3 recovery keys, 2 needed"]
    assert vault.writes == [("sys/init", {"recovery_shares": 3, "recovery_threshold": 2})]


def test_check_mode_says_it_and_does_nothing(delivery, tmp_path):
    for vault in (Vault(), Vault(automatic=True)):
        assert bring_up(vault, delivery, True, 5).initialised
        assert vault.writes == []
    assert not (tmp_path / "deep").exists()


def test_pgp_keys_go_to_the_server_and_a_sealed_server_waits_for_their_holders(tmp_path):
    delivery = Delivery(str(tmp_path / "keys.json"), 3, 2, ("p1", "p2", "p3"), "p1")
    vault = Vault()
    with pytest.raises(InputError, match="encrypted for their holders"):
        bring_up(vault, delivery, False, 5)
    assert vault.writes == [
        ("sys/init", {"secret_shares": 3, "secret_threshold": 2, "pgp_keys": ["p1", "p2", "p3"], "root_token_pgp_key": "p1"})
    ]
    assert json.loads((tmp_path / "keys.json").read_text())["encrypted"] is True
    assert bring_up(Vault(), Delivery(str(tmp_path / "2.json"), 3, 2, ("a", "b", "c")), False, 5, unseal=False).initialised


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (Delivery("f", 3, 4), "between 1 and the number of shares"),
        (Delivery("f", 3, 0), "between 1 and the number of shares"),
        (Delivery("f", 3, 1), "protects nothing"),
        (Delivery("f", 3, 2, ("one",)), "1 keys for 3 shares"),
    ],
)
def test_keys_that_cannot_be_are_refused_before_anything_is_asked(delivery, words):
    vault = Vault()
    with pytest.raises(InputError, match=words):
        bring_up(vault, delivery, False, 5)
    assert vault.writes == []


def test_the_keys_of_another_vault_are_never_overwritten(tmp_path):
    file = tmp_path / "keys.json"
    file.write_text("theirs")
    vault = Vault()
    with pytest.raises(InputError, match="the file is another Vault's"):
        bring_up(vault, Delivery(str(file), 1, 1), False, 5)
    assert (file.read_text(), vault.writes) == ("theirs", [])


def test_a_place_that_cannot_hold_the_keys_is_found_before_they_are_made(tmp_path):
    (tmp_path / "file").touch()
    vault = Vault()
    with pytest.raises(InputError, match="cannot be made"):
        bring_up(vault, Delivery(str(tmp_path / "file" / "keys.json"), 1, 1), False, 5)
    assert vault.writes == []


def test_an_initialisation_that_was_refused_leaves_no_file(delivery, tmp_path):
    vault = Vault()
    vault.breaks = True
    with pytest.raises(VaultError):
        bring_up(vault, delivery, False, 5)
    assert list((tmp_path / "deep").iterdir()) == []


def test_a_sealed_server_without_its_keys_says_so(tmp_path):
    with pytest.raises(InputError, match="its keys are not in keys_file"):
        bring_up(Vault(initialized=True), Delivery(str(tmp_path / "none"), 1, 1), False, 5)
    (tmp_path / "bad").write_text("no json")
    with pytest.raises(InputError, match="is not what vault_init delivers"):
        bring_up(Vault(initialized=True), Delivery(str(tmp_path / "bad"), 1, 1), False, 5)
    left = bring_up(Vault(initialized=True), Delivery(str(tmp_path / "none"), 1, 1), False, 5, unseal=False)
    assert left.steps == []


def test_a_seal_that_does_not_open_itself_ends_in_time(delivery):
    vault = Vault(automatic=True, opens_itself=False)
    with pytest.raises(TimeoutExceededError, match="look at its log for the seal's error"):
        bring_up(vault, delivery, False, 0.2)


def test_no_leader_is_not_yet_serving(delivery):
    vault = Vault(initialized=True, sealed=False)
    vault.answers["sys/leader"] = {"leader_address": ""}
    with pytest.raises(TimeoutExceededError, match="to have a leader"):
        bring_up(vault, delivery, False, 0.2)


def test_health_of_a_new_and_of_a_serving_server():
    assert (health(Vault())["initialized"], health(Vault())["unseal_threshold"]) == (False, 2)
    assert health(Vault(True, False, True))["seal_type"] == "transit"


def test_peers_are_none_where_they_cannot_be_seen():
    vault = Vault(True, False)
    for status in (400, 403, 404):
        vault.answers["sys/storage/raft/configuration"] = Refusal(status)
        assert cluster(vault)["peers"] is None
    row = {"node_id": "b", "address": "x", "leader": True, "voter": True}
    vault.answers["sys/storage/raft/configuration"] = {"data": {"config": {"servers": [row, {**row, "node_id": "a"}]}}}
    vault.answers["sys/storage/raft/autopilot/state"] = {"data": {"healthy": True, "failure_tolerance": 1}}
    found = cluster(vault)
    assert [peer["node_id"] for peer in found["peers"]] == ["a", "b"]
    assert found["autopilot"] == {"healthy": True, "failure_tolerance": 1}
    vault.answers["sys/storage/raft/configuration"] = Refusal(500)
    with pytest.raises(VaultError):
        cluster(vault)


def test_who_the_token_is_never_the_token():
    vault = Vault(True, False)
    vault.answers["auth/token/lookup-self"] = {"data": {"id": "s.secret", "accessor": "a", "policies": ["z", "b"], "ttl": 60}}
    assert token_of(vault) == {
        **{"accessor": "a", "display_name": "", "policies": ["b", "z"], "ttl_seconds": 60, "renewable": False, "expires": None},
    }
    vault.answers["auth/token/lookup-self"] = Refusal(403)
    assert token_of(vault) is None
