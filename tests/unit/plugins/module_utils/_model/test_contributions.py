# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._model.contributions import KINDS, filled
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, inventory, model


def platform(on=True, roles=("hub", "workload"), **security):
    """The example with Vault on or off."""
    return model(
        inventory(
            platform_settings={**VALUES["platform_settings"], "areas": {"vault": on}},
            platform_cluster={**VALUES["platform_cluster"], "roles": list(roles)},
            platform_security={**VALUES["platform_security"], "vault": security},
        )
    )


def alerts(found):
    (group,) = found.effective["contributions"]["alerts"]["vault"].values()
    return {alert["alert"]: alert for alert in group["rules"]}


def test_a_word_becomes_its_value_and_text_around_it_stays():
    value = {"<key>": ["<number>", "more than <number> of <key>", "a < b", 7, None]}
    assert filled(value, {"key": "vault", "number": 2}) == {"vault": [2, "more than 2 of vault", "a < b", 7, None]}


def test_a_word_that_nobody_says_is_an_error():
    with pytest.raises(KeyError):
        filled("<nothing>", {"number": 2})


def test_contributions_are_said_in_words_of_the_model():
    found = alerts(platform(replicas=5, snapshots={"max_age": "90m"}))
    assert ") < 3 or absent(" in found["VaultDown"]["expr"]
    assert "> 5400 or absent(" in found["VaultSnapshotTooOld"]["expr"]
    assert found["VaultSnapshotTooOld"]["description"] == "The last good one is older than 90m."
    assert found["VaultSealed"]["description"].startswith("{{ $labels.pod }} does not open itself")


@pytest.mark.parametrize(("on", "roles"), [(False, ["hub"]), (True, ["workload"])])
def test_an_area_that_is_off_or_is_not_there_contributes_nothing(on, roles):
    assert platform(on, roles).effective["contributions"] == {kind: {} for kind in KINDS}


def test_explain_says_by_which_rule():
    spoken = platform().spoken[("contributions", "alerts", "vault")]
    assert spoken[-1].source.startswith("contributions: ")
