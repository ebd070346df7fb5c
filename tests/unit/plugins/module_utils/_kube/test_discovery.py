# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.discovery import Discovery
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import refusal


class Server:
    """Answers by path; an answer that is an error is raised."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []

    def get(self, path, accept="application/json"):
        self.asked.append(path)
        answer = self.answers[path]
        if isinstance(answer, Exception):
            raise answer
        return answer


def resource(name, kind, scope="Namespaced", verbs=("get", "list")):
    return {"resource": name, "responseKind": {"kind": kind}, "scope": scope, "verbs": list(verbs)}


def group(name, **versions):
    return {"metadata": {"name": name}, "versions": [{"version": version, **content} for version, content in versions.items()]}


AGGREGATED = {
    "/api": {"kind": "APIGroupDiscoveryList", "items": [group("", v1={"resources": [resource("namespaces", "Namespace", "Cluster")]})]},
    "/apis": {
        "kind": "APIGroupDiscoveryList",
        "items": [
            group(
                "example.dev",
                v2={"resources": [resource("things", "Thing")]},
                v1={"resources": [resource("things", "Thing"), resource("checks", "Check", verbs=["create"])]},
            ),
            group("metrics.k8s.io", v1={"freshness": "Stale"}),
        ],
    },
}
PLAIN = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "groups": [
            {"name": "apps", "versions": [{"version": "v1"}]},
            {"name": "broken.dev", "versions": [{"version": "v1"}]},
        ],
    },
    "/apis/apps/v1": {
        "resources": [
            {"name": "deployments", "kind": "Deployment", "namespaced": True, "verbs": ["list"]},
            {"name": "deployments/scale", "kind": "Scale", "namespaced": True, "verbs": ["get"]},
        ]
    },
    "/apis/broken.dev/v1": refusal(503),
}


def test_two_requests_tell_everything():
    server = Server(AGGREGATED)
    found = Discovery(server)
    assert found.preferred("example.dev", "Thing") == Kind("example.dev", "v2", "Thing", "things", True)
    assert found.find("example.dev/v1", "Thing") == Kind("example.dev", "v1", "Thing", "things", True)
    assert found.versions("example.dev", "Thing") == ["example.dev/v2", "example.dev/v1"]
    assert found.find("example.dev/v1", "Check") == Kind("example.dev", "v1", "Check", "checks", True, False)
    assert found.find("v1", "Namespace") == Kind("", "v1", "Namespace", "namespaces", False)
    assert found.find("example.dev/v3", "Thing") is None
    assert found.stale == {"metrics.k8s.io"}
    assert server.asked == ["/api", "/apis"]


def test_an_older_server_is_asked_for_the_groups_that_matter():
    server = Server(PLAIN)
    found = Discovery(server)
    assert found.preferred("apps", "Deployment") == Kind("apps", "v1", "Deployment", "deployments", True)
    assert found.preferred("apps", "Scale") is None
    assert found.preferred("nowhere.dev", "Thing") is None
    assert server.asked == ["/api", "/apis", "/apis/apps/v1"]


def test_a_group_whose_backend_is_away_is_known_to_be_unknown():
    found = Discovery(Server(PLAIN))
    assert found.preferred("broken.dev", "Thing") is None
    assert found.stale == {"broken.dev"}


def test_every_kind_of_an_older_server_is_known_and_what_did_not_answer_is_named():
    server = Server(PLAIN | {"/api/v1": {"resources": [{"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["list"]}]}})
    found = Discovery(server)
    assert {kind.group_kind for kind in found.every_kind()} == {"Pod", "Deployment.apps"} and found.stale == {"broken.dev"}
    asked = len(server.asked)
    assert len(found.every_kind()) == 2 and len(server.asked) == asked


def test_every_kind_of_two_requests_costs_no_third():
    server = Server(AGGREGATED)
    assert {kind.group_kind for kind in Discovery(server).every_kind()} == {"Namespace", "Thing.example.dev", "Check.example.dev"}
    assert server.asked == ["/api", "/apis"]


@pytest.mark.parametrize("answers", [AGGREGATED, PLAIN])
def test_reading_again_forgets_what_is_no_longer_served(answers):
    server = Server(dict(answers))
    found = Discovery(server)
    list(map(found.preferred, ("example.dev", "apps"), ("Thing", "Deployment")))
    server.answers = {"/api": {"kind": "APIVersions"}, "/apis": {"kind": "APIGroupList"}}
    found.refresh()
    assert list(found.kinds()) == []
    assert found.preferred("example.dev", "Thing") is None
