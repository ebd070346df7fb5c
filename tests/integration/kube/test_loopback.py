# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is applied to a sandbox, its apiserver speaks to loopback only: to what stands there for a Service, or to nothing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Retry
from ansible_collections.gantry.platform.tests.integration.kube.hooks import serving
from ansible_collections.gantry.platform.tests.kit.waiting import until

REFUSED = "the sandbox does not leave loopback"
OUTSIDE = "192.0.2.1"
"""TEST-NET-1 of RFC 5737: nobody has it."""


@pytest.fixture
def hook(cluster, namespace):
    """A webhook of the tests' own on loopback, with a Service of its name that has no pods."""
    with serving(cluster, namespace) as server:
        create(cluster, "v1", "Service", namespace, server.name, {"spec": {"ports": [{"port": 443}]}})
        yield server


@pytest.fixture
def stands(cluster, namespace, hook):
    """Say that the hook stands for its Service."""
    folder = cluster.root / "services"
    folder.mkdir(exist_ok=True)
    file = folder / f"{hook.name}.json"
    file.write_text(json.dumps({f"{namespace}/{hook.name}": hook.server_address[1]}))
    yield
    file.unlink()


def create(cluster, version, kind, namespace, name, rest):
    """Create an object; its path."""
    path = cluster.path({"apiVersion": version, "kind": kind, "metadata": {"namespace": namespace, "name": name}})
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    cluster.admin.create(path.rpartition("/")[0], {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}, "tests")
    return path


def request(cluster, method, path, body=None):
    """One request as admin, not repeated: (status, text)."""
    client = cluster.client("tests-loopback", Retry(attempts=1))
    answer = client.pool.request(
        method, path, json.dumps(body).encode() if body is not None else None, {"Content-Type": "application/json"}
    )
    client.close()
    return answer.status, answer.body.decode()


@pytest.fixture
def guarded(cluster, namespace):
    """Put a webhook before the namespace's ConfigMaps, called as ``client`` says; create one, and give the answer."""
    made = []

    def create_behind(client):
        labels = {"kubernetes.io/metadata.name": namespace}
        webhook = {
            "name": "configmaps.tests.gantry.dev",
            "clientConfig": client,
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
            "namespaceSelector": {"matchLabels": labels},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "timeoutSeconds": 30,
        }
        kind = "ValidatingWebhookConfiguration"
        made.append(create(cluster, "admissionregistration.k8s.io/v1", kind, "", namespace, {"webhooks": [webhook]}))

        def tried():
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "c-"}}
            status, text = request(cluster, "POST", f"/api/v1/namespaces/{namespace}/configmaps", body)
            return text if status >= 400 else ""

        return until(tried, "the webhook to be asked")

    yield create_behind
    for path in made:
        request(cluster, "DELETE", path)


def test_a_webhook_behind_a_service_is_what_stands_for_it_on_loopback(guarded, namespace, hook, stands):
    answer = guarded({"service": {"namespace": namespace, "name": hook.name, "path": "/validate"}, "caBundle": hook.authority})
    assert "the hook on loopback says no" in answer
    assert "/validate" in hook.asked


def test_a_webhook_on_loopback_is_called_by_its_address(guarded, hook):
    url = f"https://127.0.0.1:{hook.server_address[1]}/by-address"
    assert "the hook on loopback says no" in guarded({"url": url, "caBundle": hook.authority})


def test_a_service_for_which_nothing_stands_is_called_by_nobody(guarded, namespace, hook):
    answer = guarded({"service": {"namespace": namespace, "name": hook.name}, "caBundle": hook.authority})
    assert REFUSED in answer
    assert f"nothing stands for the Service {namespace}/{hook.name}" in answer
    assert hook.asked == []


@pytest.mark.parametrize("host", [OUTSIDE, "[2001:db8::1]", "hook.example", "localhost.example"])
def test_a_webhook_elsewhere_is_not_called_and_its_name_not_looked_up(guarded, host):
    assert REFUSED in guarded({"url": f"https://{host}/validate"})


