# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Objects that are taken over from another tool: does that tool let go of them, and what becomes of what it remembers of them?

A tool that goes on would write back what it wants, or remove what it thinks is its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.canonical import digest
from ..._core.change import Action, Change
from ..._core.tools import FLUX, TOOLS, application_of, reconciler_of, release_of
from ..form.kinds import Kind, Ref
from ..resolve.requests import ReconcileRequest
from ..wire.client import KubeClient
from ..wire.errors import ApiError
from .examine import Finding

_SECRET = Kind("", "v1", "Secret", "secrets", True)
_APPLICATION = Kind("argoproj.io", "v1alpha1", "Application", "applications", True)
_VERSIONS = {"Kustomization": "v1", "HelmRelease": "v2"}
_FLUX = {group: Kind(group, _VERSIONS[kind], kind, f"{kind.lower()}s", True) for group, kind in FLUX.items()}
_INSTANCE = ("argocd.argoproj.io/instance", "app.kubernetes.io/instance")
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Retired:
    """A Helm release's record, which goes once its objects are ours: the paths of its revisions with their uids."""

    change: Change
    revisions: tuple[tuple[str, str], ...]


def still_held(client: KubeClient, request: ReconcileRequest, findings: Iterable[Finding], warnings: list[str]) -> list[str]:
    """A line for each thing that would write back, with what stops it; ``warnings`` get what cannot be seen from here."""
    tools = {one.tool for one in request.adopt_from}
    adopted = [finding.live["metadata"] for finding in findings if finding.former and finding.live]
    lines: list[str] = []
    if "argocd" in tools:
        lines += _syncing(client, {name for metadata in adopted for name in _applications(metadata)}, warnings)
    if "flux" in tools:
        lines += _reconciling(client, {made for metadata in adopted if (made := reconciler_of(metadata))}, warnings)
    if "terraform" in tools and any(_written_by(metadata, TOOLS["terraform"]) for metadata in adopted):
        warnings.append("Terraform's state still has what is adopted: terraform state rm takes it out, else its next run writes back")
    releases = sorted({release for metadata in adopted if (release := release_of(metadata))})
    kept = [f"{namespace}/{name}" for namespace, name in releases if not request.retire_releases]
    if "helm" in tools and kept:
        warnings.append(
            f"Helm keeps its record of {', '.join(kept)}: helm uninstall would delete what is adopted; retire_releases takes it away"
        )
    return sorted(lines)


def retired(client: KubeClient, request: ReconcileRequest) -> list[Retired]:
    """Records of the named releases that are there and are to go; the objects of the release are not touched by that."""
    found = []
    for one in request.adopt_from if request.retire_releases else ():
        if not one.name:
            continue
        selector = f"owner=helm,name={one.name}"
        items, _version = client.list_objects(_SECRET, one.namespace, selector)
        revisions = tuple((_SECRET.path(one.namespace, str(item["metadata"]["name"])), str(item["metadata"]["uid"])) for item in items)
        if revisions:
            ident = Ref("", "Secret", one.namespace, f"sh.helm.release.v1.{one.name}").id
            reason = f"Helm's record of the release, {len(revisions)} revision{'s' if len(revisions) > 1 else ''}; its objects stay"
            mark = digest(["retire", sorted(revisions)])
            found.append(Retired(Change(ident, Action.DELETE, reason=reason, fingerprint=mark), revisions))
    return found


def _syncing(client: KubeClient, names: set[str], warnings: list[str]) -> Iterator[str]:
    if not names:
        return
    try:
        items, _version = client.list_objects(_APPLICATION, None, metadata_only=False)
    except ApiError as error:
        if error.status not in (403, 404):
            raise
        warnings.append(
            f"Argo CD's applications cannot be seen from here ({', '.join(sorted(names))}): one that syncs by itself writes back"
        )
        return
    for item in items:
        metadata, policy = item["metadata"], (item.get("spec") or {}).get("syncPolicy") or {}
        automated = policy.get("automated")
        if metadata["name"] in names and automated is not None and automated.get("enabled") is not False:
            place = f"-n {metadata['namespace']} {metadata['name']}"
            patch = """-p '{"spec":{"syncPolicy":{"automated":null}}}'"""
            yield f"  Argo CD's application {metadata['name']} syncs by itself and would write back: kubectl patch application {place} --type=merge {patch}"


def _reconciling(client: KubeClient, places: set[tuple[str, str, str]], warnings: list[str]) -> Iterator[str]:
    for group, namespace, name in sorted(places):
        kind = _FLUX[group]
        try:
            live = client.find(kind.path(namespace, name))
        except ApiError as error:
            if error.status != 403:
                raise
            warnings.append(f"Flux's {kind.kind} {namespace}/{name} cannot be seen from here: one that is not suspended writes back")
            continue
        if live is not None and not (live.get("spec") or {}).get("suspend"):
            yield f"  Flux's {kind.kind} {namespace}/{name} would write back: flux suspend {kind.kind.lower()} {name} -n {namespace}"


def _applications(metadata: Json) -> Iterator[str]:
    if tracked := application_of(metadata):
        yield tracked
    elif _written_by(metadata, TOOLS["argocd"]):
        yield from (str(name) for key in _INSTANCE if (name := (metadata.get("labels") or {}).get(key)))


def _written_by(metadata: Json, managers: Iterable[str]) -> bool:
    return any(entry.get("manager") in managers for entry in metadata.get("managedFields") or ())
