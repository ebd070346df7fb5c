# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is told of what: every alert of a tier and severity against the routes, as Alertmanager walks them."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._alertmanager.notifications import notifications, ways
from ansible_collections.gantry.platform.tests.kit.routes import receiver_of

DEFAULT = {"pagerduty", "slack", "teams", "webhook"}
TEAMS = {"cortex": {"slack": "#team-cortex"}, "memory": {}}


def settings(**changed):
    loud = {"page": [*DEFAULT], "ticket": ["slack", "teams"], "quiet": False}
    calm = {"page": ["slack", "teams"], "ticket": ["slack", "teams"], "quiet": True}
    return {
        "receivers": {"pagerduty": {"key": "env:K", "region": "eu"}, "slack": {"url": "env:S", "channel": "#all"}},
        "tiers": {"t0": loud, "t1": loud, "t2": calm, "t3": calm},
        "platform_tier": "t1",
        "quiet_hours": [{"weekdays": ["saturday", "sunday"]}, {"weekdays": ["monday:friday"], "from": "18:00", "to": "24:00"}],
        "repeat": {"page": "1h", "ticket": "12h", "dead_man": "5m"},
        "runbooks": "https://example.org/",
        **changed,
    }


def told(found, **labels):
    return receiver_of(found["routes"], labels)


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"team": "cortex", "tier": "t0", "severity": "page"}, ["cortex_pagerduty-slack"]),
        ({"team": "cortex", "tier": "t1", "severity": "ticket"}, ["cortex_slack"]),
        ({"team": "memory", "tier": "t2", "severity": "page"}, ["memory_slack"]),
        ({"team": "memory", "severity": "page"}, ["memory_pagerduty-slack"]),
        ({"team": "owner", "severity": "page"}, ["owner_pagerduty-slack"]),
        ({"severity": "ticket"}, ["owner_slack"]),
        ({"team": "gone", "tier": "t0", "severity": "page"}, ["owner_pagerduty-slack"]),
        ({"team": "cortex", "tier": "t0", "severity": "none"}, ["nobody"]),
        ({"team": "cortex", "tier": "t9", "severity": "page"}, ["nobody"]),
        ({"alertname": "Watchdog", "severity": "none"}, ["nobody"]),
    ],
)
def test_an_alert_reaches_those_of_its_team_tier_and_severity(labels, receivers):
    assert told(notifications(settings(), TEAMS, "owner"), **labels) == receivers


def test_every_alert_of_a_team_is_told_in_the_ways_of_its_tier():
    given = settings()
    found = notifications(given, TEAMS, "owner")
    for team, tier, severity in itertools.product((*TEAMS, "owner"), ("t0", "t1", "t2", "t3"), ("page", "ticket")):
        wanted = f"{team}_{'-'.join(ways(given, tier, severity))}"
        assert told(found, team=team, tier=tier, severity=severity) == [wanted]
    names = {one["name"] for one in found["receivers"]}
    assert names == {f"{team}_{via}" for team in (*TEAMS, "owner") for via in ("pagerduty-slack", "slack")}


def test_teams_whose_names_begin_alike_have_receivers_of_their_own():
    given = settings(receivers={"slack": {"url": "env:S", "channel": "#all"}, "teams": {"url": "env:T"}})
    given["tiers"]["t0"]["ticket"] = ["teams"]
    found = notifications(given, {"a": {"slack": "#a"}, "a-slack": {"slack": "#other"}}, "owner")
    names = [one["name"] for one in found["receivers"]]
    assert len(set(names)) == len(names)
    (mine,) = [one for one in found["receivers"] if one["name"] == told(found, team="a", tier="t0", severity="page")[0]]
    assert mine["slackConfigs"][0]["channel"] == "#a" and "msteamsv2Configs" in mine


def test_automation_hears_of_all_that_people_hear_of_and_the_dead_mans_switch_of_the_watchdog_alone():
    receivers = {**settings()["receivers"], "automation": {"url": "env:A"}, "dead_man": {"url": "env:D"}}
    found = notifications(settings(receivers=receivers), TEAMS, "owner")
    assert told(found, team="cortex", tier="t0", severity="page") == ["automation", "cortex_pagerduty-slack"]
    assert told(found, alertname="Watchdog", severity="none", team="owner") == ["dead-man"]
    assert told(found, team="cortex", tier="t0", severity="none") == ["nobody"]
    assert found["secrets"] == {"automation": "env:A", "dead-man": "env:D", "pagerduty": "env:K", "slack": "env:S"}


def test_automation_is_told_with_its_token_which_alert_starts_what():
    receivers = {**settings()["receivers"], "automation": {"url": "env:A", "token": "env:T", "jobs": {"Broken": "platform verify"}}}
    found = notifications(settings(receivers=receivers), TEAMS, "owner")
    (hook,) = next(one for one in found["receivers"] if one["name"] == "automation")["webhookConfigs"]
    assert hook["httpConfig"]["authorization"]["credentials"] == {"name": "alertmanager-receivers", "key": "automation-token"}
    assert found["secrets"]["automation-token"] == "env:T" and found["jobs"] == {"Broken": "platform verify"}
    assert notifications(settings(), TEAMS, "owner")["jobs"] == {}


def test_only_tiers_that_are_quiet_wait_and_only_where_there_are_quiet_hours():
    def muted(found):
        return {
            (outer["matchers"][0]["value"], route["matchers"][1]["value"], route["matchers"][0]["value"])
            for outer in found["routes"]
            for route in outer.get("routes", ())
            if "muteTimeIntervals" in route
        }

    found = notifications(settings(), {"cortex": {}}, "owner")
    assert muted(found) == {("cortex", "t2|t3", "page"), ("cortex", "t2|t3", "ticket")}
    (quiet,) = found["muteTimeIntervals"]
    assert quiet["timeIntervals"] == [
        {"weekdays": ["saturday", "sunday"]},
        {"weekdays": ["monday:friday"], "times": [{"startTime": "18:00", "endTime": "24:00"}]},
    ]
    without = notifications(settings(quiet_hours=[]), {"cortex": {}}, "owner")
    assert muted(without) == set() and without["muteTimeIntervals"] == []


def test_a_receiver_has_its_teams_channel_its_secret_by_reference_and_the_runbook():
    found = {one["name"]: one for one in notifications(settings(), TEAMS, "owner")["receivers"]}
    (slack,), (paged,) = found["cortex_pagerduty-slack"]["slackConfigs"], found["cortex_pagerduty-slack"]["pagerdutyConfigs"]
    assert slack["channel"] == "#team-cortex" and found["memory_slack"]["slackConfigs"][0]["channel"] == "#all"
    assert slack["apiURL"] == {"name": "alertmanager-receivers", "key": "slack"} and "https://example.org/" in slack["actions"][0]["url"]
    assert paged["routingKey"]["key"] == "pagerduty" and paged["url"].startswith("https://events.eu.")
    assert {"key": "service", "value": "{{ .CommonLabels.service }}"} in paged["details"]
