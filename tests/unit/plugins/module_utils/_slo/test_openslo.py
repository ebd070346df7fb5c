# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.gantry.platform.plugins.filter.slo_from_openslo import slo_from_openslo
from ansible_collections.gantry.platform.plugins.filter.slo_to_openslo import slo_to_openslo
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._slo.openslo import exported, imported

OF_SERVICE = {"namespace": "cortex", "team": "cortex", "tier": "t0", "protocol": "http"}
OURS = {
    "available": {"indicator": "availability", "metric": "asked_total", "errors": 'code=~"5..", route!="/healthz"'},
    "quick": {"indicator": "latency", "metric": "took_seconds", "threshold": "250ms", "description": "Soon"},
    "right": {"indicator": "quality", "metric": "right_total", "total_metric": "answers_total", "objective": 97},
    "coherent": {"indicator": "quality", "metric": "score", "score": 0.7},
    "slices": {
        "indicator": "availability",
        "metric": "asked_total",
        "errors": 'code="500"',
        "budgeting": "timeslices",
        "slices": {"objective": 99.5},
    },
    "shares": {"indicator": "availability", "metric": "asked_total", "errors": 'code="500"', "budgeting": "ratio_timeslices"},
    "monthly": {
        "indicator": "latency",
        "metric": "took_seconds",
        "threshold": "2s",
        "calendar": {"every": "month", "time_zone": "Europe/Berlin"},
        "window": "30d",
    },
}
SAID = {name: {"service": "store", "objective": 99.95, "window": "28d", **said} for name, said in OURS.items()}


@pytest.mark.parametrize("name", SAID)
def test_an_objective_comes_back_as_it_went(name):
    document = exported(name, {**OF_SERVICE, **SAID[name]})
    assert imported(copy.deepcopy(document)) == (name, SAID[name])


def test_a_document_says_what_the_specification_wants():
    document = exported("slices", {**OF_SERVICE, **SAID["slices"]})
    spec = document["spec"]
    assert (document["apiVersion"], document["kind"], spec["budgetingMethod"]) == ("openslo/v1", "SLO", "Timeslices")
    assert spec["objectives"] == [{"displayName": "slices", "target": 0.9995, "timeSliceTarget": 0.995, "timeSliceWindow": "5m"}]
    assert spec["timeWindow"] == [{"duration": "28d", "isRolling": True}]
    ratio = spec["indicator"]["spec"]["ratioMetric"]
    assert ratio["counter"] is True
    assert ratio["bad"]["metricSource"] == {
        "type": "Prometheus",
        "spec": {"query": 'sum(increase(asked_total{namespace="cortex", service="store", code="500"}[5m]))'},
    }
    assert exported("monthly", {**OF_SERVICE, **SAID["monthly"]})["spec"]["timeWindow"] == [
        {"duration": "1M", "isRolling": False, "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"}}
    ]


def source(query, kind="Prometheus"):
    return {"metricSource": {"type": kind, "spec": {"query": query}}}


def foreign(good=None, bad=None, total='sum(rate(asked_total{service="store"}[1m]))', **spec):
    """A document of another hand: only the name of the service is a label."""
    ratio = {"counter": True, "total": source(total), **({"good": source(good)} if good else {}), **({"bad": source(bad)} if bad else {})}
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": "theirs"},
        "spec": {
            "service": "store",
            "indicator": {"metadata": {"name": "i"}, "spec": {"ratioMetric": ratio}},
            "timeWindow": [{"duration": "4w", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"targetPercent": 99.9}],
            **spec,
        },
    }


BAD = 'sum(rate(asked_total{service="store",code=~"5.."}[1m]))'


