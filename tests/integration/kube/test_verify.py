# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Expectations on live objects: few requests, and a failure that says what was expected and what was found."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.verify.expectations import read_expectations, result_of, verify
from ansible_collections.gantry.platform.tests.integration.kube.objects import config_map, deployment, one_set, secret
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until

SECRET_WORD = "canary-of-verify"


def expectation(namespace, **more):
    return {"name": "one", "meaning": "as it should be", "api_version": "v1", "kind": "ConfigMap", "namespace": namespace, **more}


def check(cluster, *expectations, seconds=0.0):
    agent = f"verify-{threading.get_ident()}"
    mark = cluster.audit.mark()
    client = cluster.client(agent)
    found = verify(client, read_expectations([(item, "test") for item in expectations]), seconds)
    count = sum(client.pool.requests.values())
    client.close()
    return found, cluster.sent_by(agent, mark, count)


@pytest.fixture
def filled(cluster, namespace):
    maps = [config_map(namespace, f"c{number}", colour="red" if number else "blue") for number in range(5)]
    cluster.run(one_set("s", namespace, *maps, deployment(namespace, replicas=2), secret(namespace, password=SECRET_WORD))).ok()
    return namespace


def test_what_holds_passes_with_the_number_it_holds_for(cluster, filled):
    app = {"api_version": "apps/v1", "kind": "Deployment", "object": "app", "condition": "status.availableReplicas >= `2`"}
    (verdict,), _sent = check(cluster, expectation(filled, **app))
    assert (verdict.passed, verdict.found) == (True, "holds for 1")


def test_what_does_not_hold_says_expected_and_found(cluster, filled):
    app = {"api_version": "apps/v1", "kind": "Deployment", "object": "app", "condition": "status.availableReplicas >= `3`"}
    (verdict,), _sent = check(cluster, expectation(filled, **app))
    result = result_of([verdict])
    assert result["failed"] is True
    assert result["msg"] == (
        "1 of 1 expectations do not hold:\n  one: as it should be\n"
        f"    expected Deployment app in {filled}: status.availableReplicas >= `3`\n    found    {filled}/app: 2"
    )


def test_many_expectations_of_a_kind_are_one_request(cluster, filled):
    rows = [expectation(filled, name=f"e{number}", object=f"c{number}", condition="data.colour == 'red'") for number in range(5)]
    verdicts, sent = check(cluster, *rows)
    assert [verdict.passed for verdict in verdicts] == [False, True, True, True, True]
    assert [request.uri.partition("?")[0] for request in sent if "configmaps" in request.uri] == [
        f"/api/v1/namespaces/{filled}/configmaps",
    ]
    assert {request.verb for request in sent} <= {"get", "list"}


def test_all_objects_of_a_selector_must_hold_and_are_counted(cluster, filled):
    mine = {"selector": "applyset.kubernetes.io/part-of", "condition": "data.colour == 'red'"}
    counted, every = check(cluster, expectation(filled, selector=mine["selector"], count=4), expectation(filled, **mine))[0]
    assert counted.found.startswith("5 found: ")
    assert every.found == f"{filled}/c0: 'blue'"


def test_nothing_found_is_a_failure_and_zero_can_be_expected(cluster, namespace):
    none, zero = check(cluster, expectation(namespace, object="no"), expectation(namespace, selector="a=b", count=0))[0]
    assert (none.passed, none.found) == (False, "nothing found")
    assert zero.passed


def test_a_kind_that_is_not_served_is_a_finding_and_no_crash(cluster, namespace):
    (verdict,), _sent = check(cluster, expectation(namespace, api_version="no.example.com/v1", kind="Gone"))
    assert (verdict.passed, verdict.found) == (False, "no.example.com/v1 Gone is not served")


def test_what_becomes_true_in_time_passes(cluster, namespace):
    mark = cluster.audit.mark()

    def looked():
        sent = [request for request in cluster.audit.sent(mark) if request.agent.startswith("verify-")]
        return [request for request in sent if f"{namespace}/configmaps" in request.uri]

    def comes():
        until(looked, "somebody to look for it in vain")
        cluster.run(one_set("s", namespace, config_map(namespace))).ok()

    coming = threading.Thread(target=comes)
    coming.start()
    (verdict,), sent = check(cluster, expectation(namespace, object="settings"), seconds=LONGEST)
    coming.join()
    assert verdict.passed
    assert len([request for request in sent if "configmaps" in request.uri]) > 1


def test_values_of_secrets_are_not_looked_at(cluster, filled):
    row = expectation(filled, kind="Secret", object="access", condition=f"data.password == '{SECRET_WORD}'")
    (verdict,), _sent = check(cluster, row)
    assert not verdict.passed
    assert SECRET_WORD not in verdict.found


def test_every_mistake_is_told_at_once_before_any_request():
    rows = [
        expectation("n", conditon="a"),
        expectation("n", condition="a =="),
        expectation("n", object="a", selector="b=c"),
        {"name": "two"},
    ]
    with pytest.raises(InputError) as caught:
        read_expectations([(row, f"row {number}") for number, row in enumerate(rows)])
    assert "did you mean 'condition'" in caught.value.message
    assert all(f"row {number}" in caught.value.message for number in range(4))


def test_what_is_being_deleted_does_not_hold_and_is_no_part_of_a_group(cluster, filled):
    leaving = config_map(filled, "c1", colour="red")
    cluster.edit(leaving, {"metadata": {"finalizers": ["tests.example.com/hold"]}})
    cluster.delete(leaving)
    group = {"selector": "applyset.kubernetes.io/part-of"}
    rows = [
        expectation(filled, object="c1", condition="data.colour == 'red'"),
        expectation(filled, object="c2", condition="data.colour == 'red'"),
        expectation(filled, **group, count=5),
        expectation(filled, **group, count=4),
        expectation(filled, object="c1", count=0),
    ]
    verdicts, _sent = check(cluster, *rows)
    assert [verdict.passed for verdict in verdicts] == [False, True, False, True, False]
    assert f"{filled}/c1 is being deleted since 20" in verdicts[0].found
    cluster.edit(leaving, {"metadata": {"finalizers": None}})
