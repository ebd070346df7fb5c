# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
import re

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.fields import Subject, css, field_of, mapped, searches
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.units import say
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._dashboards.drawing import drawn, panel, said, series, words

UP = {"type": "value", "options": {"1": {"text": "Up", "color": "green"}, "0": {"text": "Down", "color": "red"}, "0.5": {"text": "Half"}}}
RANGE = {"type": "range", "options": {"from": 10, "to": 20, "result": {"text": "some"}}}
REGEX = {"type": "regex", "options": {"pattern": "/^(\\w+)\\.example\\.com$/", "result": {"text": "host $1"}}}


def special(match):
    return {"type": "special", "options": {"match": match, "result": {"text": "special"}}}


def override(matcher, options, **properties):
    given = [{"id": key.replace("_", "."), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": matcher, "options": options}, "properties": given}


@pytest.mark.parametrize(
    ("mapping", "value", "text"),
    [
        (UP, 1.0, "Up"), (UP, 0.0, "Down"), (UP, -0.0, "Down"), (UP, 0.5, "Half"), (UP, "1", "Up"), (UP, 2.0, None), (UP, None, None),
        ({"type": "value", "options": {"1e-7": {"text": "x"}}}, 1e-7, "x"), ({"type": "value", "options": {"0.00001": {"text": "x"}}}, 1e-5, "x"),
        ({"type": "value", "options": {"1e+21": {"text": "x"}}}, 1e21, "x"), ({"type": "value", "options": {"true": {"text": "x"}}}, True, "x"),
        ({"type": "value", "options": {"1.5e-8": {"text": "x"}}}, 1.5e-8, "x"), ({"type": "value", "options": {"100": {"text": "x"}}}, 100.0, "x"),
        ({"type": "value", "options": {"NaN": {"text": "x"}}}, math.nan, "x"),
        (RANGE, 10.0, "some"), (RANGE, 20.0, "some"), (RANGE, 9.99, None), (RANGE, 20.01, None), (RANGE, math.nan, None), (RANGE, None, None),
        (RANGE, "15", "some"), (RANGE, "x", None), (RANGE, True, None),
        ({"type": "range", "options": {"from": None, "to": 0, "result": {"text": "x"}}}, -1e9, "x"),
        ({"type": "range", "options": {"from": 0, "to": None, "result": {"text": "x"}}}, 1e9, "x"),
        (REGEX, "www.example.com", "host www"), (REGEX, "www.example.org", None), (REGEX, 5.0, None),
        ({"type": "regex", "options": {"pattern": "5", "result": {"text": "x"}}}, 5.0, None),
        ({"type": "regex", "options": {"pattern": "/a(b)?/", "result": {"text": "[$1$2$$$&]"}}}, "xay", "x[$2$a]y"),
        ({"type": "regex", "options": {"pattern": "/(?<n>a)/g", "result": {"text": "$<n>$<m>1"}}}, "aa", "a$<m>1a$<m>1"),
        (special("null"), None, "special"), (special("null"), math.nan, None), (special("nan"), math.nan, "special"), (special("nan"), None, None),
        (special("null+nan"), None, "special"), (special("null+nan"), math.nan, "special"), (special("null+nan"), 0.0, None),
        (special("true"), True, "special"), (special("false"), False, "special"), (special("true"), 1.0, None), (special("false"), 0.0, None),
        (special("empty"), "", "special"), (special("empty"), None, None), (special("full"), None, None),
        ({"type": 1, "op": "=", "value": "null", "text": "N/A"}, None, None),
    ],
)  # fmt: skip
def test_a_mapping_puts_a_text_in_the_place_of_the_values_that_it_means(mapping, value, text):
    assert mapped([mapping], value).get("text") == text


def test_the_first_mapping_that_fits_counts():
    assert [mapped([UP, RANGE, special("null")], value).get("text") for value in (1.0, 15.0, None)] == ["Up", "some", "special"]


@pytest.mark.parametrize("kind", ["stat", "gauge", "bargauge"])
def test_a_mapped_value_has_the_text_and_colour_of_its_mapping(tmp_path, kind):
    steps = {"mode": "absolute", "steps": [{"color": "red", "value": None}]}
    config = {"defaults": {"mappings": [UP], "unit": "percent", "thresholds": steps}}
    _found, markup = drawn(tmp_path, panel(kind, "q", config=config), {"q": [series(0, 1)]})
    assert "<span class=green>Up</span>" in markup and "Down" not in markup


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "found"),
    [
        (12345, "short", 2, "12.35k"), (12345, "short", 0, "12k"), (1, "short", 1, "1.0"), (0.5, "percentunit", 0, "50 %"),
        (0.99951, "percentunit", 2, "99.95 %"), (0.25, "s", 1, "250.0 ms"), (1536, "bytes", 2, "1.50 KiB"), (3, "ops", 1, "3.0/s"),
        (1e300, "none", 2, "1e+288T"), (0.004, "short", 0, "0"), (math.nan, "s", 1, "NaN"), (math.inf, "s", None, "∞"), (-math.inf, "s", None, "-∞"),
    ],
)  # fmt: skip
def test_values_have_as_many_decimals_as_are_said(value, unit, decimals, found):
    assert say(value, unit, decimals) == found


