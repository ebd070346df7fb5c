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

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .fields import Path, leaves, own_entry, owned, text
from .kinds import Ref

_SCALABLE = {"Deployment", "StatefulSet", "ReplicaSet", "Rollout"}
_ANY: frozenset[str] = frozenset()


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


def _annotations(*kinds: str, prefixes: Iterable[str], template: bool = False) -> list[_Known]:
    root: Path = ("f:spec", "f:template", "f:metadata", "f:annotations") if template else ("f:metadata", "f:annotations")
    return [_Known(frozenset(kinds), (*root, f"f:{prefix}*")) for prefix in prefixes]


_KNOWN: tuple[_Known, ...] = (
    _Known(_ANY, ("f:status",)),
    _Known(_ANY, ("f:metadata", "f:finalizers")),
    _Known(_ANY, ("f:metadata", "f:ownerReferences")),
    _Known(_ANY, ("f:metadata", "f:generateName")),
    *_annotations("Deployment", "ReplicaSet", prefixes=["deployment.kubernetes.io/"]),
    *_annotations("DaemonSet", prefixes=["deprecated.daemonset.template.generation"]),
    *_annotations(
        *("Deployment", "StatefulSet", "DaemonSet"),
        prefixes=["kubectl.kubernetes.io/restartedAt", "vso.secrets.hashicorp.com/restartedAt"],
        template=True,
    ),
    *_annotations(
        "PersistentVolumeClaim",
        prefixes=["pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/"],
    ),
    *_annotations("Secret", prefixes=["kubernetes.io/service-account.uid"]),
    _Known(frozenset({"Secret"}), ("f:metadata", "f:labels", "f:kubernetes.io/legacy-token-last-used")),
    *_annotations("PersistentVolume", prefixes=["pv.kubernetes.io/", "volume.kubernetes.io/"]),
    _Known(frozenset(_SCALABLE), ("f:spec", "f:replicas"), subresource="scale"),
    _Known(frozenset({"PersistentVolumeClaim"}), ("f:spec", "f:volumeName")),
    _Known(frozenset({"PersistentVolume"}), ("f:spec", "f:claimRef")),
    *[_Known(frozenset({"Service"}), ("f:spec", f"f:{name}*")) for name in ("clusterIP", "ipFamil", "healthCheckNodePort")],
    _Known(frozenset({"ServiceAccount"}), ("f:secrets",), manager="controller-manager"),
    _Known(frozenset({"ServiceAccount"}), ("f:imagePullSecrets",), manager="controller-manager"),
    _Known(frozenset({"ClusterRole"}), ("f:rules",), manager="clusterrole-aggregation-controller"),
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
            if path in mine or path in found or _is_known(ref, path, entry) or any(path[: len(skip)] == skip for skip in ignored):
                continue
            found[path] = Addition(ref, text(path), entry.get("manager") or "unknown", entry.get("time") or "")
    return list(found.values())


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


def is_known_path(ref: Ref, path: str) -> bool:
    """The same rule for a path as text, whoever wrote it; what only a subresource may write is not known here."""
    for known in _KNOWN:
        if (known.kinds and ref.kind not in known.kinds) or known.subresource:
            continue
        parent, last = text(known.prefix[:-1]), known.prefix[-1][2:]
        if last.endswith("*"):
            member = path[len(parent) + 1 :].lstrip('"') if path.startswith(parent + ".") else ""
            if member.startswith(last[:-1]):
                return True
        elif path == text(known.prefix) or path.startswith((text(known.prefix) + ".", text(known.prefix) + "[")):
            return True
    tail = _LAST_SEGMENT.get(ref.kind)
    return bool(tail) and path.endswith(text(tail or ()))


def _is_known(ref: Ref, path: Path, entry: Mapping[str, Any]) -> bool:
    for known in _KNOWN:
        if known.kinds and ref.kind not in known.kinds:
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
