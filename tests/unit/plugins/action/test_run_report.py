# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from unittest.mock import MagicMock

import pytest
from ansible_collections.gantry.platform.plugins.action.run_report import ActionModule
from ansible_collections.gantry.platform.plugins.plugin_utils import _files
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import applied, change, planned, result

MODEL = {"environment": {"promotes_from": "staging"}, "release": {"services": {"engine": {"digest": "sha256:aa"}}}}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(_files.constants, "CONFIG_FILE", str(tmp_path / "ansible.cfg"))
    return tmp_path


def call(task_vars, **args):
    task = MagicMock(async_val=0, check_mode=False, args=args)
    return ActionModule(task, MagicMock(), MagicMock(), MagicMock(), MagicMock(), MagicMock()).run(None, task_vars)


def variables(**hosts):
    hostvars = {}
    for host, notes in hosts.items():
        hostvars[host] = {"platform_environment": {"name": "prod"}, "platform_model": {"effective": MODEL}}
        if notes is not None:
            hostvars[host]["platform_notes"] = {"notes": notes}
    return {"hostvars": hostvars, "ansible_play_hosts_all": list(hosts)}


def started(task_vars, command="site", **more):
    return call(task_vars, state="started", command=command, **more)


def test_a_run_begins_by_removing_what_an_older_one_left(project):
    old = project / ".gantry" / "plan.json"
    old.parent.mkdir()
    old.write_text("{}", encoding="utf-8")
    run = started(variables(a=None), revision="abc")
    assert not old.exists()
    assert run["environment"] == "prod"
    assert run["revision"] == "abc"
    assert run["changed"] is False


def test_a_report_lands_in_both_places_and_says_what_the_next_job_needs(project):
    task_vars = variables(a=planned(change("Namespace/-/cortex")))
    answer = call(task_vars, state="published", run=started(task_vars, "plan"), gate=True)
    assert "failed" not in answer
    newest = json.loads((project / ".gantry" / "plan.json").read_text(encoding="utf-8"))
    assert newest == json.loads((project / ".gantry" / "prod" / "plan.json").read_text(encoding="utf-8"))
    assert answer["report_file"] == str(project / ".gantry" / "plan.json")
    assert answer["digest"] == newest["digest"] == answer["artifacts"]["platform_plan_digest"]
    assert answer["status"] == "changes"


def test_the_file_can_be_chosen(project):
    task_vars = variables(a=planned())
    answer = call(task_vars, state="published", run=started(task_vars, "plan", file="plans/mine.json"))
    assert answer["report_file"] == str(project / "plans" / "mine.json")
    assert not (project / ".gantry").exists()


def test_a_rehearsal_leaves_the_plan_of_the_real_thing_alone(project):
    real = project / ".gantry" / "prod" / "plan.json"
    real.parent.mkdir(parents=True)
    real.write_text("{}", encoding="utf-8")
    task_vars = variables(a=planned())
    answer = call(task_vars, state="published", run=started(task_vars, "rehearse"))
    assert answer["report_file"] == str(project / ".gantry" / "rehearsal" / "prod" / "plan.json")
    assert real.read_text(encoding="utf-8") == "{}"


def test_notes_pile_up():
    first = call({}, state="noted", stage="plan", wave="1", result=result(unchanged=1))
    second = call({"platform_notes": first}, state="noted", stage="apply", wave="1", result=result(unchanged=1))
    assert [note["stage"] for note in second["notes"]] == ["plan", "apply"]


def test_the_gate_stops_everything_when_one_host_failed():
    task_vars = variables(a=planned(change("Namespace/-/x")))
    failed = call({}, state="noted", stage="plan", task="Reconcile", result={"failed": True, "msg": "not allowed"})
    task_vars = variables(a=planned(), b=failed["notes"])
    answer = call(task_vars, state="published", run=started(task_vars), gate=True)
    assert answer["failed"]
    assert "1 of 2 clusters cannot go on (b); nothing was written to any of them" in answer["msg"]
    assert answer["report_file"]


