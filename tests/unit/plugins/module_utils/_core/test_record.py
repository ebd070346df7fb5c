# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record that is its owner's lock as well, in a store of a few lines; the rules of every lock have their tests in test_lease."""

from __future__ import annotations

import contextlib
import copy
import json
import types

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core import lock as waiting
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import RefusedError, ServerError
from ansible_collections.gantry.platform.plugins.module_utils._core.lock import LockLostError, TakenError
from ansible_collections.gantry.platform.plugins.module_utils._core.record import Entry, NowhereError, Record, RecordLock


class Shelf:
    """A store of one document."""

    name = "the shelf"
    system = "what tests has on the shelf"
    breaking = "take it down"
    identity = ("tests",)

    def __init__(self, data=None, others=()):
        self.versions = [copy.deepcopy(data)] if data is not None else []
        self.of_others = dict(others)

    @property
    def data(self):
        return self.versions[-1]

    def put(self, **more):
        self.versions.append({**copy.deepcopy(self.data), **more})

    def read(self):
        return len(self.versions), copy.deepcopy(self.versions[-1]) if self.versions else None

    def write(self, version, content):
        if version != len(self.versions):
            raise TakenError
        self.versions.append(copy.deepcopy(content))
        return len(self.versions)

    def others(self):
        return self.of_others.items()

    def last_words(self):
        return contextlib.nullcontext()


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = types.SimpleNamespace(now=5000.0)

    def sleep(seconds):
        clock.now += seconds

    monkeypatch.setattr(waiting, "steady", lambda: clock.now)
    monkeypatch.setattr(waiting, "time", types.SimpleNamespace(sleep=sleep))
    return clock


def taken(shelf, patience=300.0, holder="us@ci", told=None):
    record = Record(shelf)
    record.load()
    return RecordLock(record, holder, patience, (told if told is not None else []).append), record


def recorded(**more):
    shelf = Shelf()
    _lock, record = taken(shelf)
    record.entries["sys/policies/acl/a"] = Entry("policy")
    record.save()
    if more:
        shelf.put(**more)
    return shelf


RUN = {"holder": "ann@laptop", "since": "2026-11-28T10:00:00Z", "until": "2026-11-28T10:00:30Z", "seconds": 30}


@pytest.mark.parametrize("shelf", [Shelf(), recorded(), recorded(run=""), recorded(run=None), recorded(run="ann")])
def test_a_record_that_nobody_has_is_taken_at_once_and_given_back(shelf, clock):
    lock, record = taken(shelf)
    kept = {name: value for name, value in (shelf.data if shelf.versions else record.content()).items() if name != "run"}
    with lock:
        assert shelf.data["run"]["holder"] == "us@ci" and not lock.moved
        assert {name: value for name, value in shelf.data.items() if name != "run"} == kept
    assert shelf.data == kept and clock.now == 5000.0


def test_another_run_is_waited_for_until_it_is_silent_and_what_was_planned_is_old(clock):
    told = []
    lock, _record = taken(recorded(run=RUN), told=told)
    with lock:
        assert lock.moved and 30 <= clock.now - 5000 < 32
    assert told[0].startswith("waits for the run of ann@laptop, last sign of life for 0 s")


def test_who_shows_life_is_named_with_the_way_to_break_it():
    lock, _record = taken(recorded(run=RUN), patience=5.0)
    with pytest.raises(
        RefusedError, match="another run is writing to what tests has on the shelf: ann@laptop, since 2026-11-28T10:00:00Z"
    ) as told:
        lock.__enter__()
    assert "take it down" in told.value.message


def test_what_another_run_recorded_after_the_plan_is_kept_and_makes_the_plan_old():
    shelf = recorded()
    lock, record = taken(shelf)
    shelf.put(renewed={"x": "now"})
    with lock:
        assert lock.moved
        assert shelf.data["renewed"] == {"x": "now"}, "taking the lock takes nothing else away"
        record.load()
        record.save()
        assert shelf.data["renewed"] == {"x": "now"} and shelf.data["run"]["holder"] == "us@ci"


