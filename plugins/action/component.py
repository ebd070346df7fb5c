# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._core.canonical import digest
from ..module_utils._core.errors import InputError
from ..module_utils._core.suggest import did_you_mean
from ..module_utils._kube.crds import read_crds
from ..module_utils._kube.documents import Document
from ..module_utils._kube.setfile import set_file, summary, write_set
from ..module_utils._sandbox.build import cache_folder
from ..module_utils._sandbox.golang import module_folder
from ..plugin_utils._files import read_json, write_json
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
            problems = [
                problem
                for name, component in wanted.items()
                for problem in _problems(name, component, catalog, params["kubernetes_version"], wanted)
            ]
            if problems:
                raise InputError("the components cannot be declared:\n" + "\n".join(f"  {problem}" for problem in problems))
            sets = []
            for name in sorted(wanted):
                documents = [
                    (document, f"component {name}") for document in self._definitions(catalog[name], Path(params["modules"]) / name)
                ]
                content = set_file(
                    f"component-{name}", params["namespace"], documents, params["role"], params["wave"], _expectations(name, documents)
                )
                write_set(params["store"], content)
                sets.append(summary(content))
            return {"changed": False, "sets": sets}

        return outcome(work)

    def _definitions(self, entry: dict[str, Any], pin: Path) -> list[Document]:
        """The component's definitions; from the cache where this very version was read before."""
        environment = task_environment(self)
        key = digest([(pin / "go.sum").read_text(), entry["crds"]]).partition(":")[2][:20]
        cached = cache_folder(environment).parent / "crds" / f"{pin.name}-{key}.json"
        found = read_json(str(cached))
        if not isinstance(found, list):
            found = read_crds(module_folder(pin, entry["crds"]["module"], environment), entry["crds"]["files"])
            write_json(str(cached), found)
        return found


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
    if component.get("source", "crds") == "upstream":
        found.append(f"{name}: source: upstream is not supported by this version of the collection yet; use source: crds")
    elif not entry.get("crds"):
        found.append(f"{name}: has no custom resource definitions of its own that could be declared by source: crds")
    low, high = entry["kubernetes"]
    if not _number(low) <= _number(version) <= _number(high):
        found.append(f"{name}: is supported on Kubernetes {low} to {high}, the cluster is {version}")
    found += [f"{name}: requires {other}, which is not enabled" for other in entry.get("requires") or [] if other not in wanted]
    return found


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in str(version).split(".")[:2])


def _expectations(name: str, documents: list[tuple[Document, str]]) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{name}-{document['metadata']['name']}",
            "meaning": f"{document['spec']['names']['kind']} of {name} can be used",
            "api_version": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "object": document["metadata"]["name"],
            "condition": "length(status.conditions[?type=='Established' && status=='True']) == `1`",
        }
        for document, _source in documents
    ]
