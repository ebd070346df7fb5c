# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small documents for tests."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

IMAGE = "registry.example/app@sha256:" + "0" * 64
RBAC = "rbac.authorization.k8s.io"
Document = dict[str, Any]


def one_set(name: str, namespace: str, *documents: Document, **more: Any) -> dict[str, Any]:
    """A set as the option ``sets`` takes it."""
    return {"name": name, "namespace": namespace, "definition": list(documents), **more}


def identity(document: Mapping[str, Any]) -> str:
    """A plan's id of a document."""
    group, slash, _version = document["apiVersion"].partition("/")
    kind = f"{document['kind']}.{group}" if slash else document["kind"]
    return f"{kind}/{document['metadata'].get('namespace') or '-'}/{document['metadata']['name']}"


def _object(api_version: str, kind: str, namespace: str, name: str, **content: Any) -> Document:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def namespace_of(name: str, **labels: str) -> Document:
    document = _object("v1", "Namespace", "", name)
    document["metadata"]["labels"] = {"made-by": "tests", **labels}
    return document


def config_map(namespace: str, name: str = "settings", **data: str) -> Document:
    return _object("v1", "ConfigMap", namespace, name, data=data or {"colour": "red"})


def secret(namespace: str, name: str = "access", **data: str) -> Document:
    return _object("v1", "Secret", namespace, name, type="Opaque", stringData=data or {"password": "not-so-secret"})


def service(namespace: str, name: str = "app", port: int = 80) -> Document:
    ports = [{"name": "http", "port": port, "protocol": "TCP"}]
    return _object("v1", "Service", namespace, name, spec={"selector": {"app": name}, "ports": ports})


def deployment(namespace: str, name: str = "app", replicas: int | None = 0, env: Mapping[str, str] | None = None) -> Document:
    container = {"name": "app", "image": IMAGE, "env": [{"name": key, "value": value} for key, value in (env or {}).items()]}
    spec: Document = {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
    }
    if replicas is not None:
        spec["replicas"] = replicas
    return _object("apps/v1", "Deployment", namespace, name, spec=spec)


def job(namespace: str, name: str = "once", command: str = "true", ttl: int | None = None) -> Document:
    pod = {"restartPolicy": "Never", "containers": [{"name": "job", "image": IMAGE, "command": [command]}]}
    spec: Document = {"template": {"spec": pod}}
    if ttl is not None:
        spec["ttlSecondsAfterFinished"] = ttl
    return _object("batch/v1", "Job", namespace, name, spec=spec)


def service_account(namespace: str, name: str = "runner") -> Document:
    return _object("v1", "ServiceAccount", namespace, name)


def role(namespace: str, name: str = "reader", *verbs: str) -> Document:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": list(verbs) or ["get"]}]
    return _object(f"{RBAC}/v1", "Role", namespace, name, rules=rules)


def role_binding(namespace: str, name: str = "readers", role_name: str = "reader", user: str = "alice", kind: str = "Role") -> Document:
    return _object(
        f"{RBAC}/v1",
        "RoleBinding",
        namespace,
        name,
        roleRef={"apiGroup": RBAC, "kind": kind, "name": role_name},
        subjects=[{"apiGroup": RBAC, "kind": "User", "name": user}],
    )


def quota(namespace: str, name: str = "limits", **hard: str) -> Document:
    return _object("v1", "ResourceQuota", namespace, name, spec={"hard": {key.replace("_", "/"): value for key, value in hard.items()}})


def definition(group: str) -> Document:
    """A CRD with the kind Gadget in a group of its own."""
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    return _object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "",
        f"gadgets.{group}",
        spec={
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Gadget", "plural": "gadgets", "singular": "gadget", "listKind": "GadgetList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    )


def gadget(group: str, namespace: str, name: str = "first", size: int = 1) -> Document:
    return _object(f"{group}/v1", "Gadget", namespace, name, spec={"size": size})


def unused_group() -> str:
    """An API group that nobody serves yet."""
    return f"g{uuid.uuid4().hex[:8]}.example.com"


def unused_name(prefix: str = "t") -> str:
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def autoscaler(namespace: str, name: str = "app") -> Document:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    return _object("autoscaling/v2", "HorizontalPodAutoscaler", namespace, name, spec={"maxReplicas": 9, "scaleTargetRef": target})


def handed_over_replicas(namespace: str, seed: int, name: str = "app") -> dict[str, Any]:
    """The entry of ``handed_over`` for a Deployment under an autoscaler."""
    return {
        "api_version": "apps/v1",
        "kind": "Deployment",
        "namespace": namespace,
        "name": name,
        "path": "spec.replicas",
        "seed": seed,
        "reason": "under an autoscaler",
    }


def policy(name: str, label: str, value: str, expression: str, probe: Mapping[str, Any]) -> Document:
    """A policy for ConfigMaps with this label, which must refuse the probe."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}
    document = _object(
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicy",
        "",
        name,
        spec={
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule], "objectSelector": {"matchLabels": {label: value}}},
            "validations": [{"expression": expression, "message": f"{name}: {expression}"}],
        },
    )
    document["metadata"]["annotations"] = {"gantry.dev/probe": json.dumps(probe)}
    return document


def policy_binding(name: str) -> Document:
    spec = {"policyName": name, "validationActions": ["Deny"]}
    return _object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "", name, spec=spec)