@pytest.mark.parametrize(("decimals", "text"), [(None, "1.23"), (0, "1"), (3, "1.235"), (-2, "1"), (99, "1.23456000000000")])
def test_a_panel_says_how_many_decimals(tmp_path, decimals, text):
    config = {"defaults": {"decimals": decimals, "unit": "none"}}
    (found,) = said(drawn(tmp_path, panel("stat", "q", config=config), {"q": [series(1.23456)]})[1])
    assert found.startswith(text) and (decimals == 99 or found == text)


@pytest.mark.parametrize(
    ("matcher", "options", "means"),
    [
        ("byName", "one", True), ("byName", "on", False), ("byName", "Value", True), ("byName", "Given", True),
        ("byNames", {"names": ["x", "one"]}, True), ("byNames", {"names": ["x"]}, False), ("byNames", {"mode": "exclude", "names": ["x"]}, True),
        ("byNames", {"mode": "exclude", "names": ["one"]}, False), ("byNames", None, False),
        ("byRegexp", "on.", True), ("byRegexp", "on", False), ("byRegexp", "/on/", True), ("byRegexp", "/ON/", False), ("byRegexp", "/ON/i", True),
        ("byRegexp", "/(?<=o)n/g", True), ("byRegexp", "", False), ("byRegexp", "/(/", False), ("byRegexp", "/x", False),
        ("byFrameRefID", "A", True), ("byFrameRefID", "B", False), ("byType", "number", True), ("byType", "string", False),
        ("byValue", {"reducer": "max"}, False),
    ],
)  # fmt: skip
def test_an_override_means_the_fields_of_its_matcher(matcher, options, means):
    config = {"defaults": {"unit": "s", "displayName": "Given"}, "overrides": [override(matcher, options, unit="bytes")]}
    assert field_of(config, Subject({"one", "Value"}, {"A"})).unit == ("bytes" if means else "s")


def test_the_last_override_counts_and_null_takes_a_default_away():
    rules = [
        override("byName", "a", unit="bytes", decimals=2),
        override("byRegexp", "/./", unit="ms"),
        override("byName", "a", displayName=None),
    ]
    field = field_of({"defaults": {"displayName": "x"}, "overrides": rules}, Subject({"a"}, {"A"}))
    assert (field.unit, field.settings["decimals"], field.settings["displayName"]) == ("ms", 2, None)


