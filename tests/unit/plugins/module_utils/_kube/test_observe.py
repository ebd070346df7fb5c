# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deployer before namespaces that it has not entered yet: their Secrets are shut."""

from __future__ import annotations

import http.client

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Response
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.observed import Observed, observe
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.record import PART_OF, new_record
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.wanted import SetInput, resolve
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.discovery import Discovery
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.errors import ApiError

KINDS = {
    kind.kind: kind
    for kind in (
        Kind("", "v1", "Namespace", "namespaces", False),
        Kind("", "v1", "Secret", "secrets", True),
        Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", True),
    )
}
RECORD = new_record("s", "n", "us")


class Server:
    """As much of a client as observation uses; ``live`` by (kind, namespace, name), ``shut`` to Secrets by namespace."""

    threads = 1

    def __init__(self, *live, shut=()):
        self.live = {("Namespace", None, "kube-system"), *live}
        self.shut = set(shut)

    def _refuse(self, kind, namespace):
        if kind.kind == "Secret" and namespace in self.shut:
            body = b'{"kind": "Status", "message": "secrets is forbidden", "reason": "Forbidden"}'
            headers = http.client.HTTPMessage()
            headers["Content-Type"] = "application/json"
            raise ApiError(Response(403, headers, body), f"GET {namespace}")

    def _item(self, kind, namespace, name):
        labels = {} if name == "kube-system" else {PART_OF: RECORD.id}
        return {"metadata": {"name": name, "namespace": namespace, "uid": f"{kind}-{name}", "labels": labels}}

    def list_objects(self, kind, namespace=None, selector="", metadata_only=True, fields=""):
        self._refuse(kind, namespace)
        return [self._item(*key) for key in sorted(self.live, key=str) if key[0] == kind.kind and namespace in (None, key[1])], "1"

    def find(self, path, metadata_only=False):
        for kind in KINDS.values():
            for of, namespace, name in self.live:
                if of == kind.kind and kind.path(namespace, name) == path:
                    return self._item(of, namespace, name)
        return None


class Served(Discovery):
    def __init__(self):
        self.stale = set()

    def find(self, api_version, kind):
        return KINDS.get(kind)

    def preferred(self, group, kind):
        return KINDS.get(kind)


def metadata(name, namespace=None):
    return {"name": name} | ({"namespace": namespace} if namespace else {})


NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata("mind")}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata("key", "mind"), "data": {"K": {"reference": "env:K"}}}
BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": metadata("gantry-deployer", "mind"),
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "r"},
}


def seen(server, *documents):
    """Ids of what was found."""
    discovery = Served()
    wanted = resolve([SetInput("s", "n", [(document, "here") for document in documents])], discovery, "default")
    observed = Observed(records={"s": RECORD})
    observe(server, discovery, wanted, observed, [RECORD])
    return {ref.id for ref in observed.metadata}


def test_a_namespace_that_this_run_makes_holds_no_secrets():
    assert seen(Server(shut=["mind"]), NAMESPACE, SECRET, BINDING) == set()


def test_a_run_that_died_on_the_threshold_can_go_on():
    assert seen(Server(("Namespace", None, "mind"), shut=["mind"]), NAMESPACE, SECRET, BINDING) == {"Namespace/-/mind"}


def test_a_refusal_inside_is_a_refusal():
    inside = [("Namespace", None, "mind"), ("RoleBinding", "mind", "gantry-deployer")]
    with pytest.raises(ApiError, match="secrets is forbidden"):
        seen(Server(*inside, shut=["mind"]), NAMESPACE, SECRET, BINDING)


def test_a_namespace_that_nobody_enters_stays_shut():
    with pytest.raises(ApiError, match="secrets is forbidden"):
        seen(Server(("Namespace", None, "mind"), shut=["mind"]), NAMESPACE, SECRET)


def test_what_is_open_is_read():
    live = [("Namespace", None, "mind"), ("RoleBinding", "mind", "gantry-deployer"), ("Secret", "mind", "key")]
    assert seen(Server(*live), NAMESPACE, SECRET, BINDING) == {
        "Namespace/-/mind",
        "Secret/mind/key",
        "RoleBinding.rbac.authorization.k8s.io/mind/gantry-deployer",
    }
