# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import math
import re
import urllib.parse

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.plot import Plot, marks
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.grafana import dashboard
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.units import say
from ansible_collections.gantry.platform.plugins.module_utils._joined.boards import BOARDS
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.tests.kit.answering import Given, answering

AT = "2026-11-29T12:00:00Z"
END = 1795953600
BOARD = {
    "title": "Orders",
    "description": "What is ordered",
    "panels": [
        {"title": "Requests", "unit": "reqps", "queries": [{"expr": "rate_of_two", "legend": "{{pod}} asks"}]},
        {"title": "Errors", "unit": "percentunit", "queries": [{"expr": "holed", "legend": "part"}]},
        {"title": "Of its own"},
        {"title": "Up", "show": "stat", "unit": "percentunit", "good": {"above": 0.9}, "queries": [{"expr": "share"}]},
        {"title": "Failing", "show": "stat", "good": {"below": 1}, "queries": [{"expr": "three"}]},
        {"title": "Firing", "show": "table", "queries": [{"expr": "alerts"}]},
        {"title": "Silent", "queries": [{"expr": "nothing"}]},
        {"title": "Read this", "text": "two\nlines"},
    ],
}


def series(metric, values):
    return {"metric": metric, "values": [[at, str(value)] for at, value in values]}


def prometheus(asked):
    """What a Prometheus has of each query; of one that nobody foresaw it says that it is none."""
    query = dict(urllib.parse.parse_qsl(asked.body.decode()))
    times = range(int(query.get("start", 0)), int(query.get("end", 0)) + 1, int(query.get("step", 1)))
    half = len(times) // 2
    found = {
        "rate_of_two": [series({"pod": name}, [(at, 2000 * number) for at in times]) for number, name in ((1, "a"), (2, "<b>"))],
        "holed": [series({}, [(at, "NaN" if abs(number - half) < 3 else 0.25) for number, at in enumerate(times)])],
        "share": [series({}, [(at, 0.5) for at in times])],
        "three": [series({}, [(at, 3) for at in times])],
        "alerts": [{"metric": {"__name__": "ALERTS", "alertname": "Down & out"}, "value": [query.get("time", 0), "1"]}],
        "nothing": [],
    }.get(query["query"])
    if found is None:
        return Given({"status": "error", "errorType": "bad_data", "error": "parse error: no such word"}, status=400)
    return Given({"status": "success", "data": {"result": found}, "warnings": ["a store is away"]})


def draw(tmp_path, board, check_mode=False, **options):
    defaults = {name: option.get("default") for name, option in BOARDS.spec.items()}
    dest = tmp_path / "pages" / "boards.html"
    with answering(prometheus) as server:
        given = {**defaults, "url": server.url, "at": AT, "dest": str(dest), "dashboards": board, **options}
        found = BOARDS.call(Call(given, {}, check_mode=check_mode))
        asked = [(one.path.rpartition("/")[2], dict(urllib.parse.parse_qsl(one.body.decode()))) for one in server.asked]
    return found, dest.read_text(encoding="utf-8") if dest.exists() else "", asked


def figures(page):
    """Panels of a page by their title."""
    return {title: found for found, title in re.findall(r"(<figure[^>]*><figcaption[^>]*>([^<]*)<.*?</figure>)", page, re.DOTALL)}


def test_every_panel_is_drawn_by_what_prometheus_answers(tmp_path):
    found, page, asked = draw(tmp_path, {"orders": dashboard("orders", BOARD)})
    assert found["summary"] == "1 dashboard, 6 panels, 1 without data" and found["silent"] == {"orders": ["Silent"]}
    assert (found["unanswered"], found["warnings"], "failed" in found) == ([], ["a store is away"], False)
    panels = figures(page)
    assert list(panels) == ["Requests", "Errors", "Up", "Failing", "Firing", "Silent", "Read this"], "in the order of their places"
    assert "&lt;b&gt; asks<b>4k req/s</b>" in panels["Requests"] and panels["Requests"].count("<polyline") == 2
    assert panels["Errors"].count("<polyline") == 2, "a gap stays a gap"
    assert "<span class=red>50 %</span>" in panels["Up"] and "<span class=red>3</span>" in panels["Failing"]
    assert "<th>alertname" in panels["Firing"] and "<td>Down &amp; out" in panels["Firing"] and "__name__" not in panels["Firing"]
    assert "No data" in panels["Silent"] and "two<br>lines" in panels["Read this"]
    assert "<h3>Of its own</h3>" in page and "What is ordered" in page and "1 without data" in page
    assert "2026-11-29 06:00 to 2026-11-29 12:00 UTC" in page and "<b>" not in "".join(re.findall(r"title='[^']*'", page))
    assert {path for path, query in asked if query["query"] == "alerts"} == {"query"}
    ranges = {(query["start"], query["end"], query["step"]) for path, query in asked if path == "query_range"}
    assert ranges == {(str(END - 6 * 3600), str(END), "90")} and len(asked) == 6


