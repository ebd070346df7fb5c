# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The least rights with which a deployer can apply given sets, as RBAC rules.

Beyond its namespaces it only reads, and no Secret. In them it has get, create, patch and delete on the kinds that are declared there
(server-side apply needs the first three), and the rights in the roles that it writes: whoever writes a role must hold every right in
it. What only an administrator may apply (``administration``) it may read, so that a plan can compare it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..form.builtin import RBAC
from ..form.kinds import split_version
from ..wire.lease import NAME as LEASE_NAME
from .administration import Administration, separate

_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "get", "list", "patch", "watch")
_COME_AND_GO = (("autoscaling", "horizontalpodautoscalers"), ("policy", "poddisruptionbudgets"))
"""Kinds that the same roles declare for one inventory and not for the next: the last of them must be found and removed as well."""
_UNUSUAL_PLURALS = {"Endpoints": "endpoints"}
Rule = dict[str, list[str]]


def grants(contents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the deployer needs for these set files; where they were separated already, as it was found then.

    Gives ``cluster`` (rules of a ClusterRole bound for the cluster), ``namespace`` (rules of the ClusterRole bound in each namespace),
    ``namespaces`` (those that it is let into) and ``accounts`` (``namespace/name`` of ServiceAccounts in them that may more than it).
    """
    for content in contents:
        if "grants" in content:
            return dict(content["grants"])
    return granted(contents, Administration(contents))


def separated(contents: Sequence[Mapping[str, Any]], entered: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The sets without what only an administrator may apply, then the set that gathers it, with what the deployer needs for the rest."""
    judged = Administration(contents, entered)
    *left, gathered = separate(contents, judged)
    return [*left, {**gathered, "grants": granted(contents, judged)}]


def granted(contents: Sequence[Mapping[str, Any]], judged: Administration) -> dict[str, Any]:
    """The grants for sets that were judged."""
    plurals = {
        (item.body["spec"]["group"], item.body["spec"]["names"]["kind"]): item.body["spec"]["names"]["plural"]
        for item in judged.items
        if item.ref.kind == "CustomResourceDefinition"
    }
    namespaced: set[tuple[str, str]] = {("", "secrets"), ("", "configmaps"), ("coordination.k8s.io", "leases"), *_COME_AND_GO}
    read: set[tuple[str, str]] = {("", "namespaces"), ("", "events"), ("", "resourcequotas"), ("storage.k8s.io", "storageclasses")}
    read |= {(RBAC, "clusterroles"), (RBAC, "clusterrolebindings"), (RBAC, "rolebindings")}
    read.add(("", "pods"))  # what a wall or a quota disturbs is known by the pods that run
    read |= {("admissionregistration.k8s.io", name) for name in ("validatingadmissionpolicies", "validatingadmissionpolicybindings")}
    namespace: list[Rule] = []
    for item in judged.items:
        resource = (item.ref.group, _plural(item.ref.group, item.ref.kind, plurals))
        read.add(resource)
        if item.ref in judged.reasons:
            continue
        namespaced.add(resource)
        if item.ref.group == RBAC and item.ref.kind == "Role":
            namespace.extend({key: list(value) for key, value in rule.items()} for rule in item.body.get("rules") or [])
    for content in contents:
        for expectation in content.get("expectations") or []:
            group, _version = split_version(str(expectation.get("api_version") or ""))
            read.add((group, _plural(group, str(expectation.get("kind") or ""), plurals)))
    read |= namespaced
    read -= {("", "secrets")}
    cluster = [_rule(group, sorted(resource for of, resource in read if of == group), _READ) for group in sorted({row[0] for row in read})]
    for group in sorted({group for group, _resource in namespaced}):
        namespace.append(_rule(group, sorted(resource for of, resource in namespaced if of == group), _WRITE))
    namespace.append(_rule("coordination.k8s.io", ["leases"], ["update"], [LEASE_NAME]))
    return {
        "cluster": _unique(cluster),
        "namespace": _unique(namespace),
        "namespaces": sorted(judged.entered),
        "accounts": sorted(judged.accounts),
    }


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


def _unique(rules: Iterable[Rule]) -> list[Rule]:
    found: list[Rule] = []
    for rule in rules:
        if rule not in found:
            found.append(rule)
    return found
