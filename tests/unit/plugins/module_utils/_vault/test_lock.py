# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record that is its owner's lock as well, against a KV engine of a few lines; the rules of every lock have their tests in test_lease."""

from __future__ import annotations

import contextlib
import copy
import json
import types

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core import lock as waiting
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import RefusedError, ServerError
from ansible_collections.gantry.platform.plugins.module_utils._core.lock import LockLostError
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultError
from ansible_collections.gantry.platform.plugins.module_utils._vault.lock import RecordLock
from ansible_collections.gantry.platform.plugins.module_utils._vault.record import Entry, Record


class Engine:
    """One secret of a KV engine of version 2. ``lost``: so many answers of writes are lost, and the request is repeated as the pool does."""

    def __init__(self, data=None):
        self.versions = [copy.deepcopy(data)] if data is not None else []
        self.lost = 0
        self.pool = types.SimpleNamespace(last_words=contextlib.nullcontext)
        self.may_write = lambda: None

    def guarded(self, may_write):
        other = copy.copy(self)
        other.may_write = may_write
        return other

    @property
    def data(self):
        return self.versions[-1]

    def put(self, **more):
        self.versions.append({**copy.deepcopy(self.data), **more})

    def find(self, path):
        if not self.versions:
            return None
        return {"data": {"data": copy.deepcopy(self.data), "metadata": {"version": len(self.versions)}}}

    def write(self, path, body):
        self.may_write()
        for _again in range(1 + bool(self.lost)):
            if body["options"]["cas"] != len(self.versions):
                answer = types.SimpleNamespace(status=400, attempts=1, json=lambda: {"errors": ["check-and-set parameter did not match"]})
                raise VaultError(answer, f"PUT {path}")
            self.versions.append(copy.deepcopy(body["data"]))
        return {"data": {"version": len(self.versions)}}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = types.SimpleNamespace(now=5000.0)

    def sleep(seconds):
        clock.now += seconds

    monkeypatch.setattr(waiting, "steady", lambda: clock.now)
    monkeypatch.setattr(waiting, "time", types.SimpleNamespace(sleep=sleep))
    return clock


def taken(engine, patience=300.0, holder="us@ci", told=None):
    record = Record("gantry", "tests")
    record.load(engine)
    return RecordLock(engine, record, holder, patience, (told if told is not None else []).append), record


def recorded(**more):
    engine = Engine()
    _lock, record = taken(engine)
    record.entries["sys/policies/acl/a"] = Entry("policy")
    record.save(engine)
    if more:
        engine.put(**more)
    return engine


RUN = {"holder": "ann@laptop", "since": "2026-11-28T10:00:00Z", "until": "2026-11-28T10:00:30Z", "seconds": 30}


@pytest.mark.parametrize("engine", [Engine(), recorded(), recorded(run=""), recorded(run=None), recorded(run="ann")])
def test_a_record_that_nobody_has_is_taken_at_once_and_given_back(engine, clock):
    lock, record = taken(engine)
    kept = {name: value for name, value in (engine.data if engine.versions else record.content()).items() if name != "run"}
    with lock:
        assert engine.data["run"]["holder"] == "us@ci" and not lock.moved
        assert {name: value for name, value in engine.data.items() if name != "run"} == kept
    assert engine.data == kept and clock.now == 5000.0


def test_another_run_is_waited_for_until_it_is_silent_and_what_was_planned_is_old(clock):
    told = []
    lock, _record = taken(recorded(run=RUN), told=told)
    with lock:
        assert lock.moved and 30 <= clock.now - 5000 < 32
    assert told[0].startswith("waits for the run of ann@laptop, last sign of life for 0 s")


def test_who_shows_life_is_named_with_the_way_to_break_it():
    lock, _record = taken(recorded(run=RUN), patience=5.0)
    with pytest.raises(
        RefusedError, match="another run is writing to what tests has in this Vault: ann@laptop, since 2026-11-28T10:00:00Z"
    ) as told:
        lock.__enter__()
    assert "vault kv patch -mount=gantry tests run=" in told.value.message


def test_what_another_run_recorded_after_the_plan_is_kept_and_makes_the_plan_old():
    engine = recorded()
    lock, record = taken(engine)
    engine.put(renewed={"x": "now"})
    with lock:
        assert lock.moved
        assert engine.data["renewed"] == {"x": "now"}, "taking the lock takes nothing else away"
        record.load(engine)
        record.save(engine)
        assert engine.data["renewed"] == {"x": "now"} and engine.data["run"]["holder"] == "us@ci"


def test_saves_and_renewals_go_over_each_other(clock):
    engine = recorded()
    lock, record = taken(engine)
    with lock:
        clock.now += 25
        lock.check()
        record.entries["sys/policies/acl/b"] = Entry("policy")
        record.save(engine.guarded(lock.check))
        clock.now += 25
        record.save(engine.guarded(lock.check))
        assert "sys/policies/acl/b" in engine.data["paths"] and engine.data["run"]["holder"] == "us@ci"
    assert "sys/policies/acl/b" in engine.data["paths"] and "run" not in engine.data


def test_a_renewal_keeps_what_is_not_saved_yet_out(clock):
    engine = recorded()
    lock, record = taken(engine)
    with lock:
        record.entries["sys/policies/acl/half"] = Entry("policy")
        clock.now += 25
        lock.check()
        assert "half" not in json.dumps(engine.data)


def test_a_save_whose_answer_was_lost_is_ours():
    engine = recorded()
    lock, record = taken(engine)
    with lock:
        engine.lost = 1
        record.save(engine)
        engine.lost = 0
        record.entries["sys/policies/acl/b"] = Entry("policy")
        record.save(engine)
        assert "sys/policies/acl/b" in engine.data["paths"]


@pytest.mark.parametrize("meanwhile", ["took", "broke", "took-and-gave-back"])
def test_who_slept_while_another_run_came_saves_nothing_more(clock, meanwhile):
    engine = recorded()
    lock, record = taken(engine)
    with lock:
        clock.now += 86400
        engine.put(run={} if meanwhile == "broke" else RUN)
        if meanwhile == "took-and-gave-back":
            engine.put(run=None, renewed={"x": "theirs"})
        kept = copy.deepcopy(engine.data)
        guarded = engine.guarded(lock.check)
        for _again in range(2):
            with pytest.raises(LockLostError, match="taken or broken by somebody else"):
                record.save(guarded)
            with pytest.raises(LockLostError):
                guarded.write("sys/policies/acl/a", {"options": {"cas": len(engine.versions)}, "data": {}})
    assert engine.data == kept


def test_without_a_lock_a_record_that_another_run_wrote_is_not_written_over():
    engine = recorded()
    _lock, record = taken(engine)
    engine.put(renewed={"x": "theirs"})
    with pytest.raises(ServerError, match="another run of the same owner wrote"):
        record.save(engine)
