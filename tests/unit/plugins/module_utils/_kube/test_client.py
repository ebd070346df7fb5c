# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.client
import json
import types
import urllib.parse

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Endpoint, Response
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.client import KubeClient
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.errors import ApiError
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import KINDS


def answer(status=200, body=None, warnings=()):
    headers = http.client.HTTPMessage()
    headers["Content-Type"] = "application/json"
    for warning in warnings:
        headers["Warning"] = f'299 - "{warning}"'
    return Response(status, headers, json.dumps(body or {}).encode())


@pytest.fixture
def client(monkeypatch):
    """A client whose pool answers what lies in ``answers`` and remembers what it was asked."""
    made = KubeClient(
        types.SimpleNamespace(endpoint=Endpoint("http://nowhere.invalid"), headers=lambda renew: {}, namespace=None, warnings=[])
    )
    made.answers, made.asked = [], []

    def request(method, path, body, headers, retry, gate, once, limited):
        gate()
        made.once = once
        made.asked.append((method, path, json.loads(body) if body else None, dict(headers or {})))
        return made.answers.pop(0)

    monkeypatch.setattr(made, "pool", types.SimpleNamespace(request=request))
    return made


def query(asked):
    return dict(urllib.parse.parse_qsl(asked[1].partition("?")[2]))


def test_a_list_is_read_to_its_last_page_and_its_items_say_what_they_are(client):
    client.answers = [
        answer(body={"metadata": {"continue": "more", "resourceVersion": "5"}, "items": [{"metadata": {"name": "a"}}]}),
        answer(body={"metadata": {"resourceVersion": "5"}, "items": [{"metadata": {"name": "b"}}]}),
    ]
    items, version = client.list_objects(KINDS["Deployment"], "n", "a=b", fields="type=x")
    assert [(item["apiVersion"], item["kind"], item["metadata"]["name"]) for item in items] == [
        ("apps/v1", "Deployment", "a"),
        ("apps/v1", "Deployment", "b"),
    ]
    assert version == "5"
    assert [query(asked).get("continue") for asked in client.asked] == [None, "more"]
    assert query(client.asked[1]) == {"limit": "500", "labelSelector": "a=b", "fieldSelector": "type=x", "continue": "more"}


def test_a_list_that_the_server_forgot_between_two_pages_is_read_again_as_a_whole(client):
    client.answers = [
        answer(body={"metadata": {"continue": "more"}, "items": [{"metadata": {"name": "a"}}]}),
        answer(410, {"kind": "Status", "reason": "Expired"}),
        answer(body={"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": name}} for name in "ab"]}),
    ]
    items, version = client.list_objects(KINDS["Deployment"], "n", "a=b")
    assert ([item["metadata"]["name"] for item in items], version) == (["a", "b"], "7")
    assert query(client.asked[2]) == {"labelSelector": "a=b"}
    client.answers = [answer(410)] * 2
    with pytest.raises(ApiError, match="410"):
        client.list_objects(KINDS["Deployment"])


def test_a_removal_of_a_kind_that_is_not_served_is_no_removal(client):
    client.answers = [Response(404, http.client.HTTPMessage(), b"404 page not found")]
    with pytest.raises(ApiError, match="404 page not found"):
        client.delete("/p", "u-1")


def test_what_does_not_exist_is_none_and_other_refusals_are_errors(client):
    client.answers = [answer(404), answer(403, {"message": "no"})]
    assert client.find("/api/v1/x") is None
    with pytest.raises(ApiError) as refused:
        client.find("/api/v1/x")
    assert refused.value.status == 403


def test_an_apply_is_strict_and_says_who_and_whether_by_force(client):
    client.answers = [answer(), answer()]
    client.apply("/p", {"b": 1, "a": 2}, "kube_apply:me")
    client.apply("/p", {}, "kube_apply:me", force=True, dry_run=True)
    assert query(client.asked[0]) == {"fieldManager": "kube_apply:me", "fieldValidation": "Strict", "force": "false"}
    assert query(client.asked[1]) == {"fieldManager": "kube_apply:me", "fieldValidation": "Strict", "force": "true", "dryRun": "All"}
    assert client.asked[0][3]["Content-Type"] == "application/apply-patch+yaml"


def test_warnings_are_kept_once_and_those_of_questions_not_at_all(client):
    client.answers = [answer(warnings=["old"]), answer(warnings=["old", "older"]), answer(warnings=["of a question"])]
    client.get("/a")
    client.get("/b")
    client.ask("/c", {}, "me")
    assert list(client.warnings) == ["old", "older"]


def test_a_removal_names_the_uid_and_forgives_that_it_happened_already(client):
    client.answers = [answer(), answer(404, {"kind": "Status", "reason": "NotFound"}), answer(409, {"message": "another uid"})]
    assert client.delete("/p", "u-1", "Foreground", dry_run=True) is True
    assert client.delete("/p", "u-1") is False
    with pytest.raises(ApiError):
        client.delete("/p", "u-1")
    method, path, body, _headers = client.asked[0]
    assert (method, path, body["preconditions"], body["propagationPolicy"], body["dryRun"]) == (
        *("DELETE", "/p?dryRun=All", {"uid": "u-1"}, "Foreground", ["All"]),
    )
    assert "dryRun" not in client.asked[1][2]


def test_a_watch_asks_for_bookmarks_and_yields_events(client):
    asked = []

    def stream(path, headers, seconds):
        asked.append((path, seconds))
        yield b'{"type": "BOOKMARK"}'

    client.pool.stream = stream
    assert list(client.watch(KINDS["ConfigMap"], "7", None, 2.5, "a=b")) == [{"type": "BOOKMARK"}]
    path, seconds = asked[0]
    assert path.startswith("/api/v1/configmaps?")
    assert query(("", path)) == {
        **{"watch": "true", "allowWatchBookmarks": "true", "resourceVersion": "7", "timeoutSeconds": "2", "labelSelector": "a=b"},
    }
    assert seconds > 2.5


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("PATCH", "/p?fieldManager=us", True),
        ("PUT", "/p", True),
        ("DELETE", "/p", True),
        ("POST", "/p", True),
        ("GET", "/p", False),
        ("PATCH", "/p?dryRun=All", False),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", False),
    ],
)
def test_a_guard_is_asked_before_whatever_changes_something(client, method, path, asked):
    client.answers = [answer(), answer()]
    seen = []
    guarded = client.guarded(lambda: seen.append(path))
    guarded._send(method, path)
    assert bool(seen) is asked
    client._send(method, path)
    assert len(seen) == asked


def test_only_what_leaves_nothing_behind_is_created_again_after_a_lost_answer(client):
    client.answers = [answer(), answer(), answer(), answer()]
    for path, dry, once in (("/c", False, True), ("/c", True, False), ("/x/selfsubjectreviews", False, False), ("/sa/token", False, False)):
        client.create(path, {}, "us", dry_run=dry)
        assert client.once is once, path
