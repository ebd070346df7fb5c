# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter

from ansible_collections.gantry.platform.tests.kit.audit import VaultAudit
from ansible_collections.gantry.platform.tests.kit.scenario import INSTANCE, changes_by_run, get

testinfra_hosts = ["local://"]


def test_servers_and_those_that_wait_for_them_are_ready(host):
    (servers,) = get(host, "statefulsets -n vault")
    assert servers["status"]["readyReplicas"] == servers["spec"]["replicas"] == 3
    injected = [
        pod for pod in get(host, "pods -A") if (pod["metadata"].get("annotations") or {}).get("vault.hashicorp.com/agent-inject") == "true"
    ]
    assert {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in injected} == {
        "consent-ledger",
        "experience-archive",
        "identity-registry",
        "memory-store",
    }
    for pod in injected:
        assert {"type": "Ready", "status": "True"}.items() <= next(c for c in pod["status"]["conditions"] if c["type"] == "Ready").items()


def test_no_node_carries_two_servers(host):
    nodes = [pod["spec"]["nodeName"] for pod in get(host, "pods -n vault -l component=server")]
    assert len(nodes) == len(set(nodes)) == 3


def test_only_converge_wrote_to_vault_and_each_path_once():
    # Without the records of what was written.
    written = Counter(path for path in VaultAudit.of(INSTANCE).configured() if not path.startswith("gantry/"))
    assert "sys/policies/acl/memory-store" in written
    assert "auth/kubernetes-sandbox/role/memory-store" in written
    assert {path: number for path, number in written.items() if number > 1} == {}


def test_check_mode_and_the_second_run_wrote_nothing_to_the_cluster():
    runs = changes_by_run()
    writing = [number for number, run in enumerate(runs) if run]
    assert len(writing) == 2, "one for each wave of the converge run"
    assert runs[: writing[0]], "check mode and the plan came first"
    assert len(runs[writing[-1] + 1 :]) >= 4, "idempotence and the second check ran as well"


def test_no_key_or_token_is_readable_by_others(host):
    for name in ("vault-keys.json", "vault-kms-keys.json", "vault-seal.json", "postgres-password"):
        assert host.file(str(INSTANCE / name)).mode & 0o077 == 0, name
