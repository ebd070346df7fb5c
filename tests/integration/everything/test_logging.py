# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logs on a real apiserver with the definitions of the real operator; the stand-in for Elasticsearch has what it was told."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.gantry.platform.tests.integration.everything.conftest import HOST


def test_a_real_apiserver_has_what_the_operator_would_make_servers_of(everything):
    """It drops what its definitions do not know: what is there is what they have words for."""
    found = json.loads(everything.kubectl("get", "elasticsearch,kibana,logstash", "-n", "logging", "-o", "json"))["items"]
    made = {one["kind"]: one["spec"] for one in found}
    assert made.keys() == {"Elasticsearch", "Kibana", "Logstash"}
    nodes = {one["name"]: one for one in made["Elasticsearch"]["nodeSets"]}
    assert {name: one["count"] for name, one in nodes.items()} == {"masters": 3, "hot": 3, "warm": 2, "cold": 1}
    assert [one["config"]["node.roles"][0] for one in nodes.values()] == ["master", "data_hot", "data_warm", "data_cold"]
    assert {one["zoneAwareness"]["topologyKey"] for one in nodes.values()} == {"topology.kubernetes.io/zone"}
    assert made["Elasticsearch"]["podDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    assert made["Kibana"]["elasticsearchRef"]["name"] == made["Logstash"]["elasticsearchRefs"][0]["name"] == "logs"
    assert made["Logstash"]["pipelines"][0]["pipeline.id"] == "logs"


def test_fluent_bit_is_on_every_node(everything):
    nodes = json.loads(everything.kubectl("get", "nodes", "-o", "json"))["items"]
    pods = json.loads(everything.kubectl("get", "pods", "-n", "log-collection", "-l", "app.kubernetes.io/name=fluent-bit", "-o", "json"))[
        "items"
    ]
    assert sorted(pod["spec"]["nodeName"] for pod in pods) == sorted(node["metadata"]["name"] for node in nodes)


def test_the_stand_in_was_told_how_long_each_stream_is_kept(everything):
    log = Path(everything.folder) / HOST / "logs" / "elasticsearch-requests.log"
    requests = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    policies = {one["path"].rsplit("/", 1)[1] for one in requests if one["verb"] == "PUT" and "/_ilm/policy/" in one["path"]}
    assert {"gantry-logs-platform", "gantry-logs-audit", "gantry-logs-security", "gantry-logs-personal.t0"} <= policies
    # As a user with a password, which is how a run reaches what ECK made.
    token = Path(everything.folder) / HOST / "elasticsearch.token"
    assert token.read_text(encoding="utf-8").startswith("somebody:") and {one["status"] for one in requests} <= {200, 201, 404}
