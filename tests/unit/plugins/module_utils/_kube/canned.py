# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server says, without one."""

from __future__ import annotations

import http.client
import json

from ansible_collections.gantry.platform.plugins.module_utils._core.http import Response
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.documents import normalise
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind, Ref
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.subject import Subject
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.errors import ApiError

KINDS = {
    kind.kind: kind
    for kind in (
        Kind("", "v1", "ConfigMap", "configmaps", True),
        Kind("", "v1", "LimitRange", "limitranges", True),
        Kind("", "v1", "Namespace", "namespaces", False),
        Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", False),
        Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", True),
        Kind("", "v1", "ResourceQuota", "resourcequotas", True),
        Kind("", "v1", "Secret", "secrets", True),
        Kind("", "v1", "Service", "services", True),
        Kind("apps", "v1", "Deployment", "deployments", True),
        Kind("batch", "v1", "Job", "jobs", True),
        Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", False),
        Kind("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", False),
        Kind("rbac.authorization.k8s.io", "v1", "Role", "roles", True),
        Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", True),
        Kind("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", False),
        Kind("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", False),
    )
}


def ref(kind: str, name: str = "x", namespace: str = "n") -> Ref:
    """The identity of an object of one of KINDS."""
    return Ref(KINDS[kind].group, kind, namespace if KINDS[kind].namespaced else "", name)


def document(kind: str, name: str = "x", namespace: str = "n", **members):
    """An object of one of KINDS."""
    place = {"namespace": namespace} if KINDS[kind].namespaced else {}
    return {"apiVersion": KINDS[kind].api_version, "kind": kind, "metadata": {"name": name, **place}, **members}


def refusal(status: int, message: str = "no", *causes, reason: str = "", plain: bool = False, attempts: int = 1) -> ApiError:
    """An answer that says no; ``plain``: as text, not as a Status."""
    headers = http.client.HTTPMessage()
    headers["Content-Type"] = "text/plain" if plain else "application/json"
    status_object = {"kind": "Status", "message": message, "reason": reason, "details": {"causes": list(causes)}}
    body = message if plain else json.dumps(status_object)
    return ApiError(Response(status, headers, body.encode(), attempts), "PATCH /path")


def subject(body, live=None, record=None, seeds=(), references=None) -> Subject:
    """A desired object beside its live metadata."""
    desired = normalise(body, "file.yml", record.name if record else "")[0]
    wire = desired.resolved(References(references or {}))
    return Subject(desired, KINDS[body["kind"]], record, live, wire, list(seeds))
