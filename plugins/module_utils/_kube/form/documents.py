# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Desired documents: loaded, flattened, checked for what no server should be asked, and brought to one form."""

from __future__ import annotations

import base64
import glob
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import InputError
from ..._core.references import References, reference_of
from ..._core.text import read_text
from .kinds import Ref
from .yaml import load_all_yaml

Document = dict[str, Any]

_FROM_SERVER = ("creationTimestamp", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
_SECRET_FIELDS = ("data", "stringData")


@dataclass(frozen=True)
class Desired:
    """One desired object: its identity, the set it belongs to, its body in normal form and where it was written.

    Secret values in ``body`` may still be references; ``resolved`` gives the body for the wire.
    """

    ref: Ref
    scope: str
    body: Document
    source: str

    @property
    def api_version(self) -> str:
        """The apiVersion that the document was written for."""
        version: str = self.body["apiVersion"]
        return version

    @property
    def is_secret(self) -> bool:
        """Whether its values must never be shown."""
        return self.ref.kind == "Secret" and self.ref.group == ""

    def resolved(self, references: References) -> Document:
        """The body with Secret references replaced by base64 values; other objects as they are."""
        if not self.is_secret:
            return self.body
        body = dict(self.body)
        body["data"] = {}
        for key, value in (self.body.get("data") or {}).items():
            try:
                body["data"][key] = _secret_value(value, references)
            except InputError as error:
                raise type(error)(f"{self.ref.id}, key {key} ({self.source}): {error.message}", **error.details) from error
        if not body["data"]:
            del body["data"]
        return body


@dataclass
class Loaded:
    """Documents with their origin, and in words each source that held none: it may be a mistake."""

    documents: list[tuple[Document, str]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    def add(self, found: list[tuple[Document, str]], source: str, lacks: str = "holds no document") -> None:
        """Take in what a source held."""
        self.documents += found
        if not found:
            self.empty.append(f"{source} {lacks}")


def load_text(text: str, source: str) -> list[tuple[Document, str]]:
    """Documents of a YAML or JSON text with their origin, lists flattened and empty ones left out."""
    loaded = load_all_yaml(text, source)
    several = sum(item is not None for item in loaded) > 1
    return [
        entry
        for number, item in enumerate(loaded, start=1)
        for entry in flatten(item, f"{source} (document {number})" if several else source)
    ]


def load_paths(paths: Iterable[str], base: str = "", read: Callable[[str], str] = read_text) -> Loaded:
    """Documents of files, folders (all .yml, .yaml and .json below, sorted) and globs, by ``read``. URLs are refused."""
    loaded = Loaded()
    for given in paths:
        if "://" in given:
            raise InputError(f"src {given!r} is a URL; fetch it first, check its digest and name the file")
        path = os.path.join(base, os.path.expanduser(given))
        if os.path.isdir(path):
            files = sorted(
                os.path.join(folder, name)
                for folder, _folders, names in os.walk(path)
                for name in names
                if name.endswith((".yml", ".yaml", ".json"))
            )
            if not files:
                loaded.add([], f"the folder {path}", "holds no .yml, .yaml or .json file")
        else:
            files = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else [path]
            if not files:
                raise InputError(f"src {given!r} matches no file")
        for file in files:
            loaded.add(load_text(read(file), file), file)
    return loaded


def flatten(value: Any, source: str) -> list[tuple[Document, str]]:
    """Documents out of any nesting of lists, ``List`` objects and None. Raises InputError on anything else."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [entry for number, item in enumerate(value, start=1) for entry in flatten(item, f"{source}[{number}]")]
    if not isinstance(value, Mapping):
        raise InputError(f"{source}: a Kubernetes object is a mapping, found {type(value).__name__} {str(value)[:40]!r}")
    document: Document = _copied(value)
    kind = document.get("kind")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(document.get("items"), list):
        return flatten(document["items"], f"{source}.items")
    if kind == "List" and document.get("apiVersion") == "v1" and document.get("items") is None:
        return []
    return [(document, source)]


def normalise(
    document: Document, source: str, scope: str, namespace: str | None = None, clustered: bool = False
) -> tuple[Desired, list[str]]:
    """One document in normal form with warnings.

    ``namespace`` is put in where the document names none and the caller knows that its kind is namespaced; one that is written is
    left out where the caller knows by ``clustered`` that the kind has none: charts write it, and kubectl ignores it. Fields that
    only the server writes are left out; Secret ``stringData`` becomes ``data`` (under server-side apply a key removed from
    ``stringData`` would stay). Raises InputError.
    """
    warnings: list[str] = []
    for key in ("apiVersion", "kind"):
        if not isinstance(document.get(key), str) or not document[key]:
            raise InputError(f"{source}: {key} is missing; found the keys {', '.join(map(str, list(document)[:6])) or 'none'}")
    metadata = document.get("metadata")
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        cure = "; generateName cannot be applied, give it a name" if isinstance(metadata, Mapping) and "generateName" in metadata else ""
        raise InputError(f"{source}: {document['kind']} has no metadata.name{cure}")
    for key, kind, words in (("namespace", str, "text"), ("labels", Mapping, "a mapping"), ("annotations", Mapping, "a mapping")):
        if not isinstance(metadata.get(key), (kind, type(None))):
            found = repr(metadata[key])[:40]
            raise InputError(f"{source}: {document['kind']} {metadata['name']}: metadata.{key} must be {words}, found {found}")
    body = {key: value for key, value in document.items() if key != "status"}
    written = [key for key in _FROM_SERVER if metadata.get(key) is not None]
    if written:
        warnings.append(
            f"{source}: {document['kind']} {metadata['name']}: metadata.{', metadata.'.join(written)} left out, the server writes them"
        )
    body["metadata"] = {key: value for key, value in metadata.items() if key not in _FROM_SERVER}
    if namespace and not metadata.get("namespace"):
        body["metadata"]["namespace"] = namespace
    if clustered and body["metadata"].pop("namespace", None):
        warnings.append(f"{source}: {document['kind']} {metadata['name']}: metadata.namespace left out, the kind has no namespaces")
    group = body["apiVersion"].rpartition("/")[0]
    if ("." not in group or group.endswith(".k8s.io")) and _has_null(body):
        body = _without_nulls(body)
    ref = Ref.of(body)
    if ref.kind == "Secret" and ref.group == "":
        body = _normal_secret(body, source)
    return Desired(ref, scope, body, source), warnings


def refuse_duplicates(desired: Iterable[Desired]) -> dict[Ref, Desired]:
    """The objects by identity. Raises InputError that names both claims where two sets or files want one object."""
    found: dict[Ref, Desired] = {}
    doubles = []
    for item in desired:
        other = found.setdefault(item.ref, item)
        if other is not item:
            doubles.append(f"  {item.ref.id}: {other.source} (set {other.scope}) and {item.source} (set {item.scope})")
    if doubles:
        raise InputError("an object has one owner; these are declared twice:\n" + "\n".join(doubles))
    return found


def without_paths(body: Document, paths: Iterable[tuple[str, ...]]) -> Document:
    """The body without these members (an item of a list by its number); untouched where there is nothing to leave out."""
    for path in paths:
        body = _without(body, path)
    return body


def _without(value: Any, path: tuple[str, ...]) -> Any:
    """A copy along the path; what lies beside it is shared, and without the member all is."""
    name, *rest = path
    if isinstance(value, dict) and name in value:
        if rest:
            return {**value, name: _without(value[name], tuple(rest))}
        return {key: item for key, item in value.items() if key != name}
    if isinstance(value, list) and rest and name.isdecimal() and int(name) < len(value):
        return [_without(item, tuple(rest)) if number == int(name) else item for number, item in enumerate(value)]
    return value


def _normal_secret(body: Document, source: str) -> Document:
    merged: dict[str, Any] = {}
    for member in _SECRET_FIELDS:
        values = body.get(member) or {}
        if not isinstance(values, Mapping):
            raise InputError(f"{source}: Secret {body['metadata']['name']}: {member} must be a mapping of names to values")
        for name, value in values.items():
            if reference_of(value) is None and not isinstance(value, str):
                raise InputError(f"{source}: Secret {body['metadata']['name']}: {member}.{name} must be text or a reference")
            literal = member == "stringData" and isinstance(value, str)
            merged[name] = base64.b64encode(value.encode()).decode() if literal else value
    normal = {key: value for key, value in body.items() if key not in _SECRET_FIELDS}
    if merged:
        normal["data"] = merged
    return normal


def _secret_value(value: Any, references: References) -> str:
    reference = reference_of(value)
    if reference is None:
        return str(value)
    return base64.b64encode(references.resolve(reference).encode()).decode()


def _copied(value: Any) -> Any:
    """A copy with keys as JSON has them: YAML reads ``8080:`` as a number."""
    if type(value) is str:
        return value
    if isinstance(value, Mapping):
        return {key if type(key) is str else _key(key): _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, (list, tuple)) else value


def _key(key: Any) -> str:
    return json.dumps(key) if key is None or isinstance(key, (bool, int, float)) else str(key)


def _has_null(value: Any) -> bool:
    for item in value.values() if isinstance(value, dict) else value:
        # Texts, first and by exact type: nearly everything is one, and this is asked of every member of every document.
        if type(item) is not str and (item is None or (isinstance(item, (dict, list)) and _has_null(item))):
            return True
    return False


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
