# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock against a server that holds one Lease; time does not pass, it is counted."""

from __future__ import annotations

import contextlib
import copy
import threading
import types

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core import lock as waiting
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import LostAnswerError, RefusedError, UnreachableError
from ansible_collections.gantry.platform.plugins.module_utils._core.lock import LockLostError, holder_name
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire import lease as tested
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.errors import ApiError
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.lease import RunLease
from ansible_collections.gantry.platform.tests.kit.waiting import until
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import refusal


class Server:
    """Holds one Lease, with optimistic locking; ``fails`` is raised by the next writes, before or after they were done."""

    def __init__(self, **spec):
        self.stored = {"metadata": {"uid": "u", "resourceVersion": "1"}, "spec": spec} if spec else None
        self.fails, self.lost_answers = [], []
        self.one_at_a_time = threading.RLock()
        self.pool = types.SimpleNamespace(last_words=contextlib.nullcontext)

    def _store(self, body):
        if self.fails:
            raise self.fails.pop(0)
        self.put(body)
        if self.lost_answers:
            raise self.lost_answers.pop(0)
        return copy.deepcopy(self.stored)

    def put(self, body):
        version = int(self.stored["metadata"]["resourceVersion"]) + 1 if self.stored else 1
        self.stored = copy.deepcopy(body)
        self.stored["metadata"] |= {"uid": "u", "resourceVersion": str(version)}

    def find(self, path):
        assert path == "/apis/coordination.k8s.io/v1/namespaces/gantry-system/leases/gantry-run"
        return copy.deepcopy(self.stored)

    def create(self, path, body, manager):
        if self.stored:
            raise refusal(409, "already exists")
        return self._store(body)

    def replace(self, path, body, manager):
        with self.one_at_a_time:
            if not self.stored:
                raise refusal(404, "not found")
            if body["metadata"]["resourceVersion"] != self.stored["metadata"]["resourceVersion"]:
                raise refusal(409, "modified")
            return self._store(body)


class Clock:
    """This machine's own clock; ``each`` is called after every second that somebody sleeps."""

    def __init__(self):
        self.now = 5000.0
        self.each = lambda: None

    def sleep(self, seconds):
        self.now += seconds
        self.each()

    @property
    def passed(self):
        return self.now - 5000.0


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(waiting, "steady", lambda: clock.now)
    monkeypatch.setattr(waiting, "time", types.SimpleNamespace(sleep=clock.sleep))
    return clock


def held(holder="ann@laptop", renewed="2026-11-24T12:00:00.000000Z", **more):
    return Server(**{"holderIdentity": holder, "renewTime": renewed, "acquireTime": renewed, "leaseDurationSeconds": 30, **more})


def lease_of(server, holder="us@ci", patience=300.0, **more):
    return RunLease(server, "gantry-system", holder, patience, **more)


def take(server, **more):
    with lease_of(server, **more):
        return copy.deepcopy(server.stored["spec"])


@pytest.mark.parametrize(
    "server",
    [Server(), held(holder="us@ci"), held(holder=""), Server(leaseDurationSeconds=30)],
    ids=["none", "our-own", "given-back", "never-held"],
)
def test_a_lock_that_nobody_holds_is_taken_at_once_and_given_back(server, clock):
    assert take(server)["holderIdentity"] == "us@ci"
    assert "holderIdentity" not in server.stored["spec"]
    assert clock.passed == 0


