# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The least rights with which a deployer can apply given sets, as RBAC rules.

Server-side apply needs get, create and patch; a create by apply honours resourceNames, so what is cluster-scoped is granted by
name. Whoever writes a role must hold every right in it, so the rights in declared roles are the deployer's too. Rights by which one
becomes more than one is (wildcards, bind, escalate, impersonate, a binding to cluster-admin) are withheld all the same: the server
then refuses the deployer that object, and an administrator applies it. Deleting what is cluster-scoped is left to one as well.
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
_COME_AND_GO = (("autoscaling", "horizontalpodautoscalers"), ("policy", "poddisruptionbudgets"))
"""Kinds that the same roles declare for one inventory and not for the next: the last of them must be found and removed as well."""
_GROWING = {"bind", "escalate", "impersonate"}
_UNUSUAL_PLURALS = {"Endpoints": "endpoints"}
Rule = dict[str, list[str]]


def grants(contents: Sequence[Mapping[str, Any]], entry_role: str, entry_binding: str) -> dict[str, list[Any]]:
    """What the deployer needs for these set files.

    Gives ``cluster`` (rules of a ClusterRole bound for the cluster), ``namespace`` (rules of ``entry_role``, bound in each namespace
    by ``entry_binding``), ``namespaces`` (those that the sets declare) and ``withheld`` (a sentence for each object that the deployer
    must not be able to write).
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
    namespaced: set[tuple[str, str]] = {("", "secrets"), ("", "configmaps"), ("coordination.k8s.io", "leases"), *_COME_AND_GO}
    read: set[tuple[str, str]] = {("", "namespaces"), ("", "events"), ("", "resourcequotas"), ("storage.k8s.io", "storageclasses")}
    cluster: list[Rule] = []
    namespace: list[Rule] = []
    too_much: set[tuple[str, str]] = set()
    withheld: list[str] = []
    for item in items:
        resource = (item.ref.group, _plural(item.ref.group, item.ref.kind, plurals))
        if item.ref.kind in cluster_kinds:
            names.setdefault(resource, set()).add(item.ref.name)
        elif not (item.ref.kind == "RoleBinding" and item.ref.name == entry_binding):
            namespaced.add(resource)
        if item.ref.group == _RBAC and item.ref.kind in ("Role", "ClusterRole"):
            rules = [{key: list(value) for key, value in rule.items()} for rule in item.body.get("rules") or []]
            (namespace if item.ref.kind == "Role" else cluster).extend(rule for rule in rules if not _grows(rule))
            if any(map(_grows, rules)) or item.body.get("aggregationRule"):
                too_much.add((item.ref.kind, item.ref.name))
                withheld.append(f"{item.ref.id} of {item.source} has wildcards, gathers roles, or binds, escalates or impersonates")
    for item in items:
        if item.ref.group == _RBAC and item.ref.kind == "ClusterRoleBinding":
            role = item.body["roleRef"]["name"]
            if role == "cluster-admin":
                withheld.append(f"{item.ref.id} of {item.source} gives the rights of cluster-admin")
            elif ("ClusterRole", role) not in too_much:
                cluster.append(_rule(_RBAC, ["clusterroles"], ["bind"], [role]))
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
    return {"cluster": _unique(cluster), "namespace": _unique(namespace), "namespaces": declared, "withheld": withheld}


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


def _grows(rule: Rule) -> bool:
    """True where the holder of this right could come to hold others."""
    return any("*" in words for words in rule.values()) or not _GROWING.isdisjoint(rule.get("verbs") or ())


def _unique(rules: Iterable[Rule]) -> list[Rule]:
    found: list[Rule] = []
    for rule in rules:
        if rule not in found:
            found.append(rule)
    return found
