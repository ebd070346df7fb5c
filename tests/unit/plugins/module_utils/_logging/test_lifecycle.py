# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from fractions import Fraction

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._logging.lifecycle import document, phases
from ansible_collections.gantry.platform.plugins.module_utils._logging.streams import KINDS, cut, streams
from hypothesis import given
from hypothesis import strategies as st

COPIES = {"hot": 1, "warm": 1, "cold": 0}
RETENTION = {of: {"hot": 7, "warm": 23, "cold": 60} for of in ("t0", "t1", "t2", "t3", "platform", "audit", "security")}
SETTINGS = {
    "retention": RETENTION,
    "redaction": {"classes": {"internal": "plain", "personal-data": "personal"}},
    "volume": {"platform": 1, "audit": 0, "security": 0, "stored": 1.5},
    "copies": COPIES,
    "prices": {"currency": "EUR", "source": "a list of prices", "hot": "0.10", "warm": "0.05", "cold": "0.01"},
}
SERVICES = {
    "planner": {"data_class": "internal", "tier": "t1", "logging": {"gigabytes_per_day": 2}},
    "router": {"data_class": "internal", "tier": "t1", "logging": {"gigabytes_per_day": 0.1}},
    "engine": {"data_class": "personal-data", "tier": "t0"},
}


def test_services_of_a_class_and_a_tier_share_a_stream_and_the_rest_has_its_own():
    found = streams(SETTINGS, SERVICES, {"personal-data": 20})
    assert found.keys() == {"internal.t1", "personal_data.t0", "platform", "audit", "security"}
    assert (found["internal.t1"]["redaction"], found["personal_data.t0"]["redaction"], found["audit"]["redaction"]) == (
        "plain",
        "personal",
        "plain",
    )
    assert found["personal_data.t0"]["days"] == {"hot": 7, "warm": 13, "cold": 0}, "no longer than the class"
    assert found["internal.t1"]["days"] == {"hot": 7, "warm": 23, "cold": 60}


def test_costs_are_gigabytes_times_days_times_copies_times_the_price():
    found = streams(SETTINGS, SERVICES, {})["internal.t1"]
    assert found["gigabytes_per_day"] == pytest.approx(2.1)
    # 2.1 GB a day, 1.5 on disk for each: 7 days twice, 23 days twice, 60 days once.
    assert found["stored"] == {"hot": 44.1, "warm": 144.9, "cold": 189.0}
    assert found["cost"] == {"hot": "4.41", "warm": "7.24", "cold": "1.89", "total": "13.54"}
    without = {key: value for key, value in SETTINGS.items() if key != "prices"}
    assert "cost" not in streams(without, SERVICES, {})["internal.t1"], "nobody knows what it costs"


@given(st.fixed_dictionaries({"hot": st.integers(1, 400), "warm": st.integers(0, 400), "cold": st.integers(0, 400)}), st.integers(1, 1300))
def test_no_line_outlives_its_days_and_each_is_where_it_should_be(days, most):
    """A policy counts from the moment at which an index is closed; its first line is older by the days until then."""
    retention = {**RETENTION, "t1": days}
    one = streams({**SETTINGS, "retention": retention}, SERVICES, {"internal": most})["internal.t1"]
    total = min(sum(days.values()), most)
    found = phases(one, COPIES)
    closed = int(found["hot"]["actions"]["rollover"]["max_age"].removesuffix("d"))
    age = {kind: int(phase["min_age"].removesuffix("d")) + closed for kind, phase in found.items() if kind != "hot"}
    assert age["delete"] == total == sum(one["days"].values()) and closed >= 1
    assert all(int(phase["min_age"].rstrip("dms")) >= 0 for phase in found.values())
    past = one["days"]["hot"]
    for kind in KINDS[1:]:
        assert (kind in age) == (one["days"][kind] > 0)
        assert age.get(kind, past) == past
        past += one["days"][kind]


def test_what_is_cut_goes_from_the_end():
    days = {"hot": 7, "warm": 23, "cold": 60}
    assert cut(days, None) == days
    assert cut(days, 40) == {"hot": 7, "warm": 23, "cold": 10}
    assert cut(days, 5) == {"hot": 5, "warm": 0, "cold": 0}


def test_every_stream_has_a_policy_a_template_for_its_name_alone_and_no_other_takes_it():
    found = document(streams(SETTINGS, SERVICES, {}), "pre-prod", COPIES)
    assert found["data_streams"].keys() == {
        f"logs-{name}-pre_prod" for name in ("internal.t1", "personal_data.t0", "platform", "audit", "security")
    }
    for name, template in found["index_templates"].items():
        assert template["index_patterns"] == [f"logs-{name.removeprefix('gantry-logs-')}-pre_prod"]
        assert (
            template["composed_of"] == ["gantry-logs-fields", name] and set(template["composed_of"]) <= found["component_templates"].keys()
        )
        assert template["priority"] > 100, "what Elasticsearch itself has for logs-*-* has 100"
        settings = found["component_templates"][name]["template"]["settings"]
        assert settings["index.lifecycle.name"] in found["ilm_policies"]
    fields = found["component_templates"]["gantry-logs-fields"]["template"]["mappings"]["properties"]
    assert fields["log"]["properties"]["level"]["type"] == "keyword" and fields["@timestamp"] == {"type": "date"}


def test_stored_is_exact_where_numbers_are_no_floats():
    services = {"planner": {"data_class": "internal", "tier": "t1", "logging": {"gigabytes_per_day": 0.1}}}
    found = streams(SETTINGS, services, {})["internal.t1"]
    assert Fraction(str(found["stored"]["hot"])) == Fraction("0.1") * Fraction("1.5") * 7 * 2
