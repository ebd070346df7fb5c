# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judges: what servers wrote into their own logs, and what of that is a change. Nothing else in the tests says what a write is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEPLOYER = "gantry:deployer"
"""Who the platform is in a sandbox."""
WRITES = ("create", "update", "patch", "delete", "deletecollection")
"""Verbs of Kubernetes and operations of Vault that change."""
_PROOFS = ("auth/token/", "sys/leases/", "sys/capabilities")
_KINDS = {
    "configmaps": "ConfigMap",
    "customresourcedefinitions": "CustomResourceDefinition",
    "deployments": "Deployment",
    "gadgets": "Gadget",
    "horizontalpodautoscalers": "HorizontalPodAutoscaler",
    "jobs": "Job",
    "leases": "Lease",
    "limitranges": "LimitRange",
    "namespaces": "Namespace",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "rolebindings": "RoleBinding",
    "roles": "Role",
    "clusterroles": "ClusterRole",
    "clusterrolebindings": "ClusterRoleBinding",
    "resourcequotas": "ResourceQuota",
    "secrets": "Secret",
    "serviceaccounts": "ServiceAccount",
    "services": "Service",
    "validatingadmissionpolicies": "ValidatingAdmissionPolicy",
    "validatingadmissionpolicybindings": "ValidatingAdmissionPolicyBinding",
}
"""Resources as the apiserver's log names them."""


class Log:
    """A file to which a server adds one JSON document for each line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mark(self) -> int:
        """Where it ends now."""
        return self.path.stat().st_size if self.path.exists() else 0

    def lines(self, since: int = 0) -> Iterator[dict[str, Any]]:
        """What was added since a mark, as far as it is whole."""
        if not self.path.exists():
            return
        with self.path.open("rb") as handle:
            if since:
                handle.seek(since - 1)
                handle.readline()  # a mark may lie in the middle of a line that was being written
            for line in handle:
                if not line.endswith(b"\n"):
                    return
                yield json.loads(line)


@dataclass(frozen=True)
class Sent:
    """One request as the apiserver logged it."""

    verb: str
    uri: str
    user: str
    agent: str
    code: int
    id: str
    subresource: str

    @property
    def path(self) -> str:
        """Without its query."""
        return self.uri.partition("?")[0]

    @property
    def mutating(self) -> bool:
        """Whether its verb is one that changes, dry runs and refused ones included."""
        return self.verb in WRITES

    @property
    def dry(self) -> bool:
        """Whether it could change nothing."""
        return "dryRun=All" in self.uri

    @property
    def changes(self) -> bool:
        """Whether it changed something: neither a review nor a token leaves an object behind."""
        return self.mutating and self.code < 300 and not self.dry and not self.path.endswith(("reviews", "/token"))


class KubeAudit(Log):
    """The apiserver's log."""

    @classmethod
    def of(cls, instance: Path) -> KubeAudit:
        """That of a sandbox instance."""
        return cls(instance / "logs" / "audit.log")

    def sent(self, since: int = 0) -> Iterator[Sent]:
        """Every request that ended since a mark."""
        return (_sent(event) for event in self.lines(since) if event["stage"] == "ResponseComplete")

    def changes(self, since: int = 0, user: str = DEPLOYER) -> list[Sent]:
        """What this user has changed."""
        return [request for request in self.sent(since) if request.user == user and request.changes]


class VaultAudit(Log):
    """Vault's log of requests."""

    @classmethod
    def of(cls, instance: Path) -> VaultAudit:
        """That of a sandbox instance."""
        return cls(instance / "logs" / "vault-audit.log")

    def asked(self, since: int = 0) -> Iterator[tuple[str, str]]:
        """(operation, path) of every request since a mark."""
        for row in self.lines(since):
            if row["type"] == "request":
                yield row["request"]["operation"], row["request"].get("path", "")

    def changes(self, since: int = 0) -> list[tuple[str, str]]:
        """Requests of an operation that changes, refused ones included."""
        return [row for row in self.asked(since) if row[0] in WRITES]

    def configured(self, since: int = 0) -> list[str]:
        """Paths that were written, without logins, and without what proves that services get in: it makes tokens and ends them."""
        return [path for _operation, path in self.changes(since) if not path.startswith(_PROOFS) and not path.endswith("/login")]


def _sent(event: Mapping[str, Any]) -> Sent:
    of = event.get("objectRef") or {}
    return Sent(
        event["verb"],
        event["requestURI"],
        event["user"]["username"],
        event.get("userAgent") or "",
        (event.get("responseStatus") or {}).get("code") or 0,
        _identity(of),
        of.get("subresource") or "",
    )


def _identity(of: Mapping[str, Any]) -> str:
    resource, group = of.get("resource") or "", of.get("apiGroup") or ""
    kind = _KINDS.get(resource, resource)
    namespace = "" if kind == "Namespace" else of.get("namespace") or ""
    return f"{kind}.{group}/{namespace or '-'}/{of.get('name')}" if group else f"{kind}/{namespace or '-'}/{of.get('name')}"
