# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks of a run against a real control plane: one rehearsal of dev that is kept, and every kind of run on it."""

from __future__ import annotations

import base64
import gzip
import json
import shutil

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows
from ansible_collections.gantry.platform.tests.integration.kube.test_hostile import FORGED, HOSTILE, MANAGER, assert_own, assert_text
from ansible_collections.gantry.platform.tests.integration.runs import ROOT, conforms

HOST = "dev-euw1"


@pytest.fixture
def runs(dev):
    return dev


def test_a_rehearsal_applies_verifies_and_says_what_it_could_not_show(runs):
    report = conforms(runs.rehearsed)
    assert report["command"] == "rehearse"
    assert report["hosts"][HOST]["verified"] is True
    assert report["hosts"][HOST]["expectations"]["passed"] > 30
    assert report["counts"]["create"] + report["counts"]["adopt"] == len(report["changes"]) > 200


def test_a_second_run_writes_nothing(runs):
    before = runs.audited()
    code, output, report = runs.play("site")
    assert code == 0, output
    assert conforms(report)["status"] == "clean"
    assert runs.audited() == before
    assert f"{HOST}  clean" in output


def test_check_mode_and_plan_say_the_same_and_write_nothing(runs):
    runs.kubectl("-n", "cortex", "delete", "networkpolicy", "default-deny")
    before = runs.audited()
    _code, _output, planned = runs.play("plan")
    code, output = runs.command("ansible-playbook", "--check", *runs.words("site"))
    assert code == 0, output
    checked = conforms(json.loads(runs.report.read_text(encoding="utf-8")))
    assert [change["id"] for change in planned["changes"]] == ["NetworkPolicy.networking.k8s.io/cortex/default-deny"]
    assert (checked["status"], checked["changes"], checked["digest"]) == ("changes", planned["changes"], planned["digest"])
    assert runs.audited() == before


def test_an_approved_plan_that_no_longer_fits_stops_before_its_first_write(runs, tmp_path):
    runs.kubectl("-n", "cortex", "delete", "networkpolicy", "default-deny", "--ignore-not-found")
    _code, _output, _plan = runs.play("plan")
    approved = tmp_path / "approved.json"
    shutil.copy(runs.report, approved)
    runs.kubectl("-n", "trust", "delete", "networkpolicy", "default-deny")
    before = runs.audited()

    code, output, refused = runs.play("apply", platform_plan=str(approved))
    assert code != 0
    assert f"{HOST}: create NetworkPolicy.networking.k8s.io/trust/default-deny [safe] was not approved" in output
    assert conforms(refused)["status"] == "failed"
    assert runs.audited() == before

    _code, _output, _plan = runs.play("plan")
    shutil.copy(runs.report, approved)
    code, output, done = runs.play("apply", platform_plan=str(approved))
    assert code == 0, output
    assert (conforms(done)["status"], done["counts"]["create"]) == ("applied", 2)
    assert {"/".join(uri.split("/")[-3:]) for verb, uri in runs.audited()[len(before) :] if "networkpolicies" in uri} == {
        "cortex/networkpolicies/default-deny",
        "trust/networkpolicies/default-deny",
    }


def test_a_plan_waits_in_the_cluster_for_its_approval(runs):
    runs.kubectl("-n", "cortex", "delete", "networkpolicy", "default-deny", "--ignore-not-found")
    store = {"platform_plan_store": "secret:gantry-system/gantry-plan"}
    code, output, plan = runs.play("plan", **store)
    assert code == 0, output
    code, output, _report = runs.play("apply", **store, platform_plan_digest="sha256:" + "0" * 64)
    assert code != 0
    assert "approved was sha256:0000" in output
    code, output, done = runs.play("apply", **store, platform_plan_digest=plan["digest"])
    assert code == 0, output
    assert done["status"] == "applied"