def test_documents_of_others_are_read():
    assert imported(foreign(bad=BAD))[1] == {
        "service": "store",
        "indicator": "availability",
        "metric": "asked_total",
        "errors": 'code=~"5.."',
        "objective": 99.9,
        "window": "28d",
    }
    good = 'sum(rate(asked_total{service="store", code!~"5.."}[1m]))'
    assert imported(foreign(good=good))[1]["errors"] == 'code=~"5.."'


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"apiVersion": "openslo/v1alpha", "kind": "SLO"}, "apiVersion openslo/v1alpha, kind SLO: only SLO of openslo/v1 is read"),
        ({"apiVersion": "openslo/v1", "kind": "Service"}, "kind Service"),
        (foreign(bad=BAD, indicatorRef="x"), "spec.indicatorRef: not known; indicators are written out in place"),
        (foreign(bad=BAD, alertPolicies=["x"]), "spec.alertPolicies: who is told follows from burn_rates"),
        (foreign(bad=BAD, timeWindow=[]), "spec.timeWindow: 0 windows"),
        (
            foreign(bad=BAD, timeWindow=[{"duration": "2Q", "isRolling": False}]),
            "spec.timeWindow.duration: 2Q; of a calendar one of 1w, 1M",
        ),
        (
            foreign(bad=BAD, timeWindow=[{"duration": "1M", "isRolling": True}]),
            "spec.timeWindow.duration: 1M; minutes, hours, days or weeks",
        ),
        (foreign(bad=BAD, objectives=[{"target": 0.9}, {"target": 0.99}]), "spec.objectives: 2 objectives"),
        (foreign(bad=BAD, objectives=[{"target": 0.9, "op": "lte", "value": 5}]), "spec.objectives.op: only ratios of counters"),
        (foreign(bad=BAD, objectives=[{"target": 0.9, "timeSliceWindow": "1m"}]), "spec.objectives.timeSliceWindow: 1m; slices have 5m"),
        (foreign(bad=BAD, objectives=[{"displayName": "x"}]), "spec.objectives.target: missing"),
        (foreign(bad=BAD, budgetingMethod="Guesses"), "spec.budgetingMethod: Guesses"),
        (foreign(bad=BAD, indicator={"spec": {"thresholdMetric": {}}}), "spec.indicator: no ratioMetric"),
        (foreign(bad=BAD, indicator={"spec": {"ratioMetric": {"counter": False}}}), "ratioMetric.counter: not true"),
        (foreign(), "spec.indicator.ratioMetric: total, and either good or bad"),
        (foreign(good=BAD, bad=BAD), "spec.indicator.ratioMetric: total, and either good or bad"),
        (foreign(bad="avg(x)"), "spec.indicator.ratioMetric.bad: found 'avg(x)'; sum(increase("),
        (foreign(bad=BAD.replace("store", "engine")), "is about the service 'engine', and the objective about 'store'"),
        (foreign(bad=BAD, total='sum(rate(asked_total{service="store", code!="404"}[1m]))'), "ratioMetric.total: matchers besides"),
        (foreign(bad='sum(rate(failed_total{service="store"}[1m]))'), "neither a bucket of the total's histogram"),
        (foreign(bad='sum(rate(asked_total{service="store", code}[1m]))'), "are no matchers of labels"),
    ],
)
def test_what_an_inventory_cannot_say_is_refused_by_name(document, reason):
    with pytest.raises(InputError) as raised:
        imported(document)
    assert reason in raised.value.message


def test_another_source_than_prometheus_is_refused():
    document = foreign(bad=BAD)
    document["spec"]["indicator"]["spec"]["ratioMetric"]["bad"]["metricSource"]["type"] = "Datadog"
    with pytest.raises(InputError, match=r"metricSource.type: Datadog; Prometheus alone is asked"):
        imported(document)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"indicator": "composite", "parts": {"a": 1}}, "OpenSLO weighs indicators"),
        ({"indicator": "availability", "form": "gauge", "metric": "up"}, "form gauge: a ratio of OpenSLO is of counters"),
        ({"indicator": "latency", "threshold": "1s", "form": "native_histogram"}, "form native_histogram"),
    ],
)
def test_what_openslo_cannot_say_is_refused_by_name(said, reason):
    with pytest.raises(InputError, match=reason):
        exported("s", {**OF_SERVICE, "service": "store", "objective": 99, "window": "28d", **said})


def test_the_filters_take_all_at_once_and_give_every_reason():
    ours = {name: {**OF_SERVICE, **said} for name, said in SAID.items()}
    assert slo_from_openslo(slo_to_openslo(ours)) == SAID
    with pytest.raises(AnsibleFilterError) as raised:
        slo_from_openslo([foreign(), {"apiVersion": "x"}, foreign(bad=BAD), foreign(bad=BAD)])
    assert len(str(raised.value).splitlines()) == 3 and "there is one of this name already" in str(raised.value)
    with pytest.raises(AnsibleFilterError, match="OpenSLO weighs"):
        slo_to_openslo({"s": {**OF_SERVICE, "service": "a", "objective": 9, "window": "28d", "indicator": "composite", "parts": {"a": 1}}})