def test_saves_and_renewals_go_over_each_other(clock):
    shelf = recorded()
    lock, record = taken(shelf)
    with lock:
        clock.now += 25
        lock.check()
        record.entries["sys/policies/acl/b"] = Entry("policy")
        record.save()
        clock.now += 25
        record.save()
        assert "sys/policies/acl/b" in shelf.data["paths"] and shelf.data["run"]["holder"] == "us@ci"
    assert "sys/policies/acl/b" in shelf.data["paths"] and "run" not in shelf.data


def test_a_renewal_keeps_what_is_not_saved_yet_out(clock):
    shelf = recorded()
    lock, record = taken(shelf)
    with lock:
        record.entries["sys/policies/acl/half"] = Entry("policy")
        clock.now += 25
        lock.check()
        assert "half" not in json.dumps(shelf.data)


@pytest.mark.parametrize("meanwhile", ["took", "broke", "took-and-gave-back"])
def test_who_slept_while_another_run_came_saves_nothing_more(clock, meanwhile):
    shelf = recorded()
    lock, record = taken(shelf)
    with lock:
        clock.now += 86400
        shelf.put(run={} if meanwhile == "broke" else RUN)
        if meanwhile == "took-and-gave-back":
            shelf.put(run=None, renewed={"x": "theirs"})
        kept = copy.deepcopy(shelf.data)
        for _again in range(2):
            with pytest.raises(LockLostError, match="taken or broken by somebody else"):
                record.save()
            with pytest.raises(LockLostError):
                lock.check()
    assert shelf.data == kept


def test_without_a_lock_a_record_that_another_run_wrote_is_not_written_over():
    shelf = recorded()
    _lock, record = taken(shelf)
    shelf.put(renewed={"x": "theirs"})
    with pytest.raises(ServerError, match="another run of the same owner wrote the shelf meanwhile"):
        record.save()


@pytest.mark.parametrize(
    "entry",
    [Entry("entry"), Entry("connection", {"a": "b"}, True, "2026", {"x": 1}), Entry("team", place="P1", parent="t/x", fields=("a",))],
)
def test_the_record_keeps_what_it_was_told(entry):
    known = Record(Shelf())
    known.entries["p"] = entry
    again = Record(Shelf(json.loads(json.dumps(known.content()))))
    again.load()
    assert again.entries == known.entries and again.mark("p", "f", "v", 0) == known.mark("p", "f", "v", 0)


def test_a_mark_is_of_one_field_value_and_version():
    known, other = Record(Shelf()), Record(Shelf())
    values = (("p", "f", "v", 0), ("q", "f", "v", 0), ("p", "g", "v", 0), ("p", "f", "w", 0), ("p", "f", "v", 1))
    marks = {known.mark(*what) for what in values}
    assert len(marks) == 5 and known.mark("p", "f", "v", 0) in marks and other.mark("p", "f", "v", 0) not in marks


def test_a_record_that_is_not_there_is_empty_and_says_so():
    class Nowhere(Shelf):
        def read(self):
            raise NowhereError("no shelf")

    for shelf, missing in ((Shelf(), True), (Nowhere(), True), (recorded(), False)):
        record = Record(shelf)
        record.load()
        assert record.missing is missing and bool(record.entries) is not missing


def test_a_record_of_another_form_is_not_read_as_if_it_were_ours():
    with pytest.raises(ServerError, match="the shelf is not in a form that this version understands"):
        Record(recorded(format=2)).load()
    with pytest.raises(ServerError, match="the record of them is not in a form"):
        Record(Shelf(others={"them": {"format": 2}})).others()


def test_what_others_have_is_known_with_whose_it_is():
    assert Record(Shelf(others={"them": recorded().data})).others() == {"sys/policies/acl/a": "them"}


def test_another_spelling_of_the_same_name_is_the_same():
    record = Record(Shelf())
    record.entries = {"e/Ann": Entry("e"), "E/Bob": Entry("e")}
    record.respell(["e/ann", "E/Bob"], str.casefold)
    assert set(record.entries) == {"e/ann", "E/Bob"}
