# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a set file says, and whether the sets of a run fit together."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.canonical import digest
from ..._core.errors import InputError
from ..._core.references import reference_of
from ..._core.suggest import did_you_mean
from ..form.builtin import BUILT_IN, CLUSTER_SCOPED, SERVERS_OWN
from ..form.definitions import CRD
from ..form.documents import Desired, Document, normalise, refuse_duplicates
from ..form.kinds import split_version
from ..verify.expectations import read_expectations
from .store import documents_of

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_CERTIFICATES = re.compile(r"(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n?)+")


def set_file(
    name: str,
    namespace: str,
    documents: Sequence[tuple[Document, str]],
    role: str = "",
    expectations: Sequence[Mapping[str, Any]] = (),
    handed_over: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The content of a set file.

    Raises InputError on duplicates inside the set, on Secrets that hold a literal value other than certificates and on expectations that cannot be read.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"set {name!r}: a set's name becomes a Secret's and a file's: small letters, digits and -, 63 at most")
    read_expectations((row, f"set {name}") for row in expectations)
    normal = [normalise(document, source, name)[0] for document, source in documents]
    refuse_duplicates(normal)
    literal = [
        f"  {item.source}: Secret {item.ref.name}: {key}"
        for item in normal
        if item.is_secret
        for key, value in (item.body.get("data") or {}).items()
        if reference_of(value) is None and not _only_certificates(value)
    ]
    if literal:
        raise InputError(
            f"set {name}: a Secret's values are references ({{reference: env:NAME}}), these are written out:\n" + "\n".join(literal)
        )
    content: dict[str, Any] = {
        "set": name,
        "namespace": namespace,
        "role": role,
        "documents": [item.body for item in normal],
        "sources": [item.source for item in normal],
        "expectations": list(expectations),
        "handed_over": list(handed_over),
    }
    return {**content, "digest": digest(content)}


def _only_certificates(value: Any) -> bool:
    """Whether a value of a Secret, in base64, is one of those that everybody may see."""
    return isinstance(value, str) and bool(_CERTIFICATES.fullmatch(base64.b64decode(value).decode(errors="replace")))


def check_together(
    contents: Sequence[Mapping[str, Any]], external_namespaces: Iterable[str] = (), external_groups: Iterable[str] = ()
) -> None:
    """What no set can know alone. Raises InputError with every problem at once.

    An object claimed twice; a kind, or a version of it, of an API group that Kubernetes does not have itself and no set brings; a
    namespace that is missing or that no set declares. external_* name what the cluster has from elsewhere.
    """
    desired = [normalise(document, source, content["set"])[0] for content in contents for document, source in documents_of(content)]
    objects = refuse_duplicates(desired)
    brought = _brought(desired)
    known = sorted({f"{kind}.{group}" for group, kind in brought})
    names = {ref.name for ref in objects if ref.group_kind == "Namespace"} | {*SERVERS_OWN, *external_namespaces}
    names |= {content["namespace"] for content in contents}
    elsewhere = BUILT_IN | set(external_groups)
    problems = []
    for item in desired:
        ref = item.ref
        versions, namespaced = brought.get((ref.group, ref.kind), (set(), ref.kind not in CLUSTER_SCOPED))
        if ref.group not in elsewhere:
            _group, version = split_version(item.api_version)
            if not versions:
                hint = did_you_mean(ref.group_kind, known)
                problems.append(f"  {item.source}: {ref.group_kind}: no set brings its CustomResourceDefinition{hint}")
            elif version not in versions:
                served = ", ".join(sorted(versions))
                problems.append(f"  {item.source}: {ref.id}: its CustomResourceDefinition serves {served}, not {version}")
        if ref.namespace and namespaced and ref.namespace not in names:
            problems.append(f"  {item.source}: {ref.id}: no set declares the namespace {ref.namespace}{did_you_mean(ref.namespace, names)}")
        elif not ref.namespace and namespaced and (versions or ref.group in BUILT_IN):
            problems.append(f"  {item.source}: {ref.id}: metadata.namespace is missing, it would land in default")
    if problems:
        raise InputError("the sets do not fit together; nothing was contacted:\n" + "\n".join(problems))


def _brought(desired: Iterable[Desired]) -> dict[tuple[str, str], tuple[set[str], bool]]:
    """(group, kind) that the sets' definitions bring: the versions served, and whether the kind is namespaced."""
    found: dict[tuple[str, str], tuple[set[str], bool]] = {}
    for item in desired:
        if item.ref.kind == CRD:
            spec = item.body.get("spec") or {}
            served = {str(version.get("name")) for version in spec.get("versions") or [] if version.get("served")}
            identity = (str(spec.get("group") or ""), str((spec.get("names") or {}).get("kind") or ""))
            found[identity] = (served, spec.get("scope") != "Cluster")
    return found


def summary(content: Mapping[str, Any]) -> dict[str, Any]:
    """What may be shown of a set file."""
    return {
        "name": content["set"],
        "namespace": content["namespace"],
        "role": content.get("role") or "",
        "documents": len(content["documents"]),
        "expectations": len(content.get("expectations") or []),
        "digest": content.get("digest") or "",
    }
