# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The least rights with which a deployer can apply given sets, as RBAC rules.

Server-side apply needs get, create and patch; a create by apply honours resourceNames, so what is cluster-scoped is granted by
name. Whoever writes a role must hold every right in it. Deleting what is cluster-scoped is left to an administrator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .documents import normalise
from .kinds import split_version
from .lease import NAME as LEASE_NAME
from .setfile import CLUSTER_SCOPED, documents_of

_RBAC = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "get", "list", "patch", "watch")
_BY_NAME = ("create", "get", "patch")
_UNUSUAL_PLURALS = {"Endpoints": "endpoints"}
Rule = dict[str, list[str]]


def grants(contents: Sequence[Mapping[str, Any]], entry_role: str, entry_binding: str) -> dict[str, list[Any]]:
    """What the deployer needs for these set files.

    Gives ``cluster`` (rules of a ClusterRole bound for the cluster), ``namespace`` (rules of ``entry_role``, bound in each namespace
    by ``entry_binding``) and ``namespaces`` (those that the sets declare).
    """
    items = [normalise(document, source, content["set"])[0] for content in contents for document, source in documents_of(content)]
    plurals = {
        (item.body["spec"]["group"], item.body["spec"]["names"]["kind"]): item.body["spec"]["names"]["plural"]
        for item in items
        if item.ref.kind == "CustomResourceDefinition"
    }
    cluster_kinds = CLUSTER_SCOPED | {
        item.body["spec"]["names"]["kind"]
        for item in items
        if item.ref.kind == "CustomResourceDefinition" and item.body["spec"].get("scope") == "Cluster"
    }
    names: dict[tuple[str, str], set[str]] = {}
    namespaced: set[tuple[str, str]] = {("", "secrets"), ("", "configmaps"), ("coordination.k8s.io", "leases")}
    read: set[tuple[str, str]] = {("", "namespaces"), ("", "events"), ("", "resourcequotas"), ("storage.k8s.io", "storageclasses")}
    cluster: list[Rule] = []
    namespace: list[Rule] = []
    for item in items:
        resource = (item.ref.group, _plural(item.ref.group, item.ref.kind, plurals))
        if item.ref.kind in cluster_kinds:
            names.setdefault(resource, set()).add(item.ref.name)
        elif not (item.ref.kind == "RoleBinding" and item.ref.name == entry_binding):
            namespaced.add(resource)
        if item.ref.group == _RBAC and item.ref.kind == "Role":
            namespace += _plain(item.body.get("rules") or [])
        elif item.ref.group == _RBAC and item.ref.kind == "ClusterRole":
            cluster += _plain(item.body.get("rules") or [])
        elif item.ref.group == _RBAC and item.ref.kind == "ClusterRoleBinding":
            cluster.append(_rule(_RBAC, ["clusterroles"], ["bind"], [item.body["roleRef"]["name"]]))
    for content in contents:
        for expectation in content.get("expectations") or []:
            group, _version = split_version(str(expectation.get("api_version") or ""))
            read.add((group, _plural(group, str(expectation.get("kind") or ""), plurals)))
    read |= set(names) | namespaced | {(_RBAC, "rolebindings")}
    read -= {("", "secrets")}
    for group in sorted({group for group, _resource in read}):
        cluster.append(_rule(group, sorted(resource for of, resource in read if of == group), _READ))
    for (group, plural), granted in sorted(names.items()):
        cluster.append(_rule(group, [plural], _BY_NAME, sorted(granted)))
    cluster.append(_rule(_RBAC, ["rolebindings"], _BY_NAME, [entry_binding]))
    cluster.append(_rule(_RBAC, ["clusterroles"], ["bind"], [entry_role]))
    for group in sorted({group for group, _resource in namespaced}):
        namespace.append(_rule(group, sorted(resource for of, resource in namespaced if of == group), _WRITE))
    namespace.append(_rule("coordination.k8s.io", ["leases"], ["update"], [LEASE_NAME]))
    declared = sorted(item.ref.name for item in items if item.ref.group_kind == "Namespace")
    return {"cluster": _unique(cluster), "namespace": _unique(namespace), "namespaces": declared}


def _plural(group: str, kind: str, known: Mapping[tuple[str, str], str]) -> str:
    """The resource of a kind: as its definition says, for Kubernetes' own kinds by the rule that they all follow."""
    found = known.get((group, kind)) or _UNUSUAL_PLURALS.get(kind)
    if found:
        return found
    word = kind.lower()
    if word.endswith("y") and not word.endswith("ay"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith("s") else "s")


def _rule(group: str, resources: Iterable[str], verbs: Iterable[str], names: Iterable[str] = ()) -> Rule:
    rule = {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
    return rule | {"resourceNames": list(names)} if names else rule


def _plain(rules: Iterable[Mapping[str, Any]]) -> list[Rule]:
    return [{key: list(value) for key, value in rule.items()} for rule in rules]


def _unique(rules: Iterable[Rule]) -> list[Rule]:
    found: list[Rule] = []
    for rule in rules:
        if rule not in found:
            found.append(rule)
    return found
