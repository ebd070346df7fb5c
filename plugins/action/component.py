# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._chart.fetch import Chart, fetch, helm_binary, helm_version
from ..module_utils._chart.render import (
    Release,
    in_namespace,
    merged,
    order_hooks,
    refuse_secrets,
    refuse_unreproducible,
    render_twice,
    without_empty_bundles,
)
from ..module_utils._core.canonical import digest
from ..module_utils._core.errors import InputError
from ..module_utils._core.suggest import did_you_mean
from ..module_utils._kube.crds import read_crds
from ..module_utils._kube.documents import Document, load_text
from ..module_utils._kube.setfile import CLUSTER_SCOPED, SERVERS_OWN, set_file, summary, write_set
from ..module_utils._sandbox.build import cache_folder
from ..module_utils._sandbox.golang import module_folder
from ..plugin_utils._files import in_project, read_json, write_json
from ..plugin_utils._inprocess import outcome, plain, task_environment, validated

SPEC: dict[str, Any] = {
    "store": {"type": "path", "required": True},
    "namespace": {"type": "str", "default": "gantry-system"},
    "role": {"type": "str", "default": "component"},
    "wave": {"type": "int", "default": 0},
    "catalog": {"type": "dict", "required": True},
    "components": {"type": "dict", "required": True},
    "modules": {"type": "path", "required": True},
    "kubernetes_version": {"type": "str", "required": True},
    "repositories": {"type": "dict", "default": {}},
    "helm": {"type": "str", "default": ""},
    "deployer": {"type": "str", "default": ""},
    "rooms": {"type": "list", "elements": "str", "default": []},
}
_READY = {
    "Deployment": "(status.availableReplicas || `0`) == spec.replicas",
    "StatefulSet": "(status.readyReplicas || `0`) == spec.replicas",
    "DaemonSet": "status.numberReady == status.desiredNumberScheduled",
}


class ActionModule(ActionBase):
    """Declares one set for each enabled component."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)

        def work() -> dict[str, Any]:
            params = plain(validated(self, SPEC, dict(self._task.args)))
            catalog, wanted = params["catalog"], {name: c for name, c in params["components"].items() if c.get("enabled", True)}
            version = params["kubernetes_version"]
            problems = [problem for name, component in wanted.items() for problem in _problems(name, component, catalog, version, wanted)]
            if problems:
                raise InputError("the components cannot be declared:\n" + "\n".join(f"  {problem}" for problem in problems))
            sets, left_out = [], []
            rooms: set[str] = set(params["rooms"])
            for name in sorted(wanted):
                if wanted[name].get("source", "crds") == "upstream":
                    namespace = wanted[name].get("namespace") or catalog[name].get("namespace") or name
                    documents, hooks = self._chart(name, namespace, wanted[name], catalog[name], params)
                    left_out += [f"{name}: {hook}" for hook in hooks]
                    if namespace not in rooms:
                        documents = _room(name, namespace, catalog[name], params["deployer"], documents)
                        rooms.add(namespace)
                else:
                    documents = self._definitions(catalog[name], Path(params["modules"]) / name)
                sourced = [(document, f"component {name}") for document in documents]
                expected = _expectations(name, documents)
                content = set_file(f"component-{name}", params["namespace"], sourced, params["role"], params["wave"], expected)
                write_set(params["store"], content)
                sets.append(summary(content))
            return {"changed": False, "sets": sets, "left_out": left_out}

        return outcome(work)

    def _definitions(self, entry: dict[str, Any], pin: Path) -> list[Document]:
        """The component's definitions; from the cache where this very version was read before."""
        environment = task_environment(self)
        key = _short(digest([(pin / "go.sum").read_text(), entry["crds"]]))
        cached = cache_folder(environment).parent / "crds" / f"{pin.name}-{key}.json"
        found = read_json(str(cached))
        if not isinstance(found, list):
            found = read_crds(module_folder(pin, entry["crds"]["module"], environment), entry["crds"]["files"])
            write_json(str(cached), found)
        return found

    def _chart(
        self, name: str, namespace: str, component: dict[str, Any], entry: dict[str, Any], params: dict[str, Any]
    ) -> tuple[list[Document], list[str]]:
        """Every object of the component's chart in its namespace, and the hooks that were left out."""
        environment = task_environment(self)
        cache = cache_folder(environment).parent
        helm = helm_binary(params["helm"], environment)
        chart = _pinned(name, component, entry, params["repositories"])
        archive = fetch(chart, cache, helm, environment)
        values = merged(entry.get("values") or {}, component.get("values") or {})
        release = Release(name, namespace, values, params["kubernetes_version"], tuple(entry.get("api_versions") or ()))
        inputs = [chart.digest, namespace, values, release.kubernetes, release.api_versions, helm_version(helm, environment)]
        cached = cache / "renders" / f"{name}-{_short(digest(inputs))}.json"
        found = read_json(str(cached))
        if not isinstance(found, list):
            cure = entry.get("reproducible_values") or ()
            texts = render_twice(helm, archive, release, environment)
            found, again = ([document for document, _source in load_text(text, f"chart {name}")] for text in texts)
            refuse_unreproducible(name, found, again, cure)
            refuse_secrets(name, found, cure)
            write_json(str(cached), found)
        return order_hooks(in_namespace(without_empty_bundles(found), namespace, CLUSTER_SCOPED))


