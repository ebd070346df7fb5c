# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._chart.cure import faults
from ..module_utils._chart.fetch import fetch, helm_binary
from ..module_utils._chart.namespaces import Need, namespaces_of
from ..module_utils._core.errors import GantryError, InputError
from ..module_utils._core.suggest import did_you_mean
from ..module_utils._kube.access.grants import separated
from ..module_utils._kube.declare.setfile import SERVERS_OWN, set_file
from ..module_utils._kube.form.yaml import dump_yaml
from ..module_utils._model.components import missing, requirements, sample
from ..module_utils._sandbox.build import cache_folder
from ..plugin_utils._components import cure_settings, drawn, need_of, pinned, release_of, with_namespace
from ..plugin_utils._inprocess import outcome, plain, task_environment, validated
from ..plugin_utils._model_input import catalog as known_components

SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "component": {"type": "dict", "default": {}},
    "catalog": {"type": "dict"},
    "kubernetes_version": {"type": "str"},
    "repositories": {"type": "dict", "default": {}},
    "helm": {"type": "str", "default": ""},
}
_RULES = ("Role", "ClusterRole")


class ActionModule(ActionBase):
    """Says what a component of the catalogue is, brings and needs; reads its chart, and no cluster."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)

        def work() -> dict[str, Any]:
            params = plain(validated(self, SPEC, dict(self._task.args)))
            catalog = params["catalog"] or dict(known_components() or {})
            name = params["name"]
            if name not in catalog:
                raise InputError(
                    f"the catalogue has no component {name!r}{did_you_mean(name, catalog)}; it has {', '.join(sorted(catalog))}"
                )
            entry = catalog[name]
            found = _from_catalogue(name, entry, params["component"])
            found |= self._from_chart(name, entry, params) if entry.get("chart") else {"chart": "its project has none; source: crds"}
            Display().display(dump_yaml({name: found}))
            return {"changed": False, "component": found}

        return outcome(work)

    def _from_chart(self, name: str, entry: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        """What the chart says; where it cannot be had or rendered, why not."""
        environment = task_environment(self)
        component = params["component"]
        try:
            chart = pinned(name, component, entry, params["repositories"])
            helm = helm_binary(params["helm"], environment)
            archive, digest = fetch(chart, cache_folder(environment).parent, helm, environment, any_digest=True)
        except GantryError as error:
            return {"chart": {**entry["chart"], "not read": error.message}}
        said: dict[str, Any] = {"chart": {**entry["chart"], "version": chart.version, "digest": digest}}
        if chart.digest and chart.digest != digest:
            said["chart"]["warning"] = f"pinned is {chart.digest}: another chart behind the same version"
        trial = _over(sample(entry), component)
        release = release_of(name, trial, entry, params["kubernetes_version"] or entry["kubernetes"][1])
        try:
            draw = functools.partial(drawn, name, trial, helm, archive, environment)
            renders = draw(release)
            if faults(*renders):
                said["cure"] = cure_settings(name, entry, trial, release, renders, draw)[0]
                trial = _over(trial, said["cure"])
                renders = drawn(name, trial, helm, archive, environment, release_of(name, trial, entry, release.kubernetes))
        except GantryError as error:
            return {**said, "not rendered": error.message}
        need, hooks = need_of(name, trial, entry, release.namespace, renders[0])
        return {**said, **_described(need), **({"left out": hooks} if hooks else {})}


def _from_catalogue(name: str, entry: dict[str, Any], component: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"purpose": entry["purpose"], "licence": entry["licence"], "status": entry["status"]}
    found |= {key: entry[key] for key in ("successor", "requires", "definitions") if entry.get(key)}
    found["kubernetes"] = " to ".join(entry["kubernetes"])
    found["sources"] = [source for source, key in (("crds", "crds"), ("upstream", "chart")) if entry.get(key)]
    if entry.get("crds"):
        found["definitions by source crds"] = {"module": entry["crds"]["module"], "version": (entry.get("tested") or ["?"])[-1]}
    if entry.get("required"):
        found["required by source upstream"] = requirements(entry)
        found["missing"] = missing(entry, component)
        found["to paste"] = {"platform_settings": {"components": {name: {"source": "upstream", **_over(sample(entry), component)}}}}
    return found


def _described(need: Need) -> dict[str, Any]:
    """What the component's set brings: its namespace, its definitions, the rights that it asks for. Judged as a run judges its sets."""
    namespaces = namespaces_of([need], SERVERS_OWN)
    home = namespaces.get(need.namespace)
    sourced = [(document, f"component {need.component}") for document in with_namespace(need, namespaces, "the deployer")]
    left, administered = separated([set_file(f"component-{need.component}", "gantry-system", sourced, "component")])
    documents = [*administered["documents"], *left["documents"]]
    counts: dict[str, int] = {}
    for document in documents:
        counts[document["kind"]] = counts.get(document["kind"], 0) + 1
    return {
        "namespace": {"name": need.namespace, "pod security": home.level if home else "none, it is declared elsewhere"},
        "objects": counts,
        "definitions": sorted(d["metadata"]["name"] for d in documents if d["kind"] == "CustomResourceDefinition"),
        "rights": {
            f"{document['kind']} {document['metadata']['name']}": [_rule(rule) for rule in document.get("rules") or []]
            for document in documents
            if document["kind"] in _RULES
        },
        "only an administrator may apply": [f"{identity}: {why}" for identity, why in sorted(administered["reasons"].items())],
    }


def _rule(rule: dict[str, Any]) -> str:
    what = ",".join(rule.get("resources") or rule.get("nonResourceURLs") or [])
    groups = ",".join(group or "core" for group in rule.get("apiGroups") or [])
    names = f" named {','.join(rule['resourceNames'])}" if rule.get("resourceNames") else ""
    return f"{','.join(rule.get('verbs') or [])}: {what}{names}" + (f" ({groups})" if groups else "")


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Settings over settings: mappings merge, all else is replaced."""
    found = dict(below)
    for key, value in above.items():
        found[key] = _over(found[key], value) if isinstance(found.get(key), dict) and isinstance(value, dict) else value
    return found
