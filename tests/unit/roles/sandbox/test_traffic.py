# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's traffic: the same for the same seed, counters that only grow, and a past that fits what is scraped."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._slo.model import read_all
from ansible_collections.gantry.platform.plugins.module_utils._slo.rules import groups
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT
from ansible_collections.gantry.platform.tests.unit.roles.sandbox.test_monitoring_keeper import loaded

BEGIN = 1_795_000_000
DAY = 86400
SAID = {"namespace": "mind", "team": "mind", "tier": "t0", "protocol": "http", "window": "28d", "objective": 99}
SLOS = {
    "gate": {"service": "perception-gateway", "indicator": "availability"},
    "thought": {"service": "consciousness-engine", "indicator": "latency", "threshold": "250ms"},
    "coherence": {"service": "consciousness-engine", "indicator": "quality", "metric": "consciousness_coherence_score", "score": 0.7},
    "recall": {
        "service": "memory-store",
        "indicator": "quality",
        "metric": "memory_recall_correct_total",
        "total_metric": "memory_recalls_total",
    },
    "minutes": {"service": "sensory-ingest", "indicator": "availability", "budgeting": "timeslices", "slices": {"objective": 99}},
    "whole": {"service": "consciousness-engine", "indicator": "composite", "parts": {"gate": 1, "thought": 2}},
}


@pytest.fixture
def traffic(monkeypatch):
    return loaded("traffic", monkeypatch)


@pytest.fixture
def found(traffic):
    """What it makes of the rules of all kinds of objectives."""
    slos = read_all({name: {**SAID, **said} for name, said in SLOS.items()})
    return traffic.objectives([{"spec": {"groups": [group.document()]}} for group in groups(slos)])


SAMPLE = re.compile(r"([a-z_]+)(?:\{([^}]*)\})? ([0-9.]+)(?: # (\{.*))?")


def samples(text):
    """By name and labels, what stands in the text format; a line that is none fails."""
    *said, end = text.splitlines()
    assert end == "# EOF"
    lines = [SAMPLE.fullmatch(line) for line in said if not line.startswith("# TYPE ")]
    assert all(lines)
    found = {(one[1], tuple(sorted(re.findall(r'([a-z_]+)="([^"]*)"', one[2] or "")))): float(one[3]) for one in lines}
    assert len(found) == len(lines)
    return found


def counters(text):
    return {key: value for key, value in samples(text).items() if key[0].endswith(("_total", "_bucket", "_count"))}


def test_it_is_the_same_for_the_same_seed_and_no_other(traffic):
    one, other, third = (traffic.Service("memory-store", BEGIN, seed) for seed in (16, 16, 17))
    assert one.metrics(BEGIN + 5) == other.metrics(BEGIN + 5)
    assert one.incidents == other.incidents != third.incidents


@pytest.mark.parametrize(
    "name", ["perception-gateway", "consciousness-engine", "memory-store", "language-cortex", "dream-scheduler", "who"]
)
def test_counters_only_grow_and_histograms_are_cumulative(traffic, name):
    service = traffic.Service(name, BEGIN, 16)
    before = counters(service.metrics(BEGIN - 3 * DAY))
    for hour in range(-71, 24):
        now = counters(service.metrics(BEGIN + hour * 3600))
        assert now.keys() == before.keys() and all(now[key] >= value for key, value in before.items()), hour
        before = now
    buckets = {}
    for (metric, labels), value in before.items():
        if metric.endswith("_bucket"):
            others = tuple(label for label in labels if label[0] != "le")
            buckets.setdefault((metric, others), []).append((float(dict(labels)["le"].replace("+Inf", "inf")), value))
    assert buckets
    for pairs in buckets.values():
        assert [value for _bound, value in sorted(pairs)] == sorted(value for _bound, value in pairs)


def test_noon_is_busier_than_midnight(traffic):
    service = traffic.Service("who", BEGIN, 16)
    midnight = BEGIN // DAY * DAY
    assert service.total(midnight + 43000, midnight + 43400) > 4 * service.total(midnight - 200, midnight + 200) > 0


def test_the_rules_say_what_went_wrong(traffic, found):
    assert {name: one.kind for name, one in found.items() if not one.parts} == {
        "gate": traffic.ERRORS,
        "thought": traffic.SLOW,
        "coherence": traffic.POOR,
        "recall": traffic.POOR,
        "minutes": traffic.ERRORS,
    }
    assert found["whole"].parts == ((1.0, "gate"), (2.0, "thought"))
    assert found["minutes"].slice_limit == 0.01


