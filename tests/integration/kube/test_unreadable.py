# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One kind that the server cannot give out: its objects are left and named, the rest goes on."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Retry
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.errors import permanent
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    config_map,
    definition,
    deployment,
    gadget,
    identity,
    one_set,
    service,
    unused_group,
)
from ansible_collections.gantry.platform.tests.kit.faults import Fault, FaultyServer
from ansible_collections.gantry.platform.tests.kit.waiting import until

BRIEFLY = Retry(attempts=2, seconds=5.0, permanent=permanent)
DELETE = {"mode": "delete"}


class Converted:
    """A kind of two versions, with one object that is stored in the old one, and a webhook that converts between them or is down."""

    def __init__(self, cluster, namespace):
        self.cluster = cluster
        self.group = unused_group()
        plain = definition(self.group)
        (old,) = plain["spec"]["versions"]
        self.object = gadget(self.group, namespace)
        self.operator = deployment(namespace, "operator")
        cluster.run(one_set("s", namespace, plain, self.object, self.operator), wait=False).ok()
        self.crd = copy.deepcopy(plain)
        self.crd["spec"]["versions"] = [{**old, "storage": False}, {**copy.deepcopy(old), "name": "v2"}]
        cluster.run(one_set("s", namespace, self.crd, self.object, self.operator), wait=False).ok()
        self.object["apiVersion"] = f"{self.group}/v2"
        client = {"service": {"name": "converter", "namespace": namespace, "path": "/convert"}}
        self.crd["spec"]["conversion"] = {"strategy": "Webhook", "webhook": {"clientConfig": client, "conversionReviewVersions": ["v1"]}}
        cluster.edit(self.crd, {"spec": {"conversion": self.crd["spec"]["conversion"]}})
        path = f"/apis/{self.group}/v2/namespaces/{namespace}/gadgets"
        until(lambda: cluster.admin.pool.request("GET", path, retry=BRIEFLY).status in (429, 500), "the conversion to fail")

    def repair(self):
        """What a working webhook would come to."""
        self.cluster.edit(self.crd, {"spec": {"conversion": {"strategy": "None", "webhook": None}}})
        path = f"/apis/{self.group}/v2/gadgets"
        until(lambda: self.cluster.admin.pool.request("GET", path, retry=BRIEFLY).status == 200, "the conversion to work")


@pytest.fixture
def converted(cluster, namespace):
    made = Converted(cluster, namespace)
    yield made
    made.repair()


def test_the_operator_behind_a_dead_conversion_webhook_can_be_repaired(cluster, namespace, converted):
    repaired = deployment(namespace, "operator", env={"FIXED": "1"})
    wanted = one_set("s", namespace, repaired, converted.object, config_map(namespace))
    checked = cluster.run(wanted, check=True).ok()
    assert checked.planned == {
        identity(repaired): "update",
        identity(converted.object): "blocked",
        identity(config_map(namespace)): "create",
    }
    reason = checked.change(identity(converted.object))["reason"]
    assert "its kind cannot be read now" in reason and "conversion webhook for" in reason and "converter" in reason
    refused = cluster.run(wanted)
    assert identity(converted.object) in refused.message and "everything else is done" in refused.message
    assert refused.written == {identity(repaired), identity(config_map(namespace))}
    done = cluster.run(wanted, wait=False).ok()
    assert (done.written, any("converter" in warning for warning in done.result["warnings"])) == (set(), True)


def test_nothing_of_a_kind_that_cannot_be_read_is_called_gone(cluster, namespace, converted):
    wanted = one_set("s", namespace, converted.operator, config_map(namespace))
    done = cluster.run(wanted, prune=DELETE, wait=False).ok()
    assert done.written == {identity(config_map(namespace))}
    assert any("Gadget" in warning and "nothing of it is called gone" in warning for warning in done.result["warnings"])
    converted.repair()
    assert cluster.find(converted.object) is not None
    later = cluster.run(wanted, prune=DELETE, wait=False).ok()
    assert later.planned == {identity(converted.object): "delete"}


def test_a_new_object_of_a_kind_that_cannot_be_read_is_left(cluster, namespace, converted):
    new = gadget(converted.group, namespace, "second")
    new["apiVersion"] = f"{converted.group}/v2"
    done = cluster.run(one_set("other", namespace, new, config_map(namespace)), known_sets=["s"], wait=False).ok()
    assert done.planned[identity(config_map(namespace))] == "create"


@pytest.fixture
def faulty(cluster):
    server = FaultyServer(cluster.endpoint)
    yield server
    server.close()


@pytest.mark.parametrize(
    "fault", [Fault(status=503), Fault(status=500), Fault(status=410), Fault(cut="before")], ids=["503", "500", "410", "cut"]
)
def test_a_list_of_one_kind_that_fails_leaves_that_kind(cluster, namespace, faulty, fault):
    kept, other = service(namespace), config_map(namespace)
    cluster.run(one_set("s", namespace, kept, other)).ok()
    faulty.rule = lambda method, path: fault if method == "GET" and path.startswith("/api/v1/services?") else None
    wanted = one_set("s", namespace, kept, config_map(namespace, colour="blue"))
    done = cluster.run(wanted, through=faulty, retry=BRIEFLY, wait=False, prune=DELETE).ok()
    assert done.planned == {identity(kept): "blocked", identity(other): "update"}
    assert done.written == {identity(other)}
    assert faulty.done
    faulty.rule = lambda method, path: None
    assert cluster.run(wanted).ok().tried == []


def test_a_server_that_gives_out_nothing_is_no_kind_that_cannot_be_read(cluster, namespace, faulty):
    cluster.run(one_set("s", namespace, config_map(namespace))).ok()
    faulty.rule = lambda method, path: Fault(cut="before") if method == "GET" and "configmaps" in path else None
    refused = cluster.run(one_set("s", namespace, config_map(namespace)), through=faulty, retry=BRIEFLY)
    assert "failed 2 times" in refused.message
    assert refused.tried == []


def test_a_group_whose_server_does_not_answer_is_left_and_the_rest_goes_on(cluster, namespace):
    group = unused_group()
    api_service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{group}"},
        "spec": {
            "group": group,
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"name": "nobody", "namespace": namespace},
        },
    }
    cluster.admin.create("/apis/apiregistration.k8s.io/v1/apiservices", api_service, "tests")
    try:
        thing = gadget(group, namespace)
        wanted = one_set("s", namespace, thing, config_map(namespace))
        until(lambda: cluster.run(wanted, check=True).error is None, "discovery to know of the group")
        checked = cluster.run(wanted, check=True).ok()
        assert checked.planned == {identity(thing): "blocked", identity(config_map(namespace)): "create"}
        assert f"the server behind {group} does not answer" in checked.change(identity(thing))["reason"]
        refused = cluster.run(wanted, prune=DELETE)
        assert identity(thing) in refused.message
        assert refused.written == {identity(config_map(namespace))}
    finally:
        cluster.delete(api_service)
