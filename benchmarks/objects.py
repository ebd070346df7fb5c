# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that every tool applies: a platform's mix of kinds, with five definitions and their custom resources in one set."""

from __future__ import annotations

import base64
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
CUSTOM_KINDS = ("Pipeline", "Route", "Budget", "Probe", "Replica")
PER_NAMESPACE = 50
_BY_HAND = "by-hand"


@dataclass(frozen=True)
class Drift:
    """A change that somebody makes behind the tools' backs: a merge patch, the path of its one value, and what is declared there."""

    document: Document
    patch: Document
    path: tuple[str, ...]
    declared: Any


def documents(count: int, prefix: str) -> list[Document]:
    """Exactly ``count`` documents in an order that every tool can follow: definitions, namespaces, the rest.

    ``prefix`` begins the names of namespaces and API groups, so that two lists never meet in one cluster.
    """
    if count < 20:
        raise ValueError(f"{count} objects are too few for the mix; 20 at least")
    group = f"{prefix}.benchmark.gantry.dev"
    endless = itertools.chain.from_iterable(_namespace(f"{prefix}-{number:03d}", group) for number in itertools.count())
    found = [*(_definition(kind, group) for kind in CUSTOM_KINDS), *itertools.islice(endless, count - len(CUSTOM_KINDS))]
    first = ("CustomResourceDefinition", "Namespace")
    return sorted(found, key=lambda document: first.index(document["kind"]) if document["kind"] in first else len(first))


def drifts(found: list[Document], percent: float) -> list[Drift]:
    """Changes by hand on ``percent`` of the documents, one at least, spread over the namespaces and four kinds."""
    candidates = [drift for document in found if (drift := _drift(document)) is not None]
    wanted = max(1, round(len(found) * percent / 100))
    return random.Random(wanted).sample(candidates, wanted)


def _drift(document: Document) -> Drift | None:
    kind = document["kind"]
    if kind == "ConfigMap":
        return Drift(document, {"data": {"mode": _BY_HAND}}, ("data", "mode"), document["data"]["mode"])
    if kind == "Service":
        return Drift(document, {"spec": {"sessionAffinity": "ClientIP"}}, ("spec", "sessionAffinity"), "None")
    if kind == "Deployment":
        patch = {"spec": {"template": {"metadata": {"annotations": {"revision": _BY_HAND}}}}}
        return Drift(document, patch, ("spec", "template", "metadata", "annotations", "revision"), "1")
    if kind in CUSTOM_KINDS:
        return Drift(document, {"spec": {"owner": _BY_HAND}}, ("spec", "owner"), document["spec"]["owner"])
    return None


def _definition(kind: str, group: str) -> Document:
    plural = f"{kind.lower()}s"
    properties = {
        "owner": {"type": "string"},
        "size": {"type": "integer", "minimum": 1},
        "targets": {
            "type": "array",
            "items": {"type": "object", "properties": {"name": {"type": "string"}, "port": {"type": "integer"}}, "required": ["name"]},
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
    }
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties, "required": ["owner"]}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def _namespace(namespace: str, group: str) -> Iterator[Document]:
    """The fifty documents of one namespace, a few of each kind in turn, so that a cut-off list is mixed as well."""
    yield _document("v1", "Namespace", namespace, "", labels={"pod-security.kubernetes.io/enforce": "baseline"})
    for number in range(10):
        yield _document(
            "v1",
            "ConfigMap",
            f"settings-{number}",
            namespace,
            data={"mode": "declared", "settings.yaml": "".join(f"option-{line}: value of {namespace}\n" for line in range(6))},
        )
        kind = CUSTOM_KINDS[number % len(CUSTOM_KINDS)]
        spec: Document = {"owner": f"team-{namespace}", "size": number + 1, "targets": [{"name": "main", "port": 8080}, {"name": "side"}]}
        yield _document(f"{group}/v1", kind, f"{kind.lower()}-{number}", namespace, spec=spec)
        if number < 5:
            yield _deployment(f"app-{number}", namespace)
            ports = [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}]
            selector = {"app": f"app-{number}"}
            yield _document(
                "v1", "Service", f"app-{number}", namespace, spec={"selector": selector, "ports": ports, "sessionAffinity": "None"}
            )
            token = base64.b64encode(f"token of {namespace} {number}".encode()).decode()
            yield _document("v1", "Secret", f"credentials-{number}", namespace, type="Opaque", data={"token": token})
        if number < 3:
            yield _document("v1", "ServiceAccount", f"account-{number}", namespace, automountServiceAccountToken=False)
            policy = {"podSelector": {"matchLabels": {"app": f"app-{number}"}}, "policyTypes": ["Ingress"], "ingress": []}
            yield _document("networking.k8s.io/v1", "NetworkPolicy", f"app-{number}", namespace, spec=policy)
        if number < 2:
            yield from _pair(number, namespace)


def _pair(number: int, namespace: str) -> Iterator[Document]:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}]
    yield _document("rbac.authorization.k8s.io/v1", "Role", f"reader-{number}", namespace, rules=rules)
    yield _document(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        f"reader-{number}",
        namespace,
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": f"reader-{number}"},
        subjects=[{"kind": "ServiceAccount", "name": f"account-{number}", "namespace": namespace}],
    )
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app": f"app-{number}"}}}
    yield _document("policy/v1", "PodDisruptionBudget", f"app-{number}", namespace, spec=budget)
    target = {"type": "Utilization", "averageUtilization": 70}
    scaler = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"app-{number}"},
        "minReplicas": 1,
        "maxReplicas": 4,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    yield _document("autoscaling/v2", "HorizontalPodAutoscaler", f"app-{number}", namespace, spec=scaler)


def _deployment(name: str, namespace: str) -> Document:
    container = {
        "name": "app",
        "image": "registry.invalid/app@sha256:" + "0" * 64,
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": "MODE", "value": "declared"}, {"name": "NAMESPACE", "value": namespace}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
    }
    pod = {"metadata": {"labels": {"app": name}, "annotations": {"revision": "1"}}, "spec": {"containers": [container]}}
    # No replicas: what is compared is clients, and pods would be the controllers' and the scheduler's work.
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": pod}
    return _document("apps/v1", "Deployment", name, namespace, spec=spec)


def _document(api_version: str, kind: str, name: str, namespace: str, labels: dict[str, str] | None = None, **rest: Any) -> Document:
    metadata: Document = {"name": name, "labels": {"app.kubernetes.io/part-of": "benchmark", **(labels or {})}}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}
