# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ServiceAccounts of a real cluster, and how a real Vault learns to know them."""

from __future__ import annotations


def account(cluster, namespace, name):
    """Make a ServiceAccount."""
    document = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
    cluster.admin.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", document, "tests")


def token_of(cluster, namespace, name, audience):
    """A token of a ServiceAccount; without an audience for the apiserver itself."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    spec = {"expirationSeconds": 3600, **({"audiences": [audience]} if audience else {})}
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    return cluster.admin.create(path, request, "tests")["status"]["token"]


def reviewer(cluster, namespace):
    """Make a ServiceAccount that may ask the apiserver whose a token is; its own token."""
    account(cluster, namespace, "reviewer")
    cluster.admin.create(
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{namespace}-reviewer"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
            "subjects": [{"kind": "ServiceAccount", "name": "reviewer", "namespace": namespace}],
        },
        "tests",
    )
    cluster.wait_for_right(f"system:serviceaccount:{namespace}:reviewer", "create", "tokenreviews", group="authentication.k8s.io")
    return token_of(cluster, namespace, "reviewer", "")