def test_a_panel_whose_series_have_no_number_is_silent(tmp_path, monkeypatch):
    def undefined(asked):
        return Given({"status": "success", "data": {"result": [series({}, [(END, "NaN"), (END, "+Inf")])]}})

    monkeypatch.setitem(globals(), "prometheus", undefined)
    found, page, _asked = draw(tmp_path, {"orders": dashboard("orders", BOARD)})
    assert found["silent"] == {"orders": [title for title, panel in figures(page).items() if "No data" in panel]}
    assert len(found["silent"]["orders"]) == 6 and "6 without data" in page


def test_a_page_loads_nothing_and_its_drawings_are_whole(tmp_path):
    _found, page, _asked = draw(tmp_path, {"orders": dashboard("orders", BOARD)})
    assert not re.search(r"<script|src=|href=['\"]?(?!['\"]?#)|url\(|@import", page)
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) == page.count("<svg") == 4 and all("aria-label='" in one for one in drawings)
    for number in re.findall(r"points='([^']*)'", page):
        assert all(math.isfinite(float(part)) for point in number.split() for part in point.split(","))


def test_what_a_dashboard_asks_twice_is_asked_once(tmp_path):
    _found, _page, asked = draw(tmp_path, {name: dashboard(name, BOARD) for name in ("one", "two")})
    assert len(asked) == 6


def test_a_refused_query_fails_and_the_page_shows_where(tmp_path):
    wrong = {"title": "Wrong", "panels": [{"title": "Slip", "queries": [{"expr": "rate("}]}, BOARD["panels"][0]]}
    found, page, _asked = draw(tmp_path, {"wrong": dashboard("wrong", wrong)})
    assert found["failed"] and "rate(: query_range: 400 parse error: no such word" in found["msg"]
    assert found["silent"] == {} and found["summary"].endswith("1 query refused")
    assert "class=refused" in figures(page)["Slip"] and "4k req/s" in figures(page)["Requests"]


def test_a_token_that_a_server_repeats_is_not_in_the_page(tmp_path, monkeypatch):
    def repeats(asked):
        return Given({"status": "error", "error": f"who is {asked.headers['Authorization']}?"}, status=400)

    monkeypatch.setitem(globals(), "prometheus", repeats)
    found, page, _asked = draw(tmp_path, {"orders": dashboard("orders", BOARD)}, token="canary-4711")
    assert "who is" in page and "canary-4711" not in page + json.dumps(found)


def test_check_mode_asks_and_writes_nothing(tmp_path):
    found, page, asked = draw(tmp_path, {"orders": dashboard("orders", BOARD)}, check_mode=True)
    assert (found["changed"], page, len(asked)) == (True, "", 6) and list(tmp_path.iterdir()) == []


def test_a_panel_of_another_type_is_named(tmp_path):
    board = dashboard("orders", {"title": "T", "panels": BOARD["panels"][:1]})
    board["panels"][0]["type"] = "geomap"
    assert "A panel of the type geomap is not drawn here." in draw(tmp_path, {"orders": board})[1]


def test_a_panel_that_is_not_drawn_may_have_whatever_it_has(tmp_path):
    board = dashboard("orders", {"title": "T", "panels": BOARD["panels"][:1]})
    place = {"x": 0, "y": 9, "w": 24, "h": 4}
    board["panels"] += [
        {"type": "dashlist", "title": "Others", "gridPos": place},
        {"type": "row", "title": "Row", "gridPos": place, "targets": [{"refId": "A"}]},
    ]
    found, page, asked = draw(tmp_path, {"orders": board})
    assert "failed" not in found and "A panel of the type dashlist is not drawn here." in page and len(asked) == 1


def test_what_a_closed_row_hides_is_drawn_below_it(tmp_path):
    board = dashboard("orders", {"title": "T", "panels": [BOARD["panels"][2], BOARD["panels"][0]]})
    row, panel = board["panels"]
    board["panels"] = [{**row, "collapsed": True, "panels": [panel]}]
    found, page, _asked = draw(tmp_path, {"orders": board})
    assert found["summary"].startswith("1 dashboard, 1 panel,") and "4k req/s" in figures(page)["Requests"]


