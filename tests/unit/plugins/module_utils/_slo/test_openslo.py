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
from ansible_collections.gantry.platform.plugins.module_utils._slo.model import read
from ansible_collections.gantry.platform.plugins.module_utils._slo.openslo import exported, imported
from ansible_collections.gantry.platform.plugins.module_utils._slo.rules import groups
from hypothesis import given
from hypothesis import strategies as st

OF_SERVICE = {"namespace": "cortex", "team": "cortex", "tier": "t0", "protocol": "http"}
OURS = {
    "available": {"indicator": "availability", "metric": "asked_total", "errors": 'code=~"5..", route!="/healthz"'},
    "quick": {"indicator": "latency", "metric": "took_seconds", "threshold": "250ms", "description": "Soon"},
    "right": {"indicator": "quality", "metric": "right_total", "total_metric": "answers_total", "objective": 97},
    "coherent": {"indicator": "quality", "metric": "score", "score": 0.7},
    "whole": {"indicator": "quality", "metric": "score", "score": 1},
    "large": {"indicator": "quality", "metric": "score", "score": 1000000},
    "below": {"indicator": "quality", "metric": "score", "score": -1},
    "small": {"indicator": "quality", "metric": "score", "score": 0.00005},
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
    assert imported(copy.deepcopy(document), {"store": "cortex"}) == (name, SAID[name])


@pytest.mark.parametrize(
    ("name", "matcher"),
    [
        ("quick", 'le="0.25"'),
        ("monthly", 'le=~"2|2\\\\.0"'),
        ("whole", 'le=~"1|1\\\\.0"'),
        ("large", 'le=~"1000000|1000000\\\\.0|1e\\\\+06"'),
        ("below", 'le=~"-1|-1\\\\.0"'),
        ("small", 'le=~"0\\\\.00005|5e-05"'),
    ],
)
def test_a_bucket_is_asked_for_in_the_forms_in_which_programs_and_our_own_rules_write_its_bound(name, matcher):
    said = {**OF_SERVICE, **SAID[name]}
    assert matcher in str(exported(name, said)["spec"]["indicator"]).replace("\\\\", "\\")
    assert any(matcher in rule["expr"] for rule in groups([read(name, said)])[0].rules)


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
BUCKET = 'sum(rate(took_bucket{service="store", le="1.0"}[5m]))'
COUNT = 'sum(rate(took_count{service="store"}[5m]))'


def of_calendar(length, **calendar):
    return foreign(bad=BAD, timeWindow=[{"duration": length, "isRolling": False, "calendar": calendar}])


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
        ({"apiVersion": "openslo/v1alpha", "kind": "SLO"}, "apiVersion 'openslo/v1alpha' and kind 'SLO': only SLO of openslo/v1 is read"),
        ({"apiVersion": "openslo/v1", "kind": "Service"}, "kind 'Service'"),
        (foreign(bad=BAD, indicatorRef="x"), "spec.indicatorRef: indicators are written out in place"),
        (foreign(bad=BAD, alertPolicies=["x"]), "spec.alertPolicies: who is told follows from burn_rates"),
        (foreign(bad=BAD, timeWindow=[]), "spec.timeWindow: 0 windows"),
        (
            foreign(bad=BAD, timeWindow=[{"duration": "2Q", "isRolling": False}]),
            "spec.timeWindow.duration: found '2Q'; of a calendar one of 1w, 1M",
        ),
        (
            foreign(bad=BAD, timeWindow=[{"duration": "1M", "isRolling": True}]),
            "spec.timeWindow.duration: found '1M'; minutes, hours, days or weeks",
        ),
        (foreign(bad=BAD, objectives=[{"target": 0.9}, {"target": 0.99}]), "spec.objectives: 2 objectives"),
        (foreign(bad=BAD, objectives=[{"target": 0.9, "op": "lte", "value": 5}]), "spec.objectives.op: only ratios of counters"),
        (
            foreign(bad=BAD, objectives=[{"target": 0.9, "timeSliceWindow": "1m"}]),
            "spec.objectives.timeSliceWindow: found '1m'; slices have 5m",
        ),
        (foreign(bad=BAD, objectives=[{"displayName": "x"}]), "spec.objectives.target: missing"),
        (foreign(bad=BAD, budgetingMethod="Guesses"), "spec.budgetingMethod: found 'Guesses'"),
        (foreign(bad=BAD, indicator={"spec": {"thresholdMetric": {}}}), "spec.indicator: no ratioMetric"),
        (foreign(bad=BAD, indicator={"spec": {"ratioMetric": {"counter": False}}}), "ratioMetric.counter: not true"),
        (foreign(), "spec.indicator.ratioMetric: total, and either good or bad"),
        (foreign(good=BAD, bad=BAD), "spec.indicator.ratioMetric: total, and either good or bad"),
        (foreign(bad="avg(x)"), "spec.indicator.ratioMetric.bad: found 'avg(x)'; sum(increase("),
        (foreign(bad=BAD.replace("store", "engine")), "is about the service 'engine', and the objective about 'store'"),
        (foreign(bad=BAD, total='sum(rate(asked_total{service="store", code!="404"}[1m]))'), "ratioMetric.total: matchers besides"),
        (foreign(bad='sum(rate(failed_total{service="store"}[1m]))'), "neither a bucket of the total's histogram"),
        (foreign(bad='sum(rate(asked_total{service="store", code}[1m]))'), "are no matchers of labels"),
        (foreign(bad=BAD, total="sum(rate(asked_total{}[1m]))"), "total: is about every service, and the objective about 'store'"),
        (
            foreign(bad=BAD.replace("code", 'namespace="cortex", code')),
            "bad: is about the namespace 'cortex', which an objective does not say",
        ),
        (foreign(bad=BAD.replace("code", 'namespace="cortex", code')), "give the filter namespaces={'store': 'cortex'}, else leave it out"),
        (
            {**foreign(bad=BAD), "metadata": {"name": "a", "namespace": "b"}},
            "a: metadata.namespace: not known; nothing here has a place for it",
        ),
        ({**foreign(bad=BAD), "metadata": {"name": "a", "labels": {"b": "c"}}}, "metadata.labels: not known"),
        ({**foreign(bad=BAD), "metadata": {"name": "a", "annotations": {"b": "c"}}}, "metadata.annotations.b: not known"),
        ({**foreign(bad=BAD), "metadata": {}}, "a document without a name: metadata.name: missing"),
        (foreign(bad=BAD, objectives=[{"target": 0.9, "targetPercent": 95}]), "spec.objectives.target: and targetPercent: one of both"),
        (foreign(bad=BAD, objectives=[{"target": 99.9}]), "spec.objectives.target: found 99.9; a number between 0 and 1"),
        (foreign(bad=BAD, objectives=[{"target": float("nan")}]), "spec.objectives.target: found nan"),
        (foreign(bad=BAD, objectives=[{"target": "1e999999999"}]), "spec.objectives.target: found '1e999999999'"),
        (foreign(bad=BAD, objectives=[{"target": 0.9, "displayName": "x"}]), "displayName: found 'x'; an objective has one name"),
        (foreign(bad=BAD, objectives=[{"target": 0.9, "timeSliceTarget": 0.9}]), "timeSliceTarget: 'Occurrences' has none; leave it out"),
        (foreign(bad=BAD, objectives=[{"target": 0.9, "timeSliceWindow": "5m"}]), "timeSliceWindow: 'Occurrences' has no slices"),
        (foreign(bad=BAD, budgetingMethod="Timeslices"), "spec.objectives.timeSliceTarget: missing"),
        (foreign(bad=BAD, timeWindow=[{"duration": "28d"}]), "spec.timeWindow.isRolling: missing"),
        (foreign(bad=BAD, timeWindow=[{"duration": "0w", "isRolling": True}]), "spec.timeWindow.duration: found '0w'"),
        (foreign(bad=BAD, timeWindow=[{"duration": "28d", "isRolling": True, "calendar": {}}]), "calendar: a rolling window has none"),
        (
            of_calendar("1M", startTime="2026-01-15 00:00:00"),
            "startTime: found '2026-01-15 00:00:00'; a month begins on the first of a month",
        ),
        (of_calendar("1Q", startTime="2026-02-01 00:00:00"), "a quarter begins on the first of a quarter at 00:00:00"),
        (of_calendar("1Y", startTime="2026-02-01 00:00:00"), "a year begins on the first of January"),
        (of_calendar("1w", startTime="2026-01-06 00:00:00"), "a week begins on a Monday"),
        (of_calendar("1w", startTime="2026-01-99 00:00:00"), "a week begins on a Monday"),
        (of_calendar("1M", startTime="2026-01-01 06:00:00"), "startTime: found '2026-01-01 06:00:00'"),
        (of_calendar("1M", timeZone="Nowhere/Land"), "timeZone: found 'Nowhere/Land'; a time zone"),
        (foreign(good=BUCKET.replace("1.0", "NaN"), total=COUNT), "found 'le=NaN'; one bound such as"),
        (foreign(good=BUCKET.replace("1.0", "0.0001"), total=COUNT), "of a latency in whole milliseconds"),
        (foreign(good=BUCKET.replace('="1.0', '=~"1|2'), total=COUNT), "found 'le=~1|2'; one bound"),
    ],
)
def test_what_an_inventory_cannot_say_is_refused_by_name(document, reason):
    with pytest.raises(InputError) as raised:
        imported(document)
    assert reason in raised.value.message


