# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import threading

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.locks import locked
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST


def _hold(path, ready, end):
    with locked(path):
        ready.set()
        end.wait(LONGEST)


def test_one_at_a_time_and_the_one_who_waits_is_told(tmp_path):
    path, told, inside = tmp_path / "deep" / "x.lock", threading.Event(), []

    def second():
        with locked(path, told.set):
            inside.append("second")

    with locked(path):
        other = threading.Thread(target=second)
        other.start()
        assert told.wait(LONGEST)
        inside.append("first")
    other.join(LONGEST)
    assert inside == ["first", "second"]


def test_the_lock_of_a_dead_process_is_free(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, end = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(tmp_path / "x.lock", ready, end))
    holder.start()
    assert ready.wait(LONGEST)
    os.kill(holder.pid, signal.SIGKILL)
    holder.join(LONGEST)
    with locked(tmp_path / "x.lock"):
        pass


def test_a_lock_whose_file_was_removed_is_taken_on_the_new_file(tmp_path):
    path, held, waits = tmp_path / "x.lock", [], threading.Event()

    def second():
        with locked(path, waits.set):
            with path.open("rb") as again, pytest.raises(BlockingIOError):
                fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held.append("the new file")

    with locked(path):
        other = threading.Thread(target=second)
        other.start()
        assert waits.wait(LONGEST)
        path.unlink()
        path.touch()
    other.join(LONGEST)
    assert held == ["the new file"]
