# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documents for the tests of what only an administrator may apply."""

from __future__ import annotations

RBAC = "rbac.authorization.k8s.io"


def content(*documents, name="s", of="", expectations=()):
    return {
        "set": name,
        "namespace": "gantry-system",
        "role": of,
        "documents": list(documents),
        "expectations": list(expectations),
    }


def namespace(name="n", level="restricted"):
    labels = {"pod-security.kubernetes.io/enforce": level} if level else {}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def entry(name="n"):
    return binding("RoleBinding", "gantry-deployer", "ClusterRole", "gantry-deployer-namespace", [], namespace_=name)


def role(rules, name="r", namespace_="n"):
    return {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": {"name": name, "namespace": namespace_}, "rules": rules}


def cluster_role(name, rules, **more):
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules, **more}


def binding(kind, name, role_kind, role_name, subjects=(), namespace_="n"):
    metadata = {"name": name} if kind == "ClusterRoleBinding" else {"name": name, "namespace": namespace_}
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": role_kind, "name": role_name},
        "subjects": list(subjects),
    }


def account(name, namespace_="n"):
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace_}


def deployment(runs_as="", namespace_="n", name="d"):
    pod = {"containers": [], **({"serviceAccountName": runs_as} if runs_as else {})}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace_},
        "spec": {"template": {"spec": pod}},
    }


def allowed(rules, group, resource, verb, name=""):
    """Whether these rules of a role let it do that."""
    return any(
        group in rule.get("apiGroups", ())
        and resource in rule.get("resources", ())
        and verb in rule["verbs"]
        and (not rule.get("resourceNames") or name in rule["resourceNames"])
        for rule in rules
    )
