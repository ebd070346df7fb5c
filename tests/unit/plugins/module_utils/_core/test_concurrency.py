# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import contextvars
import threading
from types import SimpleNamespace

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core import concurrency
from ansible_collections.gantry.platform.plugins.module_utils._core.concurrency import AdaptiveLimit, map_threads
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=30)
@given(st.lists(st.integers(), max_size=12), st.integers(1, 6))
def test_outcomes_stand_in_the_order_of_the_items(items, threads):
    assert map_threads(lambda item: item * 2, iter(items), threads) == [item * 2 for item in items]


def test_no_more_run_at_once_than_threads_were_given():
    running, most, lock, full = 0, 0, threading.Lock(), threading.Barrier(3, timeout=LONGEST)

    def work(item):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait()  # passes only where three run at once
        with lock:
            running -= 1

    map_threads(work, range(9), 3)
    assert most == 3


def test_after_the_first_error_no_further_item_is_begun():
    begun = []

    def work(item):
        begun.append(item)
        if item == 1:
            raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        map_threads(work, range(50), 1)
    assert begun == [0, 1]


class Stop(threading.Event):
    """Known to all once a thread says so itself: whoever waits for the threads comes too late, as on a busy machine."""

    def __init__(self):
        super().__init__()
        self._caller = threading.current_thread()

    def set(self):
        if threading.current_thread() is not self._caller:
            super().set()


def test_the_thread_that_failed_begins_nothing_more_itself_and_neither_does_another(monkeypatch):
    stop, begun = Stop(), []
    monkeypatch.setattr(concurrency, "threading", SimpleNamespace(Event=lambda: stop))

    def work(item):
        begun.append(item)
        if item == 0:
            until(lambda: stop.is_set() or len(begun) == 50, "the other thread to fail, or to do all the rest")
        if item == 1:
            raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        map_threads(work, range(50), 2)
    assert sorted(begun) == [0, 1]


def test_the_error_comes_after_what_was_running_has_ended():
    both, told, ended = threading.Barrier(2, timeout=LONGEST), threading.Event(), []

    def work(item):
        both.wait()
        if item == 0:
            raise ValueError("early")
        ended.append("too late" if told.wait(0.1) else "before")  # nobody is told as long as it waits, however long that is

    with pytest.raises(ValueError, match="early"):
        map_threads(work, range(2), 2)
    told.set()
    assert ended == ["before"]


def test_an_interrupt_in_a_thread_stops_the_whole():
    def work(item):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        map_threads(work, range(4), 2)


def test_threads_see_the_callers_context():
    variable = contextvars.ContextVar("variable", default="none")
    variable.set("the caller's")
    assert map_threads(lambda item: variable.get(), range(4), 2) == ["the caller's"] * 4


class Full(Exception):
    """Who came now would have to wait."""


def allowed(limit):
    """How many may be in flight now."""

    def wait():
        raise Full

    limit._condition.wait = wait
    count = 0
    with contextlib.suppress(Full):
        while count <= limit.most:
            limit.__enter__()
            count += 1
    return count


def test_the_limit_holds_back_what_is_too_much_and_lets_it_in_when_one_leaves():
    limit = AdaptiveLimit(start=1, most=1)
    waits, entered, wait = threading.Event(), threading.Event(), limit._condition.wait
    limit._condition.wait = lambda: (waits.set(), wait())
    with limit:
        threading.Thread(target=lambda: (limit.__enter__(), entered.set()), daemon=True).start()
        until(lambda: waits.is_set() or entered.is_set(), "the second one to come")
        assert not entered.is_set()
    assert entered.wait(LONGEST)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (["throttled"], 4),
        (["throttled"] * 9, 1),
        (["succeeded"] * 19, 8),
        (["succeeded"] * 20, 9),
        (["succeeded"] * 19 + ["throttled"] + ["succeeded"] * 19, 4),
        (["succeeded"] * 400, 10),
    ],
)
def test_the_limit_grows_by_one_after_twenty_successes_and_halves_on_a_refusal(told, expected):
    limit = AdaptiveLimit(start=8, most=10)
    for what in told:
        getattr(limit, what)()
    assert allowed(limit) == expected


def test_the_limit_never_begins_above_its_upper_bound():
    assert allowed(AdaptiveLimit(start=8, most=2)) == 2
