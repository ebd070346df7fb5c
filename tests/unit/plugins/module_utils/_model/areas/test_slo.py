# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json

import jsonschema
import pytest
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory, model
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT

BUCKET = {"type": "s3", "name": "history", "endpoint": "s3.eu-west-1.amazonaws.com", "credentials": "env:BUCKET"}


def with_slos(slos, on=True, retention="35d", tiers=None, history=None, shards=1, **service):
    """The example with the area on, and these objectives."""
    services = copy.deepcopy(VALUES["platform_services"])
    services["store"].update(service)
    settings = {
        **VALUES["platform_settings"],
        "areas": {"monitoring": on, "slo": on},
        "components": {"prometheus-operator": {}},
        "monitoring": {
            "prometheus": {"retention": retention, "shards": shards},
            **({"thanos": {"bucket": BUCKET, **history}} if history is not None else {}),
        },
        **({"slo": tiers} if tiers else {}),
    }
    return inventory(platform_settings=settings, platform_services=services, platform_slos=slos)


def one(**said):
    return with_slos({"s": {"service": "store", "indicator": "availability", **said}})


def test_an_objective_is_its_services_and_what_it_does_not_say_its_tiers():
    found = model(with_slos({"s": {"service": "store", "indicator": "latency", "threshold": "50ms"}}, protocol="grpc")).effective["slos"][
        "s"
    ]
    assert {key: found[key] for key in ("team", "tier", "namespace", "protocol")} == {
        "team": "cortex",
        "tier": "t1",
        "namespace": "cortex",
        "protocol": "grpc",
    }
    assert (found["objective"], found["min_events"], found["window"], found["policy"]) == (99, 20, "28d", "standard")
    assert [row["severity"] for row in found["burn_rates"]] == ["page", "page", "ticket", "ticket"]


def test_a_tier_that_may_wait_pages_nobody():
    inventory = with_slos(
        {"s": {"service": "store", "indicator": "availability"}},
        tiers={"tiers": {"t1": {"availability": 98, "latency": 90, "quality": 90, "pages": False}}},
    )
    found = model(inventory).effective["slos"]["s"]
    assert found["objective"] == 98
    assert {row["severity"] for row in found["burn_rates"]} == {"ticket"}


def test_its_rules_are_contributed_by_name_and_only_where_it_is_on():
    slos = {"s": {"service": "store", "indicator": "availability"}}
    given = model(with_slos(slos)).effective["contributions"]
    assert set(given["recording_rules"]["slo"]) == set(given["alerts"]["slo"]) == {"slo-s", "slo-s-budget"}
    assert given["inhibitions"]["slo"]["burn-rates"][0]["equal"] == ["slo"]
    off = model(with_slos(slos, on=False)).effective["contributions"]
    assert "slo" not in off["alerts"] and "slo" not in off["recording_rules"]
    assert "slo" not in model(with_slos({})).effective["contributions"]["alerts"]


