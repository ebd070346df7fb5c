# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What routes are held against knows nothing of routes, and routes as they are made keep to it."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._alertmanager.notifications import notifications
from ansible_collections.gantry.platform.plugins.module_utils._alertmanager.table import table
from ansible_collections.gantry.platform.tests.kit.routes import receiver_of
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._alertmanager.test_notifications import TEAMS, settings

MORE = {"automation": {"url": "env:A"}, "dead_man": {"url": "env:D"}}


@pytest.mark.parametrize("owner", ["owner", "cortex"])
@pytest.mark.parametrize("more", [{}, MORE])
def test_routes_as_they_are_made_lead_every_alert_of_the_table(more, owner):
    given = settings(receivers={**settings()["receivers"], **more})
    rows = table(given, TEAMS, owner)
    made = notifications(given, TEAMS, owner)
    assert [row["receivers"] for row in rows] == [receiver_of(made["routes"], row["labels"]) for row in rows]
    assert len(rows) == 1 + len({*TEAMS, owner, ""}) * (1 + 2 * 5)
    assert {name for row in rows for name in row["receivers"]} == {"nobody", *(one["name"] for one in made["receivers"])}


def test_the_table_says_who_is_told_of_a_tier():
    rows = {tuple(sorted(row["labels"].items())): row["receivers"] for row in table(settings(), TEAMS, "owner")}
    paged = {"severity": "page", "team": "cortex"}
    assert rows[tuple(sorted({**paged, "tier": "t0"}.items()))] == ["cortex_pagerduty-slack"]
    assert rows[tuple(sorted({**paged, "tier": "t3"}.items()))] == ["cortex_slack"]
    assert rows[tuple(sorted(paged.items()))] == ["cortex_pagerduty-slack"], "as the platform's own tier"


@pytest.mark.parametrize("lost", ["the route of a team", "a tier", "what goes on"])
def test_a_route_that_is_wrong_does_not_keep_to_the_table(lost):
    given = settings(receivers={**settings()["receivers"], **MORE})
    rows, made = table(given, TEAMS, "owner"), notifications(given, TEAMS, "owner")
    if lost == "the route of a team":
        made["routes"] = [one for one in made["routes"] if one["matchers"][0]["value"] != "memory"]
    elif lost == "a tier":
        made["routes"][-1]["matchers"][1]["value"] = "t2"
    else:
        made["routes"][2].pop("continue")
    assert [row for row in rows if receiver_of(made["routes"], row["labels"]) != row["receivers"]]
