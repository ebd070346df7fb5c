# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.verify import expectations
from ansible_collections.gantry.platform.plugins.module_utils._kube.verify.expectations import read_expectations, result_of, verify
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.discovery import Discovery
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import KINDS, document, refusal

ROW = {"name": "there", "meaning": "it is there", "api_version": "apps/v1", "kind": "Deployment", "namespace": "n"}


class Server:
    """Objects by kind; counts what it was asked."""

    threads = 1

    def __init__(self, *objects):
        self.objects = list(objects)
        self.asked = []
        self.fails = None
        self.answers = {}

    def _of(self, kind, namespace):
        if self.fails:
            raise self.fails
        return [one for one in self.objects if one["kind"] == kind.kind and namespace in (None, one["metadata"].get("namespace"))]

    def find(self, path):
        self.asked.append(path)
        for kind in KINDS.values():
            for one in self._of(kind, None):
                if kind.path(one["metadata"].get("namespace"), one["metadata"]["name"]) == path:
                    return one
        return None

    def get(self, path):
        self.asked.append(path)
        if isinstance(self.answers[path], Exception):
            raise self.answers[path]
        return self.answers[path]

    def list_objects(self, kind, namespace=None, selector="", metadata_only=True):
        self.asked.append(f"{kind.plural} {namespace} {selector}")
        assert not metadata_only
        return self._of(kind, namespace), "1"


@pytest.fixture(autouse=True)
def served(monkeypatch):
    monkeypatch.setattr(Discovery, "__init__", lambda self, client: None)
    monkeypatch.setattr(Discovery, "find", lambda self, api_version, kind: KINDS.get(kind))


def deployment(name="x", ready=2, **more):
    return document("Deployment", name, status={"readyReplicas": ready}, **more)


def check(server, *rows):
    return verify(server, read_expectations([({**ROW, **row}, "here") for row in rows]))


def found(server, **row):
    (verdict,) = check(server, row)
    return verdict.passed, verdict.found


@pytest.mark.parametrize(
    ("row", "passed", "words"),
    [
        ({}, True, "2 found"),
        ({"object": "a"}, True, "1 found"),
        ({"object": "none"}, False, "nothing found"),
        ({"count": 2}, True, "2 found"),
        ({"count": 1}, False, "2 found: n/a, n/b"),
        ({"count": 0, "object": "none"}, True, "0 found"),
        ({"condition": "status.readyReplicas > `0`"}, True, "holds for 2"),
        ({"condition": "status.readyReplicas > `1`"}, False, "n/b: 1"),
        ({"condition": "status.readyReplicas == `2`", "object": "a"}, True, "holds for 1"),
        ({"condition": "status.none == 'x'", "object": "a"}, False, "n/a: None"),
        ({"condition": "status.readyReplicas", "object": "a"}, False, "n/a: 2"),
        ({"condition": "length(none) > `0`", "object": "a"}, False, "n/a: In function length()"),
        ({"namespace": "other"}, False, "nothing found"),
        ({"kind": "Thing", "api_version": "example.org/v1"}, False, "example.org/v1 Thing is not served"),
        ({"kind": "Thing", "api_version": "example.org/v1", "count": 0}, True, "the kind is not served"),
    ],
)
def test_an_expectation_holds_or_says_what_was_found(row, passed, words):
    verdict = found(Server(deployment("a", 2), deployment("b", 1)), **row)
    assert verdict[0] is passed and verdict[1].startswith(words)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"object": "a", "condition": "status"}, "Deployment a in n: status"),
        ({"selector": {"b": "2", "a": "1"}, "count": 3}, "exactly 3 Deployment all with a=1,b=2 in n"),
        ({"namespace": "", "count": 0}, "exactly 0 Deployment all"),
    ],
)
def test_what_was_expected_is_said_in_words(row, words):
    assert check(Server(), row)[0].expected == words


def test_many_that_fail_are_named_five_at_a_time():
    server = Server(*(deployment(f"d{number}") for number in range(8)))
    assert found(server, condition="status.readyReplicas > `9`")[1].endswith("n/d4: 2 and 3 more")
    assert found(server, count=1)[1] == "8 found: n/d0, n/d1, n/d2, n/d3, n/d4 and 3 more"


def test_few_objects_are_asked_for_by_name_and_many_by_one_list():
    few, many = Server(), Server()
    check(few, *({"object": name} for name in "abca"))
    check(many, *({"object": name} for name in "abcd"))
    assert few.asked == [f"/apis/apps/v1/namespaces/n/deployments/{name}" for name in "abc"]
    assert many.asked == ["deployments n "]


def test_what_may_not_be_read_does_not_hold_and_says_why():
    server = Server()
    server.fails = refusal(403, "forbidden")
    assert found(server, object="a") == found(server) == (False, "PATCH /path: 403 forbidden")


def test_a_condition_cannot_bring_the_value_of_a_secret_to_light():
    server = Server(document("Secret", data={"a": "canary"}))
    passed, words = found(server, api_version="v1", kind="Secret", condition="data.a == 'x'")
    assert (passed, words) == (False, "n/x: '<secret: set>'")


