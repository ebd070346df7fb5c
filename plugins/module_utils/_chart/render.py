# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A chart's documents: rendered twice, hooks turned into order, tests left out."""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._core.canonical import canonical, digest
from .fetch import run_helm

Document = dict[str, Any]
DEPENDS_ON = "gantry.dev/depends-on"
_HOOK = "helm.sh/hook"
_WEIGHT = "helm.sh/hook-weight"
_BEFORE = {"pre-install", "pre-upgrade"}
_AFTER = {"post-install", "post-upgrade"}
_WAITED_FOR = {"Deployment", "StatefulSet", "DaemonSet"}
_WEBHOOKS = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}
_LONGEST_NAME = 63


@dataclass(frozen=True)
class Release:
    """What a chart is rendered for. ``kubernetes`` is the cluster's version: the server is never asked."""

    name: str
    namespace: str
    values: Mapping[str, Any]
    kubernetes: str
    api_versions: tuple[str, ...] = ()


def merged(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Values as helm lays several files of them over each other: mappings merge, all else is replaced.

    A null stays: it is helm that takes it for "not even the chart's own".
    """
    found = dict(ours)
    for key, value in theirs.items():
        below = found.get(key)
        found[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return found


def render_twice(helm: str, path: Path, release: Release, environment: Mapping[str, str]) -> tuple[str, str]:
    """Two renders of the chart with its definitions. Raises ServerError with what helm says.

    The second one begins in another second, so that a chart that writes down the time is seen to do so.
    """
    first = _render(helm, path, release, environment)
    time.sleep(1 - time.time() % 1)
    return first, _render(helm, path, release, environment)


def _render(helm: str, path: Path, release: Release, environment: Mapping[str, str]) -> str:
    command = [helm, "template", release.name, str(path), "--namespace", release.namespace, "--include-crds", "--values", "-"]
    command += ["--kube-version", release.kubernetes]
    for version in release.api_versions:
        command += ["--api-versions", version]
    with tempfile.TemporaryDirectory(prefix="helm-") as home:
        return run_helm(command, environment, f"rendering {release.name}", Path(home), canonical(release.values).decode())


def in_namespace(documents: Sequence[Document], namespace: str, cluster_scoped: Iterable[str]) -> list[Document]:
    """The documents with the release's namespace where a chart leaves it out."""
    cluster = set(cluster_scoped)
    for document in documents:
        spec = document.get("spec") or {}
        if document["kind"] == "CustomResourceDefinition" and spec.get("scope") == "Cluster":
            cluster.add(spec["names"]["kind"])
    placed = []
    for document in documents:
        if document["kind"] in cluster or document["metadata"].get("namespace"):
            placed.append(document)
        else:
            placed.append({**document, "metadata": {**document["metadata"], "namespace": namespace}})
    return placed


def without_empty_bundles(documents: Sequence[Document]) -> list[Document]:
    """The documents without authorities of webhooks that a chart leaves empty.

    Somebody fills them in the cluster (an injector, cert-manager): an empty one that is ours would be a conflict at every run.
    """
    return [_without_empty_bundles(document) if document["kind"] in _WEBHOOKS else document for document in documents]


def _without_empty_bundles(document: Document) -> Document:
    found = copy.deepcopy(document)
    for hook in found.get("webhooks") or []:
        config = hook.get("clientConfig") or {}
        if not config.get("caBundle"):
            config.pop("caBundle", None)
    return found


def order_hooks(documents: Sequence[Document], wait: bool = True) -> tuple[list[Document], list[str]]:
    """Hooks as ordinary objects in order, and the names of those that were left out.

    What runs before an install comes before the chart's workloads, what runs after it comes when they are ready; weights
    order hooks among themselves. A hook Job's name carries the digest of its content: a changed Job is another Job, and an
    unchanged one is done. Tests, and hooks of removal and rollback, are left out: nothing here removes by Helm.
    Without ``wait`` nobody waits for the workloads, hooks after them neither.
    """
    plain: list[Document] = []
    before: dict[int, list[Document]] = {}
    after: dict[int, list[Document]] = {}
    left_out: list[str] = []
    for document in documents:
        annotations = document["metadata"].get("annotations") or {}
        hooks = {word.strip() for word in str(annotations.get(_HOOK) or "").split(",") if word.strip()}
        if not hooks:
            plain.append(document)
        elif hooks & (_BEFORE | _AFTER):
            groups = before if hooks & _BEFORE else after
            groups.setdefault(int(str(annotations.get(_WEIGHT) or "0")), []).append(_as_object(document))
        else:
            left_out.append(f"{document['kind']} {document['metadata']['name']} ({', '.join(sorted(hooks))})")
    first = _chained(before, [])
    waited = [identity(document) for document in plain if wait and document["kind"] in _WAITED_FOR]
    jobs = [identity(document) for document in first if document["kind"] == "Job"]
    plain = [_behind(document, jobs) if document["kind"] in _WAITED_FOR else document for document in plain]
    return [*first, *plain, *_chained(after, waited)], left_out


def _as_object(document: Document) -> Document:
    made = copy.deepcopy(document)
    annotations = {key: value for key, value in made["metadata"]["annotations"].items() if not key.startswith(_HOOK)}
    made["metadata"].pop("annotations")
    if annotations:
        made["metadata"]["annotations"] = annotations
    if made["kind"] == "Job":
        mark = digest(made).partition(":")[2][:8]
        made["metadata"]["name"] = f"{made['metadata']['name'][: _LONGEST_NAME - 9]}-{mark}"
    return made


def _chained(groups: Mapping[int, list[Document]], waits_for: list[str]) -> list[Document]:
    """Groups in the order of their weights, each behind the Jobs of the one before, and Jobs behind what stands beside them.

    Without something to wait for, the kinds alone put a Job behind its ServiceAccount; what waits has left that order.
    """
    found: list[Document] = []
    behind = waits_for
    for weight in sorted(groups):
        jobs = [document for document in groups[weight] if document["kind"] == "Job"]
        others = [document for document in groups[weight] if document["kind"] != "Job"]
        found += [_behind(document, behind) for document in others]
        beside = [identity(document) for document in others] if behind else []
        found += [_behind(document, [*behind, *beside]) for document in jobs]
        behind = [identity(document) for document in jobs] or [*behind, *beside]
    return found


def _behind(document: Document, ids: list[str]) -> Document:
    if not ids:
        return document
    annotations = {**(document["metadata"].get("annotations") or {}), DEPENDS_ON: ",".join(ids)}
    return {**document, "metadata": {**document["metadata"], "annotations": annotations}}


def identity(document: Document) -> str:
    """``Kind.group/namespace/name``, as plans name objects."""
    group, slash, _version = document["apiVersion"].rpartition("/")
    kind = f"{document['kind']}.{group}" if slash else document["kind"]
    return f"{kind}/{document['metadata'].get('namespace') or '-'}/{document['metadata']['name']}"
