# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The area edge on a sandbox: from the inventory to what a stand-in for Cloudflare keeps."""

from __future__ import annotations

ZONE = "sandbox.consciousness.example"
ACCOUNT = "0123456789abcdef" * 2
RULES = f"ruleset/{ZONE}/http_ratelimit"


def zone_of(once):
    (zone,) = once.ask("cloudflare", "GET", f"/zones?name={ZONE}")["result"]
    return zone["id"]


def of_account(once, kind):
    return once.ask("cloudflare", "GET", f"/accounts/{ACCOUNT}/load_balancers/{kind}")["result"]


def test_hosts_of_exposed_services_have_their_way_in_with_failover_and_by_region(once):
    zone = zone_of(once)
    (balancer,) = [
        row for row in once.ask("cloudflare", "GET", f"/zones/{zone}/load_balancers")["result"] if row["name"].startswith("perception.")
    ]
    pools = {row["id"]: row["name"] for row in of_account(once, "pools")}
    here, elsewhere = "consciousness-sandbox-here", "consciousness-sandbox-elsewhere"
    assert [pools[id_] for id_ in balancer["default_pools"]] == [here, elsewhere] and pools[balancer["fallback_pool"]] == elsewhere
    assert {region: pools[ids[0]] for region, ids in balancer["region_pools"].items()} == {"WEU": here, "ENAM": elsewhere}
    monitors = {row["id"]: row for row in of_account(once, "monitors")}
    assert {monitors[row["monitor"]]["path"] for row in of_account(once, "pools")} == {"/healthz"}


def test_the_zone_is_locked_and_defended(once):
    zone = zone_of(once)
    assert once.ask("cloudflare", "GET", f"/zones/{zone}/settings/tls_client_auth")["result"]["value"] == "on"
    assert once.ask("cloudflare", "GET", f"/zones/{zone}/settings/ssl")["result"]["value"] == "strict"
    names = {row["id"]: row["name"] for row in once.ask("cloudflare", "GET", f"/accounts/{ACCOUNT}/rulesets")["result"]}
    executed = {
        phase: [
            names[rule["action_parameters"]["id"]]
            for rule in once.ask("cloudflare", "GET", f"/zones/{zone}/rulesets/phases/{phase}/entrypoint")["result"]["rules"]
        ]
        for phase in ("http_request_firewall_managed", "ddos_l7")
    }
    assert executed == {
        "http_request_firewall_managed": ["Cloudflare Managed Ruleset", "Cloudflare OWASP Core Ruleset"],
        "ddos_l7": ["DDoS L7 ruleset"],
    }


def test_a_rule_that_somebody_changed_is_named_with_its_fields_and_put_back(once):
    address = f"/zones/{zone_of(once)}/rulesets/phases/http_ratelimit/entrypoint"
    ruleset = once.ask("cloudflare", "GET", address)["result"]
    (rule,) = ruleset["rules"]
    by_hand = {"ref": "by-hand", "action": "log", "expression": "true"}
    rules = [by_hand, {**{key: rule[key] for key in ("ref", "action", "expression", "ratelimit")}, "enabled": False}]
    once.ask("cloudflare", "PUT", address, {"description": ruleset["description"], "rules": rules})
    once.drifts("edge", RULES, "rules")
    once.put_back("edge", RULES)
    assert [(row["ref"], row["enabled"]) for row in once.ask("cloudflare", "GET", address)["result"]["rules"]] == [("requests", True)]
