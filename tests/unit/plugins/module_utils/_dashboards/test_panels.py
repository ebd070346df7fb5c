# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._dashboards import panels
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.drawn import DRAWN
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.unlike import TYPES
from ansible_collections.gantry.platform.plugins.module_utils._joined import boards
from ansible_collections.gantry.platform.tests.kit.answering import Given
from ansible_collections.gantry.platform.tests.kit.ports import free_port
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._dashboards.drawing import END, drawn, panel, said, series

HISTOGRAM = {"count": "40", "sum": "10", "buckets": [[0, "0.1", "0.5", "40"]]}


def refusal(kind, status):
    return Given({"status": "error", "errorType": kind, "error": f"{kind}: <too> much"}, status=status)


@pytest.mark.parametrize(
    ("kind", "status"), [("timeout", 503), ("unavailable", 503), ("execution", 422), ("execution", 500), ("canceled", 503)]
)
def test_a_query_that_is_refused_is_named_where_it_is_and_the_rest_is_drawn(tmp_path, kind, status):
    found, markup = drawn(tmp_path, panel("stat", "heavy > 1", "light"), {"heavy > 1": refusal(kind, status), "light": [series(7)]})
    assert f"<p class=refused>heavy &gt; 1: query_range: {status} {kind}: &lt;too&gt; much</p>" in markup and said(markup) == ["7"]
    assert found["failed"] and found["unanswered"] == [f"heavy > 1: query_range: {status} {kind}: <too> much"] and found["silent"] == {}


def test_a_server_that_is_not_there_is_an_error_and_no_page(tmp_path):
    found, markup = drawn(tmp_path, panel("stat", "q"), {"q": Given(b"no healthy upstream", status=503)})
    assert found["failed"] and found["msg"] == "query_range: 503, which is no answer of Prometheus'" and markup == ""


def test_nobody_at_the_address_is_an_error_and_no_page(tmp_path):
    found, markup = drawn(tmp_path, panel("stat", "q"), {}, url=f"http://127.0.0.1:{free_port()}")
    assert found["failed"] and "failed 4 times" in found["msg"] and markup == ""


@pytest.mark.parametrize("kind", [*TYPES, "geomap"])
@pytest.mark.parametrize("instant", [True, False])
def test_native_histograms_are_told_and_not_silent(tmp_path, kind, instant):
    sample = {"histogram": [END, HISTOGRAM]} if instant else {"histograms": [[END - 90, HISTOGRAM], [END, HISTOGRAM]]}
    one = panel(kind, "q", config={"defaults": {"unit": "s"}})
    found, markup = drawn(tmp_path, one, {"q": [{"metric": {"pod": "a"}, **sample}]})
    assert found["silent"] == {} and found["summary"] == "1 dashboard, 1 panel, 0 without data"
    words = f"pod=a<b>native histogram, {'1 sample' if instant else '2 samples'}, the last of 40 observations, 250 ms on average</b>"
    assert (words in markup) is (kind != "geomap") and "No data" not in markup


def test_of_a_series_that_has_both_both_are_shown(tmp_path):
    empty = {"count": "0", "sum": "0"}
    found, markup = drawn(tmp_path, panel("stat", "q"), {"q": [series(3) | {"histograms": [[END, empty]]}]})
    assert said(markup) == ["3"] and "native histogram, 1 sample, the last of 0 observations</b>" in markup and found["silent"] == {}


def test_of_very_many_histograms_the_rest_is_counted(tmp_path):
    found = [{"metric": {"n": str(n)}, "histogram": [END, HISTOGRAM]} for n in range(9)]
    assert "and 3 more" in drawn(tmp_path, panel("table", "q"), {"q": found})[1]


@pytest.mark.parametrize("result", [None, []])
def test_nothing_is_no_data(tmp_path, result):
    found, markup = drawn(tmp_path, panel("stat", "q"), {"q": result})
    assert found["silent"] == {"b": ["P"]} and "failed" not in found and "No data" in markup


@pytest.mark.parametrize("metric", [None, {}])
def test_a_series_without_labels_is_one(tmp_path, metric):
    assert said(drawn(tmp_path, panel("stat", "q"), {"q": [{"metric": metric, "values": [[END, "2"]]}]})[1]) == ["2"]


@pytest.mark.parametrize(
    "one",
    [
        {"metric": {}, "values": [[END, "x"]]},
        {"metric": {}, "values": [END]},
        {"metric": {}, "value": None},
        {"metric": [], "values": [[END]]},
        {"metric": {}, "histogram": [END, {}]},
        {"metric": {}, "histogram": [END, None]},
        7,
    ],
)
def test_what_is_no_series_is_refused_with_its_query(tmp_path, one):
    found, markup = drawn(tmp_path, panel("stat", "q"), {"q": [series(1), one]})
    assert found["unanswered"][0].startswith("q: the answer has a series that is none: ") and "class=refused" in markup