ASKED = {**ROW, "api_version": "v1", "kind": "Service", "object": "prometheus", "port": "web", "path": "/rules?type=alert"}
PROXY = "/api/v1/namespaces/n/services/prometheus:web/proxy/rules?type=alert"


@pytest.mark.parametrize(
    ("answer", "condition", "verdict"),
    [
        ({"rules": [1, 2]}, "length(rules) == `2`", (True, "holds")),
        ([1], "length(@) == `1`", (True, "holds")),
        ({"rules": [1, 2]}, "length(rules) == `3`", (False, "2")),
        ({}, "length(rules) == `3`", (False, "In function length()")),
        (refusal(503, "no endpoints available"), "a == `1`", (False, "PATCH /path: 503 no endpoints available")),
        (ValueError("no JSON"), "a == `1`", (False, "the answer is no JSON")),
    ],
)
def test_a_service_is_asked_through_the_apiserver(answer, condition, verdict):
    server = Server()
    server.answers[PROXY] = answer
    (found,) = check(server, {**ASKED, "condition": condition})
    assert found.passed is verdict[0] and found.found.startswith(verdict[1])
    assert found.expected == f"Service prometheus:web/rules?type=alert in n: {condition}"


def test_one_question_is_asked_once_and_every_verdict_stands_in_its_place():
    server = Server(deployment("a"))
    server.answers[PROXY] = {"a": 1}
    rows = [{**ASKED, "condition": "a == `2`"}, {"object": "a"}, {**ASKED, "condition": "a == `1`"}]
    assert [verdict.passed for verdict in check(server, *rows)] == [False, True, True]
    assert server.asked.count(PROXY) == 1


class Clock:
    """Time that passes by sleeping; the object comes up at second three."""

    def __init__(self, server, late):
        self.now, self.server, self.late = 0.0, server, late

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        if self.now >= 3:
            self.server.objects = [*self.late]


@pytest.mark.parametrize(("seconds", "passed", "waited"), [(0, False, 0), (2, False, 2), (10, True, 3)])
def test_what_does_not_hold_yet_is_asked_again_until_the_time_is_over(monkeypatch, seconds, passed, waited):
    server = Server()
    clock = Clock(server, [deployment("a")])
    monkeypatch.setattr("ansible_collections.gantry.platform.plugins.module_utils._kube.verify.expectations.time", clock)
    (verdict,) = verify(server, read_expectations([({**ROW, "object": "a"}, "here")]), seconds)
    assert (verdict.passed, clock.now) == (passed, waited)


def test_every_mistake_in_expectations_is_told_at_once():
    rows = [
        ({**ROW, "conditon": "a"}, "one"),
        ({"name": "n", "kind": "A"}, "two"),
        ({**ROW, "object": "a", "selector": "b"}, "three"),
        ({**ROW, "condition": "a ==", "count": -1}, "four"),
        ({**ROW, "count": True}, "five"),
        ("text", "six"),
        ({**ASKED, "port": "", "selector": "a=b", "path": "rules"}, "seven"),
        ({**ROW, "port": "web"}, "eight"),
        ({**ASKED, "kind": "Pod", "condition": "a"}, "nine"),
    ]
    with pytest.raises(InputError) as problem:
        read_expectations(rows)
    message = problem.value.message
    for words in (
        "one: expectation 'there': unknown key 'conditon'; did you mean 'condition'?",
        "two: expectation 'n': meaning is missing",
        "two: expectation 'n': api_version is missing",
        "three: expectation 'there': give object or selector, not both",
        "four: expectation 'there': condition 'a ==': Invalid jmespath expression",
        "four: expectation 'there': count is a whole number from 0, found -1",
        "five: expectation 'there': count is a whole number from 0, found True",
        "six: an expectation is a mapping, found str",
        "seven: expectation 'there': port is missing: with path it needs one",
        "seven: expectation 'there': condition is missing: with path it needs one",
        "seven: expectation 'there': selector means nothing beside path",
        "seven: expectation 'there': path begins with /, found 'rules'",
        "eight: expectation 'there': port is given without path",
        "nine: expectation 'there': path is asked of a v1 Service",
    ):
        assert words in message


def test_a_failed_result_has_a_table_of_what_does_not_hold_and_of_nothing_else():
    verdicts = check(Server(deployment("a")), {"object": "a", "name": "good"}, {"object": "b", "name": "bad"})
    assert [row["name"] for row in result_of(verdicts[:1])["verdicts"]] == ["good"]
    result = result_of(verdicts)
    assert (result["failed"], result["changed"], [row["name"] for row in result["verdicts"]]) == (True, False, ["bad"])
    assert result["msg"] == (
        "1 of 2 expectations do not hold:\n  bad: it is there\n    expected Deployment b in n\n    found    nothing found"
    )


def test_one_missing_package_is_one_line_however_many_ask_for_it(monkeypatch):
    monkeypatch.setattr(expectations, "_HAS_JMESPATH", False)
    with pytest.raises(InputError) as told:
        read_expectations([({**ROW, "name": f"row-{number}", "condition": "a == `1`"}, "here") for number in range(20)])
    assert told.value.message.count("jmespath") == 2 and len(told.value.message.splitlines()) == 2