def test_series_of_a_panel_are_shown_as_overrides_say(tmp_path):
    red = {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 5}]}
    rules = [
        override("byName", "a", unit="s", decimals=1, displayName="First of ${__field.labels.pod}", thresholds=red),
        override("byRegexp", "/^[bc]$/", mappings=[UP]),
        override("byFrameRefID", "B", custom_hidden=True),
    ]
    one = panel("stat", "q", "r", config={"overrides": rules})
    for target in one["targets"]:
        target["legendFormat"] = "{{pod}}"
    found, markup = drawn(tmp_path, one, {"q": [series(9, pod="a"), series(1, pod="b"), series(0, pod="c")], "r": [series(4, pod="d")]})
    assert said(markup) == ["9.0 s First of a", "Up b", "Down c"] and "<span class=red>9.0 s" in markup
    assert (found["silent"], found["warnings"]) == ({}, [])


@pytest.mark.parametrize("property_", [{"custom_hidden": True}, {"custom_hideFrom": {"viz": True}}])
def test_a_panel_whose_series_are_hidden_is_not_silent(tmp_path, property_):
    one = panel("timeseries", "q", config={"overrides": [override("byType", "number", **property_)]})
    found, markup = drawn(tmp_path, one, {"q": [series(1), series(2)]})
    assert found["silent"] == {} and "2 series, hidden" in markup and "<svg" not in markup


def test_lines_of_two_units_have_two_axes_and_their_own_colour(tmp_path):
    colour = {"mode": "fixed", "fixedColor": "#123456"}
    rules = [override("byName", "b", unit="s", color=colour), override("byName", "c", custom_hideFrom={"legend": True})]
    one = panel("timeseries", "q", config={"defaults": {"unit": "bytes", "min": 0, "max": 4096}, "overrides": rules})
    one["targets"][0]["legendFormat"] = "{{n}}"
    _found, markup = drawn(tmp_path, one, {"q": [series(1024, 2048, n="a"), series(1, 2, n="b"), series(9, 9, n="c")]})
    plots = re.findall("<svg.*?</svg>", markup)
    assert ["KiB" in plot and "4" in plot for plot in plots] == [True, False] and plots[1].count("stroke='#123456'") == 1
    assert [one.split()[0] for one in re.findall(r"</i>(.*?)</li>", markup.replace("<b>", " "))] == ["a", "b"]
    assert "a<b>2 KiB</b>" in markup and "b<b>2 s</b>" in markup


def test_a_table_has_the_columns_that_overrides_make_of_labels_and_values(tmp_path):
    rules = [
        override("byName", "pod", displayName="Pod", mappings=[REGEX]),
        override("byRegexp", "/^name/", custom_hidden=True),
        override("byName", "Value", unit="bytes", displayName="Memory"),
        override("byName", "State", mappings=[{"type": "value", "options": {"on": {"text": "fine", "color": "green"}}}]),
    ]
    changed = {"excludeByName": {"Time": True, "job": True, "kept": False}, "renameByName": {"state": "State"}, "indexByName": {}}
    one = panel("table", "q", config={"overrides": rules}, transformations=[{"id": "organize", "options": changed}])
    answer = {"metric": {"pod": "www.example.com", "namespace": "n", "job": "j", "state": "on", "kept": "k"}, "value": [1, "2048"]}
    found, markup = drawn(tmp_path, one, {"q": [answer]})
    assert re.findall(r"<th[^>]*>([^<]*)", markup) == ["Pod", "State", "kept", "Memory"]
    assert words(markup.partition("</tr>")[2]) == ["host", "www", "fine", "k", "2", "KiB"] and "<td><span class=green>fine" in markup
    assert found["warnings"] == []