@pytest.mark.parametrize(
    ("kind", "change", "told"),
    [
        ("stat", {"options": {"reduceOptions": {"calcs": ["allValues", "max"]}}}, "options.reduceOptions.calcs: allValues is not reckoned"),
        ("stat", {"options": {"reduceOptions": {"fields": "/(/"}}}, "options.reduceOptions.fields: '/(/' is no regular expression that is"),
        (
            "stat",
            {"options": {"reduceOptions": {"fields": "/version/"}}},
            "options.reduceOptions.fields: /version/ means none of the series",
        ),
        ("stat", {"options": {"textMode": "new"}}, "options.textMode: new is not followed"),
        ("stat", {"options": {"showPercentChange": True}}, "options.showPercentChange is not followed"),
        ("stat", {"transformations": [{"id": "reduce"}]}, "transformations[0]: reduce is not followed"),
        (
            "table",
            {"transformations": [{"id": "x", "disabled": True}, {"id": "joinByField"}]},
            "transformations[1]: joinByField is not followed",
        ),
        (
            "table",
            {"transformations": [{"id": "organize", "options": {"indexByName": {"a": 1}}}]},
            "transformations[0]: indexByName is not followed",
        ),
        ("table", {"options": {"sortBy": [{"displayName": "a"}]}}, "options.sortBy is not followed"),
        ("table", {"options": {"footer": {"show": True}}}, "options.footer is not drawn"),
        ("timeseries", {"options": {"legend": {"calcs": ["uniqueValues"]}}}, "options.legend.calcs: uniqueValues is not reckoned"),
        ("gauge", {"defaults": {"displayName": "${__cell_0} x"}}, "fieldConfig: displayName: ${__cell_0} is not replaced"),
        (
            "stat",
            {"defaults": {"thresholds": {"mode": "percentage", "steps": []}}},
            "thresholds in percent colour nothing without min and max",
        ),
        (
            "stat",
            {"defaults": {"thresholds": {"steps": [{"color": "mauve"}]}}},
            "fieldConfig.defaults.thresholds: the colour mauve is not known here",
        ),
        ("stat", {"defaults": {"thresholds": {"mode": "relative"}}}, "fieldConfig.defaults.thresholds: the mode relative is not followed"),
        (
            "stat",
            {"defaults": {"color": {"mode": "continuous-GrYlRd"}}},
            "fieldConfig.defaults.color: the mode continuous-GrYlRd is not followed",
        ),
        ("stat", {"defaults": {"color": {"mode": "fixed", "fixedColor": "mauve"}}}, "fieldConfig.defaults.color: the colour mauve is not"),
        ("stat", {"defaults": {"mappings": [{"type": 1, "text": "N/A"}]}}, "fieldConfig.defaults.mappings[0]: the type 1 is not followed"),
        (
            "stat",
            {"defaults": {"mappings": [{"type": "special", "options": {"match": "full", "result": {}}}]}},
            "fieldConfig.defaults.mappings[0]: the match full is not followed",
        ),
        (
            "stat",
            {"defaults": {"mappings": [{"type": "regex", "options": {"pattern": "/(/", "result": {}}}]}},
            "fieldConfig.defaults.mappings[0]: '/(/' is no regular expression that is understood here",
        ),
        (
            "stat",
            {"defaults": {"mappings": [{"type": "value", "options": {"1": {"icon": "x", "color": "mauve"}}}]}},
            "fieldConfig.defaults.mappings[0]: the colour mauve is not known here; fieldConfig.defaults.mappings[0]: icons are not drawn",
        ),
        ("stat", {"defaults": {"displayNameFromDS": "x"}}, "fieldConfig.defaults.displayNameFromDS is not followed"),
        (
            "timeseries",
            {"defaults": {"custom": {"stacking": {"mode": "normal"}}}},
            "fieldConfig.defaults.custom.stacking (normal) is not followed",
        ),
        (
            "timeseries",
            {"defaults": {"custom": {"transform": "negative-Y"}}},
            "fieldConfig.defaults.custom.transform (negative-Y) is not followed",
        ),
        ("stat", {"matcher": {"id": "byValue", "options": {}}}, "fieldConfig.overrides[0].matcher: byValue is not followed"),
        ("stat", {"matcher": {"id": "byRegexp", "options": "/("}}, "fieldConfig.overrides[0].matcher: '/(' is no regular expression"),
        ("stat", {"id": "custom.lineStyle"}, "fieldConfig.overrides[0].properties[0]: custom.lineStyle is not followed"),
        (
            "stat",
            {"id": "mappings", "value": [{"type": 2}]},
            "fieldConfig.overrides[0].properties[0] (mappings)[0]: the type 2 is not followed",
        ),
    ],
)
def test_what_is_not_drawn_as_grafana_draws_it_is_told_with_its_place(tmp_path, kind, change, told):
    rule = {"matcher": change.pop("matcher", {"id": "byName", "options": "x"}), "properties": []}
    if "id" in change:
        rule["properties"] = [{"id": change.pop("id"), "value": change.pop("value", None)}]
    one = panel(kind, "q", config={"defaults": change.pop("defaults", {}), "overrides": [rule]}) | change
    found, markup = drawn(tmp_path, one, {"q": [series(1)]})
    assert len(found["warnings"]) == 1 and found["warnings"][0].startswith("dashboards.b.panels[0] (P): ") and told in found["warnings"][0]
    assert "not as in Grafana</summary>" in markup and "failed" not in found


