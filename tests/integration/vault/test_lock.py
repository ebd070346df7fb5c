# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs of one owner never write to a Vault at once, whatever happens to one of them."""

from __future__ import annotations

import datetime
import os
import signal
import threading
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core import record as tested
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.lock import LockLostError
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.config import Request, configure
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.plugins.module_utils._vault.rotation import rotate
from ansible_collections.gantry.platform.plugins.module_utils._vault.store import record_of
from ansible_collections.gantry.platform.tests.kit.processes import ended
from ansible_collections.gantry.platform.tests.kit.processes import process as process_of
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until

LENGTH = 2
"""Seconds that a lock lives where its holder is dead or asleep, and nobody else wants it before that. Everywhere else it lives as long as
ever: a machine that is slow must not lose the lock of a run that is well."""
DIES = Path(__file__).with_name("dies.py")


@pytest.fixture
def short(monkeypatch):
    """A lock that is soon free."""
    monkeypatch.setattr(tested, "SECONDS", LENGTH)


@pytest.fixture
def owner(live, request):
    """An owner of the test's own, whose two policies are there."""
    name = f"lock-{request.node.name.removeprefix('test_').split('_who')[0][:24]}".replace("_", "-").replace("[", "-").rstrip("-]")
    live.configure(policies(name, "before"), owner=name)
    return name


def policies(owner, *paths):
    return {"policies": {f"{owner}-{number}": {f"{path}/x": ["read"] for path in paths} for number in (1, 2)}}


def has(live, owner, path):
    """Which of the two policies say so."""
    return [f"{path}/x" in live.api.read(f"sys/policies/acl/{owner}-{number}")["data"]["policy"] for number in (1, 2)]


def record(live, owner):
    return live.api.read(f"gantry/data/{owner}")["data"]["data"]


def is_clean(live, wanted, owner):
    since = live.audit.mark()
    assert not live.configure(wanted, owner=owner)["changed"] and live.audit.changes(since) == []


def process(live, owner, wanted, happens):
    """A run of its own process, to which this happens before it writes the second policy."""
    task = {"access": live.access, "owner": owner, "document": wanted, "happens": happens, "length": LENGTH, "at": f"{owner}-2"}
    return process_of(DIES, task)


