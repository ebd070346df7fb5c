# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action, Change, Impact
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import (
    EVERY_IMPACT,
    GUARD_SPEC,
    PRUNE_SPEC,
    Guards,
    Prune,
    guards_of,
    prune_of,
)
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import Plan, RemovalLimits

DEFAULTS = {name: option.get("default") for name, option in {**GUARD_SPEC, **PRUNE_SPEC}.items()}


def guards(**given):
    return Guards(**guards_of(DEFAULTS | given, DEFAULTS))


def test_options_that_nobody_gave_are_guards_that_let_everything_through_and_remove_nothing():
    assert guards() == Guards() == Guards(allowed_impact=EVERY_IMPACT, approved_digest="", variables={}, prune=Prune("none"))


def test_every_guard_looks_at_the_plan_and_its_refusal_names_the_variable_that_people_set():
    plan = Plan([Change(f"Secret/n/{number}", Action.DELETE, Impact.RESTART) for number in range(3)])
    named = {"variables": {"prune": "my_prune", "allowed_impact": "my_impact"}}
    with pytest.raises(RefusedError, match="raise my_prune.max_count"):
        guards(prune={"mode": "delete", "max_count": 2}, **named).judge(plan, 100)
    with pytest.raises(RefusedError, match="add restart to my_impact"):
        guards(allowed_impact=["safe"], **named).judge(plan, 100)
    with pytest.raises(RefusedError, match="not what was approved"):
        guards(approved_digest="sha256:another", **named).judge(plan, 100)
    guards(approved_digest=plan.digest, **named).judge(plan, 100)


def test_the_variable_of_before_names_the_impact_still_unless_both_say_it():
    assert guards(allowed_impact_variable="old").called("allowed_impact") == "old"
    assert guards(allowed_impact_variable="old", variables={"allowed_impact": "new"}).called("allowed_impact") == "new"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"allowed_impact": ["safest"]}, "'safest' is none of safe"),
        ({"variables": {"prun": "x"}}, "there is no option 'prun'; did you mean 'prune'"),
        ({"prune": {"max_count": -1}}, "prune.max_count is a number of removals from 0, found -1"),
        ({"prune": {"max_percent": 101}}, "prune.max_percent is a percentage of what is held, 0 to 100, found 101"),
    ],
)
def test_what_cannot_be_meant_is_refused(given, words):
    with pytest.raises(InputError) as refused:
        guards(**given)
    assert words in refused.value.message


def test_prune_is_its_mode_its_limits_and_the_names_of_what_holds_data():
    given = {"mode": "delete", "max_count": 3, "data": ["Namespace"]}
    assert prune_of(given) == Prune("delete", RemovalLimits(3, 25), frozenset({"Namespace"}))