def test_after_the_writing_half_a_failure_is_reported_and_not_raised():
    failed = call({}, state="noted", stage="apply", task="Reconcile", result={"failed": True, "msg": "timeout"})
    task_vars = variables(a=applied(change("Namespace/-/x")), b=failed["notes"], c=None)
    answer = call(task_vars, state="published", run=started(task_vars), applied=True)
    assert "failed" not in answer
    assert answer["statuses"] == {"a": "applied", "b": "failed", "c": "not reached"}
    assert list(answer["records"]) == ["a"]
    assert answer["records"]["a"]["who"]


def test_an_approved_plan_passes_and_another_one_stops_before_the_first_write(project):
    plan = variables(a=planned(change("Namespace/-/cortex")))
    call(plan, state="published", run=started(plan, "plan"), gate=True)
    run = started(plan, "apply", approved_file=".gantry/plan.json")
    assert "failed" not in call(plan, state="published", run=run, gate=True)

    call(plan, state="published", run=started(plan, "plan"), gate=True)
    run = started(plan, "apply", approved_file=".gantry/plan.json")
    other = variables(a=planned(change("Namespace/-/cortex"), change("Namespace/-/other")))
    answer = call(other, state="published", run=run, gate=True)
    assert answer["failed"]
    assert "a: create Namespace/-/other [safe] was not approved" in answer["msg"]


def test_an_approved_plan_out_of_a_store(project):
    plan = variables(a=planned(change("Namespace/-/cortex")))
    made = call(plan, state="published", run=started(plan, "plan"), gate=True)
    document = json.loads((project / ".gantry" / "plan.json").read_text(encoding="utf-8"))
    run = started(plan, "apply", approved_digest=made["digest"])
    known = {"state": "published", "run": run, "gate": True, "approved_digest": made["digest"]}
    assert "failed" not in call(plan, **known, approved_document=document)
    missing = call(plan, **known)
    assert missing["failed"]
    assert "is not in its store (platform_plan_store)" in missing["msg"]


@pytest.mark.parametrize(
    ("more", "words"),
    [({"approved_file": "nowhere.json"}, "there is no approved plan at"), ({}, "apply carries out an approved plan")],
)
def test_apply_needs_a_plan(more, words):
    answer = started(variables(a=None), "apply", **more)
    assert answer["failed"]
    assert words in answer["msg"]


def test_promotion_is_refused_in_a_run_warned_of_in_a_plan_and_proven_by_a_verified_run(project):
    task_vars = variables(a=planned(change("Namespace/-/x")))
    records = {"promotion_records": "records"}
    refused = call(task_vars, state="published", run=started(task_vars), gate=True, **records)
    assert refused["failed"]
    assert "staging has left no record" in refused["msg"]

    warned = call(task_vars, state="published", run=started(task_vars, "plan"), gate=True, **records)
    assert "failed" not in warned
    assert "left no record" in json.loads((project / ".gantry" / "plan.json").read_text(encoding="utf-8"))["warnings"][0]

    source = variables(a=applied(change("Namespace/-/x")))
    source["hostvars"]["a"]["platform_environment"] = {"name": "staging"}
    call(source, state="published", run=started(source), applied=True, **records)
    assert "failed" not in call(task_vars, state="published", run=started(task_vars), gate=True, **records)


def test_unchecked_promotion_is_said(project):
    task_vars = variables(a=planned())
    call(task_vars, state="published", run=started(task_vars), gate=True)
    warnings = json.loads((project / ".gantry" / "plan.json").read_text(encoding="utf-8"))["warnings"]
    assert warnings == ["promotion from staging was not checked: platform_promotion_records names no folder"]


def test_drift_has_a_file_of_its_own(project):
    noted = call({}, state="noted", stage="drift", wave="1", result=result(change("ConfigMap/x/a", "update")))
    task_vars = variables(a=noted["notes"])
    answer = call(task_vars, state="published", run=started(task_vars, "drift"))
    assert answer["status"] == "drift"
    assert answer["statuses"] == {"a": "drift"}
    assert json.loads((project / ".gantry" / "prod" / "drift.json").read_text(encoding="utf-8"))["status"] == "drift"


def test_a_wrong_option_is_named():
    answer = call({}, state="later")
    assert answer["failed"]
    assert "started, noted, published" in answer["msg"]
