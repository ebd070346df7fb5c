# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three nodes with raft and automatic unsealing: nodes die, leaders die, everything dies and comes back out of a snapshot."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.config import Request, configure
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.plugins.module_utils._vault.lifecycle import Delivery, bring_up, cluster, health
from ansible_collections.gantry.platform.plugins.module_utils._vault.snapshot import restore, save
from ansible_collections.gantry.platform.tests.kit.ports import free_port
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until


class Node:
    """One Vault process of a cluster, on loopback without TLS."""

    def __init__(self, folder: Path, name: str, sandbox: Path, peers: tuple[str, ...] = ()) -> None:
        self.name = name
        self.sandbox = sandbox
        self.folder = folder / name
        (self.folder / "data").mkdir(parents=True)
        self.port, inner = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        storage: dict[str, object] = {"path": str(self.folder / "data"), "node_id": name, "performance_multiplier": "1"}
        if peers:
            storage["retry_join"] = [{"leader_api_addr": peer} for peer in peers]
        config = {
            "disable_mlock": True,
            "api_addr": self.url,
            "cluster_addr": f"https://127.0.0.1:{inner}",
            "listener": {"tcp": {"address": f"127.0.0.1:{self.port}", "cluster_address": f"127.0.0.1:{inner}", "tls_disable": True}},
            "storage": {"raft": storage},
        }
        (self.folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        command = [
            self.sandbox / "bin" / "vault",
            "server",
            f"-config={self.folder}/config.json",
            f"-config={self.sandbox}/vault-seal.json",
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self) -> None:
        """As a lost machine would end it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def client(self, token: str = "") -> VaultClient:
        """Its API alone."""
        return VaultClient(resolve_vault({"url": self.url, "token": token}, {}), "cluster-test")

    def serves(self) -> bool:
        """Whether it is unsealed and knows its leader."""
        with contextlib.suppress(GantryError):
            return not health(self.client())["sealed"] and bool(self.client().read("sys/leader").get("leader_address"))
        return False


@pytest.fixture(scope="module")
def nodes(sandbox, tmp_path_factory):
    """Three of them, initialised, with the root token. The last test of this file ends them for good."""
    tmp_path = tmp_path_factory.mktemp("cluster")
    first = Node(tmp_path, "one", sandbox)
    until(lambda: _answers(first), "the first node to answer")
    keys = tmp_path / "keys.json"
    bring_up(first.client(), Delivery(str(keys), 1, 1), False, LONGEST)
    others = [Node(tmp_path, name, sandbox, (first.url,)) for name in ("two", "three")]
    found = [first, *others]
    token = json.loads(keys.read_text(encoding="utf-8"))["root_token"]
    try:
        until(lambda: all(node.serves() for node in found), "all nodes to serve")
        until(lambda: len(voters(first, token)) == 3, "three voters")
        yield found, token
    finally:
        for node in found:
            node.process.kill()
            node.process.wait()


def _answers(node):
    with contextlib.suppress(GantryError):
        return "sealed" in node.client().read("sys/seal-status")
    return False


def voters(node, token):
    """The names of the peers that vote."""
    with contextlib.suppress(GantryError):
        return {peer["node_id"] for peer in cluster(node.client(token))["peers"] or [] if peer["voter"]}
    return set()


def leader(found, token):
    """The node that leads, none while nobody does."""
    for node in found:
        with contextlib.suppress(GantryError):
            if node.process.poll() is None and cluster(node.client(token))["leader"]["is_self"]:
                return node
    return None


def new_root_token(client, keys):
    """A root token made by those who hold enough keys, as ``vault operator generate-root`` does it."""
    begun = client.write("sys/generate-root/attempt", {})
    for key in keys:
        answer = client.write("sys/generate-root/update", {"key": key, "nonce": begun["nonce"]})
    encoded = base64.b64decode(answer["encoded_token"] + "=" * (-len(answer["encoded_token"]) % 4))
    return bytes(one ^ other for one, other in zip(encoded, begun["otp"].encode(), strict=True)).decode()


def wanted(count):
    return {
        "policies": {f"p{number}": {f"kv/data/{number}": ["read"]} for number in range(count)},
        "engines": {"kv": {"type": "kv", "options": {"version": "2"}}, "transit": {"type": "transit", "keys": {"personal": {}}}},
        "auth": {"approle": {"type": "approle", "roles": {f"r{number}": {"token_policies": [f"p{number}"]} for number in range(count)}}},
    }


def run(node, token, count):
    """One run of the engine through this node."""
    client = node.client(token)
    try:
        return configure(client, Request(read_document(wanted(count), "gantry")), References({}))
    finally:
        client.close()


def test_the_leader_dies_in_mid_run_and_the_next_run_ends_it(nodes):
    found, token = nodes
    lost = leader(found, token)
    left = [node for node in found if node is not lost]
    assert voters(left[0], token) == {"one", "two", "three"}
    outcomes = []

    def work():
        try:
            outcomes.append(run(left[0], token, 150)["counts"]["create"])
        except GantryError as error:
            outcomes.append(error.message)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: len(left[1].client(token).names("sys/policies/acl")) > 20, "the other node to have the policies")
    lost.kill()
    thread.join(LONGEST)
    # Through a standby the run either waits for the new leader, or it ends with a message; never with a trace.
    assert len(outcomes) == 1 and (isinstance(outcomes[0], int) or outcomes[0])
    until(lambda: leader(left, token) is not None, "a new leader")
    run(left[0], token, 150)
    assert run(left[1], token, 150)["changed"] is False
    lost.start()
    until(lost.serves, "the lost node to serve again")
    until(lambda: voters(lost, token) == {"one", "two", "three"}, "three voters")
    assert run(lost, token, 150)["changed"] is False


def test_every_node_restarts_and_opens_itself(nodes):
    found, token = nodes
    run(found[0], token, 3)
    for node in found:
        node.kill()
    for node in found:
        node.start()
    until(lambda: all(node.serves() for node in found), "all nodes to serve")
    assert run(leader(found, token), token, 3)["changed"] is False


def test_the_root_token_comes_back_from_the_recovery_keys(nodes, tmp_path):
    """docs/vault.md, break glass: with the recovery keys anybody who holds enough of them makes a new root token."""
    found, token = nodes
    keys = json.loads((found[0].folder.parent / "keys.json").read_text(encoding="utf-8"))["keys"]
    fresh = new_root_token(found[0].client(), keys)
    assert fresh != token and found[0].client(fresh).read("auth/token/lookup-self")["data"]["policies"] == ["root"]
    found[0].client(fresh).write("auth/token/revoke-self", {})


def test_a_snapshot_in_a_new_cluster_gives_equal_reads(nodes, sandbox, tmp_path):
    found, token = nodes
    run(found[0], token, 20)
    old = leader(found, token).client(token)
    old.write("kv/data/app", {"data": {"password": "kept-over-the-loss"}})
    sealed = old.write("transit/encrypt/personal", {"plaintext": "eA=="})["data"]["ciphertext"]
    path = tmp_path / "vault.snap"
    assert save(old, path, 0.0, False)[1]["index"] > 0
    for node in found:
        node.kill()

    new = Node(tmp_path, "new", sandbox)
    try:
        until(lambda: _answers(new), "the new node to answer")
        bring_up(new.client(), Delivery(str(tmp_path / "new-keys.json"), 1, 1), False, LONGEST)
        fresh = json.loads((tmp_path / "new-keys.json").read_text(encoding="utf-8"))["root_token"]
        client = new.client(fresh)
        name = health(client)["cluster_name"]
        with pytest.raises(GantryError, match=f"say confirm: {name}"):
            restore(client, path, "", True, False)
        restore(client, path, name, True, False)
        until(lambda: _kept(new, token) == {"password": "kept-over-the-loss"}, "the new node to say what the old one knew")
        again = new.client(token)
        assert again.write("transit/decrypt/personal", {"ciphertext": sealed})["data"]["plaintext"] == "eA=="
        assert run(new, token, 20)["changed"] is False
    finally:
        new.process.kill()
        new.process.wait()
    assert os.stat(path).st_mode & 0o077 == 0


def _kept(node, token):
    """What is in the secret. A node that was restored knows its tokens before it has its mounts again."""
    with contextlib.suppress(GantryError):
        return node.client(token).read("kv/data/app")["data"]["data"]
    return None


def test_the_last_node_goes_on_alone_after_the_others_are_lost(sandbox, nodes, tmp_path):
    """docs/vault.md, lost quorum: two of three are gone for good; the third is told so by peers.json."""
    found, token = nodes
    for node in found:
        if node.process.poll() is None:
            node.kill()
    last = found[0]
    config = json.loads((last.folder / "config.json").read_text(encoding="utf-8"))
    address = config["listener"]["tcp"]["cluster_address"]
    peers = [{"id": last.name, "address": address, "non_voter": False}]
    (last.folder / "data" / "raft" / "peers.json").write_text(json.dumps(peers), encoding="utf-8")
    last.start()
    until(last.serves, "the last node to serve")
    until(lambda: voters(last, token) == {last.name}, "the last node to be the only voter")
    until(lambda: _kept(last, token), "the last node to be read")
    assert _kept(last, token) == {"password": "kept-over-the-loss"}
