# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The area edge on a sandbox: from the inventory to what a stand-in for Cloudflare keeps. Its log of requests is the judge."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES
from ansible_collections.gantry.platform.tests.integration.runs import conforms
from ansible_collections.gantry.platform.tests.integration.standins import StandInRuns

HOST = "sandbox"
ZONE = "sandbox.consciousness.example"
ACCOUNT = "0123456789abcdef" * 2
RULES = f"ruleset/{ZONE}/http_ratelimit"


@pytest.fixture(scope="module")
def edge():
    made = StandInRuns(INSTANCES / "edge", "edge", "cloudflare", "Bearer {token}")
    made.remove()
    try:
        made.prepare()
        made.planned = made.play("plan")
        made.written_by_the_plan = made.writes()
        made.applied = made.play("site")
        yield made
    finally:
        made.remove()


def zone_of(edge):
    (zone,) = edge.ask("GET", f"/zones?name={ZONE}")["result"]
    return zone["id"]


def test_the_plan_of_an_empty_account_is_what_is_done(edge):
    code, output, planned = edge.planned
    assert code == 0, output
    assert edge.written_by_the_plan == []
    code, output, applied = edge.applied
    assert code == 0, output
    assert (conforms(applied)["status"], applied["hosts"][HOST]["verified"]) == ("applied", True)
    assert [change["id"] for change in planned["changes"]] == [change["id"] for change in applied["changes"]]
    assert {f"load_balancer/{ZONE}/perception.{ZONE}", f"ruleset/{ZONE}/http_request_firewall_managed", RULES} <= {
        change["id"] for change in applied["changes"]
    }
    zone = zone_of(edge)
    (balancer,) = [row for row in edge.ask("GET", f"/zones/{zone}/load_balancers")["result"] if row["name"].startswith("perception.")]
    pools = {row["id"]: row["name"] for row in edge.ask("GET", f"/accounts/{ACCOUNT}/load_balancers/pools")["result"]}
    here, elsewhere = "consciousness-sandbox-here", "consciousness-sandbox-elsewhere"
    assert [pools[id_] for id_ in balancer["default_pools"]] == [here, elsewhere] and pools[balancer["fallback_pool"]] == elsewhere
    assert {region: pools[ids[0]] for region, ids in balancer["region_pools"].items()} == {"WEU": here, "ENAM": elsewhere}
    monitors = {row["id"]: row for row in edge.ask("GET", f"/accounts/{ACCOUNT}/load_balancers/monitors")["result"]}
    assert {monitors[row["monitor"]]["path"] for row in edge.ask("GET", f"/accounts/{ACCOUNT}/load_balancers/pools")["result"]} == {
        "/healthz"
    }
    assert edge.ask("GET", f"/zones/{zone}/settings/tls_client_auth")["result"]["value"] == "on"
    assert "stand-in" in edge.command("ansible-playbook", *edge.words("status"))[1]


def test_a_second_run_writes_nothing_and_tells_no_token(edge):
    before, changed = edge.writes(), edge.audited()
    code, output = edge.command("ansible-playbook", *edge.words("site"), "-vvvv", "--diff")
    assert code == 0, output
    assert (edge.reported()["status"], edge.writes(), edge.audited()) == ("clean", before, changed)
    assert edge.token not in output


def test_a_rule_that_somebody_changed_is_named_with_its_fields_and_put_back(edge):
    address = f"/zones/{zone_of(edge)}/rulesets/phases/http_ratelimit/entrypoint"
    ruleset = edge.ask("GET", address)["result"]
    (rule,) = ruleset["rules"]
    by_hand = {"ref": "by-hand", "action": "log", "expression": "true"}
    rules = [by_hand, {**{key: rule[key] for key in ("ref", "action", "expression", "ratelimit")}, "enabled": False}]
    edge.ask("PUT", address, {"description": ruleset["description"], "rules": rules})
    before = edge.writes()

    code, output, report = edge.play("drift")
    assert code != 0
    assert [(change["id"], change["action"]) for change in conforms(report, "drift")["changes"]] == [(RULES, "update")]
    assert all(field.startswith("rules") for field in report["changes"][0]["fields"])
    code, output, _report = edge.play("verify")
    assert code != 0 and f"not as declared: {RULES}" in " ".join(output.split())
    assert edge.writes() == before

    code, output, report = edge.play("site")
    assert code == 0, output
    assert [change["id"] for change in report["changes"]] == [RULES]
    assert [(row["ref"], row["enabled"]) for row in edge.ask("GET", address)["result"]["rules"]] == [("requests", True)]
    code, output, report = edge.play("drift")
    assert (code, report["status"]) == (0, "clean"), output