@pytest.mark.parametrize(
    ("length", "start", "every"), [("1w", "01-05", "week"), ("1M", "02-01", "month"), ("1Q", "04-01", "quarter"), ("1Y", "01-01", "year")]
)
def test_a_window_that_begins_where_the_calendars_does_is_read(length, start, every):
    found = imported(of_calendar(length, startTime=f"2026-{start} 00:00:00", timeZone="Europe/Berlin"))[1]
    assert (found["calendar"], found["window"]) == ({"every": every, "time_zone": "Europe/Berlin"}, "28d")


@pytest.mark.parametrize("bound", ['="1"', '="1.0"', '="1e0"', '=~"1|1\\\\.0"'])
def test_a_bound_is_read_in_every_form(bound):
    assert imported(foreign(good=BUCKET.replace('="1.0"', bound), total=COUNT))[1]["threshold"] == "1s"


ODD = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "zzz",
    "\x1b[2J",
    b"a",
    [],
    [None],
    [[]],
    {},
    {"a": 1},
    {1: 2},
    {None: []},
    {"a"},
]


def places(value, path=()):
    """The path of all that a document is made of."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def with_other(document, path, other):
    if not path:
        return other
    changed = copy.deepcopy(document)
    within = changed
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = other
    return changed


def read_or_refused(document):
    """What it is read as; none where it is refused with lines that each say of what."""
    try:
        name, said = imported(document, {"store": "cortex"})
        assert name and all(said[key] for key in ("service", "indicator", "objective", "window"))
        return name, said
    except InputError as error:
        assert all(": " in line and "\x1b" not in line for line in error.message.splitlines()) and error.message
        return None


DOCUMENTS = [exported(name, {**OF_SERVICE, **SAID[name]}) for name in ("slices", "monthly", "coherent")] + [foreign(bad=BAD)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=["slices", "calendar", "score", "foreign"])
def test_whatever_stands_in_a_document_it_is_read_or_refused_and_nothing_is_dropped(document):
    as_it_is = read_or_refused(document)
    assert as_it_is is not None
    dropped = set()
    for path in places(document):
        inner = document
        for key in path:
            inner = inner[key]
        for other in ODD:
            if repr(other) != repr(inner) and read_or_refused(with_other(document, path, other)) == as_it_is:
                dropped.add((".".join(map(str, path)), repr(other)))
        if isinstance(inner, dict):
            with pytest.raises(InputError, match=r"unheard_of: not known; nothing here has a place for it; leave it out"):
                imported(with_other(document, path, {**inner, "unheard_of": 1}), {"store": "cortex"})
    # The name of an indicator that stands in place is nobody's to refer to; and what is empty says nothing.
    empty = {repr(one) for one in (None, "", [], {})}
    assert {path for path, other in dropped if other not in empty} <= {"spec.indicator.metadata.name"}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3),
    max_leaves=5,
)


PLACES = [(document, path) for document in DOCUMENTS for path in places(document)]


@given(st.integers(0, len(PLACES) - 1), ANYTHING)
def test_no_odd_document_is_a_traceback(place, other):
    found = read_or_refused(with_other(*PLACES[place], other))
    assert found is None or found[1]["service"] == "store"


@pytest.mark.parametrize("documents", [None, 5, "a", {"kind": "SLO"}, [None], [5], [[]], ["a"]])
def test_what_is_no_list_of_documents_is_refused(documents):
    with pytest.raises(AnsibleFilterError, match="a list of documents|a document of kind SLO"):
        slo_from_openslo(documents)


def test_another_source_than_prometheus_is_refused():
    document = foreign(bad=BAD)
    document["spec"]["indicator"]["spec"]["ratioMetric"]["bad"]["metricSource"]["type"] = "Datadog"
    with pytest.raises(InputError, match=r"metricSource.type: found 'Datadog'; Prometheus alone is asked"):
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
    assert slo_from_openslo(slo_to_openslo(ours), namespaces={"store": "cortex"}) == SAID
    with pytest.raises(AnsibleFilterError) as raised:
        slo_from_openslo([foreign(), {"apiVersion": "x"}, foreign(bad=BAD), foreign(bad=BAD)])
    assert len(str(raised.value).splitlines()) == 3 and "there is one of this name already" in str(raised.value)
    with pytest.raises(AnsibleFilterError, match="OpenSLO weighs"):
        slo_to_openslo({"s": {**OF_SERVICE, "service": "a", "objective": 9, "window": "28d", "indicator": "composite", "parts": {"a": 1}}})
