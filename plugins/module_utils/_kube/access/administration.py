# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What of the declared documents only an administrator may apply, and why.

The deployer writes in the namespaces that it is let into, and nowhere else. Whatever holds beyond them (cluster-scoped objects), opens
a way beyond them (roles that grow, tokens of accounts, what runs as a mighty account) or lies outside of them is an administrator's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.canonical import digest
from ..._core.errors import InputError
from ..._core.pod_security import ENFORCE
from ..declare.store import documents_of
from ..form.builtin import CLUSTER_SCOPED, RBAC, SERVERS_OWN
from ..form.documents import Desired, normalise
from ..form.kinds import Ref
from .too_much import HARMLESS_ROLES, too_much

ENTRY = "gantry-deployer"
"""Name of the RoleBinding that lets the deployer into a namespace."""
ADMINISTRATION = "administration"
"""Name of the set that gathers what an administrator applies."""
_BOUNDED = ("baseline", "restricted")
_EVERY_ACCOUNT = "*"
_EVERYBODY = {"system:masters", "system:authenticated", "system:unauthenticated", "system:serviceaccounts"}
_TOKENS = ("kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token")
_WORDS = {
    "Namespace": "its labels decide which policies hold in it",
    "ClusterRole": "a cluster role gives rights in every namespace",
    "ClusterRoleBinding": "it gives rights in every namespace",
    "CustomResourceDefinition": "a definition holds for every namespace, and its removal takes every object of it away",
    "PersistentVolume": "a volume may be a folder of a node",
    "CertificateSigningRequest": "a certificate may be anybody's identity",
    "APIService": "it sends a part of the API to somebody else",
    "MutatingWebhookConfiguration": "a webhook sees, and may change, what others write",
    "ValidatingWebhookConfiguration": "a webhook sees, and may refuse, what others write",
    "ValidatingAdmissionPolicy": "policies bind the deployer as well",
    "ValidatingAdmissionPolicyBinding": "policies bind the deployer as well",
    "MutatingAdmissionPolicy": "policies bind the deployer as well",
    "MutatingAdmissionPolicyBinding": "policies bind the deployer as well",
}
_CLUSTER_WIDE = "it is cluster-scoped and holds beyond the deployer's namespaces"
_WORKLOADS = {
    **{
        kind: ("spec", "template", "spec")
        for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job")
    },
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Pod": ("spec",),
}


