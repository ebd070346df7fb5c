# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Bounded concurrency: an adaptive limit on requests in flight, and a map over threads that stops as a whole."""

from __future__ import annotations

import concurrent.futures
import contextvars
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class AdaptiveLimit:
    """How many requests may be in flight: one more after every 20 successes, half after a refusal (AIMD).

    Additive increase and multiplicative decrease share a server fairly among clients (Chiu and Jain, 1989).
    """

    GROW_AFTER = 20

    def __init__(self, start: int = 8, most: int = 16) -> None:
        self._allowed = max(1, min(start, most))
        self._most = max(1, most)
        self._in_flight = 0
        self._successes = 0
        self._condition = threading.Condition()

    @property
    def most(self) -> int:
        """The upper bound, which is also how many threads are worth having."""
        return self._most

    def __enter__(self) -> None:
        with self._condition:
            while self._in_flight >= self._allowed:
                self._condition.wait()
            self._in_flight += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._condition:
            self._in_flight -= 1
            self._condition.notify()

    def succeeded(self) -> None:
        """Count an answer that was not a refusal for load."""
        with self._condition:
            self._successes += 1
            if self._successes >= self.GROW_AFTER and self._allowed < self._most:
                self._successes = 0
                self._allowed += 1
                self._condition.notify()

    def throttled(self) -> None:
        """Halve the limit: the server said that it has too much to do."""
        with self._condition:
            self._successes = 0
            self._allowed = max(1, self._allowed // 2)


def map_threads(work: Callable[[Item], Outcome], items: Iterable[Item], threads: int) -> list[Outcome]:
    """Run ``work`` over ``items`` in threads and return the outcomes in the order of the items.

    Each thread sees the caller's context variables (Ansible's warnings need them). On the first error, or when the
    caller is interrupted, no further item is begun; the error is raised after all running ones ended.
    """
    todo = list(items)
    if len(todo) <= 1 or threads <= 1:
        return [work(item) for item in todo]
    stopped = threading.Event()

    def guarded(item: Item) -> Outcome:
        if stopped.is_set():
            raise concurrent.futures.CancelledError
        try:
            return work(item)
        except BaseException:
            stopped.set()
            raise

    with concurrent.futures.ThreadPoolExecutor(max_workers=min(threads, len(todo))) as pool:
        futures = [pool.submit(contextvars.copy_context().run, guarded, item) for item in todo]
        try:
            concurrent.futures.wait(futures, return_when=concurrent.futures.FIRST_EXCEPTION)
        except BaseException:
            stopped.set()
            raise
        errors = [e for f in futures if f.done() and not f.cancelled() for e in [f.exception()] if e is not None]
        if errors:
            stopped.set()
    causes = [error for future in futures for error in [future.exception()] if error is not None]
    for error in causes:
        if not isinstance(error, concurrent.futures.CancelledError):
            raise error
    return [future.result() for future in futures]
