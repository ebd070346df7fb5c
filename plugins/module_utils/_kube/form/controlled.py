# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a controller owns by a kind's own rule: it is left to it, forced or not, or each would undo the other.

Two forms: a member that is left out of the document, and one that is sent once and then handed over. What a person may well
mean to set (a clusterIP, an authority that nobody fills in) stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .documents import Desired
from .kinds import Ref

Document = Mapping[str, Any]
Path = tuple[str, ...]

_ANNOTATIONS: tuple[tuple[str, frozenset[str], str], ...] = (
    ("", frozenset(), "kubectl.kubernetes.io/last-applied-configuration"),
    ("apps", frozenset({"Deployment", "ReplicaSet"}), "deployment.kubernetes.io/revision"),
    ("apps", frozenset({"DaemonSet"}), "deprecated.daemonset.template.generation"),
    ("", frozenset({"PersistentVolumeClaim", "PersistentVolume"}), "pv.kubernetes.io/bound-by-controller"),
    ("", frozenset({"PersistentVolumeClaim", "PersistentVolume"}), "pv.kubernetes.io/bind-completed"),
    ("", frozenset({"PersistentVolumeClaim"}), "volume.kubernetes.io/selected-node"),
)
"""Group, kinds (none: all) and annotation: kubectl and controllers write these, a document has them only as a copy of a live object."""
_JOB_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name")
_INJECTED = (
    *("cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret", "cert-manager.io/inject-apiserver-ca"),
    "service.beta.openshift.io/inject-cabundle",
)
"""Annotations that ask a controller to fill in ``caBundle``."""
_NO_AUTHORITY = ("", "Cg==", "Cgo=")
"""``caBundle`` without an authority in it: nothing, or the line break that generators put there."""
_SCALERS = {("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject")}


def left_out(body: Document) -> Iterator[tuple[Path, str]]:
    """Members of a document that are not ours to send, and where somebody wrote them on purpose, why."""
    group, kind = body["apiVersion"].rpartition("/")[0], body["kind"]
    spec = body.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    annotations = body["metadata"].get("annotations") or {}
    if annotations:
        yield from ((path, "") for path in _bookkeeping(group, kind, annotations))
    key = f"{kind}.{group}" if group else kind
    if key == "ClusterRole.rbac.authorization.k8s.io" and body.get("aggregationRule") and "rules" in body:
        yield ("rules",), "rules are the aggregation controller's where there is an aggregationRule" if body["rules"] else ""
    elif key == "Job.batch" and not spec.get("manualSelector"):
        yield from ((path, "") for path in _generated(spec))
    elif key == "Namespace" and "finalizers" in spec:
        yield ("spec", "finalizers"), ""
    elif key == "Service":
        yield from ((path, "") for path in _to_be_allocated(spec))
    else:
        yield from ((path, "") for path in _authorities(group, body, any(name in annotations for name in _INJECTED)))


def handed_over(objects: Mapping[Ref, Desired]) -> Iterator[tuple[Ref, Path, Any, str]]:
    """(object, path, value to begin with, reason) of what a declared controller sets on another declared object."""
    for ref, item in objects.items():
        spec = item.body.get("spec")
        spec = spec if isinstance(spec, Mapping) else {}
        if (ref.group, ref.kind) in _SCALERS:
            target = spec.get("scaleTargetRef") or {}
            yield from _scaled(objects, ref, target)
        elif ref.group_kind == "Rollout.argoproj.io":
            for name in _rollout_services(spec):
                service = Ref("", "Service", ref.namespace, name)
                selector = (objects[service].body.get("spec") or {}).get("selector") if service in objects else None
                if selector:
                    yield service, ("spec", "selector"), selector, f"set by {ref.id}"


def _scaled(objects: Mapping[Ref, Desired], scaler: Ref, target: Document) -> Iterator[tuple[Ref, Path, Any, str]]:
    group = str(target.get("apiVersion") or "apps/v1").rpartition("/")[0]
    ref = Ref(group, str(target.get("kind") or "Deployment"), scaler.namespace, str(target.get("name")))
    replicas = (objects[ref].body.get("spec") or {}).get("replicas") if ref in objects else None
    if replicas is not None:
        yield ref, ("spec", "replicas"), replicas, f"set by {scaler.id}"


def _bookkeeping(group: str, kind: str, annotations: Document) -> Iterator[Path]:
    written = [name for of, kinds, name in _ANNOTATIONS if name in annotations and (not kinds or (group == of and kind in kinds))]
    if written and len(written) == len(annotations):
        yield ("metadata", "annotations")
    else:
        yield from (("metadata", "annotations", name) for name in sorted(written))


def _rollout_services(spec: Document) -> list[str]:
    strategy = spec.get("strategy") or {}
    canary, blue_green = strategy.get("canary") or {}, strategy.get("blueGreen") or {}
    names = [canary.get("canaryService"), canary.get("stableService"), blue_green.get("activeService"), blue_green.get("previewService")]
    return list(dict.fromkeys(str(name) for name in names if name))


def _generated(spec: Document) -> Iterator[Path]:
    """A Job's selector and the labels that belong to it, as a copy of a live Job has them."""
    if "selector" in spec:
        yield ("spec", "selector")
    template = spec.get("template")
    labels = ((template if isinstance(template, Mapping) else {}).get("metadata") or {}).get("labels") or {}
    yield from (("spec", "template", "metadata", "labels", name) for name in _JOB_LABELS if name in labels)


def _to_be_allocated(spec: Document) -> Iterator[Path]:
    """What a Service leaves to the server by saying nothing in many words."""
    if spec.get("clusterIP") == "":
        yield ("spec", "clusterIP")
    if spec.get("clusterIPs") in ([], [""]):
        yield ("spec", "clusterIPs")
    if spec.get("healthCheckNodePort") == 0:
        yield ("spec", "healthCheckNodePort")
    for number, port in enumerate(spec.get("ports") or []):
        if isinstance(port, Mapping) and port.get("nodePort") == 0 and "nodePort" in port:
            yield ("spec", "ports", str(number), "nodePort")


def _authorities(group: str, body: Document, injected: bool) -> Iterator[Path]:
    """Each ``caBundle`` that a controller fills in: it was asked to by an annotation, or the document has none in it."""
    places: Iterable[tuple[Path, Any]] = ()
    if group == "admissionregistration.k8s.io" and body["kind"].endswith("WebhookConfiguration"):
        hooks = body.get("webhooks") or []
        places = ((("webhooks", str(n), "clientConfig"), (hook or {}).get("clientConfig")) for n, hook in enumerate(hooks))
    elif body["kind"] == "CustomResourceDefinition":
        webhook = ((body.get("spec") or {}).get("conversion") or {}).get("webhook") or {}
        places = [(("spec", "conversion", "webhook", "clientConfig"), webhook.get("clientConfig"))]
    elif body["kind"] == "APIService":
        places = [(("spec",), body.get("spec"))]
    for path, config in places:
        if isinstance(config, Mapping) and "caBundle" in config and (injected or (config["caBundle"] or "") in _NO_AUTHORITY):
            yield (*path, "caBundle")
