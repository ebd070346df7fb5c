# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""New objects whose namespace is not there yet: does the document fit its schema at all?

The server is asked by a dry run under an unused name in a namespace that exists, once for every shape of document: a misspelt
field is in all of them. Only what does not depend on the place counts; everything else stays unverified.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.concurrency import map_threads
from ..._core.suggest import did_you_mean
from ..form.kinds import Kind
from ..observe.subject import Subject
from ..wire.client import Document, KubeClient
from ..wire.errors import ApiError

_MAPS = {
    "annotations",
    "binaryData",
    "data",
    "hard",
    "labels",
    "limits",
    "matchLabels",
    "nodeSelector",
    "parameters",
    "requests",
    "stringData",
}
"""Members with keys of the user's own: their keys are no part of a shape. (A Service's ``selector`` is; that costs a request.)"""
_UNDECLARED = re.compile(r"(\S+): field not declared in schema")
_SEGMENT = re.compile(r"(?:^|\.)([^.\[]+)(?:\[[^\]]*\])?")


def shadow_of(subject: Subject, namespace: str) -> tuple[str, Document]:
    """The same document under a name that nobody uses, and its URL path: for dry runs alone."""
    name = "gantry-shadow-" + hashlib.sha256(subject.ref.id.encode()).hexdigest()[:12]
    place = {"namespace": namespace} if subject.kind.namespaced else {}
    body = {**subject.body, "metadata": {**subject.body["metadata"], "name": name, **place}}
    return subject.kind.path(namespace, name), body


def schema_problems(client: KubeClient, subjects: Sequence[Subject], namespace: str, manager: str) -> dict[str, str]:
    """Object id → what the server says of a document that fits no schema, asked in ``namespace``."""
    by_shape: dict[Any, list[Subject]] = {}
    for subject in subjects:
        by_shape.setdefault((subject.kind, shape(subject.body)), []).append(subject)

    def ask(subject: Subject) -> str:
        return _schema_problem(client, subject, namespace, manager)

    first = [members[0] for members in by_shape.values()]
    found = dict(zip((subject.ref.id for subject in first), map_threads(ask, first, client.threads), strict=True))
    others = [subject for members in by_shape.values() if found[members[0].ref.id] for subject in members[1:]]
    found |= dict(zip((subject.ref.id for subject in others), map_threads(ask, others, client.threads), strict=True))
    return {identity: problem for identity, problem in found.items() if problem}


def shape(value: Any) -> Any:
    """What two documents share that differ in values only: members, types, and which forms of items their lists have."""
    if isinstance(value, Mapping):
        return tuple((key, "map" if key in _MAPS else shape(value[key])) for key in sorted(value))
    if isinstance(value, list):
        return frozenset(shape(item) for item in value)
    return type(value).__name__


def nearest_fields(client: KubeClient, kind: Kind, problem: str) -> str:
    """``; did you mean 'replicas'?`` for the undeclared fields that a problem names, out of the server's own schema."""
    paths = _UNDECLARED.findall(problem)
    if not paths:
        return ""
    root = f"apis/{kind.group}" if kind.group else "api"
    try:
        schemas = client.get(f"/openapi/v3/{root}/{kind.version}")["components"]["schemas"]
    except ApiError:
        return ""  # the schema only helps to say it better
    identity = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    start: Mapping[str, Any] = next(
        (found for found in schemas.values() if identity in (found.get("x-kubernetes-group-version-kind") or [])), {}
    )
    hints = []
    for path in paths:
        *parents, last = _SEGMENT.findall(path)
        hints.append(did_you_mean(last, _members(start, parents, schemas)))
    return "".join(dict.fromkeys(hints))


def _schema_problem(client: KubeClient, subject: Subject, namespace: str, manager: str) -> str:
    path, body = shadow_of(subject, namespace)
    try:
        client.ask(path, body, manager)
    except ApiError as error:
        return error.message if error.schema_mismatch else ""
    return ""


def _members(schema: Mapping[str, Any], path: Iterable[str], schemas: Mapping[str, Any]) -> list[str]:
    here = _resolved(schema, schemas)
    for name in path:
        here = _resolved((here.get("properties") or {}).get(name) or here.get("additionalProperties") or {}, schemas)
        if "items" in here:
            here = _resolved(here["items"], schemas)
    return list(here.get("properties") or {})


def _resolved(schema: Any, schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    while isinstance(schema, Mapping):
        reference = next((part["$ref"] for part in (schema, *(schema.get("allOf") or [])) if "$ref" in part), None)
        if reference is None:
            return schema
        schema = schemas.get(reference.rpartition("/")[2])
    return {}
