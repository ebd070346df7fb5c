# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.client
import types

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, ServerError, TimeoutExceededError
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Response
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind, Ref
from ansible_collections.gantry.platform.plugins.module_utils._kube.write import barrier
from ansible_collections.gantry.platform.plugins.module_utils._kube.write.barrier import Barriers
from ansible_collections.gantry.platform.tests.kit.clock import Clock
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import KINDS, ref, refusal

PROBE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: probe, namespace: n}\n"


class Server:
    """Answers to find and ask in turn, the last one again and again; errors are raised."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.deleted = []
        self.asked = 0

    def _next(self):
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def find(self, path, metadata_only=False):
        return self._next()

    def ask(self, path, body, manager):
        return {}, self._next()

    def delete(self, path, uid, propagation):
        self.deleted.append((path, uid, propagation))


class Served:
    """Discovery that learns a kind only after ``after`` refreshes."""

    def __init__(self, after=0):
        self.left = after

    def refresh(self):
        self.left -= 1

    def find(self, api_version, kind):
        if kind == "Thing":
            return None if self.left > 0 else KINDS["ConfigMap"]
        return KINDS.get(kind)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(barrier, "time", clock)
    return clock


def barriers(*answers, seconds=5, after=0):
    return Barriers(Server(*answers), Served(after), "me", seconds)


def crd(*conditions):
    status = {"conditions": [{"type": kind, "status": value, "message": "why"} for kind, value in conditions]}
    return {"kind": "CustomResourceDefinition", "apiVersion": "apiextensions.k8s.io/v1", "metadata": {"name": "x"}, "status": status}


def policy(probe=PROBE):
    return types.SimpleNamespace(ref=ref("ValidatingAdmissionPolicy", "images"), probe=probe, path="/p")


DEFINITION = types.SimpleNamespace(
    ref=Ref("apiextensions.k8s.io", "CustomResourceDefinition", "", "things.example.dev"), path="/crd", probe=""
)
PENDING = {Kind("example.dev", "v1", "Thing", "things", True)}


def allowed(*warnings):
    headers = http.client.HTTPMessage()
    for warning in warnings:
        headers["Warning"] = f'299 - "{warning}"'
    return Response(200, headers, b"{}")


def test_a_definition_is_awaited_until_it_is_established_and_served():
    made = barriers(None, crd(), crd(("NamesAccepted", "True"), ("Established", "True")), after=3)
    made.after([DEFINITION], PENDING)
    assert made._client.asked == 3
    assert made._discovery.left == 0


def test_a_definition_whose_names_are_taken_fails_at_once(clock):
    with pytest.raises(ServerError, match="things.example.dev: .*why"):
        barriers(crd(("NamesAccepted", "False"))).after([DEFINITION], PENDING)
    assert clock.passed == 0


def test_a_kind_that_never_comes_is_named(clock):
    established = crd(("NamesAccepted", "True"), ("Established", "True"))
    with pytest.raises(TimeoutExceededError, match="waited 5 s for the server to serve Thing"):
        barriers(established, after=10**9).after([DEFINITION], PENDING)
    assert 5 < clock.passed < 6


def test_a_policy_holds_once_it_refuses_its_probe():
    made = barriers(allowed(), refusal(422, "ValidatingAdmissionPolicy 'images' denied"))
    made.after([policy()], set())
    made.policies_hold()
    assert made._client.asked == 2
    made.policies_hold()
    assert made._client.asked == 2


def test_a_policy_that_only_warns_holds_once_it_warns():
    made = barriers(allowed(), allowed("Validation failed for ValidatingAdmissionPolicy 'images'"))
    made.after([policy()], set())
    made.policies_hold()
    assert made._client.asked == 2


def test_a_policy_that_lets_its_probe_pass_is_not_taken_for_one_that_holds():
    made = barriers(allowed())
    made.after([policy()], set())
    with pytest.raises(TimeoutExceededError, match="to refuse its probe"):
        made.policies_hold()


def test_a_probe_of_an_unknown_kind_is_an_error():
    made = barriers(allowed())
    made.after([policy(PROBE.replace("ConfigMap", "ConfigMapp"))], set())
    with pytest.raises(InputError, match="not served"):
        made.policies_hold()


def test_another_error_of_the_probe_is_no_proof():
    made = barriers(refusal(500, "something else"))
    made.after([policy()], set())
    with pytest.raises(Exception, match="something else"):
        made.policies_hold()


@pytest.mark.parametrize(
    ("access", "quota", "error", "again"),
    [
        (True, False, refusal(403, "is forbidden"), True),
        (False, False, refusal(403, "is forbidden"), False),
        (True, False, refusal(403, "is forbidden: exceeded quota: q"), False),
        (False, True, refusal(403, "is forbidden: exceeded quota: q"), True),
        (True, True, refusal(422, "is invalid"), False),
    ],
)
def test_a_refusal_is_tried_again_only_where_it_passes_by_itself(access, quota, error, again):
    made = barriers(None)
    made.admission_changed(access, quota)
    answers = [error, "done"]

    def send():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    if again:
        assert made.retrying(send) == "done"
    else:
        with pytest.raises(type(error)):
            made.retrying(send)


def test_a_refusal_that_should_have_passed_by_now_is_one(clock):
    made = barriers(None)
    made.admission_changed(access=True, quota=False)

    def send():
        raise refusal(403, "is forbidden")

    with pytest.raises(Exception, match="is forbidden"):
        made.retrying(send)
    assert barrier._ACCESS_SPREADS <= clock.passed < barrier._ACCESS_SPREADS + 1


def test_what_is_replaced_is_awaited_until_it_is_gone_or_another():
    subject = types.SimpleNamespace(ref=ref("Job"), path="/job")
    old, new = {"metadata": {"uid": "old"}}, {"metadata": {"uid": "new"}}
    for last in (None, new):
        made = barriers(old, old, last)
        made.replace_away(subject, "old", "Background")
        assert (made._client.deleted, made._client.asked) == ([("/job", "old", "Background")], 3)