class Administration:
    """Every declared document judged. ``reasons`` has those of an administrator by identity, each with why.

    ``entered`` are the namespaces that the deployer is let into, those that sets outside of ``contents`` let it into given;
    ``accounts`` those ServiceAccounts in them, as
    ``namespace/name``, that may more than it (``*``: all of the namespace).
    """

    def __init__(self, contents: Sequence[Mapping[str, Any]], entered: Iterable[str] = ()) -> None:
        self.items = [normalise(document, source, content["set"])[0] for content in contents for document, source in documents_of(content)]
        self._components = {content["set"] for content in contents if content.get("role") == "component"}
        self._roles = {item.ref: item for item in self.items if item.ref.group == RBAC and item.ref.kind in ("Role", "ClusterRole")}
        self.cluster_kinds = CLUSTER_SCOPED | {
            item.body["spec"]["names"]["kind"]
            for item in self.items
            if item.ref.kind == "CustomResourceDefinition" and item.body["spec"].get("scope") == "Cluster"
        }
        homes = {content["namespace"] for content in contents}
        self.entered = homes | set(entered) | self._let_in()
        mighty = self._mighty_accounts()
        shut = self._backends() | (self._of_components() & set(mighty))
        self.entered -= shut - homes
        self._why_shut = {name: "its accounts or its services may more than the deployer" for name in shut}
        self.accounts = {
            f"{namespace}/{name}": why
            for namespace, names in sorted(mighty.items())
            if namespace in self.entered
            for name, why in sorted(names.items())
        }
        self._of_tokens = {
            (item.ref.namespace, (item.body["metadata"].get("annotations") or {}).get("kubernetes.io/service-account.name"))
            for item in self.items
            if item.body.get("type") in _TOKENS
        }
        self.reasons = {item.ref: why for item in self.items if (why := self._reason(item))}

    @property
    def dropped(self) -> set[Ref]:
        """Ways into namespaces that the deployer must not enter: nobody applies them."""
        return {item.ref for item in self.items if _is_entry(item) and item.ref.namespace not in self.entered}

    def _let_in(self) -> set[str]:
        """Namespaces that sets declare with pods that are bounded, and with a way in."""
        bounded = {
            item.ref.name
            for item in self.items
            if item.ref.group_kind == "Namespace" and (item.body["metadata"].get("labels") or {}).get(ENFORCE) in _BOUNDED
        }
        return {item.ref.namespace for item in self.items if _is_entry(item)} & bounded - set(SERVERS_OWN)

    def _of_components(self) -> set[str]:
        """Namespaces that components bring: nothing but a component is in them."""
        return {item.ref.name for item in self.items if item.ref.group_kind == "Namespace" and item.scope in self._components}

    def _mighty_accounts(self) -> dict[str, dict[str, str]]:
        """ServiceAccounts that a declared binding gives more than the deployer may hold: namespace → name → why."""
        found: dict[str, dict[str, str]] = {}
        for item in self.items:
            if item.ref.group != RBAC or not item.ref.kind.endswith("Binding"):
                continue
            why = self._too_much_bound(item)
            for namespace, name in _accounts(item) if why else ():
                found.setdefault(namespace, {})[name] = f"bound by {item.ref.id}: {why}"
        return found

    def _too_much_bound(self, binding: Desired) -> str:
        """Why a binding gives more than the deployer may hold, or nothing."""
        role = binding.body.get("roleRef") or {}
        kind, name = str(role.get("kind") or ""), str(role.get("name") or "")
        if name in HARMLESS_ROLES:
            return ""
        declared = self._roles.get(Ref(RBAC, kind, binding.ref.namespace if kind == "Role" else "", name))
        if declared is None:
            return f"{kind} {name} is declared by no set"
        beyond = binding.ref.kind == "ClusterRoleBinding" or binding.ref.namespace not in self.entered
        return _role_too_much(declared, beyond)

    def _backends(self) -> set[str]:
        """Namespaces with a service behind the API: whoever is in them answers for the server."""
        found = set()
        for item in self.items:
            if item.ref.kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
                for hook in item.body.get("webhooks") or []:
                    service = (hook.get("clientConfig") or {}).get("service") or {}
                    if not self._confined(hook):
                        found.add(service.get("namespace"))
            elif item.ref.kind == "APIService":
                found.add(((item.body.get("spec") or {}).get("service") or {}).get("namespace"))
            elif item.ref.kind == "CustomResourceDefinition":
                webhook = ((item.body["spec"].get("conversion") or {}).get("webhook") or {}).get("clientConfig") or {}
                found.add((webhook.get("service") or {}).get("namespace"))
        return {str(name) for name in found if name}

    def _confined(self, hook: Mapping[str, Any]) -> bool:
        """Whether a webhook is called for nothing but pods in namespaces of the deployer's own."""
        named = [
            set(row.get("values") or ())
            for row in (hook.get("namespaceSelector") or {}).get("matchExpressions") or []
            if row.get("key") == "kubernetes.io/metadata.name" and row.get("operator") == "In"
        ]
        resources = {name for rule in hook.get("rules") or [] for name in rule.get("resources") or []}
        return any(names <= self.entered for names in named) and resources <= {"pods"}

    def _reason(self, item: Desired) -> str:
        ref = item.ref
        if ref.kind in self.cluster_kinds:
            grows = _role_too_much(item, beyond=True) if ref.group == RBAC and ref.kind == "ClusterRole" else ""
            return _WORDS.get(ref.kind, _CLUSTER_WIDE) + (f", and {grows}" if grows else "")
        if ref.namespace not in self.entered:
            return self._why_shut.get(ref.namespace) or f"the deployer is not let into the namespace {ref.namespace or 'default'}"
        if ref.group == RBAC:
            return self._reason_of_access(item)
        if ref.group_kind == "Secret" and item.body.get("type") in _TOKENS:
            return "it makes a token of an account"
        if ref.group_kind == "ServiceAccount":
            # The server takes a token away whose account is not there yet.
            mighty = self._mighty(ref.namespace, ref.name)
            return mighty or ("its token is an administrator's" if (ref.namespace, ref.name) in self._of_tokens else "")
        path = _WORKLOADS.get(ref.kind)
        if path:
            here: Any = item.body
            for name in path:
                here = here.get(name) if isinstance(here, Mapping) else None
            pod = here if isinstance(here, Mapping) else {}
            account = str(pod.get("serviceAccountName") or pod.get("serviceAccount") or "default")
            why = self._mighty(ref.namespace, account)
            return f"it runs as {account}, {why}" if why else ""
        return ""

    def _reason_of_access(self, item: Desired) -> str:
        if item.ref.kind == "Role":
            return _role_too_much(item, beyond=False)
        if _is_entry(item):
            return "it lets the deployer in"
        groups = sorted(_EVERYBODY & {str(subject.get("name")) for subject in item.body.get("subjects") or []})
        if groups:
            return f"it gives rights to {groups[0]}"
        role = item.body.get("roleRef") or {}
        if role.get("kind") != "Role":
            return f"it binds the cluster role {role.get('name')}"
        return self._too_much_bound(item)

    def _mighty(self, namespace: str, name: str) -> str:
        return self.accounts.get(f"{namespace}/{name}") or self.accounts.get(f"{namespace}/{_EVERY_ACCOUNT}") or ""