def test_what_others_did_is_in_plan_and_drift_and_is_undone_by_the_command_that_they_end_with(runs):
    settings, store, policy = (
        "ConfigMap/memory/memory-store",
        "Deployment.apps/memory/memory-store",
        "NetworkPolicy.networking.k8s.io/cortex/default-deny",
    )
    key = sorted(json.loads(runs.kubectl("-n", "memory", "get", "configmap", "memory-store", "-o", "json"))["data"])[0]
    patch = json.dumps({"data": {key: "theirs", "MORE": "1"}})
    runs.kubectl("-n", "memory", "patch", "configmap", "memory-store", "--type=merge", "-p", patch)
    runs.kubectl("-n", "memory", "set", "env", "deployment/memory-store", "EXTRA=1")
    runs.kubectl("-n", "cortex", "delete", "networkpolicy", "default-deny")
    before = runs.audited()

    code, output, plan = runs.play("plan")
    assert (code, conforms(plan)["status"]) == (0, "changes"), output
    assert {change["id"]: change["action"] for change in plan["changes"]} == {settings: "conflict", policy: "create"}
    ((holder,),) = [change["held_by"] for change in plan["changes"] if "held_by" in change]
    assert (holder["manager"], holder["fields"]) == ("kubectl-patch", [f"data.{key}"]) and holder["time"]
    assert f"services.memory-store.config.{key}: <what is there now>" in output
    assert "make plan ENV=dev TAKE=kubectl-patch" in output and "make apply ENV=dev CONFLICTS=leave" in output

    code, output, refused = runs.play("site")
    assert (code, conforms(refused)["status"]) == (2, "failed"), output
    assert "declared fields that others changed; nothing was written" in output
    assert "make apply ENV=dev TAKE=kubectl-patch" in output

    code, output, report = runs.play("drift")
    assert (code, conforms(report, "drift")["status"]) == (2, "drift"), output
    assert {change["id"]: change["action"] for change in report["changes"]} == {settings: "update", policy: "create"}
    additions = {(item["id"], item["what"], item["manager"]) for item in report["foreign"]}
    assert additions == {(store, "env entry EXTRA added", "kubectl-set"), (settings, "key MORE added", "kubectl-patch")}
    assert all(item["time"] for item in report["foreign"])
    assert "make apply ENV=dev TAKE=kubectl-patch,kubectl-set" in output
    assert runs.audited() == before

    code, output, plan = runs.play("plan", platform_take="kubectl-patch,kubectl-set")
    assert code == 0, output
    assert {change["id"]: (change["action"], change["impact"]) for change in plan["changes"]} == {
        settings: ("update", "safe"),
        store: ("update", "restart"),
        policy: ("create", "safe"),
    }
    code, output, done = runs.play("apply", platform_plan=str(shutil.copy(runs.report, runs.folder / "taken.json")))
    assert (code, conforms(done)["status"], done["take"]) == (0, "applied", ["kubectl-patch", "kubectl-set"]), output
    code, output, report = runs.play("drift")
    assert (code, report["status"]) == (0, "clean"), output


def test_drift_undoes_what_it_finds_where_the_environment_says_so_and_says_it_everywhere(runs, tmp_path):
    shutil.copytree(ROOT / "inventories", tmp_path / "inventories")
    with open(tmp_path / "inventories" / "group_vars" / "dev" / "00_environment.yml", "a", encoding="utf-8") as environment:
        environment.write("  heal: undo\n")
    words = runs.words("drift")
    words[1] = str(tmp_path / "inventories" / "dev.yml")
    settings = ("-n", "memory", "configmap", "memory-store")
    data = json.loads(runs.kubectl("get", *settings, "-o", "json"))["data"]
    key = sorted(data)[0]
    runs.kubectl("patch", *settings, "--type=merge", "-p", json.dumps({"data": {key: "theirs", "MORE": "1"}}))
    runs.kubectl("-n", "cortex", "delete", "networkpolicy", "default-deny")

    code, output = runs.command("ansible-playbook", *words)
    assert code == 0, output
    report = conforms(runs.reported())
    assert (report["command"], report["status"], report["take"]) == ("heal", "applied", ["kubectl-patch"])
    assert report["hosts"][HOST]["verified"] and {change["id"]: change["action"] for change in report["changes"]} == {
        "ConfigMap/memory/memory-store": "update",
        "NetworkPolicy.networking.k8s.io/cortex/default-deny": "create",
    }
    said = " ".join(output.split())
    assert "Undoing of drift in dev" in said and f"data.{key} changed by 'kubectl-patch' at 20" in said and "takes away data.MORE" in said
    assert json.loads(runs.kubectl("get", *settings, "-o", "json"))["data"] == data
    said = " ".join(runs.play("status")[1].split())
    assert "(heal, run " in said and "took back what kubectl-patch changed or added" in said

    written = runs.audited()
    code, output = runs.command("ansible-playbook", *words)
    assert (code, conforms(runs.reported(), "drift")["status"]) == (0, "clean"), output
    assert runs.audited() == written


def test_what_a_tool_wrote_is_adopted_and_nothing_starts_anew(runs):
    settings = ("-n", "memory", "configmap", "memory-store")
    runs.kubectl("label", *settings, "theirs=1")
    code, output, report = runs.play("adopt", platform_adopt_from="kubectl")
    assert (code, conforms(report)["command"], report["status"]) == (0, "adopt", "applied"), output
    (change,) = report["changes"]
    assert (change["id"], change["action"], change["impact"]) == ("ConfigMap/memory/memory-store", "update", "safe")
    assert "theirs" not in json.loads(runs.kubectl("get", *settings, "-o", "json"))["metadata"]["labels"]
    code, output, report = runs.play("adopt", platform_adopt_from="hlem")
    assert code != 0 and "'hlem' is none of argocd, flux, helm, kubectl, terraform; did you mean 'helm'" in " ".join(output.split()), output


