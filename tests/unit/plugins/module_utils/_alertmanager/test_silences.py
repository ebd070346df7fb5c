# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._alertmanager.silences import read, steps
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError

NOW = datetime.datetime(2026, 11, 29, 20, tzinfo=datetime.UTC)
GIVEN = {
    "name": "move",
    "matchers": ['service="store"', "severity=~page|ticket"],
    "comment": "It moves",
    "created_by": "mira",
    "starts_at": None,
    "ends_at": None,
    "duration": "2h",
}


def wanted(**said):
    return read({**GIVEN, **said})


def kept(body, state="active", **changed):
    """A silence as Alertmanager gives it back."""
    return {"id": "1", "status": {"state": state}, "updatedAt": "x", **body, **changed}


def first(**said):
    (step,) = steps(wanted(**said), [], NOW, absent=False)
    assert step.action == "create"
    return step.body


def done(there, absent=False, **said):
    return [(step.action, step.id) for step in steps(wanted(**said), there, NOW + datetime.timedelta(minutes=5), absent)]


def test_a_new_one_says_whom_it_keeps_quiet_until_when_and_bears_its_name():
    assert first() == {
        "matchers": [
            {"name": "service", "value": "store", "isRegex": False, "isEqual": True},
            {"name": "severity", "value": "page|ticket", "isRegex": True, "isEqual": True},
        ],
        "startsAt": "2026-11-29T20:00:00+00:00",
        "endsAt": "2026-11-29T22:00:00+00:00",
        "createdBy": "mira",
        "comment": "It moves [gantry.platform: move]",
    }


def test_one_that_is_there_is_left_in_whatever_order_and_precision_it_is_given_back():
    there = kept(first(), endsAt="2026-11-29T22:00:00.123Z")
    there["matchers"] = there["matchers"][::-1]
    assert done([there]) == []
    assert done([there], ends_at="2026-11-29T23:00:00+01:00") == []


@pytest.mark.parametrize(
    "said", [{"comment": "other"}, {"created_by": "noah"}, {"matchers": ["service=store"]}, {"ends_at": "2026-11-30T00:00:00Z"}]
)
def test_what_is_said_otherwise_is_changed_in_its_place(said):
    assert done([kept(first())], **said) == [("update", "1")]


def test_of_two_of_a_name_the_longer_stays_and_others_are_left_alone():
    others = kept(first(), id="9", comment="by hand")
    two = [kept(first()), kept(first(), id="2", endsAt="2026-11-30T00:00:00Z"), others]
    assert done(two) == [("expire", "1")]
    assert done(two, absent=True) == [("expire", "1"), ("expire", "2")]
    assert done([kept(first(), state="expired"), others]) == [("create", "")]
    assert done([others], absent=True) == []


def test_the_name_is_what_stands_last_and_others_bear_none():
    there = kept(first(comment="see [gantry.platform: other] too"))
    assert done([there], comment="see [gantry.platform: other] too") == []
    assert done([there], absent=True, name="other") == []


def test_one_with_its_own_begin_ends_so_long_after_it_and_is_not_made_again_then():
    said = {"starts_at": "2026-11-29T10:00:00Z", "duration": "1h"}
    assert done([], **said) == []
    pending = kept(first(starts_at="2026-11-29T21:00:00Z", duration="1h"), state="pending")
    ((action, _id),) = done([pending], starts_at="2026-11-29T23:00:00Z", duration="1h")
    (step,) = steps(wanted(starts_at="2026-11-29T23:00:00Z", duration="1h"), [pending], NOW, False)
    assert action == "update" and step.body["endsAt"].startswith("2026-11-30T00:00")


def test_what_was_to_end_already_is_not_made():
    assert done([], ends_at="2026-11-29T20:01:00Z") == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": ""}, "name: found ''; allowed"),
        ({"name": "a]b"}, "name: found 'a]b'; allowed"),
        ({"matchers": []}, "matchers is empty"),
        ({"matchers": ["service"]}, "'service' is none; write name="),
        ({"matchers": ["service=~("]}, "matchers: 'service=~('"),
        ({"matchers": ["service=~.*"]}, "every one also fits alerts without its label"),
        ({"duration": "soon"}, "duration is a time of at least 1m"),
        ({"duration": "10s"}, "duration is a time of at least 1m"),
        ({"ends_at": "tomorrow"}, "ends_at is a moment with its offset"),
        ({"ends_at": "2026-11-30T00:00:00"}, "ends_at is a moment with its offset"),
        ({"starts_at": "2026-11-30T00:00:00Z", "ends_at": "2026-11-29T00:00:00Z"}, "ends_at is not after starts_at"),
    ],
)
def test_what_would_keep_everything_quiet_or_says_nothing_is_refused(said, words):
    with pytest.raises(InputError) as told:
        wanted(**said)
    assert words in told.value.message
