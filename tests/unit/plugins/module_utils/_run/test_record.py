# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.gantry.platform.plugins.module_utils._run.record import last_run, told, wrote
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report, make_note
from ansible_collections.gantry.platform.plugins.module_utils._run.table import plain, render
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import applied, change, meta, planned, result


def test_only_a_run_that_wrote_leaves_a_record():
    assert wrote(applied(change("Namespace/-/x")))
    assert not wrote(applied(unchanged=4))
    assert not wrote(planned(change("Namespace/-/x")))
    assert wrote([make_note("apply", "1", "", {"failed": True, "changed": True, "msg": "timeout"})])


def test_a_record_says_who_what_and_how_it_ended():
    report = build_report(meta("site", applied=True), {"a": applied(change("Namespace/-/x")), "b": []})
    record = last_run(report, "a", "ada@ops", {"release": {"services": {}}})
    assert record["plan_digest"] == report["digest"]
    assert record["hosts"] == {"a": "applied", "b": "not reached"}
    assert record["changes"][0]["id"] == "Namespace/-/x"
    text = "\n".join(told(json.loads(json.dumps(record)), "a"))
    assert "last changed 2026-11-24T10:00:00Z by ada@ops (site, run run-1)" in text
    assert "ended applied, verified" in text
    assert "b not reached" in text


def test_a_long_record_is_bounded():
    report = build_report(meta("site", applied=True), {"a": applied(*[change(f"ConfigMap/x/{n}") for n in range(700)])})
    record = last_run(report, "a", "ada@ops", {})
    assert len(record["changes"]) == 500
    assert record["changes_left_out"] == 200


def test_a_failed_run_says_why():
    note = make_note("apply", "1", "x", {"failed": True, "changed": True, "msg": "not ready in time\nmore"})
    report = build_report(meta("site", applied=True), {"a": [note]})
    assert "  not ready in time" in told(last_run(report, "a", "ada@ops", {}), "a")


def test_no_record_yet():
    assert told(None, "a") == ["a: no run has changed this cluster yet"]


LOCK = {"run": "run-2", "written": "3 of 5 changes", "since": "2026-11-25T08:00:00Z", "holder": ""}


def told_of(lock, report=None):
    record = last_run(report or build_report(meta("site", applied=True), {"a": applied(change("Namespace/-/x"))}), "a", "ada@ops", {})
    return "\n".join(told(json.loads(json.dumps(record)), "a", lock))


def test_a_run_that_had_the_lock_and_left_no_record_was_interrupted():
    text = told_of(LOCK)
    assert "after that: run run-2, which began to write 2026-11-25T08:00:00Z, was interrupted" in text
    assert "it wrote 3 of 5 changes" in text and "the next run goes on from there" in text
    assert "was interrupted" in "\n".join(told(None, "a", LOCK))
    assert "of bob@ops, which began to write 2026-11-25T08:00:00Z, is writing now, or was killed" in told_of({**LOCK, "holder": "bob@ops"})


def test_a_run_that_is_on_record_or_wrote_nothing_is_not_called_interrupted():
    for lock in (None, {**LOCK, "run": "run-1"}, {**LOCK, "run": ""}, {**LOCK, "written": "0 of 5 changes"}):
        assert "interrupted" not in told_of(lock)


def test_a_run_that_lost_its_lock_is_told_beside_the_one_that_took_it():
    record = last_run(build_report(meta("site", applied=True), {"a": applied(change("Namespace/-/x"))}), "a", "ada@ops", {})
    made = change("ConfigMap/n/one", written=True)
    note = {"failed": True, "msg": "lost", "changed": True, "plan": [made], "interrupted": True, "lock_lost": True}
    slept = last_run(build_report(meta("site", applied=True, run="run-0"), {"a": [make_note("apply", "1", "x", note)]}), "a", "bob@ops", {})
    text = "\n".join(told({**record, "beside": [slept]}, "a"))
    assert "interrupted beside it: run run-0 by bob@ops" in text and "which wrote 1 create" in text
    assert "ended interrupted" in "\n".join(told(slept, "a"))


def test_an_object_that_is_about_to_go_is_told_alike_in_file_table_record_and_status():
    leaving = "is being deleted since 2026-11-24T09:00:00Z, finalizers: example.com/hold"
    rows = [change("ConfigMap/n/a"), change("ConfigMap/n/held", "blocked", reason=leaving)]
    warning = f"ConfigMap/n/held is left as it is: {leaving}"
    message = (
        f"1 object(s) could not be made as declared; everything else is done. Run again when it can be:\n  ConfigMap/n/held: {leaving}"
    )
    done = [{**row, "written": row["action"] == "create"} for row in rows]
    failed = {**result(*rows, warnings=[warning]), "plan": done, "failed": True, "msg": message}
    notes = [make_note("plan", "1", "", result(*rows, warnings=[warning])), make_note("apply", "1", "Reconcile", failed)]
    report = build_report(meta("site", applied=True), {"a": notes})
    assert (report["status"], report["counts"]["create"], report["warnings"]) == ("failed", 1, [warning])
    assert {row["id"]: (row["action"], row["written"]) for row in report["changes"]} == {
        "ConfigMap/n/a": ("create", True),
        "ConfigMap/n/held": ("blocked", False),
    }
    text = " ".join(plain(render(report)).split())
    assert f"blocked ConfigMap/n/held safe {leaving}" in text and "written: 1 create; not written: nothing" in text
    record = last_run(report, "a", "me@here", {})
    assert [row["reason"] for row in record["changes"] if row["action"] == "blocked"] == [leaving]
    said = " ".join(" ".join(told(record, "a")).split())
    assert "ended failed, not verified" in said and "1 object(s) could not be made as declared; everything else is done" in said
