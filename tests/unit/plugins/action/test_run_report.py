# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from pathlib import Path
from unittest.mock import MagicMock

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.action import run_report
from ansible_collections.gantry.platform.plugins.action.run_report import ActionModule
from ansible_collections.gantry.platform.plugins.module_utils._run.report import make_note
from ansible_collections.gantry.platform.plugins.plugin_utils import _files, _own_variables, _run_folder
from ansible_collections.gantry.platform.plugins.plugin_utils._own_variables import own_variables
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import applied, change, planned, result

ROLE = Path(__file__).resolve().parents[4] / "roles" / "platform"
MODEL = {"environment": {"promotes_from": "staging"}, "release": {"services": {"engine": {"digest": "sha256:aa"}}}}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(_files.constants, "CONFIG_FILE", str(tmp_path / "ansible.cfg"))
    return tmp_path


@pytest.fixture(autouse=True)
def extra(monkeypatch):
    """What a command line says with -e."""
    given = {}
    monkeypatch.setattr(_own_variables, "load_extra_vars", lambda loader: given)
    return given


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


def part(task_vars, host, **said):
    task_vars["hostvars"][host]["platform_model"] = {"effective": MODEL, **said}


def test_a_host_that_has_nothing_to_do_is_no_part_of_the_report(project):
    task_vars = variables(a=planned(), control=None)
    part(task_vars, "control", phases=[])
    answer = call(task_vars, state="published", run=started(task_vars, "plan"), gate=True)
    assert (answer["status"], list(answer["statuses"])) == ("clean", ["a"])


def test_what_a_play_publishes_is_about_all_hosts_of_the_run(project):
    task_vars = variables(a=planned(change("Namespace/-/x")), control=applied(change("zones/x")))
    run = started(task_vars)
    answer = call({**task_vars, "ansible_play_hosts_all": ["control"]}, state="published", run=run, applied=True)
    assert answer["statuses"] == {"a": "not reached", "control": "applied"}


def test_a_run_that_goes_on_after_a_part_of_it_is_running_and_proves_nothing(project):
    task_vars = variables(a=[*applied(), make_note("verify", "", "", {"verdicts": []})])
    given = {"applied": True, "promotion_records": "records"}
    answer = call(task_vars, state="published", run=started(task_vars), goes_on=True, **given)
    assert (answer["status"], (project / "records").exists()) == ("running", False)
    answer = call(task_vars, state="published", run=started(task_vars), **given)
    assert (answer["status"], (project / "records" / "prod.json").exists()) == ("clean", True)


def test_a_run_limited_to_clusters_says_what_it_did_not_look_at(project):
    task_vars = variables(a=planned())
    part(task_vars, "a", phases=["clusters"], environment_host="control", environment_areas=["zone", "pages"])
    report = _files.read_json(call(task_vars, state="published", run=started(task_vars, "drift"))["report_file"])
    assert "control not in this run: nothing of zone, pages was looked at" in report["warnings"]


def test_notes_pile_up():
    first = call({}, state="noted", stage="plan", wave="1", result=result(unchanged=1))
    second = call({"platform_notes": first}, state="noted", stage="apply", wave="1", result=result(unchanged=1))
    assert [note["stage"] for note in second["notes"]] == ["plan", "apply"]


@pytest.mark.parametrize("how", [{"msg": "not allowed"}, {"msg": "told to stop", "interrupted": True}], ids=["failed", "interrupted"])
def test_the_gate_stops_everything_when_one_host_did_not_come_to_its_end(how):
    failed = call({}, state="noted", stage="plan", task="Reconcile", result={"failed": True, **how})
    task_vars = variables(a=planned(), b=failed["notes"])
    answer = call(task_vars, state="published", run=started(task_vars), gate=True)
    assert answer["failed"]
    assert "1 of 2 clusters cannot go on (b); nothing was written to any of them" in answer["msg"]
    assert answer["report_file"]


def test_the_host_of_what_exists_once_is_no_cluster():
    failed = call({}, state="noted", stage="plan", task="Reconcile", result={"failed": True, "msg": "not allowed"})
    task_vars = {**variables(a=planned(), control=failed["notes"]), "groups": {"control": ["control"]}}
    answer = call(task_vars, state="published", run=started(task_vars), gate=True)
    assert "1 of 2 hosts cannot go on (control)" in answer["msg"]
    hosts = _files.read_json(answer["report_file"])["hosts"]
    assert {host: row.get("cluster", True) for host, row in hosts.items()} == {"a": True, "control": False}


