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
    "prices": {"currency": "EUR", "source": "a list of prices", "hot": "0.10", "warm": "0.05", "cold": "0.01", "snapshots": "0.02"},
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


HOURS = st.floats(0, 1, exclude_max=True)
LOOK = 1 / 6
"""Hours between two looks of ILM."""


@given(
    st.fixed_dictionaries({"hot": st.integers(1, 400), "warm": st.integers(0, 400), "cold": st.integers(0, 400)}),
    st.none() | st.integers(1, 1300),
    st.sampled_from((0, 1, 7, 400)),
    st.tuples(HOURS, HOURS, HOURS, HOURS, HOURS),
)
def test_a_line_has_its_days_and_none_outlives_its_class_whenever_its_index_is_closed(days, most, copied, moments):
    """An index is closed by size at any moment, by age at the latest, and goes when ILM looks next after its time.

    A snapshot is made at any moment until then, and goes at the first daily look after its own time.
    """
    beyond = copied + 1 if copied else 0
    most = None if most is None else most + beyond
    classes = {} if most is None else {"internal": most}
    said = {"keep": copied, "without": []} if copied else {}
    settings = {**SETTINGS, "retention": {**RETENTION, "t1": days}, "snapshots": said}
    one = streams(settings, SERVICES, classes)["internal.t1"]
    found = phases(one, COPIES)
    longest, delete = hours(found["hot"]["actions"]["rollover"]["max_age"]), hours(found["delete"]["min_age"])
    early, written, first_look, last_look, sweep = moments
    closed = early * (longest + first_look * LOOK)
    lived = closed + delete + last_look * LOOK - written * closed
    in_snapshots = lived + (copied + sweep) * 24 if copied else lived
    assert one["kept"]["least"] <= lived <= in_snapshots <= one["kept"]["most"] and longest >= 1
    whole = sum(one["days"].values()) * 24
    room = None if most is None else most - beyond
    if room is None or room * 24 > whole * 1.1 + 1:
        assert lived >= whole, "all its days"
    if room is not None:
        assert in_snapshots <= most * 24, "no longer than the class"
        assert one["kept"]["least"] >= min(sum(days.values()), room) * 24 * 0.85 - 1
    ages = [hours(phase["min_age"]) for name, phase in found.items() if name != "hot"]
    assert ages == sorted(set(ages)) and ages[0] >= 0
    assert [kind for kind in KINDS[1:] if kind in found] == [kind for kind in KINDS[1:] if one["days"][kind]]


def hours(said):
    return int(said.removesuffix("h"))


def test_a_day_is_a_day_however_much_comes_in():
    """Once an index that 50 GB closed took all of its day's lines with it."""
    one = streams({**SETTINGS, "retention": {**RETENTION, "t1": {"hot": 1, "warm": 0, "cold": 0}}}, SERVICES, {})["internal.t1"]
    assert (one["rollover"], one["kept"]) == (2, {"least": 24, "most": 27})
    assert phases(one, COPIES)["delete"]["min_age"] == "24h"
    bound = streams({**SETTINGS, "retention": {**RETENTION, "t0": {"hot": 1, "warm": 9, "cold": 0}}}, SERVICES, {"personal-data": 2})
    assert bound["personal_data.t0"]["kept"] == {"least": 43, "most": 48}
    found = phases(bound["personal_data.t0"], COPIES)
    assert (found["warm"]["min_age"], found["delete"]["min_age"]) == ("19h", "43h")


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


SNAPSHOTS = {"bucket": {"type": "s3", "name": "logs", "prefix": "logs/prod"}, "at": "23:05", "keep": 7, "without": ["personal-data"]}


def test_every_stream_is_copied_each_day_but_those_of_classes_that_are_left_out():
    settings = {**SETTINGS, "snapshots": SNAPSHOTS}
    found = document(streams(settings, SERVICES, {"personal-data": 5}), "prod", COPIES, SNAPSHOTS)
    assert found["snapshot_repositories"] == {"gantry-logs": {"type": "s3", "settings": {"bucket": "logs", "base_path": "logs/prod"}}}
    assert found["slm_policies"].keys() == {f"gantry-logs-{name}" for name in ("internal.t1", "platform", "audit", "security")}
    assert found["slm_policies"]["gantry-logs-internal.t1"] == {
        "name": "<internal-t1-{now/d}>",
        "schedule": "0 5 23 * * ?",
        "repository": "gantry-logs",
        "config": {"indices": ["logs-internal.t1-prod"], "include_global_state": False, "ignore_unavailable": False, "partial": False},
        "retention": {"expire_after": "7d"},
    }
    without = streams(SETTINGS, SERVICES, {})
    assert not {"snapshot_repositories", "slm_policies"} & document(without, "prod", COPIES, {}).keys()


def test_what_lies_in_snapshots_is_paid_once_for_the_days_and_those_of_the_last_copy():
    found = streams({**SETTINGS, "snapshots": SNAPSHOTS}, SERVICES, {})
    # 3.15 GB a day on disk: 90 days, and eight until what is gone there is gone from the last copy.
    assert found["internal.t1"]["stored"]["snapshots"] == 308.7
    assert (found["internal.t1"]["cost"]["snapshots"], found["internal.t1"]["cost"]["total"]) == ("6.17", "19.72")
    assert "snapshots" not in found["personal_data.t0"]["stored"]


def test_stored_is_exact_where_numbers_are_no_floats():
    services = {"planner": {"data_class": "internal", "tier": "t1", "logging": {"gigabytes_per_day": 0.1}}}
    found = streams(SETTINGS, services, {})["internal.t1"]
    assert Fraction(str(found["stored"]["hot"])) == Fraction("0.1") * Fraction("1.5") * 7 * 2
