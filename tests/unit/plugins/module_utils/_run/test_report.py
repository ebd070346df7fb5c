# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Impact
from ansible_collections.gantry.platform.plugins.module_utils._run.report import (
    artifacts,
    build_report,
    host_digest,
    impact_of,
    interrupted,
    make_note,
    report_digest,
    seal_of,
)
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import (
    ACTIONS,
    applied,
    change,
    meta,
    plan_of,
    planned,
    result,
)
from hypothesis import given
from hypothesis import strategies as st

DOCS = Path(__file__).resolve().parents[5] / "docs"


def conforms(report, name="plan"):
    schema = json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))
    report.setdefault("seal", seal_of(report))
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(report)))
    return report


def test_a_plan_over_two_hosts_adds_up():
    report = conforms(
        plan_of(
            b=planned(change("Namespace/-/cortex"), change("ConfigMap/cortex/a", "delete"), unchanged=5),
            a=planned(change("Deployment.apps/cortex/engine", "update", "restart", fields=["spec.replicas"]), unchanged=7),
        )
    )
    assert report["status"] == "changes"
    assert list(report["hosts"]) == ["a", "b"]
    assert report["counts"] == {
        "create": 1,
        "update": 1,
        "replace": 0,
        "delete": 1,
        "adopt": 0,
        "blocked": 0,
        "conflict": 0,
        "unchanged": 12,
    }
    assert [(item["host"], item["id"]) for item in report["changes"]] == [
        ("a", "Deployment.apps/cortex/engine"),
        ("b", "Namespace/-/cortex"),
        ("b", "ConfigMap/cortex/a"),
    ]
    assert report["hosts"]["a"]["digest"] == host_digest(report, "a") != report["hosts"]["b"]["digest"]


def test_nothing_to_change_is_clean():
    assert conforms(plan_of(a=planned(unchanged=3)))["status"] == "clean"


def test_a_host_without_a_note_makes_the_plan_incomplete():
    report = conforms(plan_of(a=planned(unchanged=3), b=[]))
    assert report["status"] == "incomplete"
    assert report["hosts"]["b"]["status"] == "not reached"
    assert report["hosts"]["b"]["digest"] is None


def test_a_plan_of_what_is_not_there_yet_can_be_approved():
    """A system that the run itself brings up is planned against nothing, and its module gives no digest."""
    report = conforms(plan_of(control=planned(change("zones/-/x", verified=False), digest="", uid="")))
    assert (report["status"], report["hosts"]["control"]["waves"]) == ("changes", {})
    assert report["hosts"]["control"]["digest"] == host_digest(report, "control") is not None
    other = plan_of(control=planned(change("zones/-/y", verified=False), digest="", uid=""))
    assert other["hosts"]["control"]["digest"] != report["hosts"]["control"]["digest"]


def test_a_refused_plan_is_failed_and_shows_what_was_refused():
    refused = change("PersistentVolumeClaim/cortex/data", "delete", "destroys_data")
    note = make_note("plan", "1", "Reconcile", {"failed": True, "msg": "1 change(s) are not allowed", "refused": [refused]})
    report = conforms(plan_of(a=[note], b=planned(unchanged=1)))
    assert report["status"] == "failed"
    assert report["hosts"]["a"]["error"] == "1 change(s) are not allowed"
    assert report["hosts"]["a"]["failed_task"] == "Reconcile"
    assert [item["id"] for item in report["changes"]] == ["PersistentVolumeClaim/cortex/data"]


def test_the_writing_half_says_applied_not_reached_and_verified():
    hosts = {"a": applied(change("Namespace/-/cortex")), "b": planned(change("Namespace/-/cortex"))}
    report = conforms(build_report(meta("site", applied=True), hosts))
    assert report["hosts"]["a"]["status"] == "applied"
    assert report["hosts"]["a"]["verified"] is True
    assert report["hosts"]["a"]["expectations"] == {"passed": 1, "failed": []}
    assert report["hosts"]["b"]["status"] == "not reached"
    assert report["status"] == "incomplete"


def test_a_plan_is_counted_once_although_it_was_noted_twice():
    report = build_report(meta("site", applied=True), {"a": applied(change("Namespace/-/cortex"), unchanged=4)})
    assert report["counts"]["create"] == 1
    assert report["counts"]["unchanged"] == 4
    assert len(report["changes"]) == 1


def test_waves_have_their_own_digests():
    notes = [make_note("plan", wave, "", result(change(f"Namespace/-/{wave}"))) for wave in ("1", "2")]
    report = conforms(plan_of(a=notes))
    assert set(report["hosts"]["a"]["waves"]) == {"1", "2"}
    assert report["hosts"]["a"]["digest"] not in report["hosts"]["a"]["waves"].values()


