# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action, Change, Impact
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import (
    Plan,
    RemovalLimits,
    guard_approval,
    guard_impact,
    guard_removal,
)
from hypothesis import assume, given
from hypothesis import strategies as st

CHANGES = st.lists(
    st.builds(Change, st.sampled_from(["A/-/a", "B/n/b", "C/n/c"]), st.sampled_from(Action), fingerprint=st.sampled_from(["x", "y"])),
    max_size=5,
)


@given(CHANGES, st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_the_order(changes, random):
    shuffled = list(changes)
    random.shuffle(shuffled)
    assert Plan(changes, identity="c").digest == Plan(shuffled, identity="c").digest


@given(CHANGES, CHANGES)
def test_the_digest_differs_exactly_where_other_changes_would_be_made(one, other):
    def multiset(changes):
        return sorted((change.id, change.action, change.fingerprint) for change in changes)

    assert (Plan(one).digest == Plan(other).digest) is (multiset(one) == multiset(other))


@given(CHANGES, st.integers(0, 4), st.sampled_from(["id", "action", "fingerprint"]))
def test_the_digest_sees_a_difference_in_one_place(changes, index, what):
    assume(changes)
    index %= len(changes)
    other = {"id": "D/n/d", "action": next(a for a in Action if a is not changes[index].action), "fingerprint": "z"}[what]
    changed = [*changes[:index], replace(changes[index], **{what: other}), *changes[index + 1 :]]
    assert Plan(changes).digest != Plan(changed).digest


def test_the_same_changes_to_another_server_have_another_digest():
    changes = [Change("A/-/a", Action.CREATE)]
    assert Plan(changes, identity=["one", []]).digest != Plan(changes, identity=["two", []]).digest


def test_words_about_a_change_are_no_part_of_the_digest():
    change = Change("A/-/a", Action.UPDATE, fingerprint="x")
    spoken = replace(change, reason="why", verified=False, before={"a": 1}, after={"a": 2})
    assert Plan([change], warnings=["w"], unchanged=3).digest == Plan([spoken]).digest


@given(CHANGES)
def test_every_action_is_counted_and_what_is_blocked_or_left_alone_is_no_change(changes):
    plan = Plan(changes, unchanged=7)
    assert set(plan.counts) == {*map(str, Action), "unchanged"}
    assert sum(plan.counts.values()) == len(changes) + 7
    assert plan.changed is (plan.counts["blocked"] + plan.counts["conflict"] < len(changes))
    assert [row["id"] for row in plan.as_result()["plan"]] == [change.id for change in changes]


def of_impact(*impacts, action=Action.UPDATE):
    return Plan([Change(f"A/n/{impact}", action, impact) for impact in impacts])


def test_what_is_not_allowed_is_refused_all_at_once_with_the_name_of_the_setting():
    plan = of_impact(Impact.SAFE, Impact.DESTROYS_DATA, Impact.RESTART)
    with pytest.raises(RefusedError) as refusal:
        guard_impact(plan, ["safe"], "environment.allowed_impact")
    assert "2 change(s) with impact restart, destroys_data" in refusal.value.message
    assert "add restart, destroys_data to environment.allowed_impact" in refusal.value.message
    assert [row["id"] for row in refusal.value.details["refused"]] == ["A/n/destroys_data", "A/n/restart"]


def test_a_blocked_change_does_nothing_so_its_impact_is_not_asked_for():
    plan = of_impact(Impact.DESTROYS_DATA, action=Action.BLOCKED)
    assert guard_impact(plan, [], "v") is None


@pytest.mark.parametrize(
    ("deletions", "owned", "limits", "refused"),
    [
        (20, 1000, RemovalLimits(), None),
        (21, 1000, RemovalLimits(), "delete 21 objects, the limit is 20"),
        (5, 5, RemovalLimits(), None),
        (6, 6, RemovalLimits(), "delete 6 of 6 objects, the limit is 25 %"),
        (6, 24, RemovalLimits(), None),
        (6, 23, RemovalLimits(), "delete 6 of 23 objects, the limit is 25 %"),
        (1, 100, RemovalLimits(max_count=0), "delete 1 objects, the limit is 0"),
        (0, 0, RemovalLimits(max_count=0, max_percent=0, floor=0), None),
        (1, 100, RemovalLimits(max_percent=0, floor=0), "the limit is 0 %"),
    ],
)
def test_a_run_may_remove_up_to_a_number_and_a_share(deletions, owned, limits, refused):
    plan = Plan([Change(f"A/n/{number}", Action.DELETE) for number in range(deletions)] + [Change("A/n/new", Action.CREATE)])
    if refused is None:
        assert guard_removal(plan, owned, limits, "prune") is None
        return
    with pytest.raises(RefusedError, match=refused) as refusal:
        guard_removal(plan, owned, limits, "prune")
    assert "raise prune.max_" in refusal.value.message
    assert len(refusal.value.details["refused"]) == deletions


def test_a_long_refusal_names_twenty_in_its_text_and_all_in_its_details():
    plan = Plan([Change(f"A/n/{number}", Action.DELETE) for number in range(30)])
    with pytest.raises(RefusedError, match="and 10 more") as refusal:
        guard_removal(plan, 1000, RemovalLimits(), "prune")
    assert len(refusal.value.details["refused"]) == 30
    assert "A/n/20" not in refusal.value.message


def test_only_the_approved_plan_is_carried_out():
    plan, grown = Plan([Change("A/n/a", Action.CREATE)]), Plan([Change("A/n/a", Action.CREATE), Change("A/n/b", Action.DELETE)])
    assert guard_approval(plan, plan.digest) is None
    assert guard_approval(plan, None) is None
    with pytest.raises(RefusedError, match="(?s)not what was approved.*delete A/n/b") as refusal:
        guard_approval(grown, plan.digest)
    assert refusal.value.details["approved_digest"] == plan.digest
