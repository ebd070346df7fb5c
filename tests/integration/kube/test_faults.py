# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What breaks in mid-run loses nothing: the run ends as it should, or says why, and the next one converges."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Retry
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.client import patience_of
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.errors import permanent
from ansible_collections.gantry.platform.tests.integration.kube.cluster import HookedClient
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    config_map,
    definition,
    deployment,
    gadget,
    identity,
    namespace_of,
    one_set,
    secret,
    service,
    unused_group,
    unused_name,
)
from ansible_collections.gantry.platform.tests.kit.faults import AFTER, BEFORE, Fault, FaultyServer, first_of_each
from ansible_collections.gantry.platform.tests.kit.waiting import until

DELETE = {"mode": "delete"}
LEASE = "gantry-run"
_DIES = Path(__file__).with_name("dies.py")


@pytest.fixture
def faulty(cluster):
    server = FaultyServer(cluster.endpoint)
    yield server
    server.close()


@pytest.fixture
def wanted(namespace):
    """A set that needs barriers: a namespace, a kind, a resource of it, a workload that becomes ready."""
    group, home = unused_group(), unused_name()
    documents = [namespace_of(home), definition(group), gadget(group, home), config_map(home), secret(home), deployment(home, replicas=1)]
    return one_set("s", namespace, *documents, service(home))


def written_once(run):
    """Objects whose write had its effect more than once, records and lock left out."""
    ids = [request.id for request in run.writes if request.id not in run.parents]
    return sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("fault", BEFORE + AFTER, ids=lambda fault: fault.cut or str(fault.status))
def test_the_first_try_of_every_request_fails_and_the_run_does_not(cluster, faulty, wanted, fault):
    faulty.rule = first_of_each(fault)
    done = cluster.run(wanted, through=faulty).ok()
    assert faulty.done > 20
    assert done.written == {identity(document) for document in wanted["definition"]}
    assert written_once(done)
    faulty.rule = first_of_each(fault)
    again = cluster.run(wanted, through=faulty).ok()
    assert (again.result["changed"], again.tried) == (False, [])


def test_a_server_that_is_busy_is_asked_again_when_it_said(cluster, faulty, wanted):
    faulty.rule = first_of_each(Fault(status=429, headers={"Retry-After": "1"}), lambda method, path: "configmaps" in path)
    done = cluster.run(wanted, through=faulty).ok()
    assert written_once(done)
    assert faulty.done


def test_a_server_that_stays_away_stops_the_run_with_a_clear_error_and_the_next_run_converges(cluster, faulty, wanted):
    quick = Retry(attempts=3, seconds=30.0, first_pause=0.01, permanent=permanent)
    faulty.rule = lambda method, path: Fault(status=503) if method == "PATCH" and "/deployments/" in path else None
    stopped = cluster.run(wanted, through=faulty, retry=quick)
    assert "503" in stopped.message and f"Deployment.apps/{wanted['definition'][0]['metadata']['name']}/app" in stopped.message
    assert stopped.error.details["changed"] is True
    done = cluster.run(wanted).ok()
    assert done.written == {identity(wanted["definition"][5])} | ({identity(wanted["definition"][6])} - stopped.written)
    assert cluster.run(wanted).ok().tried == []


def test_a_record_that_could_not_be_saved_is_caught_up(cluster, faulty, namespace):
    quick = Retry(attempts=2, seconds=30.0, first_pause=0.01, permanent=permanent)
    wanted = one_set("s", namespace, config_map(namespace))
    count = iter(range(9))
    faulty.rule = lambda method, path: Fault(status=503) if "/secrets/s?" in path and method == "PATCH" and next(count) else None
    stopped = cluster.run(wanted, through=faulty, retry=quick)
    assert "503" in stopped.message
    done = cluster.run(wanted).ok()
    assert done.written == set()
    assert cluster.run(wanted).ok().tried == []


@pytest.mark.parametrize("fault", [Fault(delay=1.0), Fault(cut="middle"), Fault(cut="before"), Fault(status=503)], ids=str)
def test_a_watch_that_is_slow_or_breaks_delays_nothing_but_the_wait(cluster, faulty, wanted, fault):
    faulty.rule = first_of_each(fault, lambda method, path: "watch=true" in path)
    cluster.run(wanted, through=faulty).ok()
    assert cluster.get(wanted["definition"][5])["status"]["availableReplicas"] == 1


def test_a_token_that_is_not_valid_is_told_and_nothing_is_written(cluster, namespace):
    auth = {"host": cluster.admin.pool._endpoint.url, "api_key": "not-a-token", "validate_certs": False}
    refused = cluster.run(one_set("s", namespace, config_map(namespace)), auth=auth)
    assert "401" in refused.message
    assert "not-a-token" not in refused.message
    assert cluster.find(config_map(namespace)) is None


