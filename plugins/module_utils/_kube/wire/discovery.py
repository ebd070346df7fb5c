# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Which kinds the server serves: two requests (aggregated discovery, general since 1.30), older servers group by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.errors import ServerError
from ..form.kinds import Kind, split_version
from .client import KubeClient
from .errors import ApiError

_ACCEPT = (
    ",".join(f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1"))
    + ",application/json"
)


class Discovery:
    """The kinds of a server, by group, kind and version. ``stale`` holds groups whose backend did not answer."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._kinds: dict[tuple[str, str], list[Kind]] = {}
        self._loaded: set[str] = set()
        self._whole = False
        self._plain_groups: dict[str, list[str]] = {}
        self.stale: set[str] = set()
        self.refresh()

    def refresh(self) -> None:
        """Read everything again (after a CRD was created)."""
        self._kinds, self._loaded, self.stale = {}, set(), set()
        try:
            answers = [self._client.get(path, accept=_ACCEPT) for path in ("/api", "/apis")]
        except ApiError as error:
            if error.status != 403:
                raise
            cure = "an administrator binds it to the ClusterRole system:discovery"
            raise ServerError(f"this identity may not read which kinds the server serves; {cure}: {error.message}") from error
        self._whole = all(answer.get("kind") == "APIGroupDiscoveryList" for answer in answers)
        if self._whole:
            for answer in answers:
                for item in answer.get("items") or []:
                    self._add_group(item)
            return
        self._plain_groups = {"": list(answers[0].get("versions") or ["v1"])}
        for group in answers[1].get("groups") or []:
            self._plain_groups[group["name"]] = [version["version"] for version in group.get("versions") or []]

    def find(self, api_version: str, kind: str) -> Kind | None:
        """The kind in exactly this version, or none."""
        group, version = split_version(api_version)
        return next((found for found in self._of(group, kind) if found.version == version), None)

    def preferred(self, group: str, kind: str) -> Kind | None:
        """The kind in the version that the server prefers, or none."""
        return next(iter(self._of(group, kind)), None)

    def versions(self, group: str, kind: str) -> list[str]:
        """The versions in which the kind is served."""
        return [found.api_version for found in self._of(group, kind)]

    def kinds(self) -> Iterable[Kind]:
        """Every kind read so far, for suggestions."""
        for found in self._kinds.values():
            yield from found

    def every_kind(self) -> list[Kind]:
        """Every kind that the server serves. What groups in ``stale`` have is not known, beyond what the server remembers."""
        for group in () if self._whole else set(self._plain_groups) - self._loaded:
            self._load_plain(group)
        return list(self.kinds())

    def _of(self, group: str, kind: str) -> list[Kind]:
        if not self._whole and group not in self._loaded:
            self._load_plain(group)
        return self._kinds.get((group, kind), [])

    def _add_group(self, item: Mapping[str, Any]) -> None:
        group = (item.get("metadata") or {}).get("name") or ""
        for version in item.get("versions") or []:
            if version.get("freshness") == "Stale":
                self.stale.add(group)
            for resource in version.get("resources") or []:
                response = resource.get("responseKind") or {}
                found = Kind(
                    group,
                    version["version"],
                    response.get("kind") or "",
                    resource["resource"],
                    resource.get("scope") == "Namespaced",
                    "list" in (resource.get("verbs") or []),
                )
                self._kinds.setdefault((group, found.kind), []).append(found)

    def _load_plain(self, group: str) -> None:
        self._loaded.add(group)
        for version in self._plain_groups.get(group, []):
            path = f"/apis/{group}/{version}" if group else f"/api/{version}"
            try:
                answer = self._client.get(path)
            except ApiError:
                self.stale.add(group)
                continue
            for resource in answer.get("resources") or []:
                if "/" in resource["name"]:
                    continue
                found = Kind(group, version, resource["kind"], resource["name"], resource["namespaced"], "list" in resource["verbs"])
                self._kinds.setdefault((group, found.kind), []).append(found)
