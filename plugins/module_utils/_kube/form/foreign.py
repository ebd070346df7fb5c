# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What others added to our objects: leaves that other managers own and that no controller is known to write.

Manager names are self-declared, so names only narrow a rule, they never widen one. The table was checked against a running
cluster's controllers: it is what they wrote, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.change import Action
from .fields import Path, leaves, own_entry, owned, text
from .impact import impact_of
from .kinds import Ref

_SCALABLE = {"Deployment", "StatefulSet", "ReplicaSet", "Rollout"}
_ANY: frozenset[str] = frozenset()
_ACCOUNT = "kubernetes.io/service-account.name"


@dataclass(frozen=True)
class Addition:
    """A field that somebody else added: whose manager, when, and where."""

    ref: Ref
    path: str
    manager: str
    time: str


@dataclass(frozen=True)
class _Known:
    """Paths (prefixes, a trailing ``*`` in the last segment matches a prefix of it) that controllers write on these kinds."""

    kinds: frozenset[str]
    prefix: Path
    subresource: str | None = None
    manager: str | None = None
    name: str | None = None
    """Only of the object of this name."""
    annotated: str | None = None
    """Only of objects with this annotation, by which they ask for it."""
    beside: str | None = None
    """Only of objects that have this member as well; what metadata alone do not tell is taken for granted there."""

    def is_of(self, ref: Ref, metadata: Mapping[str, Any]) -> bool:
        """Whether the row is about this object."""
        return (
            (not self.kinds or ref.kind in self.kinds)
            and self.name in (None, ref.name)
            and (self.annotated is None or self.annotated in (metadata.get("annotations") or {}))
        )


def _annotations(*kinds: str, prefixes: Iterable[str], template: bool = False) -> list[_Known]:
    root: Path = ("f:spec", "f:template", "f:metadata", "f:annotations") if template else ("f:metadata", "f:annotations")
    return [_Known(frozenset(kinds), (*root, f"f:{prefix}*")) for prefix in prefixes]


_BOOKKEEPING = (
    (frozenset({"Deployment", "ReplicaSet"}), "deployment.kubernetes.io/"),
    (frozenset({"DaemonSet"}), "deprecated.daemonset.template.generation"),
)

_KNOWN: tuple[_Known, ...] = (
    _Known(_ANY, ("f:status",)),
    _Known(_ANY, ("f:metadata", "f:finalizers")),
    _Known(_ANY, ("f:metadata", "f:ownerReferences")),
    _Known(_ANY, ("f:metadata", "f:generateName")),
    *[known for kinds, prefix in _BOOKKEEPING for known in _annotations(*kinds, prefixes=[prefix])],
    *_annotations(
        *("Deployment", "StatefulSet", "DaemonSet"),
        prefixes=["kubectl.kubernetes.io/restartedAt", "vso.secrets.hashicorp.com/restartedAt"],
        template=True,
    ),
    *_annotations(
        "PersistentVolumeClaim",
        prefixes=["pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/"],
    ),
    _Known(frozenset({"PersistentVolumeClaim"}), ("f:spec", "f:storageClassName"), manager="controller-manager"),
    *_annotations("Secret", prefixes=["kubernetes.io/service-account.uid"]),
    _Known(frozenset({"Secret"}), ("f:metadata", "f:labels", "f:kubernetes.io/legacy-token-*")),
    *[_Known(frozenset({"Secret"}), ("f:data", f"f:{key}"), annotated=_ACCOUNT) for key in ("ca.crt", "namespace", "token")],
    _Known(frozenset({"ConfigMap"}), ("f:data", "f:ca.crt"), name="kube-root-ca.crt"),
    _Known(frozenset({"ConfigMap"}), ("f:metadata", "f:annotations", "f:kubernetes.io/description"), name="kube-root-ca.crt"),
    *_annotations("ConfigMap", "Endpoints", "Lease", prefixes=["control-plane.alpha.kubernetes.io/leader"]),
    *[
        _Known(frozenset({"Lease"}), ("f:spec", f"f:{key}"))
        for key in ("acquireTime", "holderIdentity", "leaseDurationSeconds", "leaseTransitions", "renewTime")
    ],
    *_annotations("HorizontalPodAutoscaler", prefixes=["autoscaling.alpha.kubernetes.io/"]),
    _Known(frozenset({"Pod"}), ("f:spec", "f:nodeName")),
    *_annotations("PersistentVolume", prefixes=["pv.kubernetes.io/", "volume.kubernetes.io/"]),
    _Known(frozenset(_SCALABLE), ("f:spec", "f:replicas"), subresource="scale"),
    _Known(frozenset({"PersistentVolumeClaim"}), ("f:spec", "f:volumeName")),
    _Known(frozenset({"PersistentVolume"}), ("f:spec", "f:claimRef")),
    *[_Known(frozenset({"Service"}), ("f:spec", f"f:{name}*")) for name in ("clusterIP", "ipFamil", "healthCheckNodePort")],
    _Known(frozenset({"ServiceAccount"}), ("f:secrets",), manager="controller-manager"),
    _Known(frozenset({"ServiceAccount"}), ("f:imagePullSecrets",), manager="controller-manager"),
    _Known(frozenset({"ClusterRole"}), ("f:rules",), manager="clusterrole-aggregation-controller", beside="aggregationRule"),
    _Known(frozenset({"CustomResourceDefinition"}), ("f:spec", "f:conversion", "f:webhook", "f:clientConfig", "f:caBundle")),
    _Known(frozenset({"APIService"}), ("f:spec", "f:caBundle")),
)
_LAST_SEGMENT = {
    "MutatingWebhookConfiguration": ("f:clientConfig", "f:caBundle"),
    "ValidatingWebhookConfiguration": ("f:clientConfig", "f:caBundle"),
    "Service": ("f:nodePort",),
}
"""Kinds whose lists have an item field that is filled in by the cluster, named by its last segments."""