def test_the_apiserver_is_killed_in_mid_run(cluster, namespace):
    maps = [config_map(namespace, f"c{number}") for number in range(40)]
    client = cluster.client("hooked")
    client.__class__ = HookedClient

    def kill(number):
        if number == 15:
            os.kill(cluster.process("kube-apiserver"), signal.SIGKILL)

    client.after = kill
    before = cluster.process("kube-apiserver")
    done = cluster.run(one_set("s", namespace, *maps), client=client).ok()
    assert cluster.process("kube-apiserver") != before
    assert done.result["counts"]["create"] == 40
    assert all(cluster.find(document) for document in maps)
    assert cluster.run(one_set("s", namespace, *maps)).ok().tried == []


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_a_webhook_that_does_not_answer_is_named_early_and_waited_for_as_long_as_was_asked(cluster, namespace, check):
    asked = 4
    with socket.create_server(("127.0.0.1", 0)) as silent:
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
        hook = {
            "name": "silent.example.org",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "timeoutSeconds": 8,
            "clientConfig": {"url": f"https://127.0.0.1:{silent.getsockname()[1]}/"},
            "rules": [rule],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        }
        kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
        path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
        made = cluster.admin.create(path, {**kind, "metadata": {"name": f"silent-{namespace}"}, "webhooks": [hook]}, "tests")
        told = []
        try:
            # What was made takes effect a moment later.
            until(lambda: refuses(cluster, namespace), "the webhook to be in the way")
            began = time.monotonic()
            wanted = one_set("s", namespace, config_map(namespace), config_map(namespace, "other"))
            stopped = cluster.run(wanted, check=check, retry=patience_of(asked, told.append), wait_timeout=asked)
            took = time.monotonic() - began
        finally:
            cluster.admin.delete(f"{path}/silent-{namespace}", made["metadata"]["uid"])
    assert "silent.example.org" in stopped.message
    assert told[:1] == ["the admission webhook silent.example.org does not answer"]
    assert took < 8 + 10 * asked, took  # one try, which the server ends after 8 s, and no more: whoever asked for nothing waits a minute
    assert stopped.writes == []


def refuses(cluster, namespace):
    """Whether the webhook stops a dry run of a ConfigMap there."""
    client = cluster.client("probe", retry=Retry(attempts=1))
    try:
        client.apply(f"/api/v1/namespaces/{namespace}/configmaps/probe", config_map(namespace, "probe"), "probe", dry_run=True)
    except GantryError as error:
        return "silent.example.org" in error.message
    finally:
        client.close()
    return False


# kill -9 of the run itself


def dies(cluster, number, when, sets, **options):
    """A run in a process of its own that kills itself before or after its write of this number: whether it came that far."""
    task = {"kubeconfig": cluster.kubeconfig, "number": number, "when": when, "sets": sets, "options": options}
    done = subprocess.run([sys.executable, str(_DIES)], input=json.dumps(task), capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def test_a_run_that_is_killed_at_any_write_is_finished_by_the_next(cluster):
    came_through = False
    for number in range(1, 20):
        for when in ("before", "after"):
            namespace = cluster.namespace()
            kept, changed, removed, new = (config_map(namespace, name) for name in ("kept", "changed", "removed", "new"))
            stranger = config_map(namespace, "stranger")
            cluster.admin.create(f"/api/v1/namespaces/{namespace}/configmaps", stranger, "somebody")
            cluster.run(one_set("s", namespace, kept, changed, removed)).ok()
            changed = config_map(namespace, "changed", colour="blue")
            wanted = one_set("s", namespace, kept, changed, new)
            died = dies(cluster, number, when, [wanted], prune=DELETE)
            cluster.run(wanted, prune=DELETE).ok()
            where = f"{when} write {number}"
            live = {item["metadata"]["name"]: item["data"] for item in cluster.list("ConfigMap", namespace)}
            live.pop("kube-root-ca.crt", None)
            colour = {"colour": "red"}
            assert live == {"kept": colour, "changed": {"colour": "blue"}, "new": colour, "stranger": colour}, where
            assert cluster.run(wanted, prune=DELETE).ok().tried == [], where
            came_through = not died
        if came_through:
            break
    assert came_through
    assert number > 5


def test_the_lock_of_a_run_that_was_killed_names_it_until_it_expires_or_is_broken(cluster, namespace):
    wanted = one_set("s", namespace, config_map(namespace), secret(namespace))
    assert dies(cluster, 3, "after", [wanted], lock=True)
    refused = cluster.run(wanted, lock=True, wait_timeout=1)
    assert "another run is writing to this cluster: killed@tests" in refused.message
    assert refused.writes == []
    cluster.delete(f"Lease.coordination.k8s.io/{namespace}/{LEASE}")
    cluster.run(wanted, lock=True).ok()
    assert cluster.run(wanted, lock=True).ok().tried == []