def test_what_it_contributes_has_the_form_that_its_owners_read():
    slos = {"s": {"service": "store", "indicator": "availability"}, "t": {"service": "engine", "indicator": "latency", "threshold": "1s"}}
    given = {kind: areas["slo"] for kind, areas in model(with_slos(slos)).effective["contributions"].items() if "slo" in areas}
    assert set(given) == {"alerts", "dashboards", "inhibitions", "recording_rules", "runbooks"}
    form = json.loads((CHECKOUT / "docs" / "area.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(given, {**form["properties"]["contributes"], "$defs": form["$defs"]})
    alerts = {rule["alert"] for group in given["alerts"].values() for rule in group["rules"]}
    assert alerts == set(given["runbooks"])


def test_an_environment_promises_less_with_one_line():
    values = one(objective=99.9)
    values["platform_environment_overrides"] = {"slos": {"s": {"objective": 99.5}}}
    assert model(values).effective["slos"]["s"]["objective"] == 99.5


@pytest.mark.parametrize(
    ("inventory", "words"),
    [
        (one(service="stor"), "slos.s.service: found the unknown service 'stor'; allowed: engine, store; did you mean 'store'?"),
        (one(objctive=99), "did you mean 'objective'?"),
        (one(indicator="latancy"), "did you mean 'latency'?"),
        (one(objective=100), "slos.s.objective: found 100; allowed: less than 100"),
        (one(policy="standart"), "did you mean 'standard'?"),
        (one(indicator="latency"), "slos.s.threshold: missing"),
        (one(indicator="quality"), "slos.s.metric: missing; a quality objective has no standard metric"),
        (one(form="gauge"), "slos.s.metric: missing; a gauge has no standard metric"),
        (one(indicator="quality", metric="m", form="gauge"), "slos.s.form: found 'gauge'; allowed for quality: counter, histogram"),
        (one(indicator="quality", metric="m", form="histogram"), "slos.s.score: missing"),
        (one(score=0.5), "slos.s.score: only a quality objective has one, and this is availability; delete it"),
        (one(errors="code=5"), 'slos.s.errors: found "code=5"; allowed: matchers of labels'),
        (one(errors='code=~"5..", le=~"a{2}"'), "allowed: matchers of labels"),
        (one(budgeting="timeslices"), "slos.s.slices: missing"),
        (one(slices={"objective": 99}), "slos.s.slices: only budgeting: timeslices has any, and this is occurrences"),
        (one(indicator="composite", objective=99), "slos.s.parts: missing"),
        (one(indicator="composite", objective=99, parts={"t": 1}), "slos.s.parts.t: found the unknown objective 't'"),
        (one(indicator="composite", objective=99, parts={"s": 1}), "slos.s.parts.s: found a composite"),
        (
            with_slos(
                {
                    "a": {"service": "store", "indicator": "availability"},
                    "s": {"service": "store", "indicator": "composite", "parts": {"a": 1}},
                }
            ),
            "slos.s.objective: missing; no tier has one for a composite",
        ),
        (one(calendar={"every": "fortnight"}), "slos.s.calendar.every: found"),
        (one(calendar={"every": "month", "time_zone": "../etc"}), "a time zone such as UTC or Europe/Berlin"),
        (
            one(calendar={"every": "month", "time_zone": "Europe/Berln"}),
            "slos.s.calendar.time_zone: found 'Europe/Berln', which is no time zone",
        ),
        (
            one(burn_rates=[{"severity": "page", "long": "5m", "short": "1h", "budget_percent": 2}]),
            "not below the long window, which is '5m'",
        ),
        (one(burn_rates=[{"severity": "page", "long": "30d", "short": "1h", "budget_percent": 2}]), "not below the budget's window"),
        (one(burn_rates=[{"severity": "page", "long": "1h", "short": "90s", "budget_percent": 2}]), "whole minutes, at least 5m"),
        (
            with_slos({"s": {"service": "store", "indicator": "availability"}}, retention="15d"),
            "settings.monitoring.prometheus.retention: found '15d', shorter than the window of the objective s, which is '28d'",
        ),
        (
            with_slos({"s": {"service": "store", "indicator": "availability"}}, retention="2d", history={}),
            "retention: found '2d', shorter than 3d, in which a fast burn of s shows",
        ),
        (
            with_slos({"s": {"service": "store", "indicator": "availability"}}, retention="4d", history={"retention": {"raw": "20d"}}),
            "settings.monitoring.thanos.retention.raw: found '20d', shorter than the window of the objective s, which is '28d'",
        ),
        (
            with_slos({"s": {"service": "store", "indicator": "availability"}}, shards=2),
            "settings.monitoring.prometheus.shards: found 2; each sees a part of the targets",
        ),
        (
            with_slos({}, tiers={"policies": {"hard": {"slow_down": 10, "freeze": 20}}}),
            "settings.slo.policies.hard.freeze: found 20, above slow_down, which is 10",
        ),
    ],
)
def test_what_cannot_be_right_is_said_with_its_cure(inventory, words):
    found = errors(inventory)
    assert len(found) == 1 and words in found[0], found


@pytest.mark.parametrize(
    ("said", "ruler", "far"),
    [
        ({}, "prometheus", set()),
        ({"history": {}}, "prometheus", set()),
        ({"history": {}, "retention": "4d"}, "thanos", {"slo-s-budget"}),
        # Of shards none has all that a burn is made of either; whoever owns the rules sees to those that nobody speaks of.
        ({"history": {}, "shards": 2}, "thanos", {"slo-s-budget"}),
    ],
)
def test_the_whole_window_is_evaluated_by_who_has_it(said, ruler, far):
    found = model(with_slos({"s": {"service": "store", "indicator": "availability"}}, **said))
    assert found.effective["slos"]["s"]["ruler"] == ruler
    for kind in ("recording_rules", "alerts"):
        groups = found.effective["contributions"][kind]["slo"]
        assert {name for name, group in groups.items() if group.get("ruler") == "thanos"} == far
        assert set(groups) == {"slo-s", "slo-s-budget"}


def test_off_it_asks_for_nothing():
    assert errors(with_slos({"s": {"service": "store", "indicator": "availability"}}, on=False, retention="2d")) == []


def test_an_objective_that_takes_the_name_of_anothers_rules_is_refused():
    said = {"service": "store", "indicator": "availability"}
    (found,) = errors(with_slos({"s": said, "s-budget": said}))
    assert 'slos."s-budget"' in found and "takes the name of the rules of s's budget" in found
