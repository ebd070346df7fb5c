# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Who writes the objects of a cluster: a release, an application, a tool, or somebody by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .._core.tools import FLUX, TOOLS, application_of, reconciler_of, release_of

Json = Mapping[str, Any]

_CALLED = {"argocd": "Argo CD", "flux": "Flux", "helm": "Helm", "terraform": "Terraform"}
_TOOLS = {manager: name for tool, name in _CALLED.items() for manager in TOOLS[tool]}
_TOOLS |= {"OpenAPI-Generator": "a Python client", "pulumi-kubernetes": "Pulumi"}
_OURS = "kube_apply:"
_SYSTEM = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kwok", "cloud-controller-manager",
           "clusterrole-aggregation-controller")  # fmt: skip
_PRECEDENCE = ("Flux", "Argo CD", "Helm", "Terraform", "Pulumi", "gantry.platform")


class Writer(NamedTuple):
    """A tool, and what of it: a release, an application, a field manager."""

    tool: str
    name: str = ""


@dataclass
class Written:
    """What one writer has written."""

    writer: Writer
    objects: int = 0
    namespaces: set[str] = field(default_factory=set)
    last: str = ""
    """Time of the last write that managedFields show, as RFC 3339 text."""


def written(metadata: Mapping[str, Iterable[Json]]) -> list[Written]:
    """All writers, those with the most objects first within each tool; what a controller made for another object counts for nobody."""
    found: dict[Writer, Written] = {}
    for rows in metadata.values():
        for row in rows:
            if any(owner.get("controller") for owner in row.get("ownerReferences") or ()):
                continue
            one = writer_of(row)
            mine = found.setdefault(one, Written(one))
            mine.objects += 1
            mine.namespaces.add(row.get("namespace") or "")
            mine.last = max([mine.last, *(str(entry.get("time") or "") for entry in row.get("managedFields") or ())])
    return sorted(found.values(), key=lambda one: (_rank(one.writer.tool), one.writer.tool, -one.objects, one.writer.name))


def writer_of(metadata: Json) -> Writer:
    """Who writes an object, by what it bears of its tool, else by the managers of its fields."""
    labels = metadata.get("labels") or {}
    if made := reconciler_of(metadata):
        group, namespace, name = made
        return Writer("Flux", f"{FLUX[group]} {namespace or '?'}/{name}")
    if application := application_of(metadata):
        return Writer("Argo CD", application)
    if release := release_of(metadata):
        return Writer("Helm", "/".join(part or "?" for part in release))
    if labels.get("owner") == "helm" and labels.get("name"):
        return Writer("Helm", f"{metadata.get('namespace')}/{labels['name']}")
    managers = [str(entry.get("manager") or "") for entry in metadata.get("managedFields") or () if entry.get("subresource") != "status"]
    known = [Writer(_TOOLS[manager]) for manager in managers if manager in _TOOLS]
    known += [Writer("gantry.platform", manager.removeprefix(_OURS)) for manager in managers if manager.startswith(_OURS)]
    if known:
        return min(known, key=lambda one: _rank(one.tool))
    people = [manager for manager in managers if manager.startswith("kubectl")]
    if people:
        return Writer("kubectl", people[0])
    others = [manager for manager in managers if manager and manager not in _SYSTEM]
    return Writer("a controller", others[0]) if others else Writer("Kubernetes")


def _rank(tool: str) -> int:
    if tool == "Kubernetes":
        return len(_PRECEDENCE) + 1
    return _PRECEDENCE.index(tool) if tool in _PRECEDENCE else len(_PRECEDENCE)
