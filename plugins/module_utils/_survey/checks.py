# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What of a cluster breaks section 4 (policies) of the CIS Amazon EKS Benchmark 1.8.0, as far as an apiserver shows it.

Numbers and what is asked are those of the benchmark as kube-bench's eks-1.8.0 has them. What Kubernetes itself brings is left out: roles with the
label kubernetes.io/bootstrapping, names that begin with ``system:``, and its own namespaces. A check that nothing can be read for is not
evaluated, and never passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.pod_security import ENFORCE, LEVELS
from .pods import containers_of, level_of
from .seen import SYSTEM_NAMESPACES, Json, Seen, name_of, pod_of

_RBAC = "rbac.authorization.k8s.io"
_ROLES = (f"Role.{_RBAC}", f"ClusterRole.{_RBAC}")
_BINDINGS = (f"RoleBinding.{_RBAC}", f"ClusterRoleBinding.{_RBAC}")
EVERY = "*"
"""Every kind that there is."""
_WORKLOADS = ("Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "Job.batch", "CronJob.batch")


@dataclass(frozen=True)
class Check:
    """One control. ``offends`` names what breaks it; without it a person has to look."""

    id: str
    title: str
    reads: tuple[str, ...] = ()
    """The kinds without which nobody can say that it holds."""
    offends: Callable[[Seen], Iterable[str]] | None = None
    cure: str = ""
    needs: tuple[str, ...] = ()
    """The kinds without which nobody can say what breaks it."""


@dataclass(frozen=True)
class Result:
    """How a control stands: ``passed``, ``failed``, ``by hand`` or ``not evaluated``, with what offends or why."""

    check: Check
    status: str
    offenders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Level:
    """The Pod Security level of a namespace: what it enforces (empty where nothing), what its pods need, and for which of their fields."""

    namespace: str
    enforced: str
    needed: str
    because: tuple[str, ...]


def results(seen: Seen) -> list[Result]:
    """Every control of the section, in its order."""
    return [_result(check, seen) for check in CHECKS]


def levels(seen: Seen) -> list[Level]:
    """Every namespace in which pods run, but Kubernetes' own."""
    enforced = {one["metadata"]["name"]: (one["metadata"].get("labels") or {}).get(ENFORCE, "") for one in seen.of("Namespace")}
    found: dict[str, tuple[str, set[str]]] = {}
    for document in _made(seen):
        needed, because = level_of(*pod_of(document))
        namespace = document["metadata"].get("namespace") or ""
        before, reasons = found.get(namespace, (LEVELS[0], set()))
        if LEVELS.index(needed) > LEVELS.index(before):
            before, reasons = needed, set()
        found[namespace] = (before, reasons | set(because) if needed == before else reasons)
    return [Level(name, enforced.get(name, ""), needed, tuple(sorted(why))) for name, (needed, why) in sorted(found.items())]


def _result(check: Check, seen: Seen) -> Result:
    if check.offends is None:
        return Result(check, "by hand")
    blind = tuple(f"{kind}: {seen.unread[kind]}" for kind in check.needs if kind in seen.unread)
    if blind:
        return Result(check, "not evaluated", blind)
    offenders = tuple(sorted(set(check.offends(seen))))
    if offenders:
        return Result(check, "failed", offenders)
    missing = tuple(f"{kind}: {why}" for kind, why in seen.unread.items() if kind in check.reads or EVERY in check.reads)
    return Result(check, "not evaluated" if missing else "passed", missing)


def _own(document: Json) -> bool:
    """Whether that is Kubernetes' own."""
    metadata = document["metadata"]
    bootstrapped = "kubernetes.io/bootstrapping" in (metadata.get("labels") or {})
    return bootstrapped or metadata["name"].startswith("system:") or metadata.get("namespace") in SYSTEM_NAMESPACES


def _roles(seen: Seen, allows: Callable[[Json], bool]) -> Iterator[str]:
    """Roles with a rule that allows something."""
    for role in seen.of(*_ROLES):
        if not _own(role) and any(allows(rule) for rule in role.get("rules") or ()):
            yield f"{role['kind']} {name_of(role)}"


def _may(resource: str, *verbs: str, group: str = "") -> Callable[[Seen], Iterable[str]]:
    """Roles that may do one of these to a resource, ``*`` counted, and ``*/<subresource>``."""
    wanted = {resource, "*", f"*/{resource.partition('/')[2]}"}

    def allows(rule: Json) -> bool:
        said = {key: set(rule.get(key) or ()) for key in ("apiGroups", "resources", "verbs")}
        return bool(
            said["apiGroups"] & {group, "*"}
            and said["resources"] & wanted
            and said["verbs"] & {*verbs, "*"}
            and not rule.get("resourceNames")
        )

    return lambda seen: _roles(seen, allows)


def _cluster_admins(seen: Seen) -> Iterator[str]:
    for binding in seen.of(*_BINDINGS):
        if binding["roleRef"]["name"] == "cluster-admin" and not _own(binding):
            for subject in binding.get("subjects") or ():
                if (subject["kind"], subject["name"]) not in (("Group", "system:masters"), ("Group", "system:nodes")):
                    yield f"{binding['kind']} {name_of(binding)}: {subject['kind']} {subject.get('namespace', '')}/{subject['name']}".replace(
                        " /", " "
                    )


def _default_accounts(seen: Seen) -> Iterator[str]:
    for account in seen.of("ServiceAccount"):
        if account["metadata"]["name"] == "default" and not _own(account) and account.get("automountServiceAccountToken") is not False:
            yield f"ServiceAccount {name_of(account)} is mounted"
    for document in _made(seen):
        if (pod_of(document)[1].get("serviceAccountName") or "default") == "default":
            yield f"{document['kind']} {name_of(document)} uses it"


def _tokens(seen: Seen) -> Iterator[str]:
    accounts = {name_of(one): one.get("automountServiceAccountToken") for one in seen.of("ServiceAccount")}
    for document in _made(seen):
        spec = pod_of(document)[1]
        of_account = accounts.get(f"{document['metadata'].get('namespace')}/{spec.get('serviceAccountName') or 'default'}")
        if spec.get("automountServiceAccountToken", of_account) is not False:
            yield f"{document['kind']} {name_of(document)}"


def _pods(offends: Callable[[Json], bool]) -> Callable[[Seen], Iterable[str]]:
    return lambda seen: (f"{one['kind']} {name_of(one)}" for one in _made(seen) if offends(pod_of(one)[1]))


def _containers(offends: Callable[[Json], bool]) -> Callable[[Seen], Iterable[str]]:
    return _pods(lambda spec: any(offends(one) for one in containers_of(spec)))


def _made(seen: Seen) -> Iterator[Json]:
    """Workloads, and pods that none of those made: an operator's pods are seen where its workloads are, or themselves."""
    shown = {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in seen.of(*_WORKLOADS)}
    sets = seen.metadata.get("ReplicaSet.apps", ())
    shown |= {("ReplicaSet", one.get("namespace"), one["name"]) for one in sets if _maker(one) in shown}
    for document in seen.of(*_WORKLOADS, "Pod"):
        metadata = document["metadata"]
        if _maker(metadata) not in shown and metadata.get("namespace") not in SYSTEM_NAMESPACES:
            yield document


def _maker(metadata: Json) -> tuple[Any, Any, Any] | None:
    """Kind, namespace and name of the controller that made an object; none where nobody did."""
    owner = next((one for one in metadata.get("ownerReferences") or () if one.get("controller")), None)
    return (owner.get("kind"), metadata.get("namespace"), owner.get("name")) if owner else None


def _without_policy(seen: Seen) -> Iterator[str]:
    covered = {one["metadata"]["namespace"] for one in seen.of("NetworkPolicy.networking.k8s.io")}
    for namespace in seen.of("Namespace"):
        if (name := namespace["metadata"]["name"]) not in {*SYSTEM_NAMESPACES, *covered}:
            yield f"Namespace {name}"


def _from_environment(container: Json) -> bool:
    """Whether a Secret reaches it as environment variables."""
    return any("secretKeyRef" in (one.get("valueFrom") or {}) for one in container.get("env") or ()) or any(
        "secretRef" in one for one in container.get("envFrom") or ()
    )


def _in_default(seen: Seen) -> Iterator[str]:
    for kind, rows in seen.metadata.items():
        for row in rows:
            brought = (kind, row["name"]) in _BROUGHT or kind in ("EndpointSlice.discovery.k8s.io", "Event", "Event.events.k8s.io")
            if row.get("namespace") == "default" and not brought and not row.get("ownerReferences"):
                yield f"{kind} {row['name']}"


_BROUGHT = {("Service", "kubernetes"), ("Endpoints", "kubernetes"), ("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
_MADE = (*_WORKLOADS, "Pod")


def _context(container: Json) -> Mapping[str, Any]:
    return container.get("securityContext") or {}


def _wildcard(rule: Json) -> bool:
    return any("*" in (rule.get(key) or ()) for key in ("verbs", "resources", "apiGroups"))


def _bind_and_escalate(rule: Json) -> bool:
    verbs, groups, resources = (set(rule.get(key) or ()) for key in ("verbs", "apiGroups", "resources"))
    any_verb = "*" in verbs and bool(groups & {_RBAC, "*"} and resources & {"roles", "clusterroles", "*"})
    any_verb |= "*" in verbs and bool(groups & {"", "*"} and resources & {"users", "groups", "serviceaccounts", "*"})
    return bool({"bind", "escalate", "impersonate"} & verbs) or any_verb


def _may_change_webhooks(seen: Seen) -> Iterator[str]:
    for kind in ("validatingwebhookconfigurations", "mutatingwebhookconfigurations"):
        yield from _may(kind, "create", "update", "patch", "delete", group="admissionregistration.k8s.io")(seen)


CHECKS = (
    Check("4.1.1", "cluster-admin only where it is required", _BINDINGS, _cluster_admins, "bind a role with less"),
    Check("4.1.2", "Little access to secrets", _ROLES, _may("secrets", "get", "list", "watch"), "name the secrets in resourceNames"),
    Check("4.1.3", "No wildcards in roles", _ROLES, lambda seen: _roles(seen, _wildcard), "name groups, resources and verbs"),
    Check("4.1.4", "Little access to create pods", _ROLES, _may("pods", "create"), "let controllers make pods"),
    Check("4.1.5", "Default service accounts are not used", ("ServiceAccount", *_MADE), _default_accounts, "automountServiceAccountToken: false"),
    Check("4.1.6", "Tokens only where they are needed", ("ServiceAccount", *_MADE), _tokens, "automountServiceAccountToken: false", ("ServiceAccount",)),
    Check("4.1.7", "Access entries in place of the aws-auth ConfigMap"),
    Check("4.1.8", "Little bind, impersonate and escalate", _ROLES, lambda seen: _roles(seen, _bind_and_escalate), "leave those verbs out"),
    Check("4.1.9", "Little access to create persistent volumes", _ROLES, _may("persistentvolumes", "create"), "let a provisioner make them"),
    Check("4.1.10", "Little access to nodes/proxy", _ROLES, _may("nodes/proxy", "get", "create"), "leave the subresource out"),
    Check(
        "4.1.11", "Little access to webhook configurations", _ROLES, _may_change_webhooks,
        "leave it to an administrator",
    ),
    Check("4.1.12", "Little access to create tokens", _ROLES, _may("serviceaccounts/token", "create"), "leave the subresource out"),
    Check("4.2.1", "No privileged containers", _MADE, _containers(lambda one: bool(_context(one).get("privileged"))), "leave privileged out"),
    Check("4.2.2", "No host process namespace", _MADE, _pods(lambda spec: bool(spec.get("hostPID"))), "leave hostPID out"),
    Check("4.2.3", "No host IPC namespace", _MADE, _pods(lambda spec: bool(spec.get("hostIPC"))), "leave hostIPC out"),
    Check("4.2.4", "No host network", _MADE, _pods(lambda spec: bool(spec.get("hostNetwork"))), "leave hostNetwork out"),
    Check(
        "4.2.5", "No privilege escalation", _MADE, _containers(lambda one: bool(_context(one).get("allowPrivilegeEscalation"))),
        "allowPrivilegeEscalation: false",
    ),
    Check("4.3.1", "The network plugin knows network policies"),
    Check(
        "4.3.2", "Every namespace has network policies", ("Namespace", "NetworkPolicy.networking.k8s.io"), _without_policy, "deny all, then allow",
        ("NetworkPolicy.networking.k8s.io",),
    ),
    Check("4.4.1", "Secrets as files, not as variables", _MADE, _containers(_from_environment), "mount the Secret as a volume"),
    Check("4.4.2", "Secrets outside of the cluster"),
    Check("4.5.1", "Namespaces as administrative borders"),
    Check("4.5.2", "The default namespace is not used", (EVERY,), _in_default, "give each its namespace"),
)  # fmt: skip
