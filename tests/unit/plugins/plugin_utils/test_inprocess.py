# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import CancelledError, GantryError
from ansible_collections.gantry.platform.plugins.module_utils._core.stop import Gate, stopped_by_signals
from ansible_collections.gantry.platform.plugins.plugin_utils import _inprocess
from ansible_collections.gantry.platform.plugins.plugin_utils._inprocess import outcome, runs_here, validated, worker
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST


def action(transport="local", **task):
    given = {"become": False, "delegate_to": None, "async_val": 0} | task
    return SimpleNamespace(_connection=SimpleNamespace(transport=transport), _task=SimpleNamespace(**given))


def test_a_plain_task_on_a_local_connection_runs_here():
    assert runs_here(action())


@pytest.mark.parametrize(
    "other", [{"transport": "ssh"}, {"become": True}, {"delegate_to": "jump"}, {"async_val": 60}], ids=lambda other: next(iter(other))
)
def test_what_is_meant_for_another_machine_user_or_time_does_not(other):
    assert not runs_here(action(**other))


def test_an_unknown_option_is_named_with_what_was_meant():
    with pytest.raises(GantryError, match="unknown option 'nmae'; did you mean 'name'"):
        validated(action(), {"name": {"type": "str"}}, {"nmae": "x"})


def test_an_option_of_before_is_told_and_taken(monkeypatch):
    told = []
    specification = {"old": {"type": "str", "removed_in_version": "1.0.0", "removed_from_collection": "gantry.platform"}}
    monkeypatch.setattr("ansible.module_utils.common.arg_spec.deprecate", lambda msg, **more: told.append((msg, more)))
    assert validated(action(), specification, {"old": "x"}) == {"old": "x"}
    assert [("'old'" in msg, more["version"]) for msg, more in told] == [(True, "1.0.0")]


def test_no_request_leaves_after_the_task_was_interrupted(monkeypatch):
    monkeypatch.setattr(_inprocess, "_end_with_parent", lambda: None)
    with pytest.raises(KeyboardInterrupt), worker() as gate:
        gate()
        raise KeyboardInterrupt
    with pytest.raises(CancelledError, match="no further request was sent"):
        gate()


def test_no_request_leaves_when_the_parent_is_gone(monkeypatch):
    gate = Gate()
    gate()
    another = os.getppid() + 1
    monkeypatch.setattr("os.getppid", lambda: another)
    with pytest.raises(CancelledError, match="ansible-playbook is gone"):
        gate()


def test_an_error_becomes_a_failed_result_with_its_details():
    def work():
        raise GantryError("no", path="p")

    assert outcome(work) == {"failed": True, "msg": "no", "path": "p"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_no_further_request_out_and_ends_nothing_by_force(monkeypatch, number):
    monkeypatch.setattr(_inprocess, "_end_with_parent", lambda: None)
    before = signal.getsignal(number)
    with worker() as gate:
        gate()
        signal.raise_signal(number)
        with pytest.raises(CancelledError, match=f"told to stop .{number.name}"):
            gate()
    assert signal.getsignal(number) is before


def test_a_second_signal_in_the_middle_of_the_first_waits_for_nothing():
    """Ansible passes Ctrl-C on, and after five seconds it tells its workers to end."""
    gate = Gate()
    with stopped_by_signals(gate):
        sys.setswitchinterval(1e-6)
        try:
            for _number in range(200):
                threads = [threading.Thread(target=os.kill, args=(os.getpid(), number)) for number in (signal.SIGINT, signal.SIGTERM) * 4]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(LONGEST)
        finally:
            sys.setswitchinterval(0.005)
    with pytest.raises(CancelledError):
        gate()


ORPHAN = """
import os
from ansible_collections.gantry.platform.plugins.plugin_utils._inprocess import worker
from ansible_collections.gantry.platform.tests.kit.waiting import until
ready, begun = os.pipe()
if os.fork():
    os.read(ready, 1)
    os._exit(0)
parent = os.getppid()
with worker():
    os.write(begun, b"x")
    until(lambda: os.getppid() != parent, "its parent to end")
    print("its record is kept", flush=True)
print("its result waits for a reader", flush=True)
"""


def test_a_worker_whose_ansible_playbook_is_dead_ends_once_its_work_has():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", ORPHAN], capture_output=True, text=True, timeout=LONGEST, check=True, env=environment)
    assert (done.stdout, done.stderr) == ("its record is kept\n", "")