def test_two_hosts_that_are_one_cluster_stop_everything_unless_the_inventory_says_so():
    note = {**planned()[0], "cluster_uid": "u1"}
    task_vars = variables(a=[note], b=[note])
    for command in ("site", "plan"):
        answer = call(task_vars, state="published", run=started(task_vars, command), gate=True)
        assert answer["failed"] and "a, b are one cluster (uid u1)" in answer["msg"] and "same_cluster_as: a" in answer["msg"]
    report = call(task_vars, state="published", run=started(task_vars, "drift"))
    assert any("are one cluster" in warning for warning in _files.read_json(report["report_file"])["warnings"])
    task_vars["hostvars"]["b"]["platform_model"] = {"effective": {**MODEL, "cluster": {"same_cluster_as": "a"}}}
    assert "failed" not in call(task_vars, state="published", run=started(task_vars), gate=True)


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
    assert "started, noted, published, completed, cleared" in answer["msg"]


# what a command line may not turn off


@pytest.mark.parametrize(
    "name",
    [
        *("platform_command", "platform_reads_only", "platform_writes", "platform_stage", "platform_approved", "platform_plans_first"),
        *("platform_planned_waves", "platform_expected_digest", "platform_report", "platform_run", "platform_notes", "platform_model"),
        *("platform_declared", "platform_stored", "platform_reconciled", "platform_drift", "platform_waves", "platform_impact"),
        *("platform_rows", "platform_digest_secret", "ansible_check_mode", "ansible_run_tags", "ansible_play_hosts_all"),
    ],
)
def test_what_a_run_works_out_by_itself_is_not_set_by_a_command_line(extra, name):
    extra |= {name: "x", "platform_area": "workloads"}
    answer = started(variables(a=None), "apply")
    assert answer["failed"]
    assert answer["msg"].startswith(f"{name}: set by -e")
    assert "nothing was contacted" in answer["msg"]


def test_what_people_may_set_they_may():
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    options = {name for entry in specs.values() for name in entry["options"]}
    assert "platform_plan" in options
    assert options & own_variables() == {"platform_command"}
    handed_on = {
        "platform_plan_digest",
        "platform_plan_status",
        "platform_plan_counts",
        "platform_plan_revision",
        "platform_plan_environment",
    }
    assert not handed_on & own_variables()
    assert "platform_serial" not in own_variables() and "platform_rehearsal_root" not in own_variables()


# while a run writes


def test_a_run_that_writes_says_so_in_its_report_until_it_ends(project):
    task_vars = variables(a=planned(change("Namespace/-/x")))
    run = started(task_vars)
    call(task_vars, state="published", run=run, gate=True, writes=True)
    path = project / ".gantry" / "plan.json"
    going_on = json.loads(path.read_text(encoding="utf-8"))
    assert (going_on["status"], bool(going_on["process"])) == ("running", True)
    assert started(variables(a=None), "apply", approved_file=".gantry/plan.json")["msg"].count("has status 'running'") == 1
    call(variables(a=applied(change("Namespace/-/x"))), state="published", run=run, applied=True)
    assert json.loads(path.read_text(encoding="utf-8"))["status"] == "applied"


@pytest.mark.parametrize(("alive", "status"), [(True, "running"), (None, "running"), (False, "interrupted")])
def test_a_report_of_a_run_that_is_gone_is_completed(project, monkeypatch, alive, status):
    task_vars = variables(a=planned(change("Namespace/-/x")))
    call(task_vars, state="published", run=started(task_vars), gate=True, writes=True)
    monkeypatch.setattr(run_report, "lives", lambda name: alive)
    answer = call(task_vars, state="completed")
    assert len(answer["interrupted"]) == (2 if alive is False else 0)
    for path in (".gantry/plan.json", ".gantry/prod/plan.json"):
        assert json.loads((project / path).read_text(encoding="utf-8"))["status"] == status


def test_a_refused_run_was_never_on_its_way(project):
    task_vars = variables(a=planned(change("Namespace/-/x")))
    call(task_vars, state="published", run=started(task_vars), gate=True, writes=True, promotion_records="records")
    report = json.loads((project / ".gantry" / "plan.json").read_text(encoding="utf-8"))
    assert report["status"] == "failed" and "process" not in report


def test_a_lost_lock_is_told_to_who_keeps_the_record():
    lost = {
        "failed": True,
        "msg": "lost",
        "changed": True,
        "interrupted": True,
        "lock_lost": True,
        "plan": [change("ConfigMap/n/a", written=True)],
    }
    notes = call({}, state="noted", stage="apply", wave="1", result=lost)["notes"]
    task_vars = variables(a=notes, b=applied(change("Namespace/-/x")))
    answer = call(task_vars, state="published", run=started(task_vars), applied=True)
    assert (answer["status"], answer["lost"]) == ("interrupted", ["a"])
    assert answer["records"]["a"]["host"]["status"] == "interrupted"


