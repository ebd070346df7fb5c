# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The area oncall on a sandbox: from the inventory to what a stand-in for PagerDuty keeps."""

from __future__ import annotations

SCHEDULE = "schedule/cortex-primary"


def test_teams_and_services_of_the_inventory_are_there(once):
    wanted = {SCHEDULE, "escalation_policy/cortex-primary-t0", "service/consciousness-engine"}
    assert {change["action"] for change in once.applied if change["id"] in wanted} == {"create"}
    assert wanted <= {change["id"] for change in once.applied}
    teams = once.ask("pagerduty", "GET", "/teams")["teams"]
    assert {team["name"] for team in teams} >= {"cortex", "memory"} and all("[gantry.platform: " in team["description"] for team in teams)


def test_a_schedule_that_somebody_changed_is_named_with_its_fields_and_put_back(once):
    (row,) = [row for row in once.ask("pagerduty", "GET", "/schedules")["schedules"] if row["name"] == "cortex-primary"]
    schedule = once.ask("pagerduty", "GET", f"/schedules/{row['id']}")["schedule"]
    first = schedule["schedule_layers"][0]
    by_hand = {"name": "by hand", "rotation_virtual_start": first["rotation_virtual_start"], "rotation_turn_length_seconds": 3600}
    sent = {key: schedule[key] for key in ("type", "name", "description", "time_zone")}
    layers = [{**by_hand, "users": first["users"]}]
    once.ask("pagerduty", "PUT", f"/schedules/{row['id']}", {"schedule": {**sent, "schedule_layers": layers}})
    once.drifts("oncall", SCHEDULE, "schedule_layers")
    assert once.put_back("oncall", SCHEDULE, platform_allowed_impact=["safe", "disruptive"])["impact"] == "disruptive"
