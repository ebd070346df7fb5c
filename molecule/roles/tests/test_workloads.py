# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.gantry.platform.tests.kit.scenario import get

testinfra_hosts = ["local://"]


def test_every_service_can_serve(host):
    deployments = get(host, "deployments -A -l app.kubernetes.io/managed-by=gantry.platform")
    assert len(deployments) >= 12
    for deployment in deployments:
        assert deployment["status"]["availableReplicas"] == deployment["spec"]["replicas"], deployment["metadata"]["name"]


def test_pods_of_what_matters_are_spread_over_zones(host):
    zones = {node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in get(host, "nodes")}
    for deployment in get(host, "deployments -A -l tier=t0"):
        name = deployment["metadata"]["name"]
        pods = get(host, f"pods -A -l app.kubernetes.io/name={name}")
        assert len({zones[pod["spec"]["nodeName"]] for pod in pods}) == min(len(pods), len(set(zones.values()))), name


def test_only_declared_callers_may_connect(host):
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in get(host, "networkpolicies -n memory")}
    sources = [source for rule in policies["memory-store"]["ingress"] for source in rule["from"]]
    callers = {source["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for source in sources}
    assert "consciousness-engine" in callers
    assert "perception-gateway" not in callers


def test_replicas_belong_to_the_autoscaler(host):
    deployments = {d["metadata"]["name"]: d for d in get(host, "deployments -A --show-managed-fields")}
    for scaler in get(host, "horizontalpodautoscalers -A"):
        fields = {
            entry["manager"]: entry.get("fieldsV1", {}).get("f:spec", {})
            for entry in deployments[scaler["metadata"]["name"]]["metadata"]["managedFields"]
        }
        ours = [manager for manager, spec in fields.items() if "f:replicas" in spec]
        assert all(not manager.startswith("kube_apply:") for manager in ours)
        # One is the server's own default: nobody had to begin with it.
        assert any(manager.endswith("-initial") for manager in ours) or (not ours and scaler["spec"].get("minReplicas", 1) == 1)
