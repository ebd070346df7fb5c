# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.gantry.platform.plugins.module_utils._run.record import last_run, told, wrote
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report, make_note
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import applied, change, meta, planned


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