def test_an_area_narrows_what_is_written(runs):
    runs.kubectl("-n", "cortex", "delete", "networkpolicy", "default-deny")
    code, output, report = runs.play("site", platform_area="workloads")
    assert code == 0, output
    assert (report["status"], report["areas"]) == ("clean", ["workloads"])
    code, output, report = runs.play("site", platform_area="cluster_baseline")
    assert code == 0, output
    assert report["counts"]["create"] == 1


def test_status_tells_of_the_last_run_that_changed_something(runs):
    code, output, _report = runs.play("status")
    assert code == 0, output
    assert f"{HOST}: last changed" in output
    assert "ended applied, verified" in output


def test_an_area_that_does_not_exist_is_refused_before_any_request(runs):
    before = runs.asked()
    code, output, report = runs.play("site", platform_area="workload")
    assert code != 0
    _before, _words, known = " ".join(output.split()).partition("platform_area names workload, there are ")
    assert all(area in known for area in rows()), output
    assert report["status"] == "failed"
    assert runs.asked() == before


def test_a_misspelt_key_is_refused_before_any_request(runs, tmp_path):
    before = runs.asked()
    words = runs.words("site")
    inventory = tmp_path / "inventories"
    shutil.copytree(ROOT / "inventories", inventory)
    services = inventory / "group_vars" / "all" / "40_services.yml"
    services.write_text(services.read_text(encoding="utf-8").replace("    team:", "    taem:", 1), encoding="utf-8")
    words[1] = str(inventory / "dev.yml")
    code, output = runs.command("ansible-playbook", *words)
    assert code != 0
    line = next(number for number, text in enumerate(services.read_text(encoding="utf-8").splitlines(), 1) if "taem" in text)
    said = " ".join(output.split())
    assert f"{services}:{line}:" in said and "did you mean 'team'" in said, output
    assert runs.asked() == before


@pytest.mark.parametrize(
    ("name", "words"), [("site", ("--tags", "workloads")), ("drift", ("--skip-tags", "untagged")), ("verify", ("--tags", "workloads"))]
)
def test_tags_are_refused_before_any_request(runs, name, words):
    before = runs.asked()
    code, output = runs.command("ansible-playbook", *words, *runs.words(name))
    assert code != 0
    assert "narrowed by platform_area" in " ".join(output.split()), output
    assert runs.asked() == before


@pytest.mark.parametrize("task", ["Write and verify", "Publish what was done"])
def test_a_run_that_jumps_over_its_plan_writes_nothing(runs, task):
    runs.kubectl("-n", "cortex", "delete", "networkpolicy", "default-deny", "--ignore-not-found")
    before = runs.audited()
    code, output = runs.command("ansible-playbook", "--start-at-task", task, *runs.words("site"))
    assert code != 0, output
    assert runs.audited() == before


def test_two_plans_of_one_checkout_at_once(runs):
    both = [runs.start("ansible-playbook", *runs.words("plan")) for _ in range(2)]
    for process in both:
        output, _none = process.communicate()
        assert process.returncode == 0, output
        assert "Plan for dev" in output
    assert conforms(json.loads(runs.report.read_text(encoding="utf-8")))["command"] == "plan"


def test_the_report_does_not_need_the_callback(runs, tmp_path):
    runs.report.unlink(missing_ok=True)
    instead = {"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default", "JUNIT_OUTPUT_DIR": str(tmp_path)}
    instead["ANSIBLE_CALLBACKS_ENABLED"] = "ansible.builtin.junit"
    code, output = runs.command("ansible-playbook", *runs.words("plan"), **instead)
    assert code == 0, output
    assert "Plan for" not in output
    assert conforms(json.loads(runs.report.read_text(encoding="utf-8")))["command"] == "plan"


def test_destroy_is_for_sandboxes_that_were_named(runs):
    before = runs.audited()
    code, output, _report = runs.play("destroy", platform_destroy_confirmation="dev")
    assert code != 0
    assert "from sandboxes only" in output
    assert runs.audited() == before


# an approval is exactly what was seen


@pytest.fixture
def approved(runs, tmp_path):
    """A plan with one change, as somebody approved it."""
    runs.kubectl("-n", "cortex", "delete", "networkpolicy", "default-deny", "--ignore-not-found")
    code, output, _plan = runs.play("plan")
    assert code == 0, output
    path = tmp_path / "approved.json"
    shutil.copy(runs.report, path)
    return path