@pytest.mark.parametrize(("more", "rows"), [([], ["a 1", "b 2", "a 3"]), ([{"id": "merge", "options": {}}], ["a 1 3", "b 2"])])
def test_a_table_has_a_column_for_each_query_and_merges_rows_where_it_says_so(tmp_path, more, rows):
    rules = [override("byName", "Value #B", displayName="Second")]
    one = panel("table", "q", "r", config={"overrides": rules}, transformations=more)
    _found, markup = drawn(tmp_path, one, {"q": [series(1, pod="a"), series(2, pod="b")], "r": [series(3, pod="a")]})
    assert re.findall(r"<th[^>]*>([^<]*)", markup) == ["pod", "Value #A", "Second"]
    assert [" ".join(words(row)) for row in markup.split("<tr>")[2:]] == rows


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("${__field.labels.pod}/${__field.labels.away}", "p/"), ("$__field.labels.pod!", "p!"), ("${__series.name}", "L"), ("${__field.name}", "L"),
        ("${__field.displayName}", "L"), ("${__calc} of it", "mean of it"), ("${__field.labels}", '{job="j", pod="p"}'),
        ('${__field.labels["pod"]}', "p"), ("a < b", "a < b"),
    ],
)  # fmt: skip
def test_a_name_is_filled_with_what_grafana_knows_of_a_field(tmp_path, name, found):
    one = panel("bargauge", "q", config={"defaults": {"displayName": name}}, options={"reduceOptions": {"calcs": ["mean"]}})
    one["targets"][0]["legendFormat"] = "L"
    result, markup = drawn(tmp_path, one, {"q": [series(2, job="j", pod="p")]})
    assert said(markup) == [f"{found} 2"] and result["warnings"] == []


@pytest.mark.parametrize(
    ("defaults", "values", "text"),
    [
        ({"noValue": "quiet"}, [], "quiet"), ({"mappings": [special("null")]}, [], "special"), ({"mappings": [special("nan")]}, [], "No data"),
        ({"mappings": [special("nan")]}, ["NaN"], "special"), ({"mappings": [special("null+nan")], "noValue": "x"}, ["NaN"], "special"), ({}, [], "No data"),
    ],
)  # fmt: skip
def test_where_there_is_no_number_a_panel_says_what_it_is_told_to(tmp_path, defaults, values, text):
    found, markup = drawn(tmp_path, panel("stat", "q", config={"defaults": defaults}), {"q": [series(*values)] if values else []})
    assert f"<p class=none>{text}</p>" in markup and found["silent"] == {"b": ["P"]}


@pytest.mark.parametrize(
    ("defaults", "value", "full"),
    [
        ({"min": 0, "max": 200}, 50, 25), ({"min": 200, "max": 0}, 50, 25), ({"unit": "percent"}, 30, 30), ({"unit": "percentunit"}, 0.3, 30),
        ({"min": 0, "max": 10}, 99, 100), ({"min": 5, "max": 10}, 1, 0), ({"max": 8}, 5, 50), ({}, 5, 100),
    ],
)  # fmt: skip
def test_a_gauge_is_as_full_as_its_ends_say(tmp_path, defaults, value, full):
    for kind, form in (("bargauge", r"width:([\d.]+)%"), ("gauge", r"dasharray='([\d.]+) ")):
        markup = drawn(tmp_path, panel(kind, "q", config={"defaults": defaults}), {"q": [series(2, value)]})[1]
        assert [float(one) for one in re.findall(form, markup)] == ([full] if full or kind == "bargauge" else [])


def test_steps_in_percent_are_of_the_ends_that_are_said(tmp_path):
    steps = {"mode": "percentage", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 80}]}
    for value, colour in ((150, "green"), (170, "red")):
        config = {"defaults": {"min": 0, "max": 200, "unit": "none", "thresholds": steps}}
        assert f"<span class={colour}>{value}</span>" in drawn(tmp_path, panel("stat", "q", config=config), {"q": [series(value)]})[1]


@pytest.mark.parametrize(
    ("colour", "found"),
    [
        ("green", "var(--ok)"), ("dark-red", "var(--freeze)"), ("semi-dark-blue", "var(--blue)"), ("super-light-orange", "#d9730d"), ("#EAB839", "#EAB839"),
        ("rgba(50, 172, 45, 0.97)", "rgba(50, 172, 45, 0.97)"), ("transparent", ""), ("text", ""), ("mauve", None), ("red;}", None), ("#12'", None),
        ("rgb(1,1,1)'><script>", None),
    ],
)  # fmt: skip
def test_colours_are_those_of_grafana_and_no_markup(colour, found):
    assert css(colour) == found


def test_a_regular_expression_may_be_too_much_for_python():
    assert not searches("/(?<a>x)(?<a>y)/", "xy")