def test_what_is_followed_or_of_no_weight_here_is_not_told(tmp_path):
    stacking = {
        "stacking": {"mode": "none", "group": "A"},
        "scaleDistribution": {"type": "linear"},
        "lineWidth": 1,
        "hideFrom": {"viz": False},
    }
    defaults = {"unit": "s", "links": [], "mappings": [], "color": {"mode": "palette-classic"}, "custom": stacking, "description": "x"}
    rule = {
        "matcher": {"id": "byName", "options": "x"},
        "properties": [{"id": "links", "value": []}, {"id": "custom.hidden", "value": True}],
    }
    found, markup = drawn(tmp_path, panel("timeseries", "q", config={"defaults": defaults, "overrides": [rule]}), {"q": [series(1)]})
    assert found["warnings"] == [] and "not as in Grafana" not in markup


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"overrides": [{"matcher": {"id": "byName", "options": 5}, "properties": []}]}, "TypeError: found 5, which is no text"),
        ({"overrides": [{"matcher": {"id": "byNames", "options": {"names": [5]}}, "properties": []}]}, "found 5, which is no text"),
        ({"overrides": [{"matcher": {"id": "byName"}}]}, "KeyError: 'properties'"),
        ({"overrides": [{"properties": []}]}, "KeyError: 'matcher'"),
        ({"overrides": [{"matcher": {"id": "byName"}, "properties": [{"id": "unit", "value": 5}]}]}, "found 5, which is no text"),
        ({"overrides": [{"matcher": {"id": "byName"}, "properties": [{"id": "custom.hideFrom", "value": 5}]}]}, "AttributeError"),
        ({"defaults": {"decimals": "two"}}, "TypeError: found 'two', which is no number"),
        ({"defaults": {"max": "9"}}, "TypeError: found '9', which is no number"),
        ({"defaults": {"displayName": 5}}, "TypeError: found 5, which is no text"),
        ({"defaults": {"color": "red"}}, "AttributeError"),
        ({"defaults": {"mappings": [{"type": "range", "options": {"from": "1", "result": {}}}]}}, "found '1', which is no number"),
        ({"defaults": {"mappings": [{"type": "range", "options": {"from": 1}}]}}, "KeyError: 'result'"),
        ({"defaults": {"mappings": [{"type": "regex", "options": {"result": {}}}]}}, "KeyError: 'pattern'"),
        ({"defaults": {"mappings": [{"type": "value", "options": {"1": {"text": 5}}}]}}, "found 5, which is no text"),
        ({"defaults": {"mappings": [{"type": "value", "options": {"1": "Up"}}]}}, "AttributeError"),
        ({"options": {"reduceOptions": {"calcs": [1]}}}, "found 1, which is no text"),
        ({"options": {"reduceOptions": {"limit": "9"}}}, "found '9', which is no number"),
        ({"options": {"legend": {"calcs": [1]}}}, "found 1, which is no text"),
        ({"transformations": [{"id": 1}]}, "found 1, which is no text"),
        ({"transformations": [{"id": "organize", "options": {"renameByName": {"a": 1}}}]}, "found 1, which is no text"),
        ({"targets": [{"expr": "q", "refId": 1}]}, "found 1, which is no text"),
    ],
)
def test_what_is_wrong_with_a_setting_is_said_before_anything_is_asked(tmp_path, change, words):
    config = {key: change.pop(key) for key in ("defaults", "overrides") if key in change}
    found, markup = drawn(tmp_path, panel("stat", "q", config=config) | change, {})
    assert found["failed"] and found["msg"].startswith("dashboards.b.panels[0] (P): ") and words in found["msg"] and markup == ""


@pytest.mark.parametrize("mode", [("auto", "1"), ("value", "1"), ("value_and_name", "1 value"), ("name", "value"), ("none", "")])
def test_a_stat_shows_name_and_value_as_it_says(tmp_path, mode):
    assert said(drawn(tmp_path, panel("stat", "q", options={"textMode": mode[0]}), {"q": [series(1)]})[1]) == [mode[1]]


def test_every_answer_is_read_once_and_every_series_named_once(tmp_path, monkeypatch):
    count = {"read": 0, "named": 0}

    def counted(key, real):
        def calling(*arguments):
            count[key] += 1
            return real(*arguments)

        return calling

    monkeypatch.setattr(boards, "read", counted("read", boards.read))
    monkeypatch.setattr(panels, "_legend", counted("named", panels._legend))
    one = panel("row", config={}, panels=[panel(kind, "q", "r") for kind in TYPES])
    drawn(tmp_path, one, {"q": [series(1, n="a"), series(2, n="b")], "r": []})
    # The table asks for the end alone.
    assert count == {"read": 4, "named": 2 * len(TYPES)}


def test_every_type_that_is_looked_at_is_drawn():
    assert tuple(DRAWN) == TYPES
