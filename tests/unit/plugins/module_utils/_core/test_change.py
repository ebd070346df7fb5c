# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action, Change, Impact


def test_impacts_are_ranked_from_harmless_to_irreversible():
    assert sorted(Impact, key=lambda impact: impact.rank) == [Impact.SAFE, Impact.RESTART, Impact.DISRUPTIVE, Impact.DESTROYS_DATA]


def test_neither_values_nor_the_fingerprint_stand_in_a_result_or_a_representation():
    change = Change("Secret/n/s", Action.UPDATE, before={"data.k": "was"}, after={"data.k": "is"}, fingerprint="sha256:canary", scope="one")
    assert change.as_result() == {
        "id": "Secret/n/s",
        "action": "update",
        "impact": "safe",
        "fields": [],
        "reason": "",
        "verified": True,
        "set": "one",
    }
    assert "canary" not in repr(change)


@pytest.mark.parametrize(("reason", "line"), [("", "delete Pod/n/p [disruptive]"), ("why", "delete Pod/n/p [disruptive] why")])
def test_a_line_names_action_object_impact_and_the_reason_where_there_is_one(reason, line):
    assert Change("Pod/n/p", Action.DELETE, Impact.DISRUPTIVE, reason=reason).as_line() == line
