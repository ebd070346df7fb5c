# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import promql_parser
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._monitoring.probes import alerts, panels, probes

SERVICES = {
    "gateway": {"exposed": True, "hosts": ["a.example", "*.a.example", "b.example"], "protocol": "http", "team": "senses", "tier": "t0",
                "probes": {"readiness": {"path": "/ready"}}},
    "engine": {"exposed": True, "hosts": ["c.example"], "protocol": "grpc", "team": "cortex", "tier": "t3", "probes": {"readiness": {}}},
    "inner": {"exposed": False, "hosts": ["d.example"], "protocol": "http", "team": "cortex", "tier": "t0", "probes": {"readiness": {"path": "/"}}},
}  # fmt: skip
SETTINGS = {
    "scrape_interval": "30s",
    "blackbox": {"slow": "0.5s", "fails_for": "7m"},
    "probes": {
        "page": {"url": "http://e.example:8080/x", "statuses": []},
        "moved": {"url": "https://f.example", "statuses": [301, 308], "interval": "1m", "team": "cortex"},
    },
}
ASKED = probes(SERVICES, SETTINGS, "owner")


def test_an_exposed_service_is_asked_under_each_of_its_names_and_what_is_not_exposed_is_not():
    assert {name: (one["target"], one["module"]) for name, one in ASKED.items()} == {
        "gateway": ("https://a.example/ready", "http"),
        "gateway.2": ("https://b.example/ready", "http"),
        "engine": ("c.example:443", "grpc"),
        "page": ("http://e.example:8080/x", "http"),
        "moved": ("https://f.example", "http-moved"),
    }
    assert [ASKED[name]["port"] for name in ("gateway", "engine", "page", "moved")] == [443, 443, 8080, 443]
    assert ASKED["gateway.2"]["labels"] == {"service": "gateway", "team": "senses", "tier": "t0"}
    assert [ASKED[name]["labels"]["team"] for name in ("page", "moved")] == ["owner", "cortex"]
    assert [ASKED[name]["interval"] for name in ("page", "moved")] == ["30s", "1m"]


def test_a_service_that_says_so_is_not_asked():
    again = probes({**SERVICES, "gateway": {**SERVICES["gateway"], "probed": False}}, SETTINGS, "owner")
    assert again == {name: one for name, one in ASKED.items() if one["labels"].get("service") != "gateway"}


def test_a_service_or_address_that_is_called_as_a_second_name_would_be_takes_nothing_away():
    again = probes({**SERVICES, "gateway-2": SERVICES["engine"]}, SETTINGS, "owner")
    assert sorted(one["target"] for one in again.values()) == sorted([*(one["target"] for one in ASKED.values()), "c.example:443"])


def test_who_says_which_status_is_right_sees_that_of_the_first_answer():
    assert ASKED["moved"]["asks"]["http"]["valid_status_codes"] == [301, 308]
    assert ASKED["moved"]["asks"]["http"]["follow_redirects"] is False
    assert not {"valid_status_codes", "follow_redirects"} & ASKED["page"]["asks"]["http"].keys()
    of_one_name = {}
    for one in ASKED.values():
        assert of_one_name.setdefault(one["module"], one["asks"]) == one["asks"]


def test_each_probe_has_one_rule_of_each_kind_and_its_team_is_told():
    rules = list(alerts(ASKED, SETTINGS, {"t0": True, "t3": False}))
    whose = [("cortex", "t3"), ("cortex", None), ("owner", None), ("senses", "t0")]
    # Two of one name and labels are one too many for promtool: where a tier does not page, a certificate's end is one ticket.
    ends = [(rule["labels"]["team"], rule["labels"].get("tier"), rule["severity"]) for rule in rules if rule["alert"] == "CertificateEnds"]
    assert sorted(ends, key=str) == sorted(
        [(team, tier, told) for team, tier in whose for told in ("page", "ticket") if (tier, told) != ("t3", "page")], key=str
    )
    assert len(rules) == 4 * len(whose) - 1
    assert {(rule["labels"]["team"], rule["labels"].get("tier")) for rule in rules} == set(whose)
    told = {(rule["labels"]["team"], rule["labels"].get("tier")): rule["severity"] for rule in rules if rule["alert"] == "ProbeFails"}
    assert told == {("cortex", "t3"): "ticket", ("cortex", None): "page", ("owner", None): "page", ("senses", "t0"): "page"}
    assert {rule["for"] for rule in rules if rule["alert"] == "ProbeFails"} == {"7m"}
    assert all(rule["expr"].endswith(" > 0.5") for rule in rules if rule["alert"] == "ProbeSlow")
    for rule in rules:
        promql_parser.parse(rule["expr"])
    # What no service says has no tier, and rules of those that have one leave it out.
    assert [rule["expr"] for rule in rules if rule["alert"] == "ProbeFails" and rule["labels"] == {"team": "cortex"}] == [
        'probe_success{job="probes", team="cortex", tier=""} == 0'
    ]


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_panels_ask_in_prometheus_grammar(panel):
    assert [promql_parser.parse(query["expr"]) for query in panel["queries"]]
