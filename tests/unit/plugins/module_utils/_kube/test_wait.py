# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import UnreachableError
from ansible_collections.gantry.platform.plugins.module_utils._core.http import StreamRefused
from ansible_collections.gantry.platform.plugins.module_utils._kube.wait import waiter
from ansible_collections.gantry.platform.plugins.module_utils._kube.wait.waiter import NotReadyError, Waiter
from ansible_collections.gantry.platform.tests.kit.clock import Clock
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import KINDS, document, ref, refusal

JOB, CLAIM, DEPLOYMENT = KINDS["Job"], KINDS["PersistentVolumeClaim"], KINDS["Deployment"]


def job(name="x", **status):
    return document("Job", name) | {"status": status}


COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {"conditions": [{"type": "Failed", "status": "True", "message": "it broke"}]}


def event(kind, item, version="2"):
    return {"type": kind, "object": {**item, "metadata": {**item["metadata"], "resourceVersion": version}}}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(waiter, "time", Server.clock)


class Server:
    """Lists and streams of events by kind, each one used once; the last list stays. A stream says nothing more once its events are through."""

    clock = Clock()

    def __init__(self, lists, streams=()):
        self.lists = {kind: list(answers) for kind, answers in lists.items()}
        self.streams = list(streams)
        self.asked = []
        self._lock = threading.Lock()

    def list_objects(self, kind, namespace=None, selector="", metadata_only=True, fields=""):
        with self._lock:
            self.asked.append((kind.kind, namespace, selector, fields))
            answers = self.lists.get(kind.kind, [[]])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer, "1"

    def watch(self, kind, version, namespace, seconds, selector=""):
        with self._lock:
            stream = self.streams.pop(0) if self.streams else []
            self.asked.append(("watch", version))
        for item in stream:
            if isinstance(item, Exception):
                raise item
            yield item
        self.clock.sleep(seconds)


def test_what_is_ready_already_needs_one_list_and_no_watch():
    server = Server({"Job": [[job(**COMPLETE)]]})
    Waiter(server, 5, "gantry.dev/set=s").wait({ref("Job"): JOB})
    assert server.asked == [("Job", "n", "gantry.dev/set=s", "")]


def test_events_are_followed_from_the_list_on_until_all_are_ready():
    told = []
    server = Server({"Job": [[job(), job("y")]]}, [[event("MODIFIED", job(**COMPLETE), "7")], [event("MODIFIED", job("y", **COMPLETE))]])
    Waiter(server, 5, tell=told.append).wait({ref("Job"): JOB, ref("Job", "y"): JOB})
    assert [asked for asked in server.asked if asked[0] == "watch"] == [("watch", "1"), ("watch", "7")]
    assert told == ["waiting for 1 of 2 objects"]


@pytest.mark.parametrize(
    "ending", [event("ERROR", job()), UnreachableError("cut"), StreamRefused(410, b"gone")], ids=["gone", "cut", "refused"]
)
def test_a_stream_that_ends_badly_is_begun_again_with_a_list(ending):
    server = Server({"Job": [[job()], [job(**COMPLETE)]]}, [[ending]])
    Waiter(server, 5).wait({ref("Job"): JOB})
    assert [asked[0] for asked in server.asked] == ["Job", "watch", "Job"]


def test_a_failure_ends_the_wait_at_once_and_is_told_with_the_last_events():
    warning = {"reason": "BackOff", "message": "again", "involvedObject": {"name": "x-1"}, "metadata": {}, "lastTimestamp": "2"}
    other = {"reason": "Other", "message": "no", "involvedObject": {"name": "z"}, "metadata": {}}
    server = Server({"Job": [[job(**FAILED), job("y")]], "Event": [[warning, other]]})
    with pytest.raises(NotReadyError) as failed:
        Waiter(server, 60).wait({ref("Job"): JOB, ref("Job", "y"): JOB})
    message = failed.value.message
    assert "1 object(s) failed" in message and "it broke" in message and "BackOff: again" in message and "Other" not in message
    assert failed.value.refs == {ref("Job"), ref("Job", "y")}


