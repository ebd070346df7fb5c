# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is stopped, killed or put to sleep in the middle of its writes: what it says, what it leaves, and who comes next."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.tests.integration.runs import conforms
from ansible_collections.gantry.platform.tests.kit.holding import holding
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until

HOST = "dev-euw1"
AREA = {"platform_area": "cluster_baseline"}
FIRST, SLOW, LAST = "LimitRange/trust/containers", "LimitRange/cortex/containers", "NetworkPolicy.networking.k8s.io/memory/default-deny"
MOST_SECONDS = 30
"""As long as an apiserver may wait for a webhook: a test lets the run go on before."""


@pytest.fixture
def runs(dev):
    return dev


@pytest.fixture
def slow(runs, tmp_path):
    """Things to write: one that is written at once, one that is held until the test lets it go, one of a later stage.

    What holds it, which is gone in the end. A dry run is not held: it is what the run plans by.
    """
    with holding() as held:
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["limitranges"]}
        hook = {
            "name": "silent.example.org",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Ignore",
            "timeoutSeconds": MOST_SECONDS,
            "clientConfig": {"url": f"https://127.0.0.1:{held.port}/"},
            "rules": [rule],
            "matchConditions": [{"name": "real", "expression": "!(has(request.dryRun) && request.dryRun)"}],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "cortex"}},
        }
        kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "silent"}}
        document = tmp_path / "webhook.json"
        document.write_text(json.dumps({**kind, "webhooks": [hook]}), encoding="utf-8")
        for namespace, kind, name in (("trust", "limitrange", "containers"), ("cortex", "limitrange", "containers")):
            runs.kubectl("-n", namespace, "delete", kind, name, "--ignore-not-found")
        runs.kubectl("-n", "memory", "delete", "networkpolicy", "default-deny", "--ignore-not-found")
        runs.kubectl("apply", "-f", str(document))
        try:
            yield held
        finally:
            runs.kubectl("delete", "-f", str(document), "--ignore-not-found")