def test_a_failed_expectation_is_kept():
    verdict = {"name": "ready", "meaning": "it serves", "passed": False, "expected": "3", "found": "0"}
    note = make_note("verify", "", "Verify", {"failed": True, "msg": "1 of 1", "verdicts": [verdict]})
    report = conforms(build_report(meta("site", applied=True), {"a": [*applied(unchanged=1)[:2], note]}))
    assert report["status"] == "failed"
    assert report["hosts"]["a"]["verified"] is False
    assert report["hosts"]["a"]["expectations"]["failed"] == [verdict]


FOREIGN = {
    "id": "Deployment.apps/cortex/engine",
    "path": "spec.template.spec.containers[name=sidecar]",
    "manager": "kubectl-edit",
    "time": "2026-11-24T09:00:00Z",
}


@pytest.mark.parametrize(
    ("notes", "status"),
    [
        (make_note("drift", "1", "", result(unchanged=2)), "clean"),
        (make_note("drift", "1", "", result(change("ConfigMap/cortex/a", "update", fields=["data.x"]))), "drift"),
        (make_note("drift", "1", "", result(unchanged=2, foreign=[FOREIGN])), "drift"),
        (make_note("drift", "1", "", {"failed": True, "msg": "unreachable"}), "error"),
    ],
)
def test_drift_has_its_own_words(notes, status):
    report = conforms(build_report(meta("drift"), {"a": [notes]}), "drift")
    assert report["status"] == status
    assert all(item["host"] == "a" for item in report["foreign"])


def test_a_warning_of_every_host_stands_once():
    report = plan_of(a=planned(warnings=["the policy is new"]), b=planned(warnings=["the policy is new", "only here"]))
    assert report["warnings"] == ["the policy is new", "b: only here"]


def test_what_leaves_for_the_next_job_is_small():
    changes = [change(f"ConfigMap/cortex/name-{number}") for number in range(3000)]
    report = plan_of(**{f"prod-cluster-with-a-long-name-{number}": planned(*changes) for number in range(20)})
    handed = artifacts(report)
    assert handed["platform_plan_digest"] == report["digest"]
    assert handed["platform_plan_counts"] == {"create": 60000}
    assert len(json.dumps(handed)) < 2000


def test_the_dearest_impact():
    assert impact_of([change("a/b/c"), change("a/b/d", impact="disruptive"), change("a/b/e", impact="restart")]) is Impact.DISRUPTIVE
    assert impact_of([]) is None


def test_a_long_error_is_cut():
    assert len(make_note("plan", "", "", {"failed": True, "msg": "x" * 100_000})["error"]) == 4000


CHANGES = st.lists(
    st.builds(
        change,
        st.from_regex(r"[A-Z][a-z]{1,5}/-/[a-z]{1,8}", fullmatch=True),
        st.sampled_from(ACTIONS),
        st.sampled_from([i.value for i in Impact]),
    ),
    unique_by=lambda one: one["id"],
    max_size=6,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), CHANGES, min_size=1))
def test_every_report_conforms_and_its_digest_follows_its_hosts(hosts):
    report = conforms(plan_of(**{host: planned(*changes) for host, changes in hosts.items()}))
    assert report_digest(report) == report["digest"]
    assert sum(report["counts"].values()) == len(report["changes"]) == sum(len(changes) for changes in hosts.values())
    other = plan_of(**{host: planned(*changes, values="other") for host, changes in hosts.items()})
    assert other["digest"] != report["digest"]


# a run that does not come to its end


def failing(*changes, **more):
    """A result of kube_apply that failed in the middle; each change says whether it was made."""
    return {"failed": True, "msg": "the server went away", **result(*changes), "changed": True, **more}


ONE, TWO = change("ConfigMap/n/one", written=True), change("ConfigMap/n/two", "update", written=False)


def test_a_run_that_failed_says_what_it_wrote_and_what_not():
    notes = [make_note("apply", "1", "Reconcile", failing(ONE, TWO))]
    report = conforms(build_report(meta("site", applied=True), {"a": notes}))
    assert report["status"] == report["hosts"]["a"]["status"] == "failed"
    assert [(item["id"], item["written"]) for item in report["changes"]] == [("ConfigMap/n/one", True), ("ConfigMap/n/two", False)]
    assert (report["counts"]["create"], report["counts"]["update"]) == (1, 0)