@pytest.mark.parametrize("renewed", ["1999-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "yesterday", None])
def test_no_time_that_another_machine_wrote_says_whether_its_lock_has_expired(clock, renewed):
    told = []
    lease = lease_of(held(renewed=renewed), tell=told.append)
    with lease:
        assert 30 <= clock.passed < 32
        assert lease.waited is True
    assert told[0].startswith("waits for the run of ann@laptop, last sign of life for 0 s")
    assert told[-1].startswith("waits for the run of ann@laptop, no sign of life for 29 s")


def test_its_length_is_that_which_the_holder_wrote(clock):
    take(held(leaseDurationSeconds=90))
    assert 90 <= clock.passed < 92


@pytest.mark.parametrize("length", [0, -5, True, "30", None])
def test_a_length_that_is_none_counts_as_the_usual_one(clock, length):
    take(held(leaseDurationSeconds=length))
    assert 30 <= clock.passed < 32


def test_a_holder_that_shows_life_is_waited_for_as_long_as_was_asked_and_then_named(clock):
    server = held()

    def renews():
        server.put(server.stored)

    clock.each = renews
    with pytest.raises(RefusedError) as refused:
        take(server, patience=100)
    assert 100 <= clock.passed < 102
    assert "another run is writing to this cluster: ann@laptop, since 2026-11-24T12:00:00.000000Z by its own clock" in refused.value.message
    assert "waited 100 s for it" in refused.value.message
    assert "kubectl -n gantry-system delete lease gantry-run" in refused.value.message
    assert refused.value.details == {"holder": "ann@laptop"}


def test_a_dead_holder_is_not_waited_for_longer_than_was_asked(clock):
    with pytest.raises(RefusedError, match="waited 5 s for it, and saw its last sign of life 5 s ago"):
        take(held(), patience=5)
    assert clock.passed == 5


def test_a_run_that_ends_makes_room_at_once(clock):
    server = held()

    def ends():
        if clock.passed >= 7:
            server.put({"metadata": {}, "spec": {"leaseDurationSeconds": 30}})

    clock.each = ends
    lease = lease_of(server)
    with lease:
        assert 7 <= clock.passed < 9
    assert lease.waited is True


def test_a_lock_that_was_free_was_not_waited_for():
    lease = lease_of(held(holder=""))
    with lease:
        assert lease.waited is False


@pytest.mark.parametrize("free", [Server(), Server(leaseDurationSeconds=30)], ids=["none", "given-back"])
def test_of_two_that_come_at_once_one_waits(clock, free):
    server, other = free, held()

    def lost(*_arguments):
        server.stored = other.stored
        del server.create, server.replace
        raise refusal(409, "conflict")

    server.create = server.replace = lost
    with pytest.raises(RefusedError, match="another run is writing to this cluster: ann@laptop"):
        take(server, patience=3)


def test_a_refusal_that_is_no_race_is_told_as_it_is():
    server = Server()
    server.fails = [refusal(403, "forbidden")]
    with pytest.raises(ApiError, match="403 forbidden"):
        take(server)


def test_a_creation_whose_answer_was_lost_is_looked_for_and_adopted(clock):
    server = Server()
    server.lost_answers = [LostAnswerError("lost")]
    assert take(server)["holderIdentity"] == "us@ci"
    assert (clock.passed, "holderIdentity" in server.stored["spec"]) == (0, False)


def test_who_reads_the_lock_learns_which_run_wrote_and_how_much():
    server = Server()
    lease = lease_of(server, run="20261124T120000Z-1-abc")
    with lease:
        assert server.stored["metadata"]["annotations"] == {"gantry.dev/run": "20261124T120000Z-1-abc"}
        lease.written = "3 of 5 changes"
    assert server.stored["metadata"]["annotations"] == {"gantry.dev/run": "20261124T120000Z-1-abc", "gantry.dev/written": "3 of 5 changes"}


# keeping it


def test_it_is_renewed_with_the_time_when_it_was_taken(monkeypatch):
    monkeypatch.setattr(tested, "SECONDS", 0.03)
    server = Server()
    with lease_of(server) as lease:
        first = server.stored
        server.fails = [UnreachableError("for a moment")]
        until(lambda: server.stored["metadata"]["resourceVersion"] != first["metadata"]["resourceVersion"], "a renewal")
        assert server.stored["spec"]["acquireTime"] == first["spec"]["acquireTime"]
        assert lease.lost is None


def test_a_write_soon_after_a_renewal_asks_nothing(clock):
    server = Server()
    with lease_of(server) as lease:
        before = server.stored
        clock.now += 19
        lease.check()
        assert server.stored == before


def test_a_run_that_slept_renews_before_its_next_write_and_goes_on_where_nobody_came(clock):
    server = Server()
    with lease_of(server) as lease:
        before = server.stored["metadata"]["resourceVersion"]
        clock.now += 86400
        lease.check()
        assert server.stored["metadata"]["resourceVersion"] != before
        assert lease.lost is None


@pytest.mark.parametrize("meanwhile", ["took", "took-and-gave-back", "broke"])
def test_a_run_that_slept_while_another_one_came_writes_nothing_more(clock, meanwhile):
    server = Server()
    with lease_of(server) as lease:
        clock.now += 86400
        other = lease_of(server, holder="ann@laptop")
        if meanwhile == "broke":
            server.stored = None
        elif meanwhile == "took-and-gave-back":
            with other:
                pass
            with contextlib.suppress(RefusedError):
                other.__enter__()
            other.__exit__(None, None, None)
        else:
            other.__enter__()
        kept = copy.deepcopy(server.stored)
        for _again in range(2):
            with pytest.raises(LockLostError, match="taken or broken by somebody else.*Run again"):
                lease.check()
    assert server.stored == kept
    if meanwhile == "took":
        other.__exit__(None, None, None)


@pytest.mark.parametrize("status", [404, 409])
def test_a_lock_that_was_broken_stops_the_run_and_is_not_given_back(monkeypatch, status):
    monkeypatch.setattr(tested, "SECONDS", 0.03)
    server = Server()
    with lease_of(server) as lease:
        taken = held()
        taken.stored["metadata"]["resourceVersion"] = "0"  # which no renewal has
        with server.one_at_a_time:
            server.stored = taken.stored if status == 409 else None
        until(lambda: lease.lost is not None, "the renewal to be refused")
        server.stored = taken.stored
    assert "taken or broken" in lease.lost.message
    assert server.stored["spec"]["holderIdentity"] == "ann@laptop"


def test_a_renewal_whose_first_answer_was_lost_is_still_ours(clock):
    server = Server()
    with lease_of(server) as lease:
        server.put(server.stored)  # what the first try did
        refused = refusal(409, "modified")
        refused.attempts = 2
        server.fails = []
        version, lease._version = lease._version, ("u", "0")
        assert version != server.stored["metadata"]["resourceVersion"]
        clock.now += 25
        original = server.replace

        def second_try(path, body, manager):
            server.replace = original
            raise refused

        server.replace = second_try
        lease.check()
        assert lease.lost is None


def test_who_labels_the_lock_has_not_taken_it(clock):
    server = Server()
    with lease_of(server) as lease:
        server.put(server.stored)
        clock.now += 25
        lease.check()
        assert lease.lost is None


def test_the_error_that_ended_a_run_matters_more_than_a_lock_that_cannot_be_given_back():
    server = Server()
    with pytest.raises(ValueError, match="the run's own"):
        with lease_of(server):
            server.fails = [UnreachableError("gone")]
            raise ValueError("the run's own")


def test_a_holder_is_a_person_on_a_machine_and_no_two_runs_are_the_same():
    one, other = holder_name({"USER": "ann"}), holder_name({"LOGNAME": "ann"})
    assert one.startswith("ann@") and other.startswith("ann@") and one != other
