# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from ansible_collections.gantry.platform.plugins.callback.plan import CallbackModule
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report
from ansible_collections.gantry.platform.plugins.plugin_utils._run_folder import leave_word
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import change, meta, plan_of, planned, result, sealed


@pytest.fixture
def callback():
    made = CallbackModule(display=MagicMock(verbosity=0))
    made.get_option = {"show": "always", "html": None}.get
    return made


def ended(action, answer, host="prod", check_mode=False):
    task = MagicMock(action=action, check_mode=check_mode)
    task.get_name.return_value = "Reconcile"
    return SimpleNamespace(task=task, result=answer, host=SimpleNamespace(get_name=lambda: host))


def said(callback):
    return "\n".join(call.args[0] for call in callback._display.display.call_args_list)


def test_quiet_without_a_plan(callback):
    callback.v2_runner_on_ok(ended("ansible.builtin.debug", {"plan": [change("Namespace/-/x")]}))
    callback.v2_playbook_on_stats(None)
    callback._display.display.assert_not_called()
    assert callback._table.report() is None


def test_the_published_report_is_drawn(callback, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan_of(prod=planned(change("Namespace/-/cortex")))), encoding="utf-8")
    callback.v2_runner_on_ok(ended("gantry.platform.kube_apply", result()))
    callback.v2_runner_on_ok(ended("gantry.platform.run_report", {"id": json.loads(path.read_text())["run"]}))
    callback.v2_runner_on_ok(ended("gantry.platform.run_report", {"report_file": str(path)}))
    callback.v2_playbook_on_stats(None)
    assert "Plan for prod" in said(callback)
    assert "Namespace/cortex" in said(callback)


@pytest.mark.parametrize(
    "content", [None, plan_of(dr=planned(change("Namespace/-/theirs"))) | {"run": "another"}], ids=["gone", "another's"]
)
def test_a_report_that_another_run_replaced_is_not_shown_as_this_ones(callback, tmp_path, content):
    path = tmp_path / "plan.json"
    if content:
        path.write_text(json.dumps(content), encoding="utf-8")
    callback.v2_runner_on_ok(ended("gantry.platform.run_report", {"id": "mine", "environment": "staging", "command": "plan"}))
    callback.v2_runner_on_ok(ended("gantry.platform.kube_apply", result(change("Namespace/-/ours"))))
    callback.v2_runner_on_ok(ended("gantry.platform.run_report", {"report_file": str(path)}))
    callback.v2_playbook_on_stats(None)
    assert "Plan for staging" in said(callback)
    assert "Namespace/ours" in said(callback)
    assert "theirs" not in said(callback)


def test_a_role_used_alone_shows_its_plan_too(callback):
    callback.v2_runner_on_ok(ended("gantry.platform.kube_apply", result(change("Namespace/-/cortex")), check_mode=True))
    refused = {"failed": True, "msg": "not allowed", "refused": [change("PersistentVolumeClaim/x/data", "delete", "destroys_data")]}
    callback.v2_runner_on_failed(ended("gantry.platform.kube_apply", refused, host="dr"))
    callback.v2_playbook_on_stats(None)
    assert "Namespace/cortex" in said(callback)
    assert "PersistentVolumeClaim/x/data" in said(callback)
    assert "not allowed" in said(callback)


def test_whatever_module_made_a_plan_is_shown_and_what_fails_before_any_is_not(callback):
    callback.v2_runner_on_failed(ended("gantry.platform.platform_model", {"failed": True, "msg": "no such team"}))
    assert callback._table.report() is None
    callback.v2_runner_on_ok(ended("gantry.platform.of_another_system", result(change("zone/-/example.com"))))
    callback.v2_runner_on_ok(ended("somebody.elses.module", result(change("zone/-/example.org"))))
    callback.v2_runner_on_failed(ended("gantry.platform.of_another_verify", {"failed": True, "msg": "it does not answer"}))
    callback.v2_playbook_on_stats(None)
    assert "zone/example.com" in said(callback)
    assert "it does not answer" in said(callback)
    assert "example.org" not in said(callback)
    assert "no such team" not in said(callback)


@pytest.mark.parametrize(
    ("show", "changes", "drawn"), [("never", True, False), ("changes", False, False), ("changes", True, True), ("always", False, True)]
)
def test_what_is_shown_can_be_chosen(callback, show, changes, drawn):
    callback.get_option = {"show": show, "html": None}.get
    callback.v2_runner_on_ok(ended("gantry.platform.kube_apply", result(*([change("Namespace/-/x")] if changes else []), unchanged=1)))
    callback.v2_playbook_on_stats(None)
    assert callback._display.display.called is drawn


def test_an_interrupted_run_is_told_and_its_report_completed_by_what_its_workers_left(callback, tmp_path):
    path, store = tmp_path / "plan.json", tmp_path / "run" / "prod"
    store.mkdir(parents=True)
    begun = sealed(build_report(meta("site", process="m-1-b"), {"prod": []}))
    path.write_text(json.dumps(begun), encoding="utf-8")
    made, left = change("ConfigMap/n/made", written=True), change("ConfigMap/n/left", written=False)
    leave_word(str(store), {"failed": True, "interrupted": True, "msg": "told to stop", **result(made, left)})
    callback.v2_runner_on_ok(ended("gantry.platform.run_report", {"id": begun["run"], "files": [str(path)]}))
    callback.v2_runner_on_ok(ended("gantry.platform.platform_model", {"store": str(store)}))
    callback.v2_runner_on_ok(ended("gantry.platform.run_report", {"report_file": str(path)}))
    callback._interrupted()
    report = json.loads(path.read_text(encoding="utf-8"))
    assert (report["status"], report["counts"]["create"]) == ("interrupted", 1)
    assert "written: 1 create; not written: 1" in said(callback)
    assert "the next run goes on from there" in said(callback)


@pytest.mark.parametrize("status", ["applied", "failed", "changes"])
def test_a_run_that_came_to_its_end_is_left_as_it_is(callback, tmp_path, status):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**plan_of(prod=planned()), "status": status}), encoding="utf-8")
    callback.v2_runner_on_ok(ended("gantry.platform.run_report", {"id": "run-1", "files": [str(path)]}))
    callback.v2_runner_on_ok(ended("gantry.platform.run_report", {"report_file": str(path)}))
    callback._interrupted()
    assert json.loads(path.read_text(encoding="utf-8"))["status"] == status
    callback._display.display.assert_not_called()


@pytest.mark.parametrize("there", [True, False])
def test_the_report_is_written_as_a_page_where_one_is_wanted(callback, tmp_path, there):
    place = tmp_path / "plan.html" if there else tmp_path / "nowhere" / "plan.html"
    callback.get_option = {"show": "always", "html": str(place)}.get
    diff = [{"before_header": "Namespace/-/x", "before": "", "after": "name: x\n"}]
    callback.v2_runner_on_ok(ended("gantry.platform.kube_apply", {**result(change("Namespace/-/x")), "diff": diff}))
    callback.v2_playbook_on_stats(None)
    if there:
        assert '"after": "name: x\\n"' in place.read_text(encoding="utf-8")
    else:
        assert "cannot be written: No such file" in callback._display.error.call_args.args[0]
    assert "Namespace/x" in said(callback)