def test_waves_that_were_made_and_waves_that_were_not_reached_are_told_apart():
    first, second, third = change("ConfigMap/n/first"), change("ConfigMap/n/one"), change("ConfigMap/n/third")
    plans = [make_note("plan", str(wave), "", result(item)) for wave, item in enumerate((first, second, third), start=1)]
    done = make_note("apply", "1", "", result(first))
    broke = make_note("apply", "2", "Reconcile", failing({**second, "written": True}))
    report = conforms(build_report(meta("site", applied=True), {"a": [*plans, done, broke]}))
    assert [item["written"] for item in report["changes"]] == [True, True, False]
    assert report["counts"]["create"] == 2


def test_what_a_module_does_not_say_is_not_claimed():
    plans = [make_note("plan", "1", "", result(change("ConfigMap/n/one"))), make_note("plan", "vault", "", result(change("sys/a/b")))]
    notes = [*plans, make_note("apply", "1", "", result(change("ConfigMap/n/one"))), make_note("apply", "", "Vault", {"failed": True})]
    report = conforms(build_report(meta("site", applied=True), {"a": notes}))
    assert [item.get("written") for item in report["changes"]] == [True, None]


def test_a_plan_that_was_refused_before_its_first_write_wrote_nothing():
    notes = [make_note("apply", "1", "Reconcile", {"failed": True, "msg": "no", "refused": [change("ConfigMap/n/one", "delete")]})]
    report = conforms(build_report(meta("site", applied=True), {"a": notes}))
    assert [item["written"] for item in report["changes"]] == [False]
    assert report["counts"]["delete"] == 0


def test_a_lock_that_was_lost_interrupts():
    notes = [make_note("apply", "1", "Reconcile", failing(ONE, TWO, interrupted=True, lock_lost=True))]
    report = conforms(build_report(meta("site", applied=True), {"a": notes, "b": applied(change("Namespace/-/x"))}))
    assert report["status"] == "interrupted"
    assert {name: row["status"] for name, row in report["hosts"].items()} == {"a": "interrupted", "b": "applied"}


@pytest.mark.parametrize("notes", [[], planned(change("ConfigMap/n/one"))], ids=["not planned", "planned"])
def test_a_report_that_is_written_before_the_first_write_says_that_the_run_is_on_its_way(notes):
    report = conforms(build_report(meta("site", process="m-1-b"), {"a": notes}))
    assert (report["status"], report["process"]) == ("running", "m-1-b")
    assert conforms(build_report(meta("site", process=""), {"a": notes}))["status"] != "running"


def test_who_was_interrupted_without_a_word_is_called_so_and_claims_nothing():
    report = conforms(interrupted(build_report(meta("site", process="m-1-b"), {"a": planned(change("ConfigMap/n/one"), unchanged=4)})))
    assert report["status"] == report["hosts"]["a"]["status"] == "interrupted"
    assert "process" not in report
    assert (report["counts"]["create"], report["counts"]["unchanged"]) == (0, 4)
    assert [item.get("written") for item in report["changes"]] == [None]
    assert "the next run goes on from there" in report["error"]


def test_what_the_workers_left_completes_the_report():
    before = build_report(meta("site", process="m-1-b"), {"a": [], "b": []})
    left = {"a": [make_note("apply", "1", "Reconcile", failing(ONE, TWO, interrupted=True))]}
    report = conforms(interrupted(before, left))
    assert [(item["host"], item["id"], item["written"]) for item in report["changes"]] == [
        ("a", "ConfigMap/n/one", True),
        ("a", "ConfigMap/n/two", False),
    ]
    assert report["counts"]["create"] == 1
    assert report["hosts"]["a"]["cluster_uid"] == "uid-1"


def test_what_was_planned_again_behind_another_run_is_what_the_report_shows():
    """Both planned the same; the other one wrote it first."""
    old, left = change("ConfigMap/n/a"), change("ConfigMap/n/b")
    notes = [make_note("plan", "1", "", result(old, left, unchanged=1)), make_note("apply", "1", "", result(left, unchanged=2))]
    report = build_report(meta("site", applied=True), {"a": notes})
    assert ([change["id"] for change in report["changes"]], report["counts"]["create"], report["status"]) == (
        ["ConfigMap/n/b"],
        1,
        "applied",
    )
    assert "planned again" in report["warnings"][0]
    notes[1] = make_note("apply", "1", "", {**result(unchanged=3), "changed": False})
    report = build_report(meta("site", applied=True), {"a": notes})
    assert (report["changes"], report["status"]) == ([], "clean") and "planned again" in report["warnings"][0]
    notes[1] = notes[0] | {"stage": "apply"}
    assert build_report(meta("site", applied=True), {"a": notes})["warnings"] == []
