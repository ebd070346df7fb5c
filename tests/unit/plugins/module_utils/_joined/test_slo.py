# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import json
import urllib.parse

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.plugins.module_utils._joined.slo import GATE, REPORT
from ansible_collections.gantry.platform.tests.kit.answering import Given, answering

HOUR = 3600
NOW = "2026-11-29T12:30:00Z"
SLOS = {
    name: {"service": service, "indicator": "availability", "objective": 99, "window": "28d", "team": "cortex", "tier": "t0"}
    for name, service in (("well", "store"), ("worn", "engine"), ("spent", "router"), ("dark", "dreams"))
}
BAD = {"well": 1, "worn": 8.5, "spent": 12}
"""Bad events of a thousand: 10, 85 and 120 percent of the budget."""


def prometheus(asked):
    """Answers as Prometheus does: a thousand events in five minutes, of some objectives."""
    query = dict(urllib.parse.parse_qsl(asked.body.decode()))
    is_bad = "slo:bad:" in query["query"]

    def values(name):
        if "timestamp(" in query["query"]:
            return {"value": [int(query["time"]), str(int(query["time"]) - 42)]}
        value = str(BAD[name] if is_bad else 1000)
        if asked.path.endswith("query"):
            return {"value": [int(query["time"]), value]}
        return {"values": [[at, value] for at in range(int(query["start"]), int(query["end"]) + 1, int(query["step"]))]}

    return Given(
        {"status": "success", "data": {"result": [{"metric": {"slo": name}, **values(name)} for name in BAD]}, "warnings": ["from store"]}
    )


def call(face, url, check_mode=False, **options):
    defaults = {name: option.get("default") for name, option in face.spec.items()}
    return face.call(Call({**defaults, "slos": SLOS, "at": NOW, "url": url, **options}, {}, check_mode=check_mode))


def test_a_report_asks_six_times_and_writes_each_form(tmp_path):
    with answering(prometheus) as server:
        found = call(REPORT, server.url, dest=str(tmp_path), title="Budgets", labels={"environment": "prod"})
        asked = [dict(urllib.parse.parse_qsl(one.body.decode())) for one in server.asked]
    assert [one.path for one in server.asked] == ["/api/v1/query_range"] * 2 + ["/api/v1/query"] * 4
    assert asked[0]["query"] == 'sum by (slo) (avg_over_time(slo:bad:increase5m{environment="prod"}[3600s]))'
    assert (int(asked[0]["end"]) - int(asked[0]["start"])) // HOUR == 56 * 24 and asked[2]["query"].endswith("[1800s]))")
    assert asked[4]["query"] == (
        'min by (slo) (max by (slo, cluster, environment) (max_over_time(timestamp(slo:bad:increase5m{environment="prod"})[4500s:60s])))'
    )
    assert {row["age"] for row in found["report"]["objectives"]} == {42, None}
    assert (found["changed"], found["summary"], found["warnings"]) == (True, "1 freeze; 1 not measured; 1 slow down; 1 ok.", ["from store"])
    assert {name: path.rpartition(".")[2] for name, path in found["files"].items()} == {
        "json": "json",
        "markdown": "md",
        "csv": "csv",
        "html": "html",
        "slack": "json",
    }
    assert len(list(tmp_path.iterdir())) == 5
    assert json.loads((tmp_path / "slo-report.json").read_text(encoding="utf-8"))["counts"] == found["report"]["counts"]
    left = {row["name"]: round(row["left"], 3) for row in found["report"]["objectives"]}
    assert left == {"well": 0.9, "worn": 0.15, "spent": -0.2, "dark": 1.0}


def test_in_check_mode_it_asks_and_writes_nothing(tmp_path):
    with answering(prometheus) as server:
        found = call(REPORT, server.url, check_mode=True, dest=str(tmp_path))
    assert found["changed"] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("services", "options", "failed", "state", "warned"),
    [
        (["store"], {}, False, "ok", False),
        (["engine"], {}, False, "slow_down", True),
        (["router"], {}, True, "freeze", False),
        (["store", "router"], {}, True, "freeze", False),
        ([], {}, True, "freeze", False),
        (["dreams"], {}, False, "unknown", True),
        (["dreams"], {"unknown": "fail"}, True, "unknown", False),
        (["dreams"], {"unknown": "pass"}, False, "unknown", False),
        (["engine"], {"slow_down": "fail"}, True, "slow_down", False),
        (["router"], {"freeze": "warn"}, False, "freeze", True),
        (["router"], {"policies": {"standard": {"slow_down": -10, "freeze": -50}}}, False, "slow_down", True),
    ],
)
def test_the_gate_passes_warns_and_fails_as_the_policy_says(services, options, failed, state, warned):
    with answering(prometheus) as server:
        found = call(GATE, server.url, services=services, **options)
    assert (found.get("failed", False), found["state"], found["changed"]) == (failed, state, False)
    assert any("asks for care" in text for text in found["warnings"]) is warned
    if failed:
        assert found["msg"].startswith("the error budget says no. ")


