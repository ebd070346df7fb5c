# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Cloudflare's table is about beyond every API's, against a stand-in that is made from the table's description."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Prune
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.cloudflare import API
from ansible_collections.gantry.platform.plugins.module_utils._rest.document import read_document
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.suite import CLOUDFLARE, rows
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.suite import changed as copied

ZONE = "example.org"
run = CLOUDFLARE.run


def changed(change):
    return copied(lambda document: change(document["zones"][ZONE], document), CLOUDFLARE.document)


@pytest.fixture
def cloudflare():
    found = CLOUDFLARE.account()
    yield found
    found.close()


def records(server):
    return {(row["type"], row["name"], row["content"]) for row in server.rows["dns_record"].values()}


def test_records_of_one_name_are_told_apart_by_what_they_hold(cloudflare):
    run(cloudflare)
    assert records(cloudflare) == {
        ("A", "www.example.org", "192.0.2.1"),
        ("TXT", ZONE, "v=spf1 -all"),
        ("TXT", ZONE, "another"),
    }
    done = run(cloudflare, changed(lambda zone, _all: zone["records"].pop("TXT example.org another")), prune=Prune("delete"))
    assert rows(done) == {"dns_record/example.org/TXT example.org another": ("delete", ())}
    assert ("TXT", ZONE, "v=spf1 -all") in records(cloudflare)


def test_a_record_moves_in_place(cloudflare):
    run(cloudflare)
    before = cloudflare.named("dns_record", "A www.example.org", f"zone/{ZONE}")["id"]
    done = run(cloudflare, changed(lambda zone, _all: zone["records"]["A www.example.org"].update(content="192.0.2.7")))
    assert [(row["action"], row["fields"], row["impact"]) for row in done["plan"]] == [("update", ["content"], "disruptive")]
    after = cloudflare.named("dns_record", "A www.example.org", f"zone/{ZONE}")
    assert (after["id"], after["content"], after["proxied"]) == (before, "192.0.2.7", True)
    assert cloudflare.writes[-1][0] == "PATCH"


def test_of_two_records_by_hand_neither_is_guessed_and_the_cure_is_told(cloudflare):
    zone = next(iter(cloudflare.rows["zone"].values()))["id"]
    for address in ("198.51.100.1", "198.51.100.2"):
        cloudflare.add("dns_record", zone, type="A", name="www.example.org", content=address)
    with pytest.raises(InputError, match="there are 2 of kind dns_record named A www.example.org .*; write content behind the name"):
        run(cloudflare)
    by_content = changed(
        lambda zone, _all: zone["records"].update({"A www.example.org 198.51.100.2": zone["records"].pop("A www.example.org") and {}})
    )
    assert rows(run(cloudflare, by_content))["dns_record/example.org/A www.example.org 198.51.100.2"][0] == "adopt"


def test_records_beside_are_told_and_stay(cloudflare):
    run(cloudflare)
    zone = cloudflare.named("zone", ZONE)["id"]
    cloudflare.add("dns_record", zone, type="A", name="by-hand.example.org", content="198.51.100.1")
    told = [row["id"] for row in run(cloudflare, prune=Prune("report"))["foreign"]]
    assert told == ["dns_record/example.org/A by-hand.example.org"]
    run(cloudflare, prune=Prune("delete"))
    assert ("A", "by-hand.example.org", "198.51.100.1") in records(cloudflare)


def test_a_zone_that_is_not_there_is_refused_with_the_nearest(cloudflare):
    document = {**CLOUDFLARE.document, "zones": {"exmaple.org": {"settings": {"ssl": {"value": "full"}}}}}
    with pytest.raises(
        RefusedError, match="there is no zone/exmaple.org, and this collection makes none; did you mean 'zone/example.org'?"
    ):
        run(cloudflare, document)
    assert not cloudflare.writes


def test_a_managed_ruleset_is_named_and_one_that_is_not_there_refused(cloudflare):
    run(cloudflare)
    ruleset = cloudflare.named("ruleset", "http_request_firewall_managed", f"zone/{ZONE}")
    assert ruleset["rules"][0]["action_parameters"]["id"] == cloudflare.named("managed_ruleset", "Cloudflare Managed Ruleset")["id"]

    def change(zone, _all):
        zone["rulesets"]["http_request_firewall_managed"]["rules"][0]["action_parameters"]["id"] = "Cloudflare Managed Rules"

    with pytest.raises(
        RefusedError, match="there is no managed_ruleset/Cloudflare Managed Rules, .* 'managed_ruleset/Cloudflare Managed Ruleset'?"
    ):
        run(cloudflare, changed(change))


