# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Rights by which their holder can come to others: after the page of Kubernetes on good practices of RBAC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

READ = frozenset({"get", "list", "watch"})
HARMLESS_ROLES = {
    "system:auth-delegator",  # asks who somebody is and what he may, and changes nothing
    "extension-apiserver-authentication-reader",  # reads which authority the server trusts
    "system:basic-user",
    "system:discovery",
    "system:public-info-viewer",
    "view",
}
"""Kubernetes' own roles that lead nowhere."""

_VERBS = {
    "bind": "it binds roles that it does not hold",
    "escalate": "it writes roles beyond its own",
    "impersonate": "it acts as somebody else",
    "approve": "it approves certificates",
    "sign": "it signs certificates",
    "attest": "it attests identities",
}
_ANY_VERB = {
    "nodes/proxy": "it speaks to kubelets, past admission and audit",
    "pods/exec": "it runs commands in the pods of others",
    "pods/attach": "it runs commands in the pods of others",
    "pods/portforward": "it reaches the inside of the pods of others",
    "pods/proxy": "it reaches the inside of the pods of others",
    "services/proxy": "it reaches services past their network policies",
}
"""Even get: these open by a GET with a connection that is kept."""
_WRITTEN = {
    "serviceaccounts/token": "it makes tokens of accounts",
    "pods/ephemeralcontainers": "it puts containers into the pods of others",
    "certificatesigningrequests": "it asks for identities",
    "certificatesigningrequests/approval": "it approves certificates",
    "certificatesigningrequests/status": "it issues certificates",
    "signers": "it signs certificates",
    "nodes": "it changes nodes",
    "nodes/status": "it changes nodes",
    "persistentvolumes": "it makes volumes of a node's folders",
    "mutatingwebhookconfigurations": "it sees and changes what others write",
    "validatingwebhookconfigurations": "it sees and refuses what others write",
    "validatingadmissionpolicies": "it changes policies",
    "validatingadmissionpolicybindings": "it changes policies",
    "mutatingadmissionpolicies": "it changes what others write",
    "mutatingadmissionpolicybindings": "it changes what others write",
    "customresourcedefinitions": "it changes the API",
    "apiservices": "it sends a part of the API to somebody else",
    "namespaces": "it changes the labels by which policies go",
    "namespaces/finalize": "it changes namespaces",
    "clusterroles": "it writes roles for every namespace",
    "clusterrolebindings": "it gives rights in every namespace",
}
_HARMLESS_WRITES = {
    "tokenreviews",
    "subjectaccessreviews",
    "localsubjectaccessreviews",
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "selfsubjectreviews",
    "events",
}


def too_much(rule: Mapping[str, Any], beyond: bool) -> str:
    """Why the deployer must neither hold nor hand on this rule, or nothing.

    ``beyond``: it holds in every namespace, or in one that the deployer does not enter. Then Secrets are not read and nothing is written.
    """
    verbs = set(rule.get("verbs") or ())
    resources = [str(name) for name in rule.get("resources") or ()]
    if "*" in {*verbs, *resources, *(rule.get("apiGroups") or ()), *(rule.get("nonResourceURLs") or ())}:
        return "it has wildcards"
    for verb in sorted(verbs):
        word = _VERBS.get(verb.partition("-")[0]) or _VERBS.get(verb.partition(":")[0])
        if word:
            return word
    writes = verbs - READ
    for name in resources:
        found = _ANY_VERB.get(name) or (_WRITTEN.get(name) if writes else None)
        if not found and name.startswith("*/"):
            found = "it has wildcards"
        if not found and beyond and name.partition("/")[0] == "secrets":
            found = "it reads or writes Secrets beyond the deployer's namespaces"
        if not found and beyond and writes and name not in _HARMLESS_WRITES:
            found = f"it writes {name} beyond the deployer's namespaces"
        if found:
            return found
    return ""
