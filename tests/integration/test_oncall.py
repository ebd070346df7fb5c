# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The area oncall on a sandbox: from the inventory to what a stand-in for PagerDuty keeps. Its log of requests is the judge."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES
from ansible_collections.gantry.platform.tests.integration.runs import conforms
from ansible_collections.gantry.platform.tests.integration.standins import StandInRuns

HOST = "sandbox"
SCHEDULE = "schedule/cortex-primary"


@pytest.fixture(scope="module")
def oncall():
    made = StandInRuns(INSTANCES / "oncall", "oncall", "pagerduty", "Token token={token}")
    made.remove()
    try:
        made.prepare()
        made.planned = made.play("plan")
        made.written_by_the_plan = made.writes()
        made.applied = made.play("site")
        yield made
    finally:
        made.remove()


def test_the_plan_of_an_empty_account_is_what_is_done(oncall):
    code, output, planned = oncall.planned
    assert code == 0, output
    assert oncall.written_by_the_plan == []
    code, output, applied = oncall.applied
    assert code == 0, output
    assert (conforms(applied)["status"], applied["hosts"][HOST]["verified"]) == ("applied", True)
    assert [change["id"] for change in planned["changes"]] == [change["id"] for change in applied["changes"]]
    assert {change["action"] for change in applied["changes"]} == {"create"}
    assert {SCHEDULE, "escalation_policy/cortex-primary-t0", "service/consciousness-engine"} <= {
        change["id"] for change in applied["changes"]
    }
    teams = oncall.ask("GET", "/teams")["teams"]
    assert {team["name"] for team in teams} >= {"cortex", "memory"} and all("[gantry.platform: " in team["description"] for team in teams)
    assert "a stand-in made from our table" in output or "stand-in" in oncall.command("ansible-playbook", *oncall.words("status"))[1]


def test_a_second_run_writes_nothing_and_tells_no_token(oncall):
    before, changed = oncall.writes(), oncall.audited()
    code, output = oncall.command("ansible-playbook", *oncall.words("site"), "-vvvv", "--diff")
    assert code == 0, output
    assert (oncall.reported()["status"], oncall.writes(), oncall.audited()) == ("clean", before, changed)
    assert oncall.token not in output


def test_a_schedule_that_somebody_changed_is_named_with_its_fields_and_put_back(oncall):
    (row,) = [row for row in oncall.ask("GET", "/schedules")["schedules"] if row["name"] == "cortex-primary"]
    schedule = oncall.ask("GET", f"/schedules/{row['id']}")["schedule"]
    first = schedule["schedule_layers"][0]
    by_hand = {"name": "by hand", "rotation_virtual_start": first["rotation_virtual_start"], "rotation_turn_length_seconds": 3600}
    sent = {key: schedule[key] for key in ("type", "name", "description", "time_zone")}
    oncall.ask("PUT", f"/schedules/{row['id']}", {"schedule": {**sent, "schedule_layers": [{**by_hand, "users": first["users"]}]}})
    before = oncall.writes()

    code, output, report = oncall.play("drift")
    assert code != 0
    assert [(change["id"], change["action"]) for change in conforms(report, "drift")["changes"]] == [(SCHEDULE, "update")]
    assert any(field.startswith("schedule_layers") for field in report["changes"][0]["fields"])
    code, output, _report = oncall.play("verify")
    assert code != 0 and f"not as declared: {SCHEDULE}" in " ".join(output.split())
    assert oncall.writes() == before

    code, output, report = oncall.play("site", platform_allowed_impact=["safe", "disruptive"])
    assert code == 0, output
    assert [(change["id"], change["impact"]) for change in report["changes"]] == [(SCHEDULE, "disruptive")]
    code, output, report = oncall.play("drift")
    assert (code, report["status"]) == (0, "clean"), output
