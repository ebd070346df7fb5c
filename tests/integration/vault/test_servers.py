# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vault of the sandbox with its key service, and one that is unsealed by hand; the modules that bring them up."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import urllib.request

import pytest
from ansible_collections.gantry.platform.tests.integration.conftest import run_role
from ansible_collections.gantry.platform.tests.integration.vault.conftest import Ansible, pid_of
from ansible_collections.gantry.platform.tests.kit.ports import free_port
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until


def restarted(sandbox, config, before):
    return pid_of(sandbox, config) not in (0, before)


def test_it_serves_behind_a_real_key_service(sandbox, vault):
    found, _output = vault.run("vault_info")
    assert (found["health"]["sealed"], found["health"]["seal_type"], found["health"]["version"]) == (False, "transit", "1.21.1")
    assert [peer["node_id"] for peer in found["cluster"]["peers"]] == ["sandbox"]
    assert found["cluster"]["leader"]["is_self"] is True
    assert found["token"]["policies"] == ["root"]
    for name in ("vault-keys.json", "vault-kms-keys.json", "vault-seal.json"):
        assert stat.S_IMODE((sandbox / name).stat().st_mode) == 0o600


def test_without_a_token_only_the_state_is_seen(vault):
    found, _output = vault.run("vault_info", token_file="")
    assert (found["token"], found["cluster"]["peers"], found["health"]["sealed"]) == (None, None, False)


def test_a_server_of_another_authority_is_told_with_the_cure_and_is_nobodys_absence(vault, tmp_path):
    """Both would wait or plan for a server that does not answer yet; this one answers."""
    cure = "name the authority that signed it as ca_cert"
    found, output = vault.run("vault_init", ca_cert="", keys_file=str(tmp_path / "keys.json"), wait_timeout=LONGEST)
    assert cure in found.get("msg", "") and not (tmp_path / "keys.json").exists(), output
    document = {"policies": {"p": {"kv/a": ["read"]}}}
    found, output = vault.run("vault_config", "--check", ca_cert="", config=document, owner="o", may_be_absent=True)
    assert cure in found.get("msg", ""), output


def test_a_second_initialisation_changes_nothing_and_prints_no_key(sandbox, vault):
    keys = json.loads((sandbox / "vault-keys.json").read_text(encoding="utf-8"))
    options = {"keys_file": str(sandbox / "vault-keys.json"), "shares": 1, "threshold": 1}
    for words in ((), ("--check",)):
        found, output = vault.run("vault_init", *words, **options)
        assert (found["changed"], found["steps"]) == (False, [])
        assert not [secret for secret in (keys["root_token"], *keys["keys"]) if secret in output]


@pytest.mark.parametrize("config", ["vault", "vault-kms"])
def test_a_killed_server_opens_itself_again(sandbox, vault, config):
    before = pid_of(sandbox, config)
    os.kill(before, signal.SIGKILL)
    until(lambda: restarted(sandbox, config, before), "the supervisor to start it again")
    found, output = vault.run("vault_init", keys_file=str(sandbox / "vault-keys.json"))
    assert found["health"]["sealed"] is False, output


def test_both_are_killed_and_open_again(sandbox, vault):
    before = {config: pid_of(sandbox, config) for config in ("vault", "vault-kms")}
    for number in before.values():
        os.kill(number, signal.SIGKILL)
    until(lambda: all(restarted(sandbox, config, number) for config, number in before.items()), "the supervisor to start both again")
    found, output = vault.run("vault_init", keys_file=str(sandbox / "vault-keys.json"))
    assert (found["changed"], found["health"]["sealed"]) == (False, False), output


def test_a_second_start_changes_nothing(sandbox):
    assert "changed=false" in run_role("main", sandbox, areas=["vault"]).replace('"changed": ', "changed=").lower()


@pytest.fixture
def by_hand(sandbox, tmp_path):
    """A Vault that nobody has initialised, without automatic unsealing."""
    port, peers = free_port(), free_port()
    config = {
        "disable_mlock": True,
        "api_addr": f"http://127.0.0.1:{port}",
        "cluster_addr": f"https://127.0.0.1:{peers}",
        "listener": {"tcp": {"address": f"127.0.0.1:{port}", "cluster_address": f"127.0.0.1:{peers}", "tls_disable": True}},
        "storage": {"raft": {"path": str(tmp_path), "node_id": "one", "performance_multiplier": "1"}},
    }
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([sandbox / "bin" / "vault", "server", f"-config={tmp_path}/config.json"], stdout=log, stderr=log)
    try:
        yield Ansible(tmp_path, url=f"http://127.0.0.1:{port}")
    finally:
        server.kill()
        server.wait()


def test_a_vault_that_is_unsealed_by_hand(by_hand, tmp_path):
    file = tmp_path / "keys" / "keys.json"
    options = {"keys_file": str(file), "shares": 3, "threshold": 2}
    planned, _output = by_hand.run("vault_init", "--check", **options)
    assert (planned["changed"], planned["steps"]) == (True, ["initialise with 3 unseal keys, 2 needed"])
    assert planned["health"]["initialized"] is False and not file.exists()

    done, output = by_hand.run("vault_init", **options)
    assert done["steps"] == ["initialise with 3 unseal keys, 2 needed", "unseal"], output
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and len(kept["keys"]) == 3

    seal = urllib.request.Request(f"{by_hand.access['url']}/v1/sys/seal", b"", {"X-Vault-Token": kept["root_token"]}, method="PUT")
    urllib.request.urlopen(seal, timeout=LONGEST)
    sealed, _output = by_hand.run("vault_info", token_file=str(file))
    assert (sealed["health"]["sealed"], sealed["cluster"], sealed["token"]) == (True, None, None)
    refused, said = by_hand.run("vault_config", token_file=str(file), config={"policies": {"a": {"a": ["read"]}}})
    assert "Vault is sealed" in refused["msg"], said
    again, more = by_hand.run("vault_init", **options)
    assert (again["steps"], again["health"]["sealed"]) == (["unseal"], False)
    assert not [secret for secret in (kept["root_token"], *kept["keys"]) if secret in output + more]
    assert by_hand.run("vault_init", **options)[0]["changed"] is False


def test_the_keys_of_another_vault_stop_it(by_hand, tmp_path):
    file = tmp_path / "keys.json"
    file.write_text("theirs", encoding="utf-8")
    refused, output = by_hand.run("vault_init", keys_file=str(file), shares=1, threshold=1)
    assert "localhost | FAILED!" in output and "another Vault's" in refused["msg"], output
    assert file.read_text(encoding="utf-8") == "theirs"
    assert by_hand.run("vault_info")[0]["health"]["initialized"] is False
