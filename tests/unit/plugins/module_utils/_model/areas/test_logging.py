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


def test_what_a_service_may_log_in_a_day_is_a_series_beside_the_alert_about_it():
    said = with_logging()
    name, service = next(iter(said["platform_services"].items()))
    said = said | {"platform_services": {**said["platform_services"], name: {**service, "logging": {"gigabytes_per_day": 0.1}}}}
    found = model(said).effective
    (record,) = found["contributions"]["recording_rules"]["logging"]["logging"]["rules"]
    assert (record["expr"], record["labels"]["service"]) == ("vector(100000000)", name), "a decimal, and no float's neighbour"
    assert record["labels"]["namespace_of"] == found["services"][name]["namespace"]
    alerts = found["contributions"]["alerts"]["logging"]["logging"]["rules"]
    (alert,) = [one for one in alerts if one["alert"] == "LogsOverBudget"]
    assert record["record"] in alert["expr"]
    assert "logging" not in model(with_logging()).effective["contributions"]["recording_rules"]


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


BUCKET = {"type": "s3", "name": "logs", "region": "eu-west-1", "access_key": "env:A", "secret_key": "env:S"}


def test_snapshots_lie_below_the_name_of_the_environment_and_their_days_are_among_those_of_the_class():
    found = model(with_logging(snapshots={"bucket": BUCKET})).effective
    assert found["settings"]["logging"]["snapshots"]["bucket"]["prefix"] == f"logs/{found['environment']['name']}"
    streams = found["settings"]["logging"]["streams"].values()
    assert {one["snapshots"] for one in streams} == {7}
    assert {one["kept"]["most"] for one in streams if one.get("data_class") == "personal"} <= {20 * 24}


@pytest.mark.parametrize(
    ("said", "where", "words"),
    [
        ({"bucket": {"type": "s3", "name": "logs"}}, "snapshots.bucket.region", "needs it"),
        ({"bucket": {"type": "gcs", "name": "logs"}}, "snapshots.bucket.credentials", "needs it"),
        ({"bucket": {**BUCKET, "credentials": "env:C"}}, "snapshots.bucket.credentials", "leave it out"),
        (
            {"bucket": {"type": "gcs", "name": "logs", "credentials": "env:C", "endpoint": "here"}},
            "snapshots.bucket.endpoint",
            "type gcs: leave",
        ),
        ({"bucket": {**BUCKET, "secret_key": "hunter2"}}, "snapshots.bucket.secret_key", "a reference"),
        ({"bucket": {**BUCKET, "type": "azure"}}, "snapshots.bucket.type", "s3"),
        ({"bucket": {**BUCKET, "prefix": "../up"}}, "snapshots.bucket.prefix", "a path"),
        ({"bucket": BUCKET, "at": "24:00"}, "snapshots.at", "a time"),
        ({"bucket": BUCKET, "keep": 19}, "snapshots.keep", "personal go after 20 days"),
        ({"bucket": BUCKET, "without": ["helth"]}, "snapshots.without[0]", "health"),
        ({}, "snapshots", "bucket"),
    ],
)
def test_snapshots_that_cannot_be_made_or_would_outlive_what_they_are_copies_of_are_refused(said, where, words):
    found = errors(with_logging(snapshots=said))
    assert any(where in one.replace('"', "") and words in one for one in found), found


def test_what_lies_in_snapshots_has_a_price_where_anything_has():
    prices = {"currency": "EUR", "source": "a list", "hot": "1", "warm": "1", "cold": "1"}
    (found,) = errors(with_logging(snapshots={"bucket": BUCKET}, prices=prices))
    assert "prices.snapshots" in found.replace('"', "")
    assert errors(with_logging(snapshots={"bucket": BUCKET, "keep": 18, "without": []}, prices={**prices, "snapshots": "1"})) == []
    assert errors(with_logging(snapshots={"bucket": BUCKET, "keep": 30, "without": ["personal"]})) == []


def test_a_class_that_goes_within_the_day_cannot_be_kept_by_days():
    security = {"data_classes": {**GOVERNED["data_classes"], "moment": {"description": "Now", "retention": "12h"}}}
    (found,) = errors(with_logging(security=security))
    assert "data_classes.moment.retention" in found and "at least 1d" in found
    assert errors(with_logging(security=security, retention={"classes": {"moment": 1}})) == []
    assert errors(with_logging(on=False, security=security)) == []