def sleeps(running):
    return Path(f"/proc/{running.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"


class HookedClient(VaultClient):
    """Calls ``hook`` with each write and how it is made."""

    hook = staticmethod(lambda write, path, body: write(path, body))

    def write(self, path, body):
        return self.hook(super().write, path, body)


def engine(live, wanted, owner, tell=lambda text: None, holder="me@here 1", patience=60.0, hook=HookedClient.hook):
    client = HookedClient(resolve_vault(live.access, {}), "engine")
    client.hook = hook
    try:
        request = Request(read_document(wanted, "gantry"), owner=owner, patience=patience)
        return configure(client, request, References({}), holder, tell)
    finally:
        client.close()


def test_the_record_says_who_runs_until_when_and_nobody_does_in_the_end(live, owner, short):
    seen = []

    def look(write, path, body):
        if path.startswith("sys/policies"):
            seen.append(record(live, owner)["run"])
        return write(path, body)

    engine(live, policies(owner, "after"), owner, hook=look)
    assert {run["holder"] for run in seen} == {"me@here 1"} and len(seen) == 2
    assert {run["seconds"] for run in seen} == {LENGTH} and all(run["since"] < run["until"] for run in seen)
    assert "run" not in record(live, owner)
    is_clean(live, policies(owner, "after"), owner)


def test_two_runs_that_only_update_do_not_interleave_and_the_second_plans_again(live, owner):
    """The second one planned before the first one wrote, and asks for something else."""
    told, results = [], {}
    reached, go_on = threading.Event(), threading.Event()

    def pause(write, path, body):
        if path.endswith(f"{owner}-1"):
            reached.set()
            assert go_on.wait(LONGEST)
        return write(path, body)

    first = threading.Thread(target=lambda: results.update(first=engine(live, policies(owner, "first"), owner, hook=pause)))
    first.start()
    assert reached.wait(LONGEST)

    def tell(text):
        told.append(text)
        go_on.set()

    results["second"] = engine(live, policies(owner, "first", "second"), owner, tell, "you@there 2")
    first.join()
    assert "waits for the run of me@here 1" in told[0]
    assert (has(live, owner, "first"), has(live, owner, "second")) == ([True, True], [True, True])
    assert results["first"]["counts"]["update"] == results["second"]["counts"]["update"] == 2
    is_clean(live, policies(owner, "first", "second"), owner)


def test_who_waited_for_a_run_that_did_the_same_writes_nothing(live, owner):
    reached, go_on = threading.Event(), threading.Event()
    wanted = policies(owner, "same")

    def pause(write, path, body):
        if path.endswith(f"{owner}-1"):
            reached.set()
            assert go_on.wait(LONGEST)
        return write(path, body)

    first = threading.Thread(target=lambda: engine(live, wanted, owner, hook=pause))
    first.start()
    assert reached.wait(LONGEST)
    assert engine(live, wanted, owner, lambda text: go_on.set(), "you@there 2")["changed"] is False
    first.join()
    is_clean(live, wanted, owner)


def test_a_run_that_is_writing_is_named_to_who_will_not_wait(live, owner):
    content = record(live, owner)
    run = {"holder": "ada@elsewhere 9", "since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:30Z", "seconds": 30}
    live.api.write(f"gantry/data/{owner}", {"data": {**content, "run": run}})
    with pytest.raises(RefusedError, match="ada@elsewhere 9, since 2026-01-01T00:00:00Z") as told:
        engine(live, policies(owner, "after"), owner, patience=0.2)
    assert f"vault kv patch -mount=gantry {owner} run=" in told.value.message
    assert has(live, owner, "before") == [True, True]
    live.api.write(f"gantry/data/{owner}", {"data": {**content, "run": ""}})
    engine(live, policies(owner, "after"), owner, patience=0.2)
    is_clean(live, policies(owner, "after"), owner)


def test_a_run_that_was_killed_is_waited_for_and_taken_over(live, owner, short):
    wanted = policies(owner, "killed")
    with process(live, owner, wanted, "SIGKILL") as running:
        assert running.wait(LONGEST) == -signal.SIGKILL
    assert has(live, owner, "killed") == [True, False]
    holder = record(live, owner)["run"]["holder"]
    told = []
    assert engine(live, wanted, owner, told.append)["counts"]["update"] == 1
    assert f"waits for the run of {holder}" in told[0]
    assert "run" not in record(live, owner)
    is_clean(live, wanted, owner)


def test_a_run_that_slept_past_its_lock_writes_nothing_more_and_says_so(live, owner, short):
    other = policies(owner, "other")
    with process(live, owner, policies(owner, "sleeper"), "SIGSTOP") as running:
        until(lambda: sleeps(running) or running.poll() is not None, "the run to fall asleep")
        engine(live, other, owner)
        before = record(live, owner)
        since = live.audit.mark()
        os.kill(running.pid, signal.SIGCONT)
        said = ended(running)
    assert "taken or broken by somebody else" in said["message"], said
    assert said["details"]["lock_lost"] is True
    refused = {path for _operation, path in live.audit.changes(since)}
    assert refused <= {f"gantry/data/{owner}"}, "its renewal, and the server said no"
    assert (has(live, owner, "other"), has(live, owner, "sleeper"), record(live, owner)) == ([True, True], [False, False], before)
    is_clean(live, other, owner)


def test_a_renewal_whose_answer_was_lost_is_still_ours(live, owner):
    """Nobody but us wrote the version that is in the way."""
    client = VaultClient(resolve_vault(live.access, {}), "engine")
    kept = record_of(client, "gantry", owner)
    kept.load()
    with tested.RecordLock(kept, "me@here 1", 0.0, lambda text: None) as lock:
        content = record(live, owner)
        live.api.write(f"gantry/data/{owner}", {"data": content})
        lock._renewed = float("-inf")
        lock.check()
        kept.renewed["x"] = "now"
        kept.save()
        live.api.write(f"gantry/data/{owner}", {"data": {**content, "run": {**content["run"], "holder": "thief"}}})
        lock._renewed = float("-inf")
        with pytest.raises(LockLostError, match=r"somebody else \(thief\)"):
            kept.save()
    assert record(live, owner)["run"]["holder"] == "thief"
    client.close()


def test_a_renewal_by_age_has_the_same_lock(live, owner):
    live.configure({"engines": {owner: {"type": "transit", "keys": {"k": {}}}}, **policies(owner, "before")}, owner=owner)
    content = record(live, owner)
    run = {"holder": "ada@elsewhere 9", "since": "s", "until": "u", "seconds": 30}
    live.api.write(f"gantry/data/{owner}", {"data": {**content, "run": run}})
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=2)
    wanted = {"transit_keys": {f"{owner}/k": {"max_age": "1h"}}}

    def renew(**more):
        client = VaultClient(resolve_vault(live.access, {}), "rotate")
        try:
            return rotate(client, wanted, record_of(client, "gantry", owner), False, later, **more)
        finally:
            client.close()

    with pytest.raises(RefusedError, match="ada@elsewhere 9"):
        renew(patience=0.1)
    assert live.api.read(f"{owner}/keys/k")["data"]["latest_version"] == 1
    live.api.write(f"gantry/data/{owner}", {"data": content})
    renew()
    assert live.api.read(f"{owner}/keys/k")["data"]["latest_version"] == 2
    assert "run" not in record(live, owner)


def test_a_run_with_nothing_to_write_asks_for_no_lock(live, owner):
    version = live.api.read(f"gantry/data/{owner}")["data"]["metadata"]["version"]
    assert live.configure(policies(owner, "before"), owner=owner)["changed"] is False
    assert live.api.read(f"gantry/data/{owner}")["data"]["metadata"]["version"] == version
