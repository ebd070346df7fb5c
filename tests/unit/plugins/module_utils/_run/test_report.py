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
    impact_of,
    make_note,
    report_digest,
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
    assert report["counts"] == {"create": 1, "update": 1, "replace": 0, "delete": 1, "adopt": 0, "blocked": 0, "unchanged": 12}
    assert [(item["host"], item["id"]) for item in report["changes"]] == [
        ("a", "Deployment.apps/cortex/engine"),
        ("b", "Namespace/-/cortex"),
        ("b", "ConfigMap/cortex/a"),
    ]
    assert (
        report["hosts"]["a"]["digest"]
        == result(change("Deployment.apps/cortex/engine", "update", "restart", fields=["spec.replicas"]), unchanged=7)["digest"]
    )


def test_nothing_to_change_is_clean():
    assert conforms(plan_of(a=planned(unchanged=3)))["status"] == "clean"


def test_a_host_without_a_note_makes_the_plan_incomplete():
    report = conforms(plan_of(a=planned(unchanged=3), b=[]))
    assert report["status"] == "incomplete"
    assert report["hosts"]["b"]["status"] == "not reached"
    assert report["hosts"]["b"]["digest"] is None


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