def test_panels_stand_in_the_column_that_they_have(tmp_path):
    small = [{"title": name, "show": "stat", "queries": [{"expr": "share"}]} for name in "ab"]
    page = draw(tmp_path, {"orders": dashboard("orders", {"title": "T", "panels": [*small, *BOARD["panels"][:2]]})})[1]
    columns = re.findall(r"<figure style='grid-column:([^']*)'", page)
    assert columns == ["1/span 6", "7/span 6", "1/span 12", "13/span 12"], "what is below stands below"


@pytest.mark.parametrize(
    ("legend", "name"),
    [("{{__name__}} of {{ http.route }}", "up of /x"), ("", "http.route=/x"), (None, "http.route=/x"), ("{{away}}|", "|")],
)
def test_a_legend_is_filled_with_every_label(tmp_path, monkeypatch, legend, name):
    def labelled(asked):
        return Given({"status": "success", "data": {"result": [series({"__name__": "up", "http.route": "/x"}, [(END, 1)])]}})

    monkeypatch.setitem(globals(), "prometheus", labelled)
    board = dashboard("orders", {"title": "T", "panels": BOARD["panels"][:1]})
    board["panels"][0]["targets"][0]["legendFormat"] = legend
    assert f"</i>{name}<b>" in draw(tmp_path, {"orders": board})[1]


@pytest.mark.parametrize(("result", "words"), [([END, "7"], "<span>7</span>"), ([END, "x"], "the answer is a text, which is not drawn")])
def test_an_answer_that_is_no_series_is_a_number_or_refused(tmp_path, monkeypatch, result, words):
    monkeypatch.setitem(globals(), "prometheus", lambda asked: Given({"status": "success", "data": {"result": result}}))
    found, page, _asked = draw(tmp_path, {"orders": dashboard("orders", {"title": "T", "panels": [BOARD["panels"][5]]})})
    assert words in page and found.get("failed", False) is ("text" in words)


@pytest.mark.parametrize("values", [["1.7976931348623157e308"], ["5e-324"], ["1.7e308", "-1.7e308"], ["-1e308"]])
def test_numbers_at_the_ends_of_what_there_is_are_drawn(tmp_path, monkeypatch, values):
    def extreme(asked):
        return Given({"status": "success", "data": {"result": [series({}, list(zip(range(END - 900, END, 90), values, strict=False)))]}})

    monkeypatch.setitem(globals(), "prometheus", extreme)
    _found, page, _asked = draw(tmp_path, {"orders": dashboard("orders", BOARD)})
    coordinates = re.findall(r"(?:points|x1|x2|y1|y2|x|y)='?([-\w., ]+?)'? (?=\w)", page)
    numbers = [float(one) for found in coordinates for one in re.split("[ ,]", found)]
    assert len(numbers) > 10 and all(0 <= one <= 1000 for one in numbers)


@pytest.mark.parametrize(
    ("steps", "mode", "colour"),
    [
        ([{"color": "green"}, {"color": "red", "value": 0.4}], "absolute", " class=red"),
        ([{"color": "green"}, {"color": "red", "value": 80}], "absolute", " class=green"),
        ([{"color": "green"}, {"color": "red", "value": 0.4}], "percentage", ""),
        (None, "absolute", ""),
    ],
)
def test_thresholds_are_read_as_grafana_writes_them(tmp_path, steps, mode, colour):
    board = dashboard("orders", {"title": "T", "panels": [BOARD["panels"][3]]})
    board["panels"][0]["fieldConfig"]["defaults"]["thresholds"] = {"mode": mode, "steps": steps}
    assert f"<span{colour}>50 %</span>" in figures(draw(tmp_path, {"orders": board})[1])["Up"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gridPos": {"x": 0, "y": 0, "w": 0}}, "ValueError: found 0 columns from 0 on, of which there are 24"),
        ({"gridPos": {"x": 20, "y": 0, "w": 12}}, "ValueError: found 12 columns from 20 on"),
        ({"gridPos": {"x": 0, "y": "3", "w": 12}}, "TypeError: found '3', which is no number"),
        ({"gridPos": {"x": 0, "y": 0, "w": math.inf}}, "TypeError: found inf, which is no number"),
        ({"targets": [{"expr": "share", "legendFormat": 99}]}, "TypeError: found 99, which is no text"),
        ({"fieldConfig": {"defaults": {"unit": 5}}}, "TypeError: found 5, which is no text"),
        ({"fieldConfig": {"defaults": {"thresholds": {"steps": [{"color": "red", "value": "80"}]}}}}, "found '80', which is no number"),
        ({"fieldConfig": {"defaults": []}}, "AttributeError"),
    ],
)
def test_what_is_wrong_with_a_panel_is_said_with_its_place(tmp_path, change, words):
    board = dashboard("orders", BOARD)
    board["panels"][3] |= change
    found, page, asked = draw(tmp_path, {"orders": board})
    assert found["failed"] and found["msg"].startswith("dashboards.orders.panels[3] (Up): ") and words in found["msg"]
    assert (page, asked) == ("", [])


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("dest", ["", "/", "{folder}", "{folder}/file/page.html"])
def test_a_page_that_cannot_be_written_is_refused_before_anything_is_asked(tmp_path, dest, check_mode):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").touch()
    found, _page, asked = draw(tmp_path, {"orders": dashboard("orders", BOARD)}, check_mode, dest=dest.format(folder=folder))
    assert found["failed"] and "cannot be written" in found["msg"] and asked == []
    assert sorted(tmp_path.rglob("*")) == [folder, folder / "file"]


