# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What the server cannot judge yet, because this very run will bring what it depends on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from ..._core.change import Action
from ..._core.plan import Plan
from ..form.builtin import RBAC
from ..form.definitions import defines, is_definition, undeclared
from ..form.kinds import Kind, Ref
from ..observe.observed import Observed
from ..observe.subject import Subject
from ..resolve.wanted import Wanted
from .examine import Finding, plain_changes

CRD_PENDING = "crd_pending"
NAMESPACE_PENDING = "namespace_pending"
ROLE_PENDING = "role_pending"
ACCESS_PENDING = "access_pending"
POLICY_PENDING = "policy_pending"
QUOTA_PENDING = "quota_pending"
LIMITS_PENDING = "limits_pending"
DEFINITION_PENDING = "definition_pending"
DEPENDENCY_PENDING = "dependency_pending"
ALLOCATED = "allocated"
_ASKED_AGAIN = {DEFINITION_PENDING, POLICY_PENDING, LIMITS_PENDING, DEPENDENCY_PENDING}
"""What is judged by something of an earlier stage. Access and quotas spread by themselves; the write is tried again for those."""
_LIMITED = {"Pod", "PersistentVolumeClaim"}
_NEEDED_BY_PODS = {"ServiceAccount", "PriorityClass.scheduling.k8s.io", "RuntimeClass.node.k8s.io"}


class Pending:
    """Knows what the run creates, and so which questions must wait."""

    def __init__(self, wanted: Wanted, observed: Observed, new: Iterable[Subject], subjects: Mapping[Ref, Subject]) -> None:
        self._wanted = wanted
        self._observed = observed
        self._new = {subject.ref for subject in new}
        self._subjects = subjects
        self._definitions: dict[tuple[str, str], Subject] = {}
        """(group, kind) → the definition of it that this run makes or changes."""

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

    def is_upcoming(self, subject: Subject) -> bool:
        """Whether the object is there, in a version that is not the one it is wanted in."""
        return subject.ref in self._wanted.upcoming

    def kind_now(self, subject: Subject) -> Kind:
        """Its kind in a version that is served now."""
        return self._observed.kinds[(subject.ref.group, subject.ref.kind)]

    def is_redefined(self, subject: Subject) -> bool:
        """Whether this run changes the definition of the object's kind."""
        return (subject.ref.group, subject.ref.kind) in self._definitions

    def settle(self, findings: Iterable[Finding], administrator: bool = False) -> None:
        """Let pass what the server refuses only as long as this run has not changed what it is judged by.

        ``administrator``: one is to act first, and may be about to grant what this identity lacks.
        """
        findings = list(findings)
        changing = {f.subject.ref: f for f in findings if f.writes}
        for ref, finding in changing.items():
            if is_definition(ref) and (finding.action is Action.CREATE or any(_below_spec(change.path) for change in finding.changes)):
                self._definitions[defines(finding.subject.body)] = finding.subject
        for finding in findings:
            reason = self._of_refusal(finding, changing) if finding.refusal is not None else ""
            if finding.forbidden and administrator:
                reason = ACCESS_PENDING
            if reason:
                finding.action, finding.reason, finding.problem, finding.verified = finding.meant, reason, "", False
                finding.awaited = reason in _ASKED_AGAIN
                if finding.live is not None:
                    finding.changes = plain_changes(finding.live, finding.subject)
            elif finding.writes and self.is_redefined(finding.subject):
                finding.verified, finding.reason = False, finding.reason or DEFINITION_PENDING

    def undeclared_fields(self, subjects: Iterable[Subject]) -> list[str]:
        """A line for every object with fields that the definitions of this run do not have (any more)."""
        lines = []
        for subject in subjects:
            definition = self._definitions.get((subject.ref.group, subject.ref.kind))
            if definition is not None:
                where = f"  {subject.ref.id} ({subject.desired.source}): {definition.ref.id}, as this run makes it, has no field"
                lines += [f"{where} {field}" for field in undeclared(subject.body, definition.body)]
        return lines

    def _of_refusal(self, finding: Finding, changing: Mapping[Ref, Finding]) -> str:
        """Why a refused dry run may still succeed later in this run, or nothing."""
        error, ref = finding.refusal, finding.subject.ref
        if error is None:
            return ""
        if self.is_redefined(finding.subject) and (error.schema_mismatch or error.invalid or error.status == 404):
            return DEFINITION_PENDING
        here = {other for other in changing if other != ref and other.namespace in ("", ref.namespace)}
        if error.over_quota:
            return QUOTA_PENDING if any(other.group_kind == "ResourceQuota" for other in here) else ""  # quota_problems counts anew
        if any(f"'{name}'" in error.raw_message for name in self._policies(changing)):
            return POLICY_PENDING
        if error.status not in (403, 404):
            return ""
        if "violates PodSecurity" in error.raw_message and Ref("", "Namespace", "", ref.namespace) in changing:
            return POLICY_PENDING
        if ref.group_kind in _LIMITED and any(other.group_kind == "LimitRange" for other in here):
            return LIMITS_PENDING
        if ref.group_kind == "Pod" and any(o.group_kind in _NEEDED_BY_PODS and o.name in error.raw_message for o in here & self._new):
            return DEPENDENCY_PENDING
        ways_in = {o for o in here if o.group == RBAC and (o.kind.endswith("Binding") or o not in self._new)}
        return ACCESS_PENDING if ways_in else ""

    def _policies(self, changing: Collection[Ref]) -> set[str]:
        """Names of policies that change, or whose binding does."""
        found = {ref.name for ref in changing if ref.kind == "ValidatingAdmissionPolicy"}
        bindings = (self._subjects[ref] for ref in changing if ref.kind == "ValidatingAdmissionPolicyBinding")
        return found | {str((binding.body.get("spec") or {}).get("policyName") or "") for binding in bindings}

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
        names = self._policies([ref for ref, finding in findings.items() if finding.action is not None])
        found: set[tuple[str, str]] = set()
        for ref, subject in self._subjects.items():
            if ref.kind == "ValidatingAdmissionPolicy" and ref.name in names:
                for rule in ((subject.body.get("spec") or {}).get("matchConstraints") or {}).get("resourceRules") or []:
                    found |= {(group, resource) for group in rule.get("apiGroups") or [] for resource in rule.get("resources") or []}
        return found

    def _role_of(self, subject: Subject) -> Ref | None:
        if subject.ref.group != RBAC or not subject.ref.kind.endswith("Binding"):
            return None
        role = subject.body.get("roleRef") or {}
        namespace = subject.ref.namespace if role.get("kind") == "Role" else ""
        return Ref(RBAC, role.get("kind") or "", namespace, role.get("name") or "")


def _fixes_allocation(subject: Subject) -> bool:
    """A Service that names its own cluster IP or node port: two dry runs may both be told yes."""
    if subject.ref.group_kind != "Service":
        return False
    spec = subject.body.get("spec") or {}
    fixed_ip = spec.get("clusterIP") not in (None, "", "None")
    return fixed_ip or any(port.get("nodePort") for port in spec.get("ports") or [])


def _below_spec(path: str) -> bool:
    return path.startswith(("spec.", "spec["))
