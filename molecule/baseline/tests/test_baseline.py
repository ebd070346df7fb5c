# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from cluster import KUBECTL, get, mutations_by_deployer

testinfra_hosts = ["local://"]


def deployment(image, **pod):
    container = {
        "name": "app",
        "image": image,
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "16Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {"containers": [container], "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}, **pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "probe", "namespace": "cortex", "labels": {"owner": "cortex", "cost-center": "cognition"}},
        "spec": {"selector": {"matchLabels": {"app": "p"}}, "template": {"metadata": {"labels": {"app": "p"}}, "spec": spec}},
    }


def tried(host, document):
    return host.run(f"echo '{json.dumps(document)}' | {KUBECTL} create --dry-run=server -f -")


def test_a_sound_workload_is_let_in(host):
    assert tried(host, deployment("images.consciousness.example/cortex/app@sha256:" + "0" * 64)).rc == 0


def test_a_foreign_registry_is_refused(host):
    answer = tried(host, deployment("elsewhere.example/app@sha256:" + "0" * 64))
    assert answer.rc != 0
    assert "gantry-workloads" in answer.stderr


def test_the_tag_latest_is_refused(host):
    answer = tried(host, deployment("images.consciousness.example/cortex/app:latest"))
    assert answer.rc != 0
    assert "digest" in answer.stderr


def test_the_hosts_network_is_refused(host):
    assert tried(host, deployment("images.consciousness.example/cortex/app:1.0", hostNetwork=True)).rc != 0


def test_missing_labels_are_refused(host):
    document = deployment("images.consciousness.example/cortex/app:1.0")
    del document["metadata"]["labels"]
    answer = tried(host, document)
    assert answer.rc != 0
    assert "cost-center" in answer.stderr


def test_a_developer_reads_pods_and_no_secrets(host):
    can = f"{KUBECTL} auth can-i --as someone --as-group cortex-developers -n cortex"
    assert host.run(f"{can} get pods").stdout.strip() == "yes"
    assert host.run(f"{can} get secrets").stdout.strip() == "no"
    assert host.run(f"{can.replace('-n cortex', '-n memory')} get pods").stdout.strip() == "no"


def test_the_deployer_stays_out_of_undeclared_namespaces(host):
    def entered(namespace):
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "gantry-deployer", "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "gantry-deployer-namespace"},
            "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "gantry:deployer"}],
        }
        apply = f"{KUBECTL} --as gantry:deployer apply --server-side --force-conflicts --dry-run=server -f -"
        return host.run(f"echo '{json.dumps(binding)}' | {apply}")

    assert entered("cortex").rc == 0
    refused = entered("kube-system")
    assert refused.rc != 0
    assert "gantry-deployer-guard" in refused.stderr


def test_every_namespace_denies_by_default(host):
    teams = [n["metadata"]["name"] for n in get(host, "namespaces -l owner,cost-center")]
    policies = {(p["metadata"]["namespace"], p["metadata"]["name"]) for p in get(host, "networkpolicies -A")}
    assert len(teams) >= 4
    assert {(team, "default-deny") for team in teams} <= policies


def test_check_mode_and_the_second_run_wrote_nothing():
    assert [bool(run) for run in mutations_by_deployer()] == [False, True, False, False]
