# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new Vault initialised by the role on a runner that is thrown away: real PGP keys of its holders, a real cluster that keeps the shares."""

from __future__ import annotations

import base64
import json

import pysequoia
import pytest
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import Face
from ansible_collections.gantry.platform.tests.integration.vault.test_cluster import Node, _answers, new_root_token
from ansible_collections.gantry.platform.tests.kit.waiting import until

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault-keys", "namespace": "vault"}}


@pytest.fixture
def node(sandbox, tmp_path):
    """A Vault with automatic unsealing that nobody has initialised."""
    made = Node(tmp_path, "fresh", sandbox)
    until(lambda: _answers(made), "it to answer")
    yield made
    made.kill()


def test_holders_find_their_shares_and_open_vault_after_the_runner_is_gone(node, cluster, tmp_path):
    holders = [pysequoia.Tsk.generate(f"Holder {number} <holder{number}@platform.example>") for number in range(3)]
    keys_file = tmp_path / "runner" / "keys.json"
    variables = {
        "platform_cluster_access": {"kubeconfig": cluster.kubeconfig},
        "platform_model": {"owner": "tests"},
        "vault_access": {"url": node.url},
        "vault_is_configured_here": True,
        "vault_simulated": False,
        "vault_initialise": True,
        "vault_label_owner": "tests",
        "vault_keys_file": str(keys_file),
        "vault_shares": 3,
        "vault_threshold": 2,
        "vault_pgp_keys": [base64.b64encode(bytes(holder.extract_certificate())).decode() for holder in holders],
    }
    initialise = {
        "name": "initialise",
        "ansible.builtin.include_role": {"name": "gantry.platform.vault", "tasks_from": "initialise", "rolespec_validate": False},
        "vars": variables,
    }
    cluster.admin.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vault"}}, "tests")
    face = Face("action", tmp_path, cluster.kubeconfig)

    for others in ({"vault_initialise": False}, {"vault_is_configured_here": False}, {"vault_simulated": True}):
        left = face.play({**initialise, "vars": {**variables, **others}}, words=("-vvvv", "--diff"))
        assert left.code == 0, left.output
    planned = face.play(initialise, words=("-vvvv", "--diff", "--check"))
    assert planned.code == 0, planned.output
    assert cluster.find(SECRET) is None and not node.client().health()["initialized"]

    first = face.play(initialise, words=("-vvvv", "--diff"))
    assert first.code == 0, first.output
    kept = cluster.get(SECRET)
    again = face.play(initialise, words=("-vvvv", "--diff"))
    assert again.code == 0 and changes(again) == 0, again.output
    assert cluster.get(SECRET)["metadata"]["resourceVersion"] == kept["metadata"]["resourceVersion"]
    root = json.loads(keys_file.read_text(encoding="utf-8"))["root_token"]
    assert root not in first.output + again.output

    # The runner is gone, and with it the root token. Two of the three holders are enough.
    keys_file.unlink()
    shares = [
        pysequoia.decrypt(base64.b64decode(kept["data"][f"share-{number}.pgp"]), holder.decryptor()).bytes.decode()
        for number, holder in enumerate(holders[:2], 1)
    ]
    assert not any(share in first.output + again.output for share in shares)
    fresh = new_root_token(node.client(), shares)
    assert fresh != root and node.client(fresh).read("auth/token/lookup-self")["data"]["policies"] == ["root"]
    late = face.play(initialise, words=("-vvvv",))
    assert late.code == 0 and changes(late) == 0, late.output


def changes(played):
    """How many tasks changed something, besides the one that keeps the result."""
    return played.output.count("changed: [localhost]") - 1
