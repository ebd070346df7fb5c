# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory, model

CALLED = {"users": ["ann@mind.example", "bob@mind.example"], "starts": "2026-01-05T09:00:00+01:00"}


def with_oncall(on=True, tier="t0", oncall=None, **team):
    """The example with the area on, its services of one tier; their team says more."""
    services, teams = copy.deepcopy(VALUES["platform_services"]), copy.deepcopy(VALUES["platform_teams"])
    for service in services.values():
        service["tier"] = tier
    teams["cortex"].update(team)
    tiers = {**VALUES["platform_recovery"]["tiers"], "t2": {"rto": "4h", "rpo": "1h", "priority": 5}}
    settings = {**VALUES["platform_settings"], "areas": {"oncall": on}, **({"oncall": oncall} if oncall else {})}
    return inventory(platform_settings=settings, platform_services=services, platform_teams=teams, platform_recovery={"tiers": tiers})


def test_what_nobody_says_is_what_a_tier_asks_for():
    found = model(with_oncall(on_call=CALLED, oncall={"tiers": {"t0": {"after_minutes": 3}}})).effective
    tiers = found["settings"]["oncall"]["tiers"]
    assert tiers["t0"] == {"after_minutes": 3, "repeats": 3} and tiers["t3"] == {"after_minutes": 60, "repeats": 0}
    (team,) = [team for team in found["teams"].values() if "on_call" in team]
    assert team["on_call"] == {**CALLED, "turn_days": 7, "time_zone": "Etc/UTC"}


def test_no_two_teams_have_one_schedule():
    found = with_oncall(on_call={**CALLED, "schedule": "other"})
    assert errors(found) == []
    found["platform_teams"]["other"] = {**copy.deepcopy(VALUES["platform_teams"]["cortex"]), "on_call": CALLED}
    assert "its schedule 'other' is that of the team 'cortex'" in "\n".join(errors(found))


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({}, "nobody of 'cortex' is called for a service of tier t0; write teams.cortex.on_call"),
        ({"tier": "t1"}, "is called for a service of tier t1"),
        ({"tier": "t2"}, None),
        ({"on": False}, None),
        ({"on_call": CALLED}, None),
        ({"on_call": {**CALLED, "users": ["ann@mind.example", "ann@mind.example"]}}, "found 'ann@mind.example' twice"),
        ({"on_call": {**CALLED, "users": ["Ann"]}}, "an e-mail address in small letters"),
        ({"on_call": {**CALLED, "starts": "2026-01-05"}}, "a moment with its offset"),
        ({"on_call": {"users": CALLED["users"]}}, "starts"),
    ],
)
def test_who_is_called_is_checked_before_anybody_is_asked(said, wrong):
    found = "\n".join(errors(with_oncall(**said)))
    assert wrong in found if wrong else not found, found
