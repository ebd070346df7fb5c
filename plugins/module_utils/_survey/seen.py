# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What was seen of a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})


@dataclass(frozen=True)
class Seen:
    """A cluster as its apiserver shows it to one identity."""

    version: str
    """``v1.36.1``."""
    metadata: Mapping[str, Iterable[Json]]
    """Metadata of every object, by ``Kind.group``; of Secrets nothing else is ever read."""
    documents: Mapping[str, Iterable[Json]]
    """Whole objects of the kinds that checks look into, by ``Kind.group``."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Why the kinds that could not be listed were not."""

    def of(self, *kinds: str) -> list[Json]:
        """All whole objects of these kinds."""
        return [document for kind in kinds for document in self.documents.get(kind, ())]


def name_of(document: Json) -> str:
    """``namespace/name``, or the name alone."""
    metadata = document["metadata"]
    return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))


def pod_of(document: Json) -> tuple[Json, Json]:
    """Metadata and spec of the pods that a workload makes, or of a pod itself."""
    spec = document.get("spec") or {}
    if document["kind"] == "Pod":
        return document["metadata"], spec
    template = ((spec.get("jobTemplate") or {}).get("spec") or spec).get("template") or {}
    return template.get("metadata") or {}, template.get("spec") or {}