def test_a_rule_that_somebody_put_before_ours_is_drift_and_taken_out(cloudflare):
    run(cloudflare)
    ruleset = cloudflare.named("ruleset", "http_request_firewall_custom", f"zone/{ZONE}")
    ruleset["rules"].insert(0, {"id": "R9", "ref": "by-hand", "action": "skip", "expression": "true", "enabled": True})
    found = rows(run(cloudflare, check_mode=True))
    assert list(found) == ["ruleset/example.org/http_request_firewall_custom"]
    run(cloudflare)
    kept = cloudflare.named("ruleset", "http_request_firewall_custom", f"zone/{ZONE}")["rules"]
    assert [rule["ref"] for rule in kept] == ["admin", "bots"]


def test_a_phase_that_is_declared_no_more_is_emptied_and_a_setting_stays(cloudflare):
    run(cloudflare)

    def change(zone, _all):
        del zone["rulesets"]["http_ratelimit"], zone["settings"]["tls_client_auth"]

    done = run(cloudflare, changed(change), prune=Prune("delete"))
    assert rows(done) == {"ruleset/example.org/http_ratelimit": ("delete", ())}
    assert cloudflare.named("ruleset", "http_ratelimit", f"zone/{ZONE}")["rules"] == []
    assert [row["id"] for row in done["foreign"]] == ["setting/example.org/tls_client_auth"]
    assert cloudflare.named("setting", "tls_client_auth", f"zone/{ZONE}")["value"] == "on"
    assert run(cloudflare, changed(change), prune=Prune("delete"))["plan"] == []


def test_a_pool_goes_behind_the_load_balancer_that_named_it(cloudflare):
    run(cloudflare)

    def change(zone, document):
        del document["pools"]["us"]
        zone["load_balancers"]["app.example.org"].update(default_pools=["eu"], fallback_pool="eu")

    assert rows(run(cloudflare, changed(change), prune=Prune("delete")))["pool/us"] == ("delete", ())
    wrote = [(verb, path.split("/")[-2]) for verb, path in cloudflare.writes[-2:]]
    assert wrote == [("PATCH", "load_balancers"), ("DELETE", "pools")]


def test_many_things_are_read_by_pages_of_their_list(cloudflare):
    def change(zone, _all):
        zone["records"] = {f"A host-{number}.example.org": {"content": "192.0.2.1"} for number in range(40)}

    run(cloudflare, changed(change))
    cloudflare.log.clear()
    assert run(cloudflare, changed(change))["plan"] == []
    asked = [path for verb, path in cloudflare.log if "dns_records" in path]
    assert len(asked) <= 22 and all(path.endswith("/dns_records") for path in asked), "a page of the stand-in has two rows"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"zones": {}}, "config.account: missing"),
        ({"account": "me"}, "config.account"),
        ({"account": "0" * 32, "zones": {ZONE: {"settings": {"min_tls": {"value": "1.2"}}}}}, "did you mean 'min_tls_version'?"),
        ({"account": "0" * 32, "zones": {ZONE: {"rulesets": {"http_rate_limit": {"rules": []}}}}}, "did you mean 'http_ratelimit'?"),
        ({"account": "0" * 32, "zones": {ZONE: {"records": {"A www.example.org": {"contents": "x"}}}}}, "did you mean 'content'?"),
        ({"account": "0" * 32, "zones": {ZONE: {"records": {"www.example.org": {"content": "x"}}}}}, "www.example.org"),
        ({"account": "0" * 32, "zones": {ZONE: {"records": {"PTR www.example.org": {"content": "x"}}}}}, "PTR"),
        ({"account": "0" * 32, "zones": {ZONE: {"records": {"A WWW.example.org": {"content": "x"}}}}}, "WWW.example.org"),
        ({"account": "0" * 32, "zones": {ZONE: {"records": {"A www.example.org.": {"content": "x"}}}}}, "www.example.org."),
        ({"account": "0" * 32, "zones": {ZONE: {"records": {"TXT example.org one": {"content": "two"}}}}}, "in its name as well"),
        ({"account": "0" * 32, "zones": {ZONE: None}}, 'config.zones."example.org"'),
    ],
)
def test_a_document_is_refused_with_its_place_before_anything_is_asked(document, words):
    with pytest.raises(InputError) as told:
        read_document(API, document)
    assert words in told.value.message and "Nothing was contacted." in told.value.message
