# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.kit.routes import receiver_of
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory, model

SLACK = {"slack": {"url": "env:S", "channel": "#all"}}


def with_alerting(on=True, **said):
    """The example with the area on."""
    settings = {
        **VALUES["platform_settings"],
        "areas": {"monitoring": True, "alerting": on},
        "components": {"prometheus-operator": {}},
        "alerting": {"receivers": SLACK, **said},
    }
    return inventory(platform_settings=settings)


def starting(jobs):
    return {"receivers": {**SLACK, "automation": {"url": "env:A", "jobs": jobs}}}


def test_it_is_contributed_to_whoever_sends_alerts_and_only_where_it_is_on():
    given = model(with_alerting()).effective["contributions"]["notifications"]["alerting"]["people"]
    assert receiver_of(given["routes"], {"team": "cortex", "tier": "t1", "severity": "page"}) == ["cortex_slack"]
    assert given["secrets"] == {"slack": "env:S"}
    assert "alerting" not in model(with_alerting(on=False)).effective["contributions"].get("notifications", {})


@pytest.mark.parametrize(
    ("said", "where", "words"),
    [
        ({"receivers": {}}, "tiers.t0.page", "reaches nobody: none of its ways is among settings.alerting.receivers (none is declared)"),
        ({"tiers": {"t1": {"page": []}}}, "tiers.t1.page", "reaches nobody"),
        ({"tiers": {"t0": {"page": ["pagerduty"]}}}, "tiers.t0.page", "receivers (slack)"),
        ({"tiers": {"t0": {"page": ["slak"]}}}, "tiers.t0.page[0]", "slack"),
        (starting({"TargetDown": "x"}), "receivers.automation.jobs.TargetDown", "did you mean 'TargetsDown'"),
        (starting({"TargetsDown": "{{ x }}"}), "receivers.automation.jobs.TargetsDown", "without braces"),
        ({"receivers": {"slak": {}}}, "receivers.slak", "slack"),
        ({"receivers": {"slack": {"url": "https://hooks.slack.com/x", "channel": "#all"}}}, "receivers.slack.url", "a reference"),
        ({"receivers": {"slack": {"url": "env:S", "channel": "all"}}}, "receivers.slack.channel", "a channel"),
        ({"receivers": {"pagerduty": {"key": "env:K", "region": "uk"}, **SLACK}}, "receivers.pagerduty.region", "us"),
        ({"quiet_hours": [{"weekdays": ["monday"], "from": "18:00"}]}, "quiet_hours[0]", "has one of from and to"),
        ({"quiet_hours": [{"weekdays": ["monday"], "from": "18:00", "to": "07:00"}]}, "quiet_hours[0].to", "a night is two entries"),
        ({"quiet_hours": [{"weekdays": ["saturday:sunday"]}]}, "quiet_hours[0].weekdays[0]", "a week begins on sunday"),
        ({"quiet_hours": [{"weekdays": ["mo"]}]}, "quiet_hours[0].weekdays[0]", "a day or a range"),
        ({"quiet_hours": [{"weekdays": ["monday"], "from": "6:00", "to": "07:00"}]}, "quiet_hours[0].from", "an hour of the day"),
        ({"repeat": {"page": "10s"}}, "repeat.page", "at least 1m"),
        ({"repeat": {"page": "soon"}}, "repeat.page", "a duration"),
        ({"runbooks": "http://example.org/"}, "runbooks", "an https address"),
        ({"runbooks": "https://example.org/{{x}}/"}, "runbooks", "an https address"),
        ({"platform_tier": "t4"}, "platform_tier", "t3"),
    ],
)
def test_what_would_reach_nobody_or_says_nothing_is_refused_with_its_place(said, where, words):
    found = errors(with_alerting(**said))
    assert any(f"settings.alerting.{where}" in line and words in line for line in str(found).splitlines()), found
