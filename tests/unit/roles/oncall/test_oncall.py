# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is called about what, as the shipped inventories say it: PagerDuty's document, read as the module reads it."""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.filter.quoted import FilterModule
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.pagerduty import API
from ansible_collections.gantry.platform.plugins.module_utils._rest.document import needs_of, read_document
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT
from jinja2 import Environment

TEMPLATE = CHECKOUT / "roles" / "oncall" / "templates" / "pagerduty.yaml.j2"


def document(model):
    texts = Environment(autoescape=False, trim_blocks=True, lstrip_blocks=True)
    quoted = FilterModule().filters()["quoted"]
    texts.filters |= {"to_json": json.dumps, "combine": lambda one, other: {**one, **other}, "gantry.platform.quoted": quoted}
    given = {f"oncall_{part}": model[part] for part in ("teams", "services")}
    text = texts.from_string(TEMPLATE.read_text(encoding="utf-8")).render(**given, oncall_settings=model["settings"]["oncall"])
    return yaml.safe_load(text)


@pytest.fixture
def model(shipped):
    """What prod says, for a test to change."""
    return copy.deepcopy(shipped["prod-euw1"].model)


def test_every_shipped_inventory_says_who_is_called_about_every_service(shipped):
    for cluster in shipped.values():
        things = {thing.id: thing for thing in read_document(API, document(cluster.model))}
        for name, service in cluster.model["services"].items():
            policy = next(iter(needs_of(API, "service", things[f"service/{name}"].body)))
            assert policy == f"escalation_policy/{cluster.model['teams'][service['team']]['on_call']['schedule']}-{service['tier']}"
            assert f"integration/{name}/alertmanager" in things
            named = needs_of(API, "escalation_policy", things[policy].body)
            people = {f"user/{user}" for user in cluster.model["teams"][service["team"]]["on_call"]["users"]}
            assert named == {
                f"team/{service['team']}",
                f"schedule/{cluster.model['teams'][service['team']]['on_call']['schedule']}",
                *people,
            }


def test_what_more_depends_on_goes_on_sooner_and_more_often(model):
    model["services"]["consciousness-engine"]["tier"], model["services"]["memory-store"]["tier"] = "t0", "t2"
    model["services"]["memory-store"]["team"] = "cortex"
    policies = document(model)["escalation_policies"]
    first, last = policies["cortex-primary-t0"], policies["cortex-primary-t2"]
    assert [rule["escalation_delay_in_minutes"] for rule in first["escalation_rules"]] == [5, 5] and first["num_loops"] == 3
    assert [rule["escalation_delay_in_minutes"] for rule in last["escalation_rules"]] == [30, 30] and last["num_loops"] == 1
    assert first["escalation_rules"][0]["targets"] == [{"schedule": "cortex-primary"}]


def test_a_turn_is_as_long_and_begins_when_the_team_says(model):
    model["teams"]["cortex"]["on_call"] |= {"turn_days": 2, "starts": "2026-03-02T08:00:00+01:00"}
    (layer,) = document(model)["schedules"]["cortex-primary"]["schedule_layers"]
    assert (layer["rotation_turn_length_seconds"], layer["rotation_virtual_start"]) == (172800, "2026-03-02T08:00:00+01:00")
    assert layer["users"] == model["teams"]["cortex"]["on_call"]["users"]


def test_a_policy_that_is_there_is_named_and_not_made(model):
    del model["teams"]["cortex"]["on_call"]
    model["teams"]["cortex"]["oncall"] = 'whoever "is" there: {{ 1 }}'
    found = document(model)
    assert "cortex-primary" not in found["schedules"] and not [name for name in found["escalation_policies"] if name.startswith("cortex")]
    mine = {name for name, service in model["services"].items() if service["team"] == "cortex"}
    assert mine and {found["services"][name]["escalation_policy"] for name in mine} == {'whoever "is" there: {{ 1 }}'}


def test_where_nobody_is_called_there_is_nothing_and_the_document_is_still_one(model):
    for team in model["teams"].values():
        del team["on_call"]
    found = document(model)
    assert set(found["teams"]) == set(model["teams"])
    assert found["schedules"] == found["escalation_policies"] == found["services"] == found["event_orchestrations"] == {}
    assert [thing.kind for thing in read_document(API, found)] == ["team"] * len(model["teams"])


def test_an_alert_goes_to_the_service_that_it_names(model):
    found = document(model)
    (routed,) = found["event_orchestrations"].values()
    (start,) = routed["paths"]["router"]["sets"]
    assert [rule["actions"]["route_to"] for rule in start["rules"]] == sorted(found["services"])
    assert start["rules"][0]["conditions"] == [{"expression": f"event.custom_details.service matches '{min(found['services'])}'"}]
