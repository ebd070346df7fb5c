# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.gantry.platform.tests.kit.scenario import get

testinfra_hosts = ["local://"]


def test_every_service_has_the_pods_it_wants(host):
    deployments = get(host, "deployments -A -l app.kubernetes.io/managed-by=gantry.platform")
    assert len(deployments) >= 12
    assert {d["metadata"]["name"]: d["status"].get("availableReplicas") for d in deployments} == {
        d["metadata"]["name"]: d["spec"]["replicas"] for d in deployments
    }


def test_pods_of_a_service_stand_in_different_zones(host):
    zones = {node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in get(host, "nodes")}
    pods = get(host, "pods -A -l app.kubernetes.io/name=consciousness-engine")
    assert len(pods) >= 2
    assert len({zones[pod["spec"]["nodeName"]] for pod in pods}) == len(pods)