def test_of_very_many_series_the_rest_is_counted(tmp_path, monkeypatch):
    def many(asked):
        return Given({"status": "success", "data": {"result": [series({"n": str(n)}, [(END, n)]) for n in range(33)]}})

    monkeypatch.setitem(globals(), "prometheus", many)
    _found, page, _asked = draw(tmp_path, {"orders": dashboard("orders", BOARD)})
    panels = figures(page)
    assert "and 13 more" in panels["Requests"] and "and 27 more" in panels["Up"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dashboards": {}}, "dashboards: there are none"),
        ({"dashboards": {"x": {"title": "T"}}}, "dashboards.x: KeyError: 'panels'"),
        ({"dashboards": {"x": {"title": ["T"], "panels": []}}}, "dashboards.x: TypeError: found ['T'], which is no text"),
        ({"dashboards": {"x": BOARD}}, "dashboards.x.panels[0] (Requests): KeyError: 'type'"),
        ({"range": "1s"}, "range: found '1s'; allowed: a length of time from 5m to 90d"),
        ({"at": "noon"}, "at: found 'noon'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(tmp_path, options, words):
    found, page, asked = draw(tmp_path, options.pop("dashboards", {"orders": dashboard("orders", BOARD)}), **options)
    assert found["failed"] and words in found["msg"] and (page, asked) == ("", [])


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.9995, "percentunit", "99.95 %"),
        (99.9, "percent", "99.9 %"),
        (0, "short", "0"),
        (0.99999, "percentunit", "99.999 %"),
        (12345678, "percent", "1.235e+07 %"),
        (999.9, "short", "1000"),
        (1e300, "short", "1e+288T"),
        (12345, "short", "12.3k"),
        (-2.5e6, "short", "-2.5M"),
        (0.004, "s", "4 ms"),
        (0, "s", "0 s"),
        (5400, "s", "1.5 h"),
        (0.9999, "s", "1000 ms"),
        (1234, "d", "1234 d"),
        (2.5, "d", "2.5 d"),
        (1536, "bytes", "1.5 KiB"),
        (1536, "Bps", "1.54 kB/s"),
        (3, "ops", "3/s"),
        (3e9, "short", "3G"),
        (7, "furlong", "7 furlong"),
        (7, "none", "7"),
    ],
)
def test_values_are_said_in_their_units(value, unit, words):
    assert say(value, unit) == words


@pytest.mark.parametrize(
    ("low", "top", "found"),
    [(0, 1, [0, 0.5, 1]), (0, 97, [0, 50, 100]), (0, 4000, [0, 1000, 2000, 3000, 4000]), (-3, 9, [-5, 0, 5, 10]), (5, 5, [4, 6, 8, 10])],
)
def test_marks_are_round_and_hold_what_is_drawn(low, top, found):
    assert marks(low, top) == pytest.approx(found)


@pytest.mark.parametrize("low", [0.0, -7.3, 1e-9, 3.3e7])
@pytest.mark.parametrize("width", [1e-9, 0.1, 1, 7, 99.9, 1e12])
def test_marks_are_few_and_hold_everything(low, width):
    found = marks(low, low + width)
    slack = (found[-1] - found[0]) * 1e-6
    assert 2 <= len(found) <= 7 and found[0] <= low + slack and found[-1] >= low + width - slack


def test_one_point_alone_is_a_dot():
    drawn = Plot(0, 10, 100, 100).line([(0.5, 5)], "red")
    (points,) = re.findall(r"points='([^']*)'", drawn)
    assert len(set(points.split())) == 1 and len(points.split()) == 2 and "stroke-linecap=round" in drawn


def test_a_plot_keeps_what_is_beyond_its_frame_at_the_edge():
    plot = Plot(0, 10, 100, 100)
    assert plot.y(99) == plot.y(10) < plot.y(0) == plot.y(-5) and plot.x(0) < plot.x(1) <= 100
    assert json.loads(json.dumps(plot.frame([0, 10], str, ("<a>", "")))).count("&lt;a&gt;") == 1
