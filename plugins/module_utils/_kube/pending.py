# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What the server cannot judge yet, because this very run will bring what it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from .._core.change import Action
from .._core.plan import Plan
from .examine import Finding
from .kinds import Ref
from .observe import Observed
from .resolve import Wanted
from .subject import Subject

_POLICIES = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
_RBAC = "rbac.authorization.k8s.io"
CRD_PENDING = "crd_pending"
NAMESPACE_PENDING = "namespace_pending"
ROLE_PENDING = "role_pending"
ACCESS_PENDING = "access_pending"
POLICY_PENDING = "policy_pending"
QUOTA_PENDING = "quota_pending"
ALLOCATED = "allocated"


class Pending:
    """Knows what the run creates, and so which questions must wait."""

    def __init__(
        self, wanted: Wanted, observed: Observed, new: Iterable[Subject], unclear: Iterable[Subject], subjects: Mapping[Ref, Subject]
    ) -> None:
        self._wanted = wanted
        self._observed = observed
        self._new = {subject.ref for subject in new}
        self._quotas = {subject.ref.namespace for subject in (*new, *unclear) if subject.ref.group_kind == "ResourceQuota"}
        self._subjects = subjects

    @property
    def existing_namespace(self) -> str:
        """One to ask in: that of a record, where it exists."""
        homes = sorted({record.namespace for record in self._observed.records.values()})
        return next((name for name in homes if self._observed.has_namespace(name)), "default")

    def reason(self, subject: Subject) -> str:
        """Why a new object cannot be dry-run now, or nothing."""
        ref = subject.ref
        if self._wanted.is_pending(ref):
            return CRD_PENDING
        if ref.namespace and not self._observed.has_namespace(ref.namespace):
            return NAMESPACE_PENDING
        role = self._role_of(subject)
        if role is not None and role in self._new:
            return ROLE_PENDING
        return ""

    def reason_of_refusal(self, subject: Subject, over_quota: bool) -> str:
        """Why a refused dry run may still succeed later in this run, or nothing."""
        namespace = subject.ref.namespace
        if over_quota and namespace in self._quotas:
            return QUOTA_PENDING  # quota_problems counts with the new limits
        ways_in = {ref for ref in self._new if ref.group == _RBAC and ref.kind in ("RoleBinding", "ClusterRoleBinding")} - {subject.ref}
        return ACCESS_PENDING if any(ref.namespace in ("", namespace) for ref in ways_in) else ""

    def mark(self, findings: Mapping[Ref, Finding], plan: Plan) -> None:
        """Take the word ``verified`` from changes that a policy of this run, or an allocation, will judge anew."""
        judged = self._judged(findings)
        for position, change in enumerate(plan.changes):
            if change.action not in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.ADOPT) or not change.verified:
                continue
            subject = self._subjects.get(Ref.parse(change.id))
            if subject is None:
                continue
            if (subject.kind.group, subject.kind.plural) in judged or (subject.kind.group, "*") in judged:
                plan.changes[position] = replace(change, verified=False, reason=change.reason or POLICY_PENDING)
            elif change.action is Action.CREATE and _fixes_allocation(subject):
                plan.changes[position] = replace(change, verified=False, reason=change.reason or ALLOCATED)

    def _judged(self, findings: Mapping[Ref, Finding]) -> set[tuple[str, str]]:
        """(group, resource) that a new or changed policy looks at."""
        changing = {ref for ref, finding in findings.items() if ref.kind in _POLICIES and finding.action is not None}
        names = {ref.name for ref in changing if ref.kind == "ValidatingAdmissionPolicy"}
        for ref in changing:
            if ref.kind == "ValidatingAdmissionPolicyBinding":
                names.add((self._subjects[ref].body.get("spec") or {}).get("policyName") or "")
        found: set[tuple[str, str]] = set()
        for ref, subject in self._subjects.items():
            if ref.kind == "ValidatingAdmissionPolicy" and ref.name in names:
                for rule in ((subject.body.get("spec") or {}).get("matchConstraints") or {}).get("resourceRules") or []:
                    found |= {(group, resource) for group in rule.get("apiGroups") or [] for resource in rule.get("resources") or []}
        return found

    def _role_of(self, subject: Subject) -> Ref | None:
        if subject.ref.group != _RBAC or not subject.ref.kind.endswith("Binding"):
            return None
        role = subject.body.get("roleRef") or {}
        namespace = subject.ref.namespace if role.get("kind") == "Role" else ""
        return Ref(_RBAC, role.get("kind") or "", namespace, role.get("name") or "")


def _fixes_allocation(subject: Subject) -> bool:
    """A Service that names its own cluster IP or node port: two dry runs may both be told yes."""
    if subject.ref.group_kind != "Service":
        return False
    spec = subject.body.get("spec") or {}
    fixed_ip = spec.get("clusterIP") not in (None, "", "None")
    return fixed_ip or any(port.get("nodePort") for port in spec.get("ports") or [])