def additions(ref: Ref, metadata: Mapping[str, Any], manager: str, helpers: Iterable[str], ignored: Iterable[Path] = ()) -> list[Addition]:
    """Leaves of every entry but ours, minus ours and the known ones.

    ``helpers`` are further names of ours (the one that seeds handed-over fields); ``ignored`` are handed-over paths.
    """
    ours = own_entry(metadata, manager)
    mine = owned(ours)
    ignored = list(ignored)
    helpers = set(helpers)
    found: dict[Path, Addition] = {}
    for entry in metadata.get("managedFields") or []:
        if entry is ours or entry.get("manager") in helpers:
            continue
        for path in leaves(entry.get("fieldsV1") or {}):
            if path in mine or _is_known(ref, path, entry, metadata) or any(path[: len(skip)] == skip for skip in ignored):
                continue
            whole = _whole_item(path, mine)
            if whole not in found:
                found[whole] = Addition(ref, text(whole), entry.get("manager") or "unknown", entry.get("time") or "")
    return list(found.values())


def _whole_item(path: Path, mine: set[Path]) -> Path:
    """The outermost list item around a path in which nothing is ours: a sidecar is one addition, not one for each of its fields."""
    for length in range(1, len(path)):
        if path[length - 1].startswith("k:") and not any(own[:length] == path[:length] for own in mine):
            return path[:length]
    return path


_NAMES = {
    "annotations": "annotation",
    "binaryData": "key",
    "containers": "container",
    "data": "key",
    "env": "env entry",
    "ephemeralContainers": "ephemeral container",
    "initContainers": "init container",
    "labels": "label",
    "ports": "port",
    "volumeMounts": "volume mount",
    "volumes": "volume",
}
_LAST = re.compile(r"""(?:^|\.)([\w-]+)(?:\[(?:[\w-]+=(?=[^,\]]*\]))?([^\]]*)\]|\.("[^"]*"|[\w-]+))$""")


def said_of(ref: Ref, path: str, added: bool = True) -> dict[str, str]:
    """``what`` somebody did, in a few words, and the ``impact`` that undoing it has."""
    last = _LAST.search(path)
    name = _NAMES.get(last[1]) if last else None
    subject = f"{name} {(last[2] or last[3] or '').strip(chr(34))}" if last and name else path
    impact = impact_of(Action.UPDATE, ref, [(path, True)])
    return {"what": f"{subject} {'added' if added else 'changed'}" if path else "", "impact": impact.value}


def lost(desired_leaves: set[Path], metadata: Mapping[str, Any], manager: str) -> dict[Path, tuple[str, str]]:
    """Paths that we should own and do not, with the manager that holds them now and since when."""
    missing = desired_leaves - owned(own_entry(metadata, manager))
    holders: dict[Path, tuple[str, str]] = {}
    for entry in metadata.get("managedFields") or []:
        if entry.get("manager") == manager:
            continue
        for path in set(leaves(entry.get("fieldsV1") or {})) & missing:
            holders[path] = (entry.get("manager") or "unknown", entry.get("time") or "")
    return holders


def is_known_path(ref: Ref, path: str, live: Mapping[str, Any], manager: str) -> bool:
    """The same rule for a path of a whole object as text; what only a subresource may write is not known here.

    ``manager`` is who holds the path by managedFields; anybody may call himself so, and a row says so only to be narrower.
    """
    for known in _KNOWN:
        if known.subresource or not known.is_of(ref, live["metadata"]) or (known.beside and known.beside not in live):
            continue
        if known.manager and known.manager not in manager:
            continue
        parent, last = text(known.prefix[:-1]), known.prefix[-1][2:]
        if last.endswith("*"):
            member = path[len(parent) + 1 :].lstrip('"') if path.startswith(parent + ".") else ""
            if member.startswith(last[:-1]):
                return True
        elif is_at(path, text(known.prefix)):
            return True
    tail = _LAST_SEGMENT.get(ref.kind)
    return bool(tail) and path.endswith(text(tail or ()))


def is_at(path: str, place: str) -> bool:
    """Whether a path as text is this place or below it."""
    return path == place or path.startswith((place + ".", place + "["))


def is_bookkeeping(ref: Ref, path: str) -> bool:
    """Whether a path is an annotation in which a kind's controller, or the server itself, counts."""
    return any(ref.kind in kinds and path.startswith(f'metadata.annotations."{prefix}') for kinds, prefix in _BOOKKEEPING)


def _is_known(ref: Ref, path: Path, entry: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    for known in _KNOWN:
        if not known.is_of(ref, metadata):
            continue
        if known.subresource and entry.get("subresource") != known.subresource:
            continue
        if known.manager and known.manager not in (entry.get("manager") or ""):
            continue
        if _begins(path, known.prefix):
            return True
    tail = _LAST_SEGMENT.get(ref.kind)
    return bool(tail) and path[-len(tail or ()) :] == tail


def _begins(path: Path, prefix: Path) -> bool:
    if len(path) < len(prefix):
        return False
    for have, want in zip(path, prefix, strict=False):
        if not (have.startswith(want[:-1]) if want.endswith("*") else have == want):
            return False
    return True