def _role_too_much(role: Desired, beyond: bool) -> str:
    if role.body.get("aggregationRule"):
        return "it gathers the rules of other roles"
    return next(filter(None, (too_much(rule, beyond) for rule in role.body.get("rules") or [])), "")


def _is_entry(item: Desired) -> bool:
    return item.ref.group == RBAC and item.ref.kind == "RoleBinding" and item.ref.name == ENTRY


def _accounts(binding: Desired) -> Iterable[tuple[str, str]]:
    for subject in binding.body.get("subjects") or []:
        kind, name = subject.get("kind"), str(subject.get("name") or "")
        if kind == "ServiceAccount":
            yield str(subject.get("namespace") or binding.ref.namespace), name
        elif kind == "User" and name.startswith("system:serviceaccount:"):
            namespace, _colon, account = name.removeprefix("system:serviceaccount:").partition(":")
            yield namespace, account
        elif kind == "Group" and name.startswith("system:serviceaccounts:"):
            yield name.removeprefix("system:serviceaccounts:"), _EVERY_ACCOUNT


def separate(contents: Sequence[Mapping[str, Any]], judged: Administration) -> list[dict[str, Any]]:
    """The sets without what only an administrator may apply, and behind them the set ``administration`` that gathers it.

    Sets keep their names and expectations where nothing else is left of them. Raises InputError where a set is called like that.
    """
    taken = [content for content in contents if content["set"] == ADMINISTRATION]
    if taken:
        raise InputError(f"the set {ADMINISTRATION} is made of what others declare; a role's set needs another name")
    gathered: list[tuple[Mapping[str, Any], str]] = []
    left: list[dict[str, Any]] = []
    for content in contents:
        own: list[tuple[Mapping[str, Any], str]] = []
        for document, source in documents_of(content):
            ref = Ref.of(document)
            if ref in judged.reasons:
                gathered += [] if ref in judged.dropped else [(document, source)]
            else:
                own.append((document, source))
        left.append(_with(content, own))
    reasons = {ref.id: why for ref, why in judged.reasons.items() if ref not in judged.dropped}
    home = {"set": ADMINISTRATION, "namespace": _home(contents), "role": "", "expectations": [], "handed_over": []}
    return [*left, _with({**home, "reasons": reasons}, gathered)]


def _with(content: Mapping[str, Any], documents: Sequence[tuple[Mapping[str, Any], str]]) -> dict[str, Any]:
    kept = {key: value for key, value in content.items() if key != "digest"}
    kept["documents"] = [document for document, _source in documents]
    kept["sources"] = [source for _document, source in documents]
    return {**kept, "digest": digest(kept)}


def _home(contents: Sequence[Mapping[str, Any]]) -> str:
    names = sorted({str(content["namespace"]) for content in contents})
    return "gantry-system" if "gantry-system" in names or not names else names[0]