def _pinned(name: str, component: dict[str, Any], entry: dict[str, Any], repositories: dict[str, str]) -> Chart:
    chart = entry["chart"]
    address = repositories.get(chart["repository"])
    if not address:
        raise InputError(
            f"{name}: component_repositories has no address for {chart['repository']!r}{did_you_mean(chart['repository'], repositories)}; "
            "an http(s) address, an oci:// address or a folder"
        )
    version, pin = component.get("version") or chart.get("version"), component.get("digest") or chart.get("digest") or ""
    if not version:
        raise InputError(f"{name}: neither the catalogue nor release.yml (components.{name}.version) names a version of its chart")
    return Chart(name, chart["name"], version, address if "://" in address else in_project(address), pin)


def _room(name: str, namespace: str, entry: dict[str, Any], deployer: str, documents: list[Document]) -> list[Document]:
    """The documents behind their namespace, with a mark that policies know, and the deployer's way into it.

    Components that share a namespace have it from the first of them.
    """
    if namespace in SERVERS_OWN or not any(document["metadata"].get("namespace") == namespace for document in documents):
        return documents
    own = [document for document in documents if document["kind"] == "Namespace" and document["metadata"]["name"] == namespace]
    room: Document = copy.deepcopy(own[0]) if own else {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    labels = {"owner": name, "pod-security.kubernetes.io/enforce": entry.get("pod_security") or "baseline"}
    room["metadata"]["labels"] = {**labels, **(room["metadata"].get("labels") or {}), "gantry.dev/component": name}
    found = [room]
    if deployer:
        group = "rbac.authorization.k8s.io"
        found.append(
            {
                "apiVersion": f"{group}/v1",
                "kind": "RoleBinding",
                "metadata": {"name": "gantry-deployer", "namespace": namespace, "labels": {"owner": name}},
                "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "gantry-deployer-namespace"},
                "subjects": [{"kind": "User", "apiGroup": group, "name": deployer}],
            }
        )
    return found + [document for document in documents if document not in own]


def _problems(name: str, component: dict[str, Any], catalog: dict[str, Any], version: str, wanted: dict[str, Any]) -> list[str]:
    """Why a component cannot be had as it is wanted, each with the cure."""
    entry = catalog.get(name)
    if entry is None:
        return [f"{name}: the catalogue has no such component{did_you_mean(name, catalog)}"]
    found = []
    if entry["status"] == "eol":
        found.append(f"{name}: is at its end of life; its successor is {entry.get('successor') or 'none'}")
    if component.get("delivery", "direct") == "gitops":
        found.append(
            f"{name}: delivery: gitops needs the GitOps repository, which this version of the collection does not write yet; use delivery: direct"
        )
    source = component.get("source", "crds")
    if not entry.get("chart") and not entry.get("crds"):
        found.append(f"{name}: has neither a chart nor definitions of its own; a role declares it, not this one")
    elif source == "upstream" and not entry.get("chart"):
        found.append(f"{name}: its project has no chart; use source: crds")
    elif source == "crds" and not entry.get("crds"):
        found.append(f"{name}: has no custom resource definitions of its own that could be declared by source: crds; use source: upstream")
    low, high = entry["kubernetes"]
    if not _number(low) <= _number(version) <= _number(high):
        found.append(f"{name}: is supported on Kubernetes {low} to {high}, the cluster is {version}")
    found += [f"{name}: requires {other}, which is not enabled" for other in entry.get("requires") or [] if other not in wanted]
    return found


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in str(version).split(".")[:2])


def _short(text: str) -> str:
    return text.partition(":")[2][:20]


def _expectations(name: str, documents: list[Document]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for document in documents:
        kind, metadata = document["kind"], document["metadata"]
        row = {"api_version": document["apiVersion"], "kind": kind, "object": metadata["name"]}
        if kind == "CustomResourceDefinition":
            row |= {
                "name": f"{name}-{metadata['name']}",
                "meaning": f"{document['spec']['names']['kind']} of {name} can be used",
                "condition": "length(status.conditions[?type=='Established' && status=='True']) == `1`",
            }
        elif kind in _READY:
            row |= {
                "name": f"{name}-{metadata['name']}",
                "meaning": f"{metadata['name']} of {name} runs with all its pods",
                "namespace": metadata["namespace"],
                "condition": _READY[kind],
            }
        else:
            continue
        rows.append(row)
    return rows
