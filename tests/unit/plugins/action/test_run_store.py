# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from unittest.mock import MagicMock

import pytest
from ansible_collections.gantry.platform.plugins.action import run_store
from ansible_collections.gantry.platform.plugins.module_utils._run.place import parse_place, secret_of
from ansible_collections.gantry.platform.plugins.plugin_utils import _files
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import refusal


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(_files.constants, "CONFIG_FILE", str(tmp_path / "ansible.cfg"))
    return tmp_path


class Cluster:
    """Stands for a cluster that keeps Secrets."""

    def __init__(self):
        self.secrets, self.writes, self.version, self.meanwhile = {}, 0, 1, []

    def find(self, path):
        return self.secrets.get(path)

    def apply(self, path, body, manager, force=False):
        live = self.secrets.get(path)
        if live is not None and body["metadata"]["resourceVersion"] != live["metadata"]["resourceVersion"]:
            raise refusal(409, "modified")
        if self.meanwhile:
            self.meanwhile.pop()()
            raise refusal(409, "modified")
        self.put(path, body)
        self.writes += 1

    def put(self, path, body):
        self.version += 1
        self.secrets[path] = json.loads(json.dumps(body))
        self.secrets[path]["metadata"]["resourceVersion"] = str(self.version)

    def close(self):
        self.closed = True


@pytest.fixture
def cluster(monkeypatch):
    found = Cluster()
    monkeypatch.setattr(run_store.ActionModule, "_client", lambda self, options, gate: found)
    return found


def call(check_mode=False, **args):
    task = MagicMock(async_val=0, check_mode=check_mode, args=args, environment=[])
    return run_store.ActionModule(task, MagicMock(), MagicMock(), MagicMock(), MagicMock(), MagicMock()).run(None, {})


@pytest.mark.parametrize("place", ["plans", "secret:gantry-system/gantry-plan"])
def test_a_document_is_kept_once_and_read_again(cluster, place):
    assert call(state="read", place=place, name="plan-prod") == {"changed": False, "document": None, "lock": None}
    assert call(check_mode=True, place=place, name="plan-prod", document={"a": 1})["changed"] is True
    assert call(state="read", place=place, name="plan-prod")["document"] is None
    assert call(place=place, name="plan-prod", document={"a": 1})["changed"] is True
    assert call(place=place, name="plan-prod", document={"a": 1})["changed"] is False
    assert call(state="read", place=place, name="plan-prod")["document"] == {"a": 1}
    assert cluster.writes <= 1


def test_a_file_can_be_kept(project, cluster):
    (project / "plan.json").write_text('{"b": 2}', encoding="utf-8")
    assert call(place="plans", name="plan-prod", src="plan.json")["changed"] is True
    assert json.loads((project / "plans" / "plan-prod.json").read_text(encoding="utf-8")) == {"b": 2}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"place": "secret:x", "name": "a", "document": {}}, "secret:<namespace>/<name>"),
        ({"place": "plans", "name": "a"}, "needs document or src"),
        ({"place": "plans", "name": "a", "src": "nowhere.json"}, "holds no JSON object"),
        ({"place": "plans", "name": "a", "src": "x", "document": {}}, "mutually exclusive"),
    ],
)
def test_wrong_input_is_named(args, words):
    answer = call(**args)
    assert answer["failed"]
    assert words in answer["msg"]


def test_a_broken_file_is_named(project):
    (project / "plans").mkdir()
    (project / "plans" / "a.json").write_text("{", encoding="utf-8")
    assert "cannot be read as JSON" in call(state="read", place="plans", name="a")["msg"]


RECORD = "secret:gantry-system/gantry-last-run"


def test_what_somebody_else_wrote_meanwhile_is_not_written_over_unseen(cluster):
    """A run whose lock was lost stands beside the run that came after it, even where that one writes in this very moment."""
    place = parse_place(RECORD)
    call(place=RECORD, name="last-run", document={"run": "first"})
    cluster.meanwhile = [lambda: cluster.put(place.path, secret_of(place, {"run": "second"}, {}))]
    assert call(place=RECORD, name="last-run", document={"run": "slept"}, beside=True)["changed"] is True
    assert call(state="read", place=RECORD, name="last-run")["document"] == {"run": "second", "beside": [{"run": "slept"}]}


def test_the_lock_is_read_beside_a_document(cluster):
    lease = {"metadata": {"annotations": {"gantry.dev/run": "r1", "gantry.dev/written": "2 of 5 changes"}}, "spec": {"acquireTime": "then"}}
    cluster.secrets["/apis/coordination.k8s.io/v1/namespaces/gantry-system/leases/gantry-run"] = lease
    answer = call(state="read", place=RECORD, name="last-run", lock=True)
    assert answer["lock"] == {"run": "r1", "written": "2 of 5 changes", "since": "then", "holder": ""}


@pytest.mark.parametrize("place", ["plans", "secret:gantry-system/gantry-plan"])
def test_what_is_read_is_text_and_what_is_ours_is_as_it_was(cluster, place):
    ours = {"host": {"error": "one\n\ttwo", "counts": {"create": 1}}, "changes": [{"id": "Namespace/-/x", "verified": True}]}
    call(place=place, name="kept", document=ours)
    assert call(state="read", place=place, name="kept")["document"] == ours
    call(place=place, name="kept", document={"who": "a\x1b[2J\u202eb\x9b", "\x07": ["\r"]})
    assert call(state="read", place=place, name="kept")["document"] == {"who": "a\\x1b[2J\\u202eb\\x9b", "\\x07": ["\\r"]}
