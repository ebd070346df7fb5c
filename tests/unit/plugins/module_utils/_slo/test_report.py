# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._slo.budget import (
    FREEZE,
    HOUR,
    OK,
    SLOW_DOWN,
    STALE,
    UNKNOWN,
    History,
    Hour,
    burn,
    exhausted_at,
    spent,
    state,
    worst,
)
from ansible_collections.gantry.platform.plugins.module_utils._slo.model import read
from ansible_collections.gantry.platform.plugins.module_utils._slo.page import as_html
from ansible_collections.gantry.platform.plugins.module_utils._slo.render import ago, as_csv, as_json, as_markdown, as_slack, ratio
from ansible_collections.gantry.platform.plugins.module_utils._slo.report import histories, report, span
from ansible_collections.gantry.platform.plugins.module_utils._slo.windows import Window, calendar, rolling
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_795_000_000 // HOUR * HOUR
DAY = 24 * HOUR
POLICY = {"slow_down": 25, "freeze": 0}
HOSTILE = "<b>'\"&|`{{ 7*7 }}</b>"


def slo(name="s", **said):
    return read(
        name, {"service": "store", "indicator": "availability", "objective": 99, "window": "28d", "team": "cortex", "tier": "t0", **said}
    )


def even(bad=5.0, total=1000.0, length=80 * DAY, until=NOW):
    """The same in every hour."""
    return History(Hour(start, HOUR, bad, total) for start in range(until - length, until, HOUR))


def row(history, now=NOW, policy=None, **said):
    one = slo(**said)
    return report([one], {"standard": policy or POLICY}, {"s": history}, now, "Budgets")["objectives"][0]


def test_half_of_the_budget_is_half_of_it():
    found = row(even())
    assert (found["left"], found["rolling"]["attained"]) == (pytest.approx(0.5), pytest.approx(0.995))
    assert found["rolling"]["left_minutes"] == pytest.approx(0.5 * 0.01 * 28 * 24 * 60)
    assert found["burn"] == {"1h": pytest.approx(0.5), "6h": pytest.approx(0.5), "3d": pytest.approx(0.5)}
    assert (found["rolling"]["coverage"], found["exhausted_at"], found["state"]) == (1, None, OK)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(1, 1e6)), min_size=1, max_size=200))
def test_a_budget_is_the_quotient_of_sums(hours):
    history = History(Hour(NOW - (number + 1) * HOUR, HOUR, part * total, total) for number, (part, total) in enumerate(hours))
    counted = history.counted(NOW - 28 * DAY, NOW)
    assert counted.error_ratio == pytest.approx(sum(part * total for part, total in hours) / sum(total for _part, total in hours))


def test_a_quiet_bad_night_weighs_what_it_is_worth():
    history = History([Hour(NOW - 2 * HOUR, HOUR, 10, 10), Hour(NOW - HOUR, HOUR, 0, 99_990)])
    assert history.counted(NOW - DAY, NOW).error_ratio == pytest.approx(0.0001)


def test_windows_that_begin_within_an_hour_take_their_part():
    counted = even().counted(NOW - HOUR * 1.5, NOW - HOUR * 0.25)
    assert (counted.bad, counted.total, counted.measured) == (pytest.approx(6.25), pytest.approx(1250), pytest.approx(4500))


def test_a_month_is_not_lost_on_its_first_day():
    one = slo(calendar={"every": "month", "time_zone": "UTC"})
    begin = calendar(one, NOW).start
    now = begin + 12 * HOUR
    history = History([*even(0, 1000, 12 * HOUR, now - HOUR).hours, Hour(now - HOUR, HOUR, 120, 1000)])
    found = spent(one, history.counted(begin, now), calendar(one, now))
    assert found["used"] == pytest.approx(120 / (0.01 * found["events"] * 60))
    assert found["left"] > 0.9


@pytest.mark.parametrize(
    ("left", "rate", "until", "after"),
    [
        (0.5, 2.0, None, 7 * DAY),
        (0.5, 1.0, None, None),
        (0.5, None, None, None),
        (0.0, 0.1, None, 0),
        (-1.0, None, None, 0),
        (0.5, 0.5, 30 * DAY, None),
        (0.1, 0.5, 30 * DAY, 12 * DAY),
        (1.0, 1.0, 60 * DAY, None),
        (0.5, 0.5, 10 * DAY, None),
        (0.5, 0.0, 10 * DAY, None),
    ],
)
def test_when_a_budget_is_gone(left, rate, until, after):
    """A calendar's budget is of the calendar's window: here half of 60 days have gone by, however long the rolling window is."""
    own = Window("own", NOW + until - 60 * DAY, NOW, NOW + until) if until else None
    found = exhausted_at(slo(), left, rate, NOW, own)
    assert found == (None if after is None else pytest.approx(NOW + after))


@pytest.mark.parametrize(
    ("left", "attained", "wanted"),
    [(1, 1, OK), (0.2501, 1, OK), (0.25, 1, SLOW_DOWN), (0.0001, 1, SLOW_DOWN), (0, 1, FREEZE), (-3, 0.9, FREEZE), (1, None, UNKNOWN)],
)
def test_what_a_policy_makes_of_it(left, attained, wanted):
    assert state(POLICY, {"left": left, "attained": attained, "measured": HOUR}) == wanted


