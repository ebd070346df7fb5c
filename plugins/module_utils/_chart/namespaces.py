# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Namespaces of charts: several components may live in one, which then has what all of them need."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .._core.errors import InputError
from .._core.pod_security import ENFORCE, LEVELS
from .render import Document

NEEDED_BY = "gantry.dev/pod-security-needed-by"
"""Annotation: the components whose pods need the namespace's level."""
_RBAC = "rbac.authorization.k8s.io"


@dataclass
class Need:
    """What one component asks of its namespace. ``level`` is the inventory's word or none, ``usual`` the catalogue's."""

    component: str
    namespace: str
    documents: Sequence[Document]
    usual: str = "baseline"
    level: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ComponentNamespace:
    """A namespace as it is declared: ``owner`` is the component in whose set it stands."""

    namespace: str
    owner: str
    level: str
    needed_by: tuple[str, ...]
    document: Document


def namespaces_of(needs: Sequence[Need], elsewhere: Iterable[str]) -> dict[str, ComponentNamespace]:
    """The namespaces that the components' sets declare, by name, but for those that are declared ``elsewhere``.

    Each has the most permissive level that one of its components needs, and says which. Raises InputError where two ask for different
    values of a label.
    """
    found: dict[str, ComponentNamespace] = {}
    outside = set(elsewhere)
    for namespace in sorted({need.namespace for need in needs} - outside):
        here = sorted((need for need in needs if need.namespace == namespace), key=lambda need: need.component)
        inside = [need for need in here if any(document["metadata"].get("namespace") == namespace for document in need.documents)]
        if inside:
            found[namespace] = _namespace(namespace, inside)
    return found


def _namespace(namespace: str, needs: Sequence[Need]) -> ComponentNamespace:
    brought = [document for need in needs for document in need.documents if is_namespace(document, namespace)]
    document: Document = (
        copy.deepcopy(brought[0]) if brought else {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    )
    metadata = document["metadata"]
    levels = {need.component: need.level or _brought(need) or need.usual for need in needs}
    level = max(levels.values(), key=LEVELS.index)
    needed_by = tuple(component for component, its in sorted(levels.items()) if its == level)
    labels = {"owner": needs[0].component, **(metadata.get("labels") or {}), **_labels(namespace, needs)}
    metadata["labels"] = {**labels, ENFORCE: level, "gantry.dev/component": needs[0].component}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), NEEDED_BY: ",".join(needed_by)}
    return ComponentNamespace(namespace, needs[0].component, level, needed_by, document)


def _brought(need: Need) -> str:
    """The level that a chart's own Namespace asks for."""
    for document in need.documents:
        if is_namespace(document, need.namespace):
            level = str((document["metadata"].get("labels") or {}).get(ENFORCE) or "")
            return level if level in LEVELS else ""
    return ""


def _labels(namespace: str, needs: Sequence[Need]) -> dict[str, str]:
    found: dict[str, tuple[str, str]] = {}
    problems = []
    for need in needs:
        for key, value in need.labels.items():
            if key in (ENFORCE, "gantry.dev/component"):
                cure = "use pod_security" if key == ENFORCE else "leave it out, it is ours"
                problems.append(f"  {need.component}: namespace_labels has {key}; {cure}")
            elif found.setdefault(key, (need.component, value))[1] != value:
                first, other = found[key]
                problems.append(f"  {namespace}: {first} wants the label {key}={other}, {need.component} wants {value}; give both the same")
    if problems:
        raise InputError("the components do not agree about their namespaces:\n" + "\n".join(problems))
    return {key: value for key, (_component, value) in found.items()}


def is_namespace(document: Document, namespace: str) -> bool:
    """Whether this is the Namespace itself."""
    return bool(document["kind"] == "Namespace" and document["metadata"]["name"] == namespace)


def deployer_binding(home: ComponentNamespace, deployer: str) -> Document:
    """The deployer's way into a namespace."""
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "gantry-deployer", "namespace": home.namespace, "labels": {"owner": home.owner}},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "gantry-deployer-namespace"},
        "subjects": [{"kind": "User", "apiGroup": _RBAC, "name": deployer}],
    }
