# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import urllib.parse

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, ServerError
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.plugins.module_utils._joined.prometheus import OPTIONS, Prometheus, Refused, moment
from ansible_collections.gantry.platform.tests.kit.answering import Given, answering


def ask(answer):
    """(what asking gives or raises, requests) of a server that always answers so."""
    defaults = {name: option.get("default") for name, option in OPTIONS.items()}
    with answering(lambda asked: answer) as server, contextlib.closing(Prometheus(Call({**defaults, "url": server.url}, {}))) as prometheus:
        try:
            return prometheus.ask("query", query="up", time=1), server.asked
        except ServerError as error:
            return error, server.asked


def refusal(kind, error="no"):
    return {"status": "error", "errorType": kind, "error": error}


@pytest.mark.parametrize(
    ("status", "kind", "times"),
    [
        (400, "bad_data", 1),
        (422, "execution", 1),
        (503, "timeout", 1),
        (503, "canceled", 1),
        (503, "unavailable", 4),
        (500, "execution", 4),
        (500, "internal", 4),
    ],
)
def test_a_refusal_that_prometheus_itself_words_is_of_the_query(status, kind, times):
    error, asked = ask(Given(refusal(kind, "it is too much"), status))
    assert type(error) is Refused and error.message == f"query: {status} it is too much"
    assert len(asked) == times, "what took too long is not asked again, what may pass is"


def test_a_refusal_without_words_says_its_kind():
    assert ask(Given(refusal("timeout", ""), 503))[0].message == "query: 503 timeout"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"Service Unavailable", 503),
        (refusal("unauthorized"), 401),
        (refusal("forbidden"), 403),
        (refusal("not_found"), 404),
        ({"status": "error", "error": "no upstream"}, 503),
        ({"status": "error", "errorType": 7}, 503),
        ([], 200),
        (b"<html>", 200),
        ({"status": "success", "data": {"result": {"a": 1}}}, 200),
        ({"status": "success", "data": "x"}, 200),
    ],
)
def test_what_is_not_of_the_query_is_of_the_server(body, status):
    assert type(ask(Given(body, status))[0]) is ServerError


@pytest.mark.parametrize("data", [{"result": None}, {}, None, {"result": []}])
def test_an_answer_without_a_result_is_an_empty_one(data):
    assert ask(Given({"status": "success", "data": data, "warnings": None}))[0] == ([], [])


def test_the_server_ends_a_query_before_its_answer_is_given_up():
    (_found, (asked,)) = ask(Given({"status": "success", "data": {"result": []}}))
    assert dict(urllib.parse.parse_qsl(asked.body.decode())) == {"query": "up", "time": "1", "timeout": "100s"}


@pytest.mark.parametrize(
    "said",
    [
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "1969-12-31T23:59:59Z",
        "9999-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:00",
        "2026-02-30T00:00:00Z",
        "2026-11-29T25:00:00Z",
        "10000-01-01T00:00:00Z",
    ],
)
def test_a_time_that_cannot_be_is_refused(said):
    with pytest.raises(InputError, match="at: found '.*; allowed: a time such as 2026-11-29T12:00:00Z, from the year 1970 to 9998"):
        moment(said)


@pytest.mark.parametrize(
    ("said", "found"), [("1970-01-01T00:00:00Z", 0), ("2026-11-29T12:00:00+01:00", 1795950000), ("9998-12-31T23:59:59", 253370764799)]
)
def test_a_time_is_in_seconds(said, found):
    assert moment(said) == found