def test_of_minutes_nothing_is_made():
    assert state(POLICY, {"left": -9, "attained": 0.3, "measured": HOUR - 1}) == UNKNOWN


def test_the_worst_decides():
    assert worst([OK, SLOW_DOWN, UNKNOWN, STALE, FREEZE]) == FREEZE
    assert worst([OK, SLOW_DOWN, STALE, UNKNOWN]) == STALE
    assert worst([OK, SLOW_DOWN, UNKNOWN]) == UNKNOWN
    assert worst([OK, SLOW_DOWN]) == SLOW_DOWN
    assert worst([]) == OK


def test_what_nobody_measured_is_not_called_well():
    found = row(History([]))
    assert (found["state"], found["rolling"]["attained"], found["rolling"]["coverage"]) == (UNKNOWN, None, 0)
    half = row(even(length=14 * DAY))
    assert half["rolling"]["coverage"] == pytest.approx(0.5)
    assert half["before"] is None


@pytest.mark.parametrize(
    ("bad", "late", "wanted"),
    [(1, 0, OK), (1, 900, OK), (1, 901, STALE), (1, 3 * DAY, STALE), (9, 901, STALE), (12, 3 * DAY, FREEZE), (12, 0, FREEZE)],
)
def test_what_is_left_counts_as_long_as_it_is_measured(bad, late, wanted):
    found = row(History(even(bad).hours, NOW - late))
    assert (found["state"], found["newest"], found["age"], found["stale"]) == (wanted, NOW - late, late, late > 900)


def test_what_was_measured_a_window_ago_is_out_of_date_and_what_never_was_is_not():
    old = row(even(until=NOW - 30 * DAY))
    assert (old["state"], old["stale"], old["age"]) == (UNKNOWN, True, 30 * DAY)
    never = row(History([]))
    assert (never["stale"], never["age"], never["newest"]) == (False, None, None)


@pytest.mark.parametrize(("seconds", "words"), [(59, "0 min"), (900, "15 min"), (7500, "2 h 05 min"), (3 * DAY + 7200, "3 d 2 h")])
def test_an_age_is_said_in_its_largest_units(seconds, words):
    assert ago(seconds) == words


def test_every_form_says_how_old_the_newest_measurement_is(whole):
    sheet = {one["name"]: one for one in csv.DictReader(io.StringIO(as_csv(whole)))}
    assert (sheet["d"]["age"], sheet["c"]["age"], sheet["d"]["newest"]) == (str(3 * DAY + 2 * HOUR), "", str(NOW - 3 * DAY - 2 * HOUR))
    assert "| 3 d 2 h old | out of date |" in as_markdown(whole) and "| 0 % | – | not measured |" in as_markdown(whole)
    page = as_html(whole)
    assert page.count("3 d 2 h") == 2 and "<span class='chip stale'>out of date</span>" in page
    message = as_slack(whole)
    assert "1 out of date" in message["text"]
    (told,) = [one["text"]["text"] for one in message["blocks"][2:] if "*d*" in one["text"]["text"]]
    assert told.startswith(":large_orange_circle: ") and told.endswith("burn –, gone: –, newest measurement 3 d 2 h old")


def test_of_what_was_not_measured_no_form_says_that_all_of_the_budget_is_left(whole):
    (told,) = [one["text"]["text"] for one in as_slack(whole)["blocks"][2:] if "*c*" in one["text"]["text"]]
    assert told == ":white_circle: *c* nothing was measured; promised are 99 % in 28d"
    (line,) = [one for one in as_markdown(whole).splitlines() if one.startswith("| c |")]
    section = as_html(whole).partition("<section id='c'>")[2].partition("</section>")[0].partition("<div class=plots>")[0]
    assert "100" not in line and "100" not in section and "min of failing" not in section


def test_an_incident_is_found_by_its_day_and_seen_in_the_burn_down():
    incident = NOW - 10 * DAY
    history = History([one if one.start != incident else Hour(incident, HOUR, 900, 1000) for one in even(1).hours])
    found = row(history)
    assert found["worst_days"][0]["used"] == pytest.approx((900 + 23) / 6720, rel=0.05)
    points = dict(map(tuple, found["burn_down"]))
    assert points[NOW] == pytest.approx(found["left"])
    drops = [before - after for (_, before), (_, after) in zip(found["burn_down"], found["burn_down"][1:], strict=False)]
    assert max(drops) == pytest.approx(905 / 6720, rel=0.02)


def test_earlier_windows_are_compared():
    history = History([*even(5, until=NOW - 28 * DAY, length=28 * DAY).hours, *even(1, length=28 * DAY).hours])
    found = row(history, calendar={"every": "month", "time_zone": "UTC"})
    assert found["before"]["attained"] == pytest.approx(0.995)
    assert found["rolling"]["attained"] == pytest.approx(0.999)
    assert len(found["calendars"]) == 5
    assert span([slo()], NOW) == 56 * DAY
    assert span([slo(calendar={"every": "month", "time_zone": "UTC"})], NOW) > 150 * DAY


