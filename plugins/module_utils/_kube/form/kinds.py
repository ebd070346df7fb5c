# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Kinds and the names of objects."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Ref(NamedTuple):
    """The identity of an object; the version is no part of it."""

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def id(self) -> str:
        """``Kind.group/namespace/name``, with ``-`` for no namespace: what a plan shows."""
        return f"{self.group_kind}/{self.namespace or '-'}/{self.name}"

    @property
    def group_kind(self) -> str:
        """``Kind.group``, or ``Kind`` for the core group."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @classmethod
    def parse(cls, text: str) -> Ref:
        """The inverse of ``id``."""
        group_kind, namespace, name = text.split("/", 2)
        kind, _dot, group = group_kind.partition(".")
        return cls(group, kind, "" if namespace == "-" else namespace, name)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Ref:
        """The identity that a document claims."""
        metadata = document["metadata"]
        return cls(split_version(document["apiVersion"])[0], document["kind"], metadata.get("namespace") or "", metadata["name"])


@dataclass(frozen=True)
class Kind:
    """A served kind in one version."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    listable: bool = True

    @property
    def api_version(self) -> str:
        """``group/version``, or ``version`` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_kind(self) -> str:
        """``Kind.group``, or ``Kind`` for the core group."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """URL path of one object, of the kind in a namespace, or of the kind everywhere."""
        parts = ["", "apis", self.group, self.version] if self.group else ["", "api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", urllib.parse.quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(urllib.parse.quote(name, safe=":"))
        return "/".join(parts)


def split_version(api_version: str) -> tuple[str, str]:
    """``apps/v1`` → ``("apps", "v1")``; ``v1`` → ``("", "v1")``."""
    group, slash, version = api_version.partition("/")
    return (group, version) if slash else ("", group)
