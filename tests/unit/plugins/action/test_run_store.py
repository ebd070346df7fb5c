# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from unittest.mock import MagicMock

import pytest
from ansible_collections.gantry.platform.plugins.action import run_store
from ansible_collections.gantry.platform.plugins.plugin_utils import _files


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(_files.constants, "CONFIG_FILE", str(tmp_path / "ansible.cfg"))
    return tmp_path


class Cluster:
    """Stands for a cluster that keeps Secrets."""

    def __init__(self):
        self.secrets, self.writes = {}, 0

    def find(self, path):
        return self.secrets.get(path)

    def apply(self, path, body, manager, force=False):
        self.secrets[path] = json.loads(json.dumps(body))
        self.writes += 1

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
    assert call(state="read", place=place, name="plan-prod") == {"changed": False, "document": None}
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