def test_answers_of_prometheus_become_hours_and_half_an_answer_none():
    values = [[NOW - HOUR, "2.5"], [NOW, "5"]]
    answers = {
        "bad": [{"metric": {"slo": "s"}, "values": values}],
        "total": [{"metric": {"slo": "s"}, "values": [[NOW, "50"]]}, {"metric": {"slo": "t"}, "values": [[NOW, "50"]]}],
    }
    newest = {key: [{"metric": {"slo": "s"}, "value": [NOW, str(NOW - late)]}] for key, late in (("bad", 70.5), ("total", 10))}
    found = histories(answers, {NOW: 1800, NOW - HOUR: HOUR}, newest)
    assert found["s"].hours == [Hour(NOW - 1800, 1800, 30.0, 300.0)]
    assert found["s"].newest == NOW - 70.5
    assert (found["t"].hours, found["t"].newest) == ([], None)
    # Where one of both records is not made any more, the last whole hour says when that was.
    assert histories(answers, {NOW: 1800, NOW - HOUR: HOUR}, {**newest, "bad": []})["s"].newest == NOW


def test_a_burn_rate_of_nothing_is_none():
    assert burn(slo(), History([]), NOW, HOUR) is None
    assert rolling(slo(), NOW).length == 28 * DAY


@pytest.fixture(scope="module")
def whole():
    slos = [
        slo("a", calendar={"every": "month", "time_zone": "UTC"}, description=HOSTILE),
        slo("b", service=HOSTILE, team=HOSTILE),
        slo("c"),
        slo("d"),
    ]
    past = {"a": even(2), "b": even(30), "d": even(2, until=NOW - 3 * DAY - 2 * HOUR)}
    return report(slos, {"standard": POLICY}, past, NOW, f"Budgets {HOSTILE}")


def test_the_worst_comes_first_and_all_are_counted(whole):
    assert [one["name"] for one in whole["objectives"]][0] == "b" and whole["objectives"][-1]["name"] == "c"
    assert (whole["state"], whole["counts"]) == (FREEZE, {OK: 1, SLOW_DOWN: 0, FREEZE: 1, UNKNOWN: 1, STALE: 1})


def test_it_is_the_same_as_data(whole):
    assert json.loads(as_json(whole)) == json.loads(json.dumps(whole))


def test_a_table_of_markdown_has_a_cell_for_each_column(whole):
    text = as_markdown(whole)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in rows[:5]}) == 1
    assert "## By calendar" in text and "## Worst days" in text


def test_a_sheet_has_numbers(whole):
    rows = list(csv.DictReader(io.StringIO(as_csv(whole))))
    assert [one["name"] for one in rows] == [one["name"] for one in whole["objectives"]]
    assert float(rows[0]["left"]) == pytest.approx(whole["objectives"][0]["left"])
    assert {one["name"]: one["attained"] for one in rows}["c"] == ""


def test_a_message_to_slack_keeps_to_what_slack_takes():
    many = report([slo(f"s{number}") for number in range(60)], {"standard": POLICY}, {}, NOW, "B" * 300)
    message = as_slack(many)
    assert len(message["blocks"]) <= 50
    assert len(message["blocks"][0]["text"]["text"]) <= 150
    assert "40 more" in message["blocks"][-1]["elements"][0]["text"]


class Reader(HTMLParser):
    """What a browser would load, and what it would show."""

    def __init__(self):
        super().__init__()
        self.tags, self.loads, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for key, value in attrs if key in ("src", "href", "action", "style") and not (value or "").startswith("#")]

    def handle_data(self, data):
        self.text += data


def test_the_page_needs_nothing_else_and_obeys_no_text(whole):
    reader = Reader()
    page = as_html(whole)
    reader.feed(page)
    assert reader.loads == [] and not {"script", "link", "img", "iframe", "b>"} & set(reader.tags)
    assert "url(" not in page and "@import" not in page and "http" not in page.replace("http-equiv", "")
    assert HOSTILE in reader.text
    assert reader.tags.count("section") == 4
    assert "nan" not in page.lower().replace("finance", "")


def test_plots_are_svg_with_every_point_inside(whole):
    page = as_html(whole)
    drawn = 0
    for part in page.split("<svg ")[1:]:
        body = "<svg " + part.partition("</svg>")[0] + "</svg>"
        for line in body.split("points='")[1:]:
            pairs = [tuple(map(float, one.split(","))) for one in line.partition("'")[0].split()]
            assert all(0 <= x <= 480 and 0 <= y <= 150 for x, y in pairs)
            drawn += 1
    assert drawn >= 6


@pytest.mark.parametrize(
    ("value", "words"), [(0.999996, "99.999 %"), (1.0, "100.000 %"), (0.9995, "99.950 %"), (-0.5, "-50.000 %"), (None, "–")]
)
def test_parts_are_cut_towards_what_is_worse(value, words):
    assert ratio(value, 3) == words
