# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs never write at once, whatever their clocks say and however long one of them sleeps."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire import lease
from ansible_collections.gantry.platform.tests.integration.kube.cluster import HookedClient
from ansible_collections.gantry.platform.tests.integration.kube.objects import config_map, identity, one_set
from ansible_collections.gantry.platform.tests.kit.processes import ended
from ansible_collections.gantry.platform.tests.kit.processes import process as process_of
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until

_DIES = Path(__file__).with_name("dies.py")
LEASE = 3
"""Seconds that a lock lives where its holder is dead or asleep, and nobody else wants it before that. Everywhere else it lives as long as
ever: a machine that is slow must not lose the lock of a run that is well."""


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(lease, "SECONDS", LEASE)


def ident(namespace):
    return f"Lease.coordination.k8s.io/{namespace}/{lease.NAME}"


def put_lease(cluster, namespace, holder, **spec):
    stamp = "2026-01-01T00:00:00.000000Z"
    spec = {"holderIdentity": holder, "leaseDurationSeconds": LEASE, "acquireTime": stamp, "renewTime": stamp, **spec}
    body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": lease.NAME, "namespace": namespace}, "spec": spec}
    cluster.admin.create(f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases", body, "other-run")


def process(cluster, number, when, happens, *sets, clock=0, agent="asleep", length=LEASE, **options):
    """A run of its own process; ended when the test ends."""
    task = {"kubeconfig": cluster.kubeconfig, "number": number, "when": when, "happens": happens, "clock": clock, "lease": length}
    task |= {"sets": list(sets), "options": {"lock": True, "wait_timeout": 60, **options}, "agent": agent, "holder": f"{agent}@tests"}
    return process_of(_DIES, task)


def sleeps(running):
    """Whether the kernel has stopped the process."""
    return Path(f"/proc/{running.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("number", range(2, 8))
def test_a_run_that_sleeps_while_another_one_goes_through_writes_nothing_more(cluster, namespace, short, number):
    """The shut laptop: stopped before any of its writes, the first, a record's and the last among them."""
    maps = [config_map(namespace, name, colour="old") for name in ("a", "b")]
    cluster.run(one_set("s", namespace, *maps, config_map(namespace, "gone"))).ok()
    sleeper = one_set("s", namespace, *(config_map(namespace, name, colour="sleeper") for name in ("a", "b", "new")))
    other = one_set("s", namespace, *(config_map(namespace, name, colour="other") for name in ("a", "b", "else")))
    with process(cluster, number, "before", "SIGSTOP", sleeper, prune={"mode": "delete"}) as running:
        until(lambda: sleeps(running) or running.poll() is not None, "the run to fall asleep")
        cluster.run(other, lock=True, prune={"mode": "delete"}).ok()
        mark = cluster.audit.mark()
        record = cluster.parents_in(namespace)[0]["data"]["record"]
        os.kill(running.pid, signal.SIGCONT)
        said = ended(running)
    assert "taken or broken by somebody else" in said["message"], said
    assert said["details"]["interrupted"] is True
    assert [request for request in cluster.audit.sent(mark) if request.agent == "asleep" and request.changes] == []
    live = {item["metadata"]["name"]: item["data"]["colour"] for item in cluster.list("ConfigMap", namespace) if "colour" in item["data"]}
    assert live == {"a": "other", "b": "other", "else": "other"}
    assert cluster.parents_in(namespace)[0]["data"]["record"] == record
    assert cluster.run(other, prune={"mode": "delete"}).ok().tried == []


def test_a_run_that_sleeps_between_its_plan_and_its_lock_plans_again(cluster, namespace, short):
    cluster.run(one_set("s", namespace, config_map(namespace, "a"), config_map(namespace, "b")), lock=True).ok()
    sleeper = one_set("s", namespace, config_map(namespace, "a", colour="blue"), config_map(namespace, "b"))
    other = one_set("s", namespace, config_map(namespace, "a"), config_map(namespace, "b", colour="green"))
    with process(cluster, 1, "before", "SIGSTOP", sleeper) as running:
        until(lambda: sleeps(running), "the run to fall asleep")
        cluster.run(other, lock=True).ok()
        os.kill(running.pid, signal.SIGCONT)
        assert ended(running)["message"] == ""
    live = {item["metadata"]["name"]: item["data"]["colour"] for item in cluster.list("ConfigMap", namespace) if "colour" in item["data"]}
    assert live == {"a": "blue", "b": "red"}
    assert cluster.run(sleeper).ok().tried == []


@pytest.mark.parametrize("clock", [-3600, -60, 60, 3600])
def test_clocks_that_differ_let_nobody_in(cluster, namespace, tmp_path, clock):
    door = tmp_path / "door"
    first = one_set("s", namespace, *(config_map(namespace, name, colour="first") for name in ("a", "b")))
    second = one_set("s", namespace, *(config_map(namespace, name, colour="second") for name in ("a", "b")))
    with process(cluster, 4, "before", str(door), first, agent="first", length=lease.SECONDS) as running:
        until(Path(f"{door}.reached").exists, "the first run to be in the middle of its writes")
        with process(cluster, 99, "before", "SIGKILL", second, clock=clock, agent="second", wait_timeout=LEASE) as late:
            refused = ended(late)
        assert "another run is writing to this cluster: first@tests" in refused["message"]
        door.touch()
        assert ended(running)["message"] == ""
    assert [request for request in cluster.sent_by("second", 0) if request.changes] == []
    assert {item["data"]["colour"] for item in cluster.list("ConfigMap", namespace) if "colour" in item["data"]} == {"first"}


def test_who_waited_for_another_run_plans_again_and_goes_on(cluster, namespace, tmp_path):
    door = tmp_path / "door"
    both = [config_map(namespace, name) for name in ("a", "b")]
    with process(cluster, 4, "before", str(door), one_set("s", namespace, *both), agent="first", length=lease.SECONDS) as running:
        until(Path(f"{door}.reached").exists, "the first run to be in the middle of its writes")
        told = []

        def ends():
            until(lambda: told, "the second run to wait")
            door.touch()

        threading.Thread(target=ends, daemon=True).start()
        done = cluster.run(one_set("s", namespace, *both, config_map(namespace, "c")), lock=True, tell=told.append).ok()
        assert ended(running)["message"] == ""
    assert "waits for the run of first@tests" in told[0]
    assert done.written == {identity(config_map(namespace, "c"))}
    assert cluster.run(one_set("s", namespace, *both, config_map(namespace, "c"))).ok().tried == []


def test_a_run_that_was_killed_is_waited_for_as_long_as_its_lock_lives(cluster, namespace, short):
    wanted = one_set("s", namespace, config_map(namespace, "a"), config_map(namespace, "b"))
    with process(cluster, 4, "before", "SIGKILL", wanted) as running:
        assert running.wait(LONGEST) == -signal.SIGKILL
    told = []
    began = time.monotonic()
    cluster.run(wanted, lock=True, tell=told.append).ok()
    assert time.monotonic() - began >= LEASE
    assert told[0].startswith("waits for the run of asleep@tests")
    assert cluster.run(wanted, lock=True).ok().tried == []


@pytest.mark.parametrize("renewed", ["2000-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z"])
def test_what_is_written_in_a_lock_is_no_sign_of_death(cluster, namespace, renewed):
    put_lease(cluster, namespace, "ada@elsewhere 99", renewTime=renewed, leaseDurationSeconds=30)
    refused = cluster.run(one_set("s", namespace, config_map(namespace)), lock=True, wait_timeout=1)
    assert "ada@elsewhere 99" in refused.message
    assert f"kubectl -n {namespace} delete lease {lease.NAME}" in refused.message
    assert refused.writes == []


def test_the_lock_of_a_dead_run_expires(cluster, namespace):
    put_lease(cluster, namespace, "ada@elsewhere 99", leaseDurationSeconds=1)
    done = cluster.run(one_set("s", namespace, config_map(namespace)), lock=True).ok()
    assert done.written == {identity(config_map(namespace))}
    assert "holderIdentity" not in cluster.get(ident(namespace))["spec"]


def test_a_run_with_nothing_to_write_asks_for_no_lock(cluster, namespace):
    cluster.run(one_set("s", namespace, config_map(namespace)), lock=True).ok()
    assert cluster.run(one_set("s", namespace, config_map(namespace)), lock=True).ok().tried == []


def test_a_run_whose_lock_was_taken_stops_writing_and_says_what_it_wrote(cluster, namespace, monkeypatch):
    monkeypatch.setattr(lease, "SECONDS", 1)
    client = cluster.client("hooked")
    client.__class__ = HookedClient

    def steal(number: int) -> None:
        if number == 2:
            cluster.edit(ident(namespace), {"spec": {"holderIdentity": "thief"}}, "other-run")
            until(lambda: [r for r in cluster.audit.sent(mark) if r.id == ident(namespace) and r.code == 409], "the renewal to fail")

    mark = cluster.audit.mark()
    client.after = steal
    first, second = config_map(namespace, "first"), config_map(namespace, "second")
    second["metadata"]["annotations"] = {"gantry.dev/depends-on": f"ConfigMap/{namespace}/first"}
    stopped = cluster.run(one_set("s", namespace, first, second), lock=True, client=client)
    assert "lock was taken or broken by somebody else (thief)" in stopped.message
    assert cluster.find(second) is None
    assert cluster.get(ident(namespace))["spec"]["holderIdentity"] == "thief"
    said = stopped.error.details
    assert said["interrupted"] is True
    assert {change["id"]: change["written"] for change in said["plan"]} == {identity(first): True, identity(second): False}


# records


def test_a_record_that_another_run_wrote_since_is_not_written_over(cluster, namespace):
    """Without a lock, as the module is used alone."""
    client = cluster.client("hooked")
    client.__class__ = HookedClient
    mine = one_set("s", namespace, config_map(namespace, "mine"))
    other = one_set("s", namespace, config_map(namespace, "mine"), config_map(namespace, "other"))

    def meanwhile(number: int) -> None:
        if number == 2:
            cluster.run(other)

    client.before = meanwhile
    stopped = cluster.run(mine, client=client)
    assert "the record of set s was written by another run since this one planned" in stopped.message or "changed since" in stopped.message
    cluster.run(other).ok()
    assert cluster.run(other).ok().tried == []
    cluster.run(mine, prune={"mode": "delete"}).ok()
    assert cluster.find(config_map(namespace, "other")) is None


def test_a_label_that_somebody_gives_to_a_record_is_no_other_run(cluster, namespace):
    client = cluster.client("hooked")
    client.__class__ = HookedClient

    def label(number: int) -> None:
        if number == 2:
            cluster.edit(f"Secret/{namespace}/s", {"metadata": {"labels": {"seen": "yes"}}}, "somebody")

    client.before = label
    cluster.run(one_set("s", namespace, config_map(namespace)), client=client).ok()
    assert cluster.run(one_set("s", namespace, config_map(namespace))).ok().tried == []