def test_no_variable_turns_an_approval_off(runs):
    extra = {
        **{"platform_command": "site", "platform_reads_only": False, "platform_approved": "", "platform_writes": True},
        **{"ansible_check_mode": False, "platform_plans_first": False},
        **{"platform_report": {"waves": {HOST: {}}, "statuses": {HOST: "clean"}}},
    }
    runs.kubectl("-n", "cortex", "delete", "networkpolicy", "default-deny", "--ignore-not-found")
    before, asked = runs.audited(), runs.asked()
    for words in ([], ["--check"]):
        code, output = runs.command("ansible-playbook", *words, *runs.words("apply", **extra))
        assert code != 0, output
        assert f"{', '.join(sorted(extra))}: set by -e" in " ".join(output.split()), output
    assert (runs.audited(), runs.asked()) == (before, asked)


def test_a_plan_whose_changes_were_emptied_approves_nothing(runs, approved):
    before = runs.audited()
    approved.write_text(json.dumps({**json.loads(approved.read_text(encoding="utf-8")), "changes": []}), encoding="utf-8")
    code, output, _report = runs.play("apply", platform_plan=str(approved))
    assert code != 0
    assert "was edited after it was made" in " ".join(output.split()), output
    assert runs.audited() == before


def test_a_plan_that_was_sealed_with_a_key_is_applied_with_the_same_key_alone(runs, tmp_path):
    runs.kubectl("-n", "cortex", "delete", "networkpolicy", "default-deny", "--ignore-not-found")
    key, other = tmp_path / "key", tmp_path / "other"
    key.write_text("the key", encoding="utf-8")
    other.write_text("another key", encoding="utf-8")
    code, output, _plan = runs.play("plan", platform_digest_key=f"file:{key}")
    assert code == 0, output
    approved = tmp_path / "approved.json"
    shutil.copy(runs.report, approved)
    before = runs.audited()
    for wrong in ("", f"file:{other}"):
        code, output, _report = runs.play("apply", platform_plan=str(approved), platform_digest_key=wrong)
        assert code != 0
        assert "sealed with" in " ".join(output.split()), output
    assert runs.audited() == before
    code, output, done = runs.play("apply", platform_plan=str(approved), platform_digest_key=f"file:{key}")
    assert (code, done["status"]) == (0, "applied"), output


# what others wrote into the cluster


def test_hostile_text_from_the_cluster_is_shown_by_drift_and_status_and_not_obeyed(runs, tmp_path):
    hostile = HOSTILE.replace("MARK", str(tmp_path / "obeyed"))
    store = ("-n", "memory", "deployment", "memory-store")
    app = json.loads(runs.kubectl("get", *store, "-o", "json"))["spec"]["template"]["spec"]["containers"][0]
    number = next(number for number, entry in enumerate(app["env"]) if "value" in entry)
    changes = [
        {"op": "add", "path": "/metadata/annotations/note", "value": hostile},
        {"op": "replace", "path": f"/spec/template/spec/containers/0/env/{number}/value", "value": hostile},
    ]
    runs.kubectl("patch", *store, "--type=json", f"--field-manager={MANAGER}", "-p", json.dumps(changes))
    place = ("-n", "gantry-system", "secret", "gantry-last-run")
    ((key, kept),) = json.loads(runs.kubectl("get", *place, "-o", "json"))["data"].items()
    record = json.loads(gzip.decompress(base64.b64decode(kept)))
    record |= {name: hostile for name in ("who", "command", "revision", "created", "plan_digest")}
    record["host"]["error"] = hostile
    record["hosts"][hostile] = hostile
    forged = base64.b64encode(gzip.compress(json.dumps(record).encode())).decode()
    runs.kubectl("patch", *place, "--type=merge", "-p", json.dumps({"data": {key: forged}}))
    marks = {"gantry.dev/run": hostile, "gantry.dev/written": hostile}
    lease = ("-n", "gantry-system", "lease", "gantry-run")
    runs.kubectl("patch", *lease, "--type=merge", "-p", json.dumps({"metadata": {"annotations": marks}}))
    try:
        drift_code, drift = runs.command("ansible-playbook", *runs.words("drift"), "-vvv", "--diff")
        report = conforms(runs.reported(), "drift")
        status_code, status = runs.command("ansible-playbook", *runs.words("status"), "-vvv")
    finally:
        runs.kubectl("annotate", "-n", "memory", "deployment/memory-store", "note-")
        code, output, _report = runs.play("site", platform_force_conflicts=True)
    assert code == 0, output

    assert (drift_code, status_code) == (2, 0), drift + status
    assert "Deployment.apps/memory/memory-store" in [change["id"] for change in report["changes"]]
    assert {item["manager"] for item in report["foreign"]} == {MANAGER}
    assert_text(report, "the report")
    for name, said in (("drift", drift), ("status", status)):
        assert FORGED in said and "end" in said, said
        assert_text(said, name)
        assert_own(said)
    assert MANAGER in drift and "was interrupted" in " ".join(status.split())
    assert not (tmp_path / "obeyed").exists()