def test_a_service_that_is_another_name_is_not_followed(cluster, guarded, namespace):
    create(cluster, "v1", "Service", namespace, "outside", {"spec": {"type": "ExternalName", "externalName": "hook.example"}})
    assert REFUSED in guarded({"service": {"namespace": namespace, "name": "outside"}})


def test_nodes_pods_and_services_are_not_called(cluster, namespace):
    pod = {"metadata": {"name": "p", "labels": {"app": "p"}}, "spec": {"containers": [{"name": "c", "image": "registry.example/c:1"}]}}
    path = f"/api/v1/namespaces/{namespace}/pods/p"
    until(lambda: cluster.find(f"ServiceAccount/{namespace}/default"), "the namespace to take pods")
    cluster.admin.create(path.rpartition("/")[0], {"apiVersion": "v1", "kind": "Pod", **pod}, "tests")
    create(cluster, "v1", "Service", namespace, "web", {"spec": {"selector": {"app": "p"}, "ports": [{"port": 443}]}})
    until(lambda: cluster.admin.get(path).get("status", {}).get("podIP"), "the pod to have an address")
    node = cluster.admin.get(path)["spec"]["nodeName"]

    def refused(target):
        status, text = request(cluster, "GET", target)
        return status >= 500 and REFUSED in text

    service = f"/api/v1/namespaces/{namespace}/services/https:web:443/proxy/"  # which has the pod behind it in a moment
    targets = [f"/api/v1/nodes/{node}/proxy/", f"{path}/proxy/", f"{path}/log", service]
    # The apiserver tries each for half a minute before it says so.
    with ThreadPoolExecutor(len(targets)) as threads:
        assert all(threads.map(lambda target: until(lambda: refused(target), f"{target} to be refused"), targets))


def test_an_aggregated_api_is_what_stands_for_its_service(cluster, namespace, hook, stands):
    group = f"{hook.name}.tests.gantry.dev"
    spec = {
        "service": {"namespace": namespace, "name": hook.name},
        "group": group,
        "version": "v1",
        "groupPriorityMinimum": 10,
        "versionPriority": 10,
        "insecureSkipTLSVerify": True,
    }
    endpoints = {"addressType": "IPv4", "ports": [{"port": 443, "name": ""}], "endpoints": [{"addresses": [OUTSIDE]}]}
    labels = {"kubernetes.io/service-name": hook.name}
    slices = cluster.path({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"namespace": namespace, "name": "s"}})
    document = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "s", "labels": labels}, **endpoints}
    cluster.admin.create(slices.rpartition("/")[0], document, "tests")
    path = create(cluster, "apiregistration.k8s.io/v1", "APIService", "", f"v1.{group}", {"spec": spec})
    try:
        assert until(lambda: f"/apis/{group}/v1" in hook.asked, "the aggregator to ask the hook")
    finally:
        request(cluster, "DELETE", path)


def test_a_converter_is_what_stands_for_its_service(cluster, namespace, hook):
    group = f"{hook.name}.tests.gantry.dev"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{"name": name, "served": True, "storage": name == "v1", "schema": schema} for name in ("v1", "v2")]
    client = {"service": {"namespace": namespace, "name": hook.name}, "caBundle": hook.authority}
    conversion = {"strategy": "Webhook", "webhook": {"clientConfig": client, "conversionReviewVersions": ["v1"]}}
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    spec = {"group": group, "names": names, "scope": "Namespaced", "versions": versions, "conversion": conversion}
    path = create(cluster, "apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"things.{group}", {"spec": spec})
    things = f"/apis/{group}/{{}}/namespaces/{namespace}/things"
    try:
        body = {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "t"}}
        until(lambda: request(cluster, "POST", things.format("v1"), body)[0] == 201, "the definition to be served")
        until(lambda: REFUSED in request(cluster, "GET", f"{things.format('v2')}/t")[1], "the converter to be refused")
        assert hook.asked == []
    finally:
        request(cluster, "DELETE", path)