def workers_of(process):
    """The processes that ansible-playbook has forked."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                parent = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
            except OSError:
                continue
            if int(parent) == process.pid:
                found.append(int(folder.name))
    return found


def in_the_middle(runs, process, held):
    """Wait until the run has made its first write of an object, and is at the one that is held."""
    written = len(runs.audited())

    def wrote():
        assert process.poll() is None, process.communicate()[0]
        return held.called and any("trust/limitranges" in uri for _verb, uri in runs.audited()[written:])

    until(wrote, "the run to be in the middle of its writes")


def put_to_sleep(runs, process, held):
    """Stop a run that is in the middle of its writes, and let the server do what was under way: nobody else shall plan it. Its processes."""
    asleep = [*workers_of(process), process.pid]
    for pid in asleep:
        os.kill(pid, signal.SIGSTOP)
    held.let_go()
    until(lambda: "containers" in runs.kubectl("-n", "cortex", "get", "limitranges", "-o", "name"), "the write that was under way")
    return asleep


def start(runs):
    return runs.start("ansible-playbook", *runs.words("site", **AREA), start_new_session=True)


def read_on(process):
    """The lines that the run has printed so far, as a list that grows, and who reads them."""
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")))
    reader.start()
    return lines, reader


def told_to_stop(process, number):
    """Signal the run, and wait until its workers know: they have their own signal then. A function that waits for all that was printed."""
    lines, reader = read_on(process)
    os.kill(process.pid, number)
    if number == signal.SIGINT:
        until(lambda: process.poll() is not None or any("User interrupted" in line for line in list(lines)), "the run to give up")
    else:
        process.wait(LONGEST)

    def output():
        process.wait(LONGEST)
        reader.join(LONGEST)
        return "".join(lines)

    return output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_run_that_is_told_to_stop_says_what_it_wrote_and_the_next_one_goes_on(runs, slow, number):
    process = start(runs)
    in_the_middle(runs, process, slow)
    workers = workers_of(process)
    printed = told_to_stop(process, number)
    slow.let_go()
    output = printed()
    assert process.returncode != 0, output
    # On SIGTERM ansible-playbook does not wait for its worker, which notes how far it came once its request is answered.
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "the worker to note how far it came")
    if number == signal.SIGINT:
        said = " ".join(output.split())
        assert "interrupted" in said and "run again, and the next run goes on from there" in said, output
        report = conforms(runs.reported())
        assert report["status"] == report["hosts"][HOST]["status"] == "interrupted"
        assert {change["id"]: change["written"] for change in report["changes"]} == {FIRST: True, SLOW: True, LAST: False}
        assert (report["counts"]["create"], report["hosts"][HOST]["counts"]["create"]) == (2, 2)

    code, output, report = runs.play("status")
    assert code == 0, output
    said = " ".join(output.split())
    assert "was interrupted; of the part that it was at it wrote 2 of 3 changes" in said, output
    assert "the next run goes on from there" in said
    assert conforms(report)["status"] == "interrupted"

    code, output, report = runs.play("site", **AREA)
    assert code == 0, output
    assert "waits for the run" not in output
    assert ([change["id"] for change in report["changes"]], report["status"]) == ([LAST], "applied")
    assert "was interrupted;" not in runs.play("status")[1]


def test_a_run_that_was_killed_is_waited_for_and_then_finished(runs, slow):
    process = start(runs)
    in_the_middle(runs, process, slow)
    workers = workers_of(process)
    for pid in [process.pid, *workers]:
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    slow.let_go()
    code, output, report = runs.play("status")
    assert code == 0, output
    assert "is writing now, or was killed" in " ".join(output.split()), output
    assert conforms(report)["status"] == "interrupted"
    code, output, report = runs.play("site", **AREA)
    assert code == 0, output
    assert "waits for the run of" in output
    assert report["status"] == "applied"


def test_the_second_of_two_runs_says_whom_it_waits_for_and_plans_again(runs, slow, tmp_path):
    first = start(runs)
    in_the_middle(runs, first, slow)
    # It sleeps until the second one waits for it, however long that takes to come so far.
    asleep = put_to_sleep(runs, first, slow)
    theirs = tmp_path / "second.json"
    second = runs.start("ansible-playbook", *runs.words("site", platform_plan_file=str(theirs), **AREA))
    lines, reader = read_on(second)
    try:
        until(lambda: any("waits for the run of" in line for line in list(lines)), "the second run to say whom it waits for")
    finally:
        for pid in asleep:
            os.kill(pid, signal.SIGCONT)
    output, _none = first.communicate(timeout=LONGEST)
    assert (first.returncode, conforms(runs.reported())["status"]) == (0, "applied"), output
    second.wait(LONGEST)
    reader.join(LONGEST)
    report = conforms(json.loads(theirs.read_text(encoding="utf-8")))
    assert (second.returncode, report["status"], report["changes"]) == (0, "clean", []), "".join(lines)
    assert [text for text in report["warnings"] if "planned again" in text]
    assert "ended applied" in " ".join(runs.play("status")[1].split())


def test_a_run_that_slept_while_another_went_through_writes_nothing_and_stands_beside_it(runs, slow, tmp_path):
    process = start(runs)
    in_the_middle(runs, process, slow)
    asleep = put_to_sleep(runs, process, slow)
    report = tmp_path / "other.json"
    try:
        code, output = runs.command("ansible-playbook", *runs.words("site", platform_plan_file=str(report), **AREA))
        assert code == 0, output
        assert "waits for the run of" in output
        before = runs.audited()
    finally:
        for pid in asleep:
            os.kill(pid, signal.SIGCONT)
    output, _none = process.communicate(timeout=LONGEST)
    assert process.returncode != 0, output
    assert "taken or broken by somebody else" in " ".join(output.split()), output
    mine = conforms(runs.reported())
    assert mine["status"] == mine["hosts"][HOST]["status"] == "interrupted"
    late = [uri for _verb, uri in runs.audited()[len(before) :] if not uri.endswith("secrets/gantry-last-run")]
    assert late == []
    said = " ".join(runs.play("status")[1].split())
    other = json.loads(report.read_text(encoding="utf-8"))
    assert f"run {other['run']}" in said and f"interrupted beside it: run {mine['run']}" in said
    assert runs.play("plan", **AREA)[2]["status"] == "clean"


def test_an_apply_that_fails_says_what_it_wrote(runs, slow, tmp_path):
    """Somebody makes an object of a later stage meanwhile, so that it is not there for the run to make."""
    process = start(runs)
    in_the_middle(runs, process, slow)
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"namespace": "memory", "name": "default-deny"}}
    document = tmp_path / "policy.json"
    document.write_text(json.dumps({**policy, "spec": {"podSelector": {}}}), encoding="utf-8")
    runs.kubectl("create", "-f", str(document))
    slow.let_go()
    output, _none = process.communicate(timeout=LONGEST)
    assert process.returncode != 0, output
    report = conforms(runs.reported())
    assert report["status"] == "failed"
    assert {change["id"]: change["written"] for change in report["changes"]} == {FIRST: True, SLOW: True, LAST: False}
    assert report["counts"]["create"] == 2
    said = " ".join(output.split())
    assert "written: 2 create; not written: 1" in said and "2 create" in said, output
    assert "ended failed" in " ".join(runs.play("status")[1].split())
    runs.kubectl("delete", "-f", str(document))
    code, output, report = runs.play("site", **AREA)
    assert (code, report["status"]) == (0, "applied"), output
