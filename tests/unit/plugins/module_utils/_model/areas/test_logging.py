# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory, model

REFERENCES = {key: f"env:{key.upper()}" for key in ("password", "certificate", "key", "ca")}
SHIPPING = {**REFERENCES, "host": "logs.example", "cidr": "10.0.0.0/24"}
API = {"url": "https://logs.example:9200", "password": "env:P"}
GOVERNED = {
    "data_classes": {
        "internal": {"description": "Ours"},
        "personal": {"description": "Theirs", "regulations": ["gdpr"], "retention": "20d"},
        "health": {"description": "Theirs", "regulations": ["gdpr", "hipaa"], "retention": "3650d"},
    }
}


def with_logging(on=True, security=None, components=None, **said):
    """The example, which is production, with the area on."""
    logging = {"shipping": SHIPPING, "api": API, **said}
    components = {**VALUES["platform_settings"].get("components", {}), **(components or {})}
    settings = {**VALUES["platform_settings"], "areas": {"logging": on}, "logging": logging, "components": components}
    return inventory(platform_settings=settings, platform_security=security or GOVERNED)


def test_where_it_is_on_there_are_images_definitions_and_streams():
    found = model(with_logging()).effective["settings"]
    registry = found["registries"][0]
    assert found["logging"]["images"]["elasticsearch"] == f"{registry}/elasticsearch/elasticsearch:9.4.3"
    assert found["components"]["eck-operator"]["enabled"] is True
    assert "audit" in found["logging"]["streams"]


def test_who_keeps_logs_has_to_be_reached_and_who_ships_them_has_to_know_where():
    said = with_logging(api={}, shipping=REFERENCES)
    as_hub = said | {"platform_cluster": {**VALUES["platform_cluster"], "roles": ["hub", "workload"]}}
    assert {one.split(": ")[1].replace('"', "") for one in errors(as_hub)} == {"settings.logging.api.url", "settings.logging.api.password"}
    as_other = said | {"platform_cluster": {**VALUES["platform_cluster"], "roles": ["workload"]}}
    assert {one.split(": ")[1].replace('"', "") for one in errors(as_other)} == {
        "settings.logging.shipping.host",
        "settings.logging.shipping.cidr",
    }


def test_where_it_is_off_nothing_is_derived():
    found = model(with_logging(on=False)).effective["settings"]
    assert "eck-operator" not in found["components"] and "streams" not in found["logging"] and not found["logging"]["images"]


def test_what_is_taken_out_and_how_long_the_rest_is_kept_follow_from_the_class_of_the_data():
    found = model(with_logging(retention={"classes": {"health": 10}})).effective["settings"]["logging"]
    assert found["redaction"]["classes"] == {"internal": "plain", "personal": "personal", "health": "strict"}
    assert found["retention"]["classes"] == {"personal": 20, "health": 10}


def test_fluent_bit_is_measured_and_in_a_trial_nothing_is_that_does_not_run():
    given = model(with_logging()).effective["contributions"]
    assert given["scrape_targets"]["logging"].keys() == {"fluent-bit", "fluent-bit-lines"}
    trial = with_logging() | {"platform_cluster": {**VALUES["platform_cluster"], "provider": "sandbox", "kubeconfig": "/here/kubeconfig"}}
    given = model(trial).effective["contributions"]
    assert "logging" not in given["scrape_targets"] and given["alerts"]["logging"]


@pytest.mark.parametrize(
    ("said", "where", "words"),
    [
        ({"nodes": {"masters": {"count": 2}}}, "nodes.masters.count", "three have to be there"),
        ({"nodes": {"masters": {"count": 4}}}, "nodes.masters.count", "adds nothing"),
        ({"nodes": {"masters": {"count": 0}, "hot": {"count": 2}}}, "nodes.hot.count", "three have to be there"),
        ({"nodes": {"hot": {"count": 0}}}, "nodes.hot.count", "at least 1"),
        ({"nodes": {"cold": {"count": 0}}}, "retention.audit.cold", "there are no cold nodes"),
        ({"copies": {"warm": 2}}, "copies.warm", "hold 1 copies"),
        ({"shipping": {}}, "shipping.password", "missing"),
        ({"shipping": {**SHIPPING, "key": "k"}}, "shipping.key", "a reference"),
        ({"api": {**API, "url": "http://logs.example"}}, "api.url", "an address"),
        ({"redaction": {"classes": {"helth": "strict"}}}, "redaction.classes.helth", "health"),
        ({"retention": {"classes": {"helth": 3}}}, "retention.classes.helth", "health"),
        ({"retention": {"t0": {"hot": 0}}}, "retention.t0.hot", "at least 1"),
        ({"redaction": {"drop": ["a|.*"]}}, "redaction.drop[0]", "the name of an attribute"),
        ({"prices": {"currency": "EUR", "hot": "1", "warm": "1", "cold": "1"}}, "prices", "source"),
        ({"prices": {"currency": "EUR", "source": "x", "hot": 0.1, "warm": "1", "cold": "1"}}, "prices.hot", "text"),
        ({"components": {"eck-operator": {"enabled": False}}}, "components", "leave it on"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_place(said, where, words):
    found = errors(with_logging(**said))
    assert any(where in one.replace('"', "") and words in one for one in found), found


def test_a_class_that_goes_within_the_day_cannot_be_kept_by_days():
    security = {"data_classes": {**GOVERNED["data_classes"], "moment": {"description": "Now", "retention": "12h"}}}
    (found,) = errors(with_logging(security=security))
    assert "data_classes.moment.retention" in found and "at least 1d" in found
    assert errors(with_logging(security=security, retention={"classes": {"moment": 1}})) == []
    assert errors(with_logging(on=False, security=security)) == []