def test_the_past_is_what_would_have_been_recorded_of_what_is_scraped(traffic, found):
    services = {one.labels["service"]: traffic.Service(one.labels["service"], BEGIN, 16) for one in found.values()}
    at = BEGIN - 5 * DAY

    def increase(service, metric, **labels):
        values = [samples(services[service].metrics(when))[(metric, tuple(sorted(labels.items())))] for when in (at - 300, at)]
        return values[1] - values[0]

    bad, total = traffic.recorded(found["recall"], found, services, at)
    recalls, correct = (increase("memory-store", f"memory_recall{name}_total") for name in ("s", "_correct"))
    assert total == pytest.approx(recalls, abs=2) and bad == pytest.approx(recalls - correct, abs=2)
    bad, _total = traffic.recorded(found["thought"], found, services, at)
    of = {"http_response_status_code": "200"}
    errors = {"http_response_status_code": "500"}
    metric = "http_server_request_duration_seconds"
    slow = sum(increase("consciousness-engine", f"{metric}_count", **one) for one in (of, errors))
    slow -= sum(increase("consciousness-engine", f"{metric}_bucket", le="0.25", **one) for one in (of, errors))
    assert bad == pytest.approx(slow, abs=2)
    assert traffic.recorded(found["minutes"], found, services, at)[1] == 1
    pair = [traffic.recorded(found[name], found, services, at) for name in ("gate", "thought")]
    assert traffic.recorded(found["whole"], found, services, at) == (
        pytest.approx(pair[0][0] + 2 * pair[1][0]),
        pytest.approx(pair[0][1] + 2 * pair[1][1]),
    )


def test_the_past_ends_before_the_first_start_and_one_thing_goes_wrong_now(traffic, found):
    lines = list(traffic.history({"gate": found["gate"]}, ["gate"], BEGIN, 16))
    times = [int(line.split()[-1]) for line in lines if line.startswith("slo:")]
    assert max(times) <= BEGIN and min(times) > BEGIN - 29 * DAY and lines[-1] == "# EOF\n"
    assert len(times) == 2 * 28 * DAY // traffic.STEP
    cortex = traffic.Service("language-cortex", BEGIN, 16)
    assert cortex.wrong(traffic.POOR, BEGIN, BEGIN + 3600) > 0.6 * cortex.total(BEGIN, BEGIN + 3600)


def exemplars(text):
    """(name, bound, trace, seconds, time) of each."""
    shown = re.findall(r'([a-z_]+)_bucket\{.*le="([^"]+)"\} \d+ # \{trace_id="([0-9a-f]{32})"\} ([0-9.]+) (\d+)', text)
    return [(name, float(bound), trace, float(seconds), int(at)) for name, bound, trace, seconds, at in shown]


def test_an_exemplar_stands_in_the_bucket_of_its_request_which_has_ended(traffic):
    shown = exemplars(traffic.Service("consciousness-engine", BEGIN, 16).metrics(BEGIN + 31))
    assert len({trace for _name, _bound, trace, _seconds, _at in shown}) == 3 and len(shown) == 6
    for _name, bound, _trace, seconds, at in shown:
        lower = max([0.0, *(float(one) for one in traffic._BOUNDS if float(one) < bound)])
        assert lower < seconds <= bound and at + seconds <= BEGIN + 31


def test_a_request_is_found_by_its_trace_and_goes_through_what_the_inventory_says(traffic):
    traced = traffic.traced
    inventory = yaml.safe_load((CHECKOUT / "inventories/group_vars/all/40_services.yml").read_text(encoding="utf-8"))["platform_services"]
    assert all(set(called) <= set(inventory[service]["dependencies"]) for service, called in traced.CALLS.items())
    request = traced.at(16, "perception-gateway", BEGIN)["failed"]
    assert traced.of(16, request.trace, traced.CALLS) == request
    assert [traced.of(16, trace, traced.CALLS) for trace in ("", "0" * 32, request.trace[::-1], request.trace[:31] + "g")] == [None] * 4
    followed = request.followed()
    spans = {
        resource["resource"]["attributes"][0]["value"]["stringValue"]: resource["scopeSpans"][0]["spans"][0]
        for resource in followed["spans"]["resourceSpans"]
    }
    assert set(spans) == {"perception-gateway", "consciousness-engine", "attention-router", "language-cortex", "memory-store"}
    of = {one["spanId"]: service for service, one in spans.items()}
    asked_by = {service: of.get(one.get("parentSpanId")) for service, one in spans.items()}
    assert asked_by.pop("perception-gateway") is None
    assert all(service in traced.CALLS[by] for service, by in asked_by.items())
    lines = {service: json.loads(line) for service, line in followed["lines"]}
    assert {service: line["span_id"] for service, line in lines.items()} == {service: one["spanId"] for service, one in spans.items()}
    assert {line["trace_id"] for line in lines.values()} == {one["traceId"] for one in spans.values()} == {request.trace}
