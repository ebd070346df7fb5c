# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextvars
import threading
import time

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.concurrency import AdaptiveLimit, map_threads
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST
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


@pytest.mark.parametrize("threads", [1, 2])
def test_after_the_first_error_no_further_item_is_begun(threads):
    begun = []

    def work(item):
        begun.append(item)
        if item == 1:
            raise ValueError("first")
        return item

    with pytest.raises(ValueError, match="first"):
        map_threads(work, range(50), threads)
    assert len(begun) < 50 - threads


def test_the_thread_that_failed_begins_nothing_more_itself():
    both, begun = threading.Barrier(2, timeout=LONGEST), []

    def work(item):
        begun.append(item)
        both.wait()
        if item == 1:
            raise ValueError("second")
        time.sleep(0.05)

    with pytest.raises(ValueError, match="second"):
        map_threads(work, range(9), 2)
    assert sorted(begun) == [0, 1]


def test_the_error_comes_after_what_was_running_has_ended():
    both, ended = threading.Barrier(2, timeout=LONGEST), []

    def work(item):
        both.wait()
        if item == 0:
            raise ValueError("early")
        time.sleep(0.05)
        ended.append(item)

    with pytest.raises(ValueError, match="early"):
        map_threads(work, range(2), 2)
    assert ended == [1]


def test_an_interrupt_in_a_thread_stops_the_whole():
    def work(item):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        map_threads(work, range(4), 2)


def test_threads_see_the_callers_context():
    variable = contextvars.ContextVar("variable", default="none")
    variable.set("the caller's")
    assert map_threads(lambda item: variable.get(), range(4), 2) == ["the caller's"] * 4


def allowed(limit):
    """How many may be in flight now."""
    count = 0
    entered = []
    while count <= limit.most:
        thread = threading.Thread(target=limit.__enter__, daemon=True)
        thread.start()
        thread.join(0.05)
        if thread.is_alive():
            break
        entered.append(thread)
        count += 1
    for _thread in [*entered, *([thread] if thread.is_alive() else [])]:
        limit.__exit__(None, None, None)
    thread.join(LONGEST)
    return count


def test_the_limit_holds_back_what_is_too_much_and_lets_it_in_when_one_leaves():
    limit = AdaptiveLimit(start=1, most=1)
    entered = threading.Event()
    with limit:
        thread = threading.Thread(target=lambda: (limit.__enter__(), entered.set()), daemon=True)
        thread.start()
        assert not entered.wait(0.05)
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
