# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import datetime
import time

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import RefusedError, UnreachableError
from ansible_collections.gantry.platform.plugins.module_utils._kube import lease as tested
from ansible_collections.gantry.platform.plugins.module_utils._kube.errors import ApiError
from ansible_collections.gantry.platform.plugins.module_utils._kube.lease import RunLease
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import refusal

NOW = datetime.datetime(2026, 11, 24, 12, 0, 0, tzinfo=datetime.UTC)


class Server:
    """Holds one Lease, with optimistic locking; ``fails`` is raised by the next writes."""

    def __init__(self, **spec):
        self.stored = {"metadata": {"resourceVersion": "1"}, "spec": spec} if spec else None
        self.fails = []

    def _store(self, body):
        if self.fails:
            raise self.fails.pop(0)
        version = int(self.stored["metadata"]["resourceVersion"]) + 1 if self.stored else 1
        self.stored = copy.deepcopy(body)
        self.stored["metadata"]["resourceVersion"] = str(version)
        return copy.deepcopy(self.stored)

    def find(self, path):
        assert path == "/apis/coordination.k8s.io/v1/namespaces/gantry-system/leases/gantry-run"
        return copy.deepcopy(self.stored)

    get = find

    def create(self, path, body, manager):
        if self.stored:
            raise refusal(409, "already exists")
        return self._store(body)

    def replace(self, path, body, manager):
        if body["metadata"]["resourceVersion"] != self.stored["metadata"]["resourceVersion"]:
            raise refusal(409, "modified")
        return self._store(body)


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(tested, "_now", lambda: NOW)


def stamp(seconds_ago):
    return (NOW - datetime.timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def held(renewed=5, acquired=60, holder="ann@laptop", **more):
    return Server(holderIdentity=holder, renewTime=stamp(renewed), acquireTime=stamp(acquired), leaseDurationSeconds=30, **more)


def take(server, holder="us@ci"):
    with RunLease(server, "gantry-system", holder):
        return copy.deepcopy(server.stored["spec"])


@pytest.mark.parametrize(
    "server",
    [
        Server(),
        held(renewed=30),
        held(renewed=3600),
        held(holder="us@ci"),
        held(holder=""),
        Server(holderIdentity="ann@laptop"),
        Server(holderIdentity="ann@laptop", renewTime="yesterday"),
    ],
    ids=["none", "just-expired", "long-dead", "our-own", "given-back", "never-renewed", "unreadable"],
)
def test_a_lock_that_nobody_holds_is_taken_and_given_back(server):
    assert take(server)["holderIdentity"] == "us@ci"
    assert "holderIdentity" not in server.stored["spec"]


@pytest.mark.parametrize(("renewed", "left"), [(0, 31), (5, 26), (29, 2)])
def test_a_lock_that_somebody_holds_refuses_and_says_who_since_when_and_how_long(renewed, left):
    with pytest.raises(RefusedError) as refused:
        take(held(renewed))
    assert f"ann@laptop, for 60 s, last sign of life {renewed} s ago" in refused.value.message
    assert f"expires in {left} s" in refused.value.message
    assert "kubectl -n gantry-system delete lease gantry-run" in refused.value.message
    assert refused.value.details == {"holder": "ann@laptop"}


def test_its_duration_is_that_which_the_holder_wrote():
    server = held(renewed=100)
    server.stored["spec"]["leaseDurationSeconds"] = 600
    with pytest.raises(RefusedError, match="expires in 501 s"):
        take(server)


@pytest.mark.parametrize("meanwhile", ["created", "replaced"])
def test_of_two_that_come_at_once_one_is_refused(meanwhile):
    server, other = (Server() if meanwhile == "created" else held(renewed=60)), held(renewed=0)

    def lost(*_arguments):
        server.stored = other.stored
        raise refusal(409, "conflict")

    server.create = server.replace = lost
    with pytest.raises(RefusedError, match="another run is writing to this cluster: ann@laptop"):
        take(server)


def test_a_refusal_that_is_no_race_is_told_as_it_is():
    server = Server()
    server.fails = [refusal(403, "forbidden")]
    with pytest.raises(ApiError, match="403 forbidden"):
        take(server)


def test_it_is_renewed_with_the_time_when_it_was_taken(monkeypatch):
    monkeypatch.setattr(tested, "SECONDS", 0.03)
    server = Server()
    with RunLease(server, "gantry-system", "us@ci") as lease:
        first = server.stored
        monkeypatch.setattr(tested, "_now", lambda: NOW + datetime.timedelta(seconds=9))
        server.fails = [UnreachableError("for a moment")]
        wait(lambda: server.stored["spec"]["renewTime"] != first["spec"]["renewTime"])
        assert server.stored["spec"]["acquireTime"] == first["spec"]["acquireTime"]
        assert lease.lost is None


@pytest.mark.parametrize("status", [404, 409])
def test_a_lock_that_was_broken_stops_the_run_and_is_not_given_back(monkeypatch, status):
    monkeypatch.setattr(tested, "SECONDS", 0.03)
    server = Server()
    with RunLease(server, "gantry-system", "us@ci") as lease:
        server.fails = [refusal(status)]
        wait(lambda: lease.lost is not None)
        server.stored = held().stored
    assert "taken or broken" in lease.lost.message
    assert server.stored["spec"]["holderIdentity"] == "ann@laptop"


def test_the_error_that_ended_a_run_matters_more_than_a_lock_that_cannot_be_given_back():
    server = Server()
    with pytest.raises(ValueError, match="the run's own"):
        with RunLease(server, "gantry-system", "us@ci"):
            server.fails = [UnreachableError("gone")]
            raise ValueError("the run's own")


def wait(met):
    end = time.monotonic() + 5
    while not met():
        assert time.monotonic() < end
        time.sleep(0.005)
