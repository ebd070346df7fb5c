# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands before the clusters, as the shipped inventories say it: Cloudflare's document, read as the module reads it."""

from __future__ import annotations

import copy

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.gantry.platform.plugins.module_utils._model.areas.edge import check, derive
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.cloudflare import API
from ansible_collections.gantry.platform.plugins.module_utils._rest.document import needs_of, read_document
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT

TEMPLATE = CHECKOUT / "roles" / "edge" / "templates" / "cloudflare.yaml.j2"


def document(model):
    variables = {
        "edge_environment": model["environment"]["name"],
        "edge_product": model["settings"]["product"],
        "edge_services": model["services"],
        "edge_settings": model["settings"]["edge"],
    }
    text = Templar(loader=DataLoader(), variables=variables).template(trust_as_template(TEMPLATE.read_text(encoding="utf-8")))
    return yaml.safe_load(text) if isinstance(text, str) else text


def bodies(model):
    return {thing.id: thing.body for thing in read_document(API, document(model))}


def derived(model):
    """The model with the area's derived values made anew."""

    def say(path, value, _rule, *_sources):
        at = model
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    derive(model, say)
    return model


@pytest.fixture
def model(shipped):
    """What prod says, for a test to change."""
    return copy.deepcopy(shipped["prod-euw1"].model)


def test_every_exposed_host_of_every_shipped_inventory_has_its_way_in(shipped):
    for cluster in shipped.values():
        found = bodies(cluster.model)
        hosts = [host for service in cluster.model["services"].values() if service["exposed"] for host in service["hosts"]]
        assert hosts
        for host in hosts:
            (way,) = [id_ for id_ in found if id_.startswith(("load_balancer/", "dns_record/")) and id_.endswith((f"/{host}", f" {host}"))]
            assert found[way]["proxied"] is True


def test_with_several_origins_a_host_goes_over_to_the_next(model):
    found = bodies(model)
    (way,) = [body for id_, body in found.items() if id_.startswith("load_balancer/") and "perception" in id_]
    pools = [f"consciousness-prod-{name}" for name in ("prod-euw1", "prod-euw1b", "prod-euc1")]
    assert way["default_pools"] == pools and way["fallback_pool"] == pools[-1]
    assert way["region_pools"]["EEU"] == [pools[2], pools[0], pools[1]] and way["region_pools"]["WEU"] == pools
    assert needs_of(API, "load_balancer", way) == {f"pool/{name}" for name in pools}
    assert found["pool/consciousness-prod-prod-euw1"]["monitor"] == "consciousness-prod"
    model["settings"]["edge"]["steering"] = "off"
    (way,) = [body for id_, body in bodies(model).items() if id_.startswith("load_balancer/") and "perception" in id_]
    assert "region_pools" not in way


@pytest.mark.parametrize(("address", "type_"), [("192.0.2.1", "A"), ("entrance.example.org", "CNAME")])
def test_with_one_origin_a_host_is_a_record(model, address, type_):
    model["settings"]["edge"]["origins"] = {"one": {"address": address, "order": 1, "regions": []}}
    found = bodies(model)
    assert not [id_ for id_ in found if id_.startswith("load_balancer/")]
    assert found[f"dns_record/consciousness.example/{type_} perception.consciousness.example"] == {"content": address, "proxied": True}


def test_rules_are_about_the_hosts_and_the_path_that_are_named(model):
    edge = model["settings"]["edge"]
    edge["rate_limits"] = {
        "login": {
            "services": ["perception-gateway"],
            "path": "/v1/login",
            "requests": 5,
            "seconds": 60,
            "blocked_seconds": 600,
            "action": "block",
        }
    }
    found = bodies(model)
    (limit,) = found["ruleset/consciousness.example/http_ratelimit"]["rules"]
    assert limit["expression"] == ('http.host in {"perception.consciousness.example"} and starts_with(http.request.uri.path, "/v1/login")')
    assert limit["ratelimit"] == {
        "characteristics": ["ip.src", "cf.colo.id"],
        "requests_per_period": 5,
        "period": 60,
        "mitigation_timeout": 600,
    }
    (kept,) = found["ruleset/consciousness.example/http_request_cache_settings"]["rules"]
    assert kept["action_parameters"]["edge_ttl"] == {"mode": "override_origin", "default": 300}


def test_a_rule_that_somebody_turned_off_is_drift(model):
    for id_, body in bodies(model).items():
        if id_.startswith("ruleset/"):
            assert all(rule["enabled"] is True for rule in body["rules"]), id_


def test_an_expression_cannot_leave_its_place(model):
    evil = "true\"\n          - ref: evil\n{{ 1 + 1 }} '#"
    model["settings"]["edge"]["waf"]["rules"] = {"one": {"expression": evil, "action": "block"}}
    model["settings"]["edge"]["waf"]["managed"] = [evil.replace("\n", "")]
    found = bodies(model)
    (rule,) = found["ruleset/consciousness.example/http_request_firewall_custom"]["rules"]
    assert rule["expression"] == evil
    (managed,) = found["ruleset/consciousness.example/http_request_firewall_managed"]["rules"]
    assert managed["action_parameters"]["id"] == evil.replace("\n", "")


def test_without_rules_there_is_no_ruleset(model):
    edge = model["settings"]["edge"]
    edge["waf"] = {"managed": [], "rules": {}, "log_only": False}
    edge.update(rate_limits={}, cache={}, ddos={"sensitivity": "default", "action": "default"})
    assert not [id_ for id_ in bodies(model) if id_.startswith("ruleset/")]


def test_a_host_lies_in_the_longest_zone(model):
    model["settings"]["edge"]["zones"] = ["consciousness.example", "perception.consciousness.example"]
    hosts = derived(model)["settings"]["edge"]["hosts"]
    assert hosts["perception.consciousness.example"] == ["perception.consciousness.example"]
    assert all(not host.startswith("perception.") for host in hosts["consciousness.example"])


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (lambda edge, _services: edge.pop("account"), ("settings", "edge", "account"), "turn the area edge off"),
        (lambda edge, _services: edge.update(origins={}), ("settings", "edge", "origins"), "name where requests go"),
        (
            lambda edge, _services: edge.update(rate_limits={"a": {"services": ["perception-gatway"], "requests": 1}}),
            ("settings", "edge", "rate_limits", "a", "services", 0),
            "did you mean 'perception-gateway'?",
        ),
        (
            lambda _edge, services: services["perception-gateway"].update(hosts=["perception.example.org"]),
            ("services", "perception-gateway", "hosts", 0),
            "none of the zones consciousness.example",
        ),
    ],
)
def test_what_cannot_be_right_is_told(model, change, path, words):
    model["settings"]["areas"]["edge"] = True
    assert not list(check(model, None))
    change(model["settings"]["edge"], model["services"])
    (problem,) = check(model, None)
    assert problem.path == path and words in problem.message
