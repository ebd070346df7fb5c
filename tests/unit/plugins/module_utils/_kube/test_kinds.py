# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind, Ref, split_version


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        (Ref("apps", "Deployment", "cortex", "engine"), "Deployment.apps/cortex/engine"),
        (Ref("", "Namespace", "", "cortex"), "Namespace/-/cortex"),
        (Ref("rbac.authorization.k8s.io", "ClusterRole", "", "system:x"), "ClusterRole.rbac.authorization.k8s.io/-/system:x"),
    ],
)
def test_an_id_says_who_it_is_and_is_read_again(ref, text):
    assert ref.id == text
    assert Ref.parse(text) == ref


@pytest.mark.parametrize("text", ["", "Pod", "Pod/n"])
def test_half_an_id_is_none(text):
    with pytest.raises(ValueError):
        Ref.parse(text)


def test_the_version_is_no_part_of_an_identity():
    metadata = {"name": "x", "namespace": None}
    one, other = ({"apiVersion": version, "kind": "Thing", "metadata": metadata} for version in ("example.org/v1", "example.org/v2"))
    assert Ref.of(one) == Ref.of(other) == Ref("example.org", "Thing", "", "x")


@pytest.mark.parametrize(
    ("kind", "namespace", "name", "path"),
    [
        (Kind("", "v1", "Pod", "pods", True), "n", "a", "/api/v1/namespaces/n/pods/a"),
        (Kind("apps", "v1", "Deployment", "deployments", True), None, None, "/apis/apps/v1/deployments"),
        (Kind("", "v1", "Namespace", "namespaces", False), "ignored", "a", "/api/v1/namespaces/a"),
        (
            Kind("rbac.authorization.k8s.io", "v1", "Role", "roles", True),
            "n",
            "a:b",
            "/apis/rbac.authorization.k8s.io/v1/namespaces/n/roles/a:b",
        ),
        (Kind("", "v1", "Pod", "pods", True), "../x", "a/b?c", "/api/v1/namespaces/..%2Fx/pods/a%2Fb%3Fc"),
    ],
)
def test_a_path_holds_names_and_nothing_else(kind, namespace, name, path):
    assert kind.path(namespace, name) == path


@pytest.mark.parametrize(("text", "parts"), [("v1", ("", "v1")), ("apps/v1", ("apps", "v1")), ("", ("", ""))])
def test_a_version_without_a_group_is_of_the_core(text, parts):
    assert split_version(text) == parts
