# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory, model

STORE = {"kind": "opensearch", "url": "https://search:9200", "username": "env:U", "password": "env:P", "namespace": "logging"}
GOVERNED = {
    "data_classes": {
        "internal": {"description": "Ours"},
        "personal": {"description": "Theirs", "regulations": ["gdpr"]},
        "health": {"description": "Theirs", "regulations": ["gdpr", "hipaa"]},
    }
}


def with_tracing(on=True, services=None, **said):
    """The example, which is production, with the area on."""
    settings = {**VALUES["platform_settings"], "areas": {"tracing": on}, "tracing": {"storage": STORE, **said}}
    changed = {name: {**one, **(services or {}).get(name, {})} for name, one in VALUES["platform_services"].items()}
    return inventory(platform_settings=settings, platform_services=changed, platform_security=GOVERNED)


def test_a_service_is_traced_as_its_tier_says_and_is_slow_where_its_objective_says_it():
    services = model(with_tracing(tiers={"t1": {"share": 2.5}})).effective["services"]
    assert services["engine"]["tracing"] == {"share": 10, "errors": 100, "slow": "250ms"}, "the threshold of engine-latency"
    assert services["store"]["tracing"] == {"share": 2.5, "errors": 100, "slow": "1s"}
    own = model(with_tracing(services={"engine": {"tracing": {"share": 50, "slow": "9s"}}})).effective["services"]
    assert own["engine"]["tracing"] == {"share": 50, "errors": 100, "slow": "9s"}


def test_a_service_is_told_where_its_spans_go_unless_it_says_so_itself():
    said = {"engine": {"config": {"OTEL_TRACES_SAMPLER": "always_off"}}}
    config = model(with_tracing(services=said)).effective["services"]["engine"]["config"]
    assert config["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == "http://collector.tracing.svc:4318/v1/traces"
    assert config["OTEL_SERVICE_NAME"] == "engine"
    assert config["OTEL_RESOURCE_ATTRIBUTES"] == "service.namespace=cortex,deployment.environment.name=prod"
    assert config["OTEL_TRACES_SAMPLER"] == "always_off"


def test_where_it_is_off_nothing_is_derived():
    found = model(with_tracing(on=False)).effective
    assert found["services"]["engine"]["config"] == {} and "tracing" not in found["services"]["engine"]
    assert "image" not in found["settings"]["tracing"]["collector"]


def test_what_is_taken_out_follows_from_what_governs_the_data():
    found = model(with_tracing(redaction={"classes": {"internal": "personal"}})).effective["settings"]["tracing"]["redaction"]["classes"]
    assert found == {"internal": "personal", "personal": "personal", "health": "strict"}


def test_collectors_are_measured_and_in_a_trial_nothing_is_that_does_not_run():
    given = model(with_tracing()).effective["contributions"]
    assert given["scrape_targets"]["tracing"].keys() == {"collector", "jaeger"}
    trial = with_tracing() | {"platform_cluster": {**VALUES["platform_cluster"], "provider": "sandbox", "kubeconfig": "/here/kubeconfig"}}
    given = model(trial).effective["contributions"]
    assert "tracing" not in given["scrape_targets"] and given["alerts"]["tracing"]


@pytest.mark.parametrize(
    ("said", "where", "words"),
    [
        ({"storage": {}}, "storage.kind", "forgets all traces with its pod"),
        ({"storage": {"kind": "memory"}, "jaeger": {"replicas": 2}}, "jaeger.replicas", "each pod would show its own"),
        ({"storage": {key: value for key, value in STORE.items() if key != "password"}}, "storage.password", "missing"),
        ({"storage": {**STORE, "cidr": "10.0.0.0/24"}}, "storage", "has one of namespace and cidr"),
        ({"storage": {**STORE, "url": "https://search:9200/${env:HOME}"}}, "storage.url", "an address"),
        ({"storage": {**STORE, "password": "pass"}}, "storage.password", "a reference"),
        ({"redaction": {"classes": {"helth": "strict"}}}, "redaction.classes.helth", "health"),
        ({"redaction": {"classes": {"health": "none"}}}, "redaction.classes.health", "strict"),
        ({"redaction": {"drop": ["service.name"]}}, "redaction.drop", "by which spans are known"),
        ({"redaction": {"drop": ["a|.*"]}}, "redaction.drop[0]", "the name of an attribute"),
        ({"tiers": {"t0": {"share": 101}}}, "tiers.t0.share", "100"),
        ({"tiers": {"t0": {"slow": "5m"}}}, "tiers.t0.slow", "a short time"),
        ({"decision_wait": "0s"}, "decision_wait", "a short time"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_place(said, where, words):
    found = errors(with_tracing(**said))
    assert any(f"settings.tracing.{where}" in one and words in one for one in found), found