def test_time_runs_out_with_a_reason_for_each():
    server = Server({"Job": [[]], "Event": [refusal(403)]})
    with pytest.raises(NotReadyError) as late:
        Waiter(server, 5).wait({ref("Job"): JOB})
    assert "1 of 1 objects did not become ready within 5 s:\n  Job.batch/n/x: does not exist" in late.value.message
    assert late.value.details["not_ready"] == [{"id": "Job.batch/n/x", "state": "waiting", "reason": "does not exist"}]


def test_what_somebody_deletes_meanwhile_is_not_ready():
    server = Server({"Job": [[job()]]}, [[event("DELETED", job())]])
    with pytest.raises(NotReadyError, match="was deleted by somebody"):
        Waiter(server, 5).wait({ref("Job"): JOB})


@pytest.mark.parametrize(("mode", "ready"), [("WaitForFirstConsumer", True), ("Immediate", False)])
def test_a_claim_of_a_class_that_waits_for_a_pod_is_as_ready_as_it_gets(mode, ready):
    claim = document("PersistentVolumeClaim", spec={"storageClassName": "late"}, status={"phase": "Pending"})
    storage = {"metadata": {"name": "late"}, "volumeBindingMode": mode}
    waiter = Waiter(Server({"PersistentVolumeClaim": [[claim]], "StorageClass": [[storage]]}), 5)
    if ready:
        waiter.wait({ref("PersistentVolumeClaim"): CLAIM})
    else:
        with pytest.raises(NotReadyError):
            waiter.wait({ref("PersistentVolumeClaim"): CLAIM})


def test_objects_of_one_namespace_are_listed_there_and_others_everywhere():
    server = Server({"Job": [[job(**COMPLETE), {**job(**COMPLETE), "metadata": {"name": "x", "namespace": "m"}}]]})
    Waiter(server, 5).wait({ref("Job"): JOB, ref("Job", namespace="m"): JOB})
    assert server.asked[0][1] is None


def test_a_finished_job_that_its_ttl_is_taking_is_done():
    leaving = job(**COMPLETE)
    leaving["metadata"] = {**leaving["metadata"], "deletionTimestamp": "2026-11-28T00:00:00Z", "finalizers": ["foregroundDeletion"]}
    server = Server({"Job": [[job()]]}, [[event("MODIFIED", leaving), event("DELETED", leaving)]])
    waiter = Waiter(server, 5)
    waiter.wait({ref("Job"): JOB})
    assert waiter.completed == {ref("Job")}


def test_a_job_whose_end_is_seen_only_as_it_goes_is_done():
    server = Server({"Job": [[job()]]}, [[event("DELETED", job(**COMPLETE))]])
    waiter = Waiter(server, 5)
    waiter.wait({ref("Job"): JOB})
    assert waiter.completed == {ref("Job")}


def test_a_job_that_its_ttl_took_before_it_was_looked_at_is_done():
    server = Server({"Job": [[]], "Event": [[]]})
    waiter = Waiter(server, 5)
    waiter.wait({ref("Job"): JOB}, {ref("Job"): "u-1"})
    assert waiter.completed == {ref("Job")}


@pytest.mark.parametrize(("uid", "fails"), [("u-1", True), ("u-0", False)])
def test_a_job_that_failed_and_that_its_ttl_took_has_failed(uid, fails):
    said = {"reason": "BackoffLimitExceeded", "message": "reached the limit", "metadata": {"creationTimestamp": "2026-11-28T00:00:00Z"}}
    server = Server({"Job": [[]], "Event": [[said | {"involvedObject": {"name": "x", "uid": uid}}]] * 2})
    waiter = Waiter(server, 5)
    if not fails:
        return waiter.wait({ref("Job"): JOB}, {ref("Job"): "u-1"})
    with pytest.raises(NotReadyError) as failed:
        waiter.wait({ref("Job"): JOB}, {ref("Job"): "u-1"})
    assert "its TTL took it: BackoffLimitExceeded: reached the limit" in failed.value.message
    return None


def test_a_suspended_job_is_ready_and_not_complete():
    server = Server({"Job": [[{**job(), "spec": {"suspend": True}}]]})
    waiter = Waiter(server, 5)
    waiter.wait({ref("Job"): JOB})
    assert waiter.completed == set()
