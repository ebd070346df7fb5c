# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a cluster is looked at, by servers of any age and with parts that do not answer."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._joined import survey
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import refusal

SERVED = {"": ["Node", "Namespace", "Pod"], "apps": ["Deployment"], "things.example": ["Thing"]}
NOT_THERE = "the server does not have it"
AWAY = "the server behind this API group does not answer"


class Server:
    """A cluster with one object of each kind. Of the groups in ``away`` nothing answers; ``plain`` is one without aggregated discovery."""

    threads = 2

    def __init__(self, plain, away=()):
        self.plain, self.away = plain, away

    def get(self, path, accept=""):
        parts = path.strip("/").split("/")
        if parts == ["version"]:
            return {"gitVersion": "v1.36.1"}
        if not self.plain:
            groups = [group for group in SERVED if (group == "") is (parts == ["api"])]
            return {
                "kind": "APIGroupDiscoveryList",
                "items": [{"metadata": {"name": one}, "versions": [self.version(one)]} for one in groups],
            }
        if parts == ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"]}
        if parts == ["apis"]:
            return {"kind": "APIGroupList", "groups": [{"name": one, "versions": [{"version": "v1"}]} for one in SERVED if one]}
        group = parts[1] if parts[0] == "apis" else ""
        if group in self.away:
            raise refusal(503)
        return {"resources": [{"name": one.lower() + "s", "kind": one, "namespaced": True, "verbs": ["list"]} for one in SERVED[group]]}

    def version(self, group):
        if group in self.away:
            return {"version": "v1", "freshness": "Stale"}
        kinds = [{"resource": f"{one.lower()}s", "responseKind": {"kind": one}, "verbs": ["list"]} for one in SERVED[group]]
        return {"version": "v1", "resources": kinds}

    def list_objects(self, kind, metadata_only):
        return [{"kind": kind.kind, "metadata": {"name": "a"}}], ""


def looked_at(monkeypatch, server):
    monkeypatch.setattr(survey, "cluster", lambda call, name: contextlib.nullcontext(server))
    return survey.survey(Call({"catalog": {}}, {}))


@pytest.mark.parametrize("plain", [False, True])
def test_a_server_of_any_age_is_read_whole(monkeypatch, plain):
    found = looked_at(monkeypatch, Server(plain))
    counts = {name: found["cluster"][name] for name in ("nodes", "namespaces", "objects")}
    assert counts == {"nodes": 1, "namespaces": 1, "objects": 5}
    assert set(found["unread"].values()) == {NOT_THERE} and "Deployment.apps" not in found["unread"]


@pytest.mark.parametrize("plain", [False, True])
def test_what_does_not_answer_is_not_called_none(monkeypatch, plain):
    found = looked_at(monkeypatch, Server(plain, away=("apps", "things.example")))
    unread = found["unread"]
    assert unread["*.things.example"] == unread["*.apps"] == f"{AWAY}: which kinds it has is not known"
    assert unread["Deployment.apps"] == unread["StatefulSet.apps"] == AWAY and unread["CronJob.batch"] == NOT_THERE
    assert found["cluster"]["objects"] == 3
    assert {one["status"] for one in found["checks"]} <= {"by hand", "not evaluated", "failed", "passed"}
    assert next(one for one in found["checks"] if one["id"] == "4.5.2")["status"] == "not evaluated"


def test_nodes_that_nobody_could_count_are_not_none(monkeypatch):
    found = looked_at(monkeypatch, Server(True, away=("",)))
    assert (found["cluster"]["nodes"], found["cluster"]["namespaces"]) == (None, None)
    assert found["unread"]["Node"] == AWAY and found["unread"]["*"].startswith(AWAY)