def test_clearing_takes_the_reports_of_the_environment_and_what_dead_runs_left_and_nothing_else(project):
    def lies(path, content="x"):
        (project / ".gantry" / path).parent.mkdir(parents=True, exist_ok=True)
        (project / ".gantry" / path).write_text(content, encoding="utf-8")
        return project / ".gantry" / path

    ours, theirs = ({"environment": name} for name in ("sandbox", "prod"))
    gone = [lies("plan.json", json.dumps(ours)), lies("sandbox/drift.json", json.dumps(ours))]
    stays = [lies("drift.json", json.dumps(theirs)), lies("prod/plan.json", json.dumps(theirs))]
    gone.append(lies(f"run/{_run_folder._machine()}-999999999-12345678/c/set.json"))
    stays.append(lies(f"run/{_run_folder.run_name(os.getpid())}/c/set.json"))
    gone.append(lies("tmp/ansible-local-999999999abcdefgh/file"))
    stays.append(lies(f"tmp/ansible-local-{os.getpid()}abcdefgh/file"))
    variables = {"hostvars": {"c": {"platform_environment": {"name": "sandbox"}}}, "ansible_play_hosts_all": ["c"]}
    answer = call(variables, state="cleared")
    assert (answer["changed"], answer["removed"]) == (True, [str(path) for path in gone[:2]])
    assert not [path for path in gone if path.exists()] and all(path.exists() for path in stays)
    assert call(variables, state="cleared")["changed"] is False


# what others changed


def held(action):
    holder = {"manager": "kubectl-patch", "time": "t", "fields": ["data.LEVEL"]}
    return change("ConfigMap/shop/engine", action, fields=["data.LEVEL"], reason="data.LEVEL changed by 'kubectl-patch'", held_by=[holder])


def test_what_is_held_by_others_stops_a_run_that_writes_and_no_plan():
    task_vars = variables(a=planned(held("conflict"), change("ConfigMap/shop/new")))
    run = started(task_vars)
    refused = call(task_vars, state="published", run=run, gate=True, writes=True)
    assert refused["failed"] and "1 object(s) have declared fields that others changed; nothing was written" in refused["msg"]
    assert "a: ConfigMap/shop/engine: data.LEVEL changed by 'kubectl-patch'" in refused["msg"]
    assert not call(task_vars, state="published", run=run, gate=True, writes=True, conflicts="leave").get("failed")
    assert call(task_vars, state="published", run=run, gate=True)["status"] == "changes"


def test_a_report_of_drift_says_by_whose_names_it_is_undone_and_where_no_name_is_known():
    added = {"id": "ConfigMap/shop/engine", "path": "data.MORE", "manager": "kubectl-edit", "time": "t"}
    nameless = {**added, "manager": "not recorded in managedFields"}
    notes = [make_note("drift", "1", "", result(held("update"), foreign=[added]))]
    task_vars = variables(a=notes, b=[make_note("drift", "1", "", result(foreign=[nameless]))])
    answer = call(task_vars, state="published", run=started(task_vars, "drift"))
    assert (answer["take"], answer["left"]) == (["kubectl-edit", "kubectl-patch"], {"b": True})


def test_what_a_run_takes_is_what_it_was_told_or_what_was_approved(project):
    task_vars = variables(a=planned(held("update")))
    assert started(task_vars, take="kubectl-patch, helm")["take"] == ["helm", "kubectl-patch"]
    plan = call(task_vars, state="published", run=started(task_vars, "plan", take=["helm"]))
    approved = project / "approved.json"
    approved.write_text(Path(plan["report_file"]).read_text(encoding="utf-8"), encoding="utf-8")
    run = started(task_vars, "apply", approved_file=str(approved))
    assert run["take"] == ["helm"] and not call(task_vars, state="published", run=run, gate=True, writes=True).get("failed")
    other = started(task_vars, "apply", approved_file=str(approved), take="somebody")
    refused = call(task_vars, state="published", run=other, gate=True, writes=True)
    assert refused["failed"] and "take: approved helm, now somebody" in refused["msg"]


def test_notes_of_another_run_of_the_same_play_count_for_nothing():
    task_vars = variables(a=planned(change("ConfigMap/n/a")))
    run = started(task_vars)
    task_vars["hostvars"]["a"]["platform_notes"]["run"] = "another"
    assert call(task_vars, state="published", run=run)["statuses"] == {"a": "not reached"}
    noted = call({"platform_run": run, "platform_notes": {"notes": [1], "run": "another"}}, state="noted", stage="plan", result=result())
    assert (len(noted["notes"]), noted["run"]) == (1, run["id"])