def stopped(hours):
    """The same, and since so many hours nobody scrapes."""

    def answer(asked):
        given = prometheus(asked).body
        query = dict(urllib.parse.parse_qsl(asked.body.decode()))
        last = datetime.datetime.fromisoformat(NOW).timestamp() - hours * HOUR
        for one in given["data"]["result"]:
            one["values"] = [value for value in one.get("values", []) if value[0] <= last]
        if asked.path.endswith("query"):
            young = "timestamp(" in query["query"] and hours * HOUR < 4500
            given["data"]["result"] = [
                {"metric": one["metric"], "value": [one["value"][0], str(last)]} for one in given["data"]["result"] if young
            ]
        return Given(given)

    return answer


@pytest.mark.parametrize(
    ("hours", "services", "options", "failed", "state"),
    [
        (0.5, ["store"], {}, True, "stale"),
        (0.5, ["store"], {"max_age": "1h"}, False, "ok"),
        (72, ["store"], {}, True, "stale"),
        (72, ["store"], {"max_age": "4d"}, False, "ok"),
        (72, ["store"], {"stale": "warn"}, False, "stale"),
        (72, ["store"], {"stale": "pass"}, False, "stale"),
        (72, ["router"], {"freeze": "pass"}, True, "freeze"),
        (72, ["dreams"], {}, False, "unknown"),
        (30 * 24, ["store"], {}, True, "unknown"),
    ],
)
def test_a_prometheus_that_stopped_scraping_closes_the_gate(hours, services, options, failed, state):
    with answering(stopped(hours)) as server:
        found = call(GATE, server.url, services=services, **options)
    assert (found.get("failed", False), found["state"]) == (failed, state), found
    if failed:
        assert "Measuring stopped: have it go on before anything goes out." in found["msg"]
        assert "look whether Prometheus scrapes the service and evaluates its rules" in found["msg"]


def test_the_gate_says_since_when_nobody_measures():
    with answering(stopped(72.5)) as server:
        found = call(GATE, server.url, services=["store"])
    (_head, told) = found["msg"].splitlines()
    assert told.startswith(
        "  well: out of date, 90.0 % of the budget left when it was measured last, 2026-11-26 12:00 UTC, 3 d 0 h ago, more than 15 min: "
    )
    (row,) = found["objectives"]
    assert (row["age"], row["stale"]) == (72.5 * HOUR, True)


def test_who_stops_a_deployment_is_named():
    with answering(prometheus) as server:
        found = call(GATE, server.url, services=["router"])
    assert "spent: freeze, -20.0 % of the budget left" in found["msg"] and "Nothing but repairs goes out." in found["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": ""}, "url (or access_file) is missing"),
        ({"url": "prometheus:9090"}, "url is the address of the API as https://host"),
        ({"url": "http://prometheus.example", "token": "a-token-of-mine"}, "would carry the token over the network in the clear"),
        ({"max_age": "15"}, "max_age: found '15'; allowed: a length of time from 5m to 7d"),
        ({"max_age": "8d"}, "max_age: found '8d'"),
        ({"max_age": "1s"}, "max_age: found '1s'"),
        ({"at": "yesterday"}, "at: found 'yesterday'; allowed: a time such as"),
        ({"at": "0001-01-01T00:00:00Z"}, "at: found '0001-01-01T00:00:00Z'; allowed: a time such as"),
        ({"services": ["stor"]}, "services: no objective is of 'stor'; did you mean 'store'?"),
        ({"slos": {"x": {"service": "store"}}}, "slos: KeyError: 'indicator'"),
        ({"policies": {"standart": {"slow_down": 1, "freeze": 0}}}, "unknown policy 'standard'; did you mean 'standart'?"),
    ],
)
def test_what_cannot_be_right_is_said(options, words):
    with answering(prometheus) as server:
        found = call(GATE, **{"url": server.url, **options})
    assert found["failed"] and words in found["msg"], found


def test_what_prometheus_refuses_is_said_in_its_words_and_no_token_with_it():
    with answering(lambda asked: Given({"status": "error", "error": "no a-token-of-mine here"}, 422)) as server:
        found = call(GATE, server.url, token="a-token-of-mine")
    assert found["failed"] and "query_range: 422 no " in found["msg"] and "a-token-of-mine" not in json.dumps(found)
    with answering(lambda asked: Given(b"<html>", 200)) as server:
        assert "no answer of Prometheus'" in call(GATE, server.url)["msg"]


def test_an_unknown_form_is_refused_before_anything_is_asked():
    with answering(prometheus) as server:
        found = call(REPORT, server.url, formats=["pdf"])
        assert found["failed"] and "formats: found 'pdf'" in found["msg"] and server.asked == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_report_that_cannot_be_written_is_refused_before_anything_is_asked(tmp_path, check_mode):
    (tmp_path / "file").touch()
    with answering(prometheus) as server:
        found = call(REPORT, server.url, check_mode, dest=str(tmp_path / "file"))
    assert found["failed"] and "slo-report.json cannot be written: File exists" in found["msg"] and server.asked == []
