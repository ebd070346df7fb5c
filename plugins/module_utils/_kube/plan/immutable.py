# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Which fields cannot change once set, by kind. Decided by a table and confirmed by the server's cause, never by its text:
"field is immutable" also stands in messages that a custom resource's own rules write. What no table has, of a kind that may be
replaced by name, the server is asked: it refuses the change and would take the same document as a new object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..form.builtin import RBAC
from ..form.kinds import Ref
from ..observe.subject import Subject
from ..wire.client import KubeClient
from ..wire.errors import ApiError
from .preview import shadow_of

_MEMBERS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Secret"): ("type", "data", "immutable"),
    ("", "ConfigMap"): ("data", "binaryData", "immutable"),
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "ReplicaSet"): ("spec.selector",),
    ("apps", "StatefulSet"): ("spec.selector", "spec.serviceName", "spec.volumeClaimTemplates", "spec.podManagementPolicy"),
    ("batch", "Job"): ("spec.selector", "spec.template", "spec.completions", "spec.completionMode"),
    (RBAC, "ClusterRoleBinding"): ("roleRef",),
    (RBAC, "RoleBinding"): ("roleRef",),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
    ("storage.k8s.io", "StorageClass"): ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    ("storage.k8s.io", "CSIDriver"): ("spec.attachRequired",),
}

_ONLY_IF_NAMED = {
    ("", "Namespace"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
}


def immutable_changes(ref: Ref, live: Mapping[str, Any], desired: Mapping[str, Any], refusal: ApiError) -> list[str]:
    """Paths that the document would change although the kind does not allow it; empty where the refusal has another reason.

    ``refusal`` is the server's 422 to a dry run. Its cause must name the path, one above it or one below it.
    """
    if refusal.status != 422:
        return []
    named = [cause.get("field") or "" for cause in refusal.causes if cause.get("reason")]
    found = []
    for path in _MEMBERS.get((ref.group, ref.kind), ()):
        want, have = _at(desired, path), _at(live, path)
        # Data is ours alone: what is left out of it goes away. Elsewhere more is only the server's defaults.
        if have == want if ref.group == "" else want is None or _covers(have, want):
            continue
        if any(_related(path, field) for field in named):
            found.append(path)
    return found


def learnt(client: KubeClient, subject: Subject, refusal: ApiError, manager: str) -> list[str]:
    """Fields that a 422 to an update names and that a new object might have: what the server refuses is their change."""
    fields = list(dict.fromkeys(cause["field"] for cause in refusal.causes if cause.get("reason") and cause.get("field")))
    if refusal.status != 422 or not fields:
        return []
    path, body = shadow_of(subject, subject.ref.namespace)
    try:
        client.ask(path, body, manager)
    except ApiError as other:
        if other.status == 422 and other.causes:
            return [field for field in fields if field not in {cause.get("field") for cause in other.causes}]
        return fields if other.over_quota else []  # the old object still counts
    return fields


def is_named(ref: Ref, named_kinds: list[str]) -> bool:
    """Whether this kind was named as one that may be replaced."""
    return ref.kind in named_kinds or ref.group_kind in named_kinds


def replaceable(ref: Ref, named_kinds: list[str]) -> bool:
    """Whether an object of this kind may be deleted and made again: by the table, or because it was named."""
    if is_named(ref, named_kinds):
        return True
    return (ref.group, ref.kind) in _MEMBERS and (ref.group, ref.kind) not in _ONLY_IF_NAMED and not named_kinds


def propagation(ref: Ref) -> str:
    """How the old object goes: a StatefulSet leaves its pods to the new one, all others take theirs with them."""
    return "Orphan" if ref.kind == "StatefulSet" else "Background"


def _at(document: Mapping[str, Any], path: str) -> Any:
    here: Any = document
    for name in path.split("."):
        here = here.get(name) if isinstance(here, Mapping) else None
    return here


def _covers(have: Any, want: Any) -> bool:
    """Whether ``have`` holds all of ``want``."""
    if isinstance(want, Mapping):
        return isinstance(have, Mapping) and all(_covers(have.get(key), value) for key, value in want.items())
    if isinstance(want, list):
        return isinstance(have, list) and len(have) == len(want) and all(map(_covers, have, want))
    return bool(have == want)


def _related(path: str, field: str) -> bool:
    return path == field or path.startswith(field + ".") or field.startswith((path + ".", path + "["))
