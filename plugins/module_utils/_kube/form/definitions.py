# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Definitions of kinds among the documents: what they serve, and which fields their schema has.

A kind whose definition a run changes is judged by the server as it was before. What the new definition does not have, which no
dry run can tell yet, is found here. Rules of structural schemas: ``apiextensions.k8s.io/v1``, JSONSchemaProps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.suggest import did_you_mean
from .kinds import Kind, Ref

Document = Mapping[str, Any]

CRD = "CustomResourceDefinition"
GROUP = "apiextensions.k8s.io"
_OF_EVERY_OBJECT = ("apiVersion", "kind", "metadata")


def defines(body: Document) -> tuple[str, str]:
    """(group, kind) that a definition defines."""
    spec = body.get("spec") or {}
    return str(spec.get("group") or ""), str((spec.get("names") or {}).get("kind"))


def served_kinds(body: Document) -> list[Kind]:
    """The kind in every version that the definition serves."""
    spec = body.get("spec") or {}
    group, name = defines(body)
    plural, namespaced = str((spec.get("names") or {}).get("plural")), spec.get("scope") == "Namespaced"
    versions = [str(version.get("name")) for version in spec.get("versions") or [] if version.get("served")]
    return [Kind(group, version, name, plural, namespaced) for version in versions]


def is_definition(ref: Ref) -> bool:
    """Whether an object is a definition of a kind."""
    return (ref.group, ref.kind) == (GROUP, CRD)


def undeclared(body: Document, definition: Document) -> list[str]:
    """Fields of a custom resource that the definition's schema of its version does not have, each with the nearest that it has."""
    version = str(body["apiVersion"]).rpartition("/")[2]
    versions = (definition.get("spec") or {}).get("versions") or []
    schema = next((((v.get("schema") or {}).get("openAPIV3Schema")) for v in versions if v.get("name") == version), None)
    if not schema or (definition.get("spec") or {}).get("preserveUnknownFields"):
        return []
    return list(_undeclared(body, schema, "", True))


def _undeclared(value: Any, schema: Any, path: str, whole_object: bool = False) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        return
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _undeclared(item, schema.get("items"), f"{path}[{number}]")
        return
    if not isinstance(value, Mapping):
        return
    properties = schema.get("properties") or {}
    others = schema.get("additionalProperties")
    # Without either, a schema says nothing of the members that a server would not say better.
    closed = bool(properties) and not others and not schema.get("x-kubernetes-preserve-unknown-fields")
    skipped = _OF_EVERY_OBJECT if whole_object or schema.get("x-kubernetes-embedded-resource") else ()
    for name, item in value.items():
        if name in skipped:
            continue
        place = f"{path}.{name}" if path else str(name)
        if name in properties:
            yield from _undeclared(item, properties[name], place)
        elif closed:
            yield f"{place}{did_you_mean(str(name), properties)}"
        else:
            yield from _undeclared(item, others, place)
