# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#
# Private to the collection: no interface is promised outside of it.
"""The sets of components: definitions out of Go modules, charts rendered by helm, each from a cache keyed by all that it depends on."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..module_utils._chart.cure import Fault, cure_of, faults, guesses, lacking, replace_secrets, templates_of, without_ignored
from ..module_utils._chart.fetch import Chart, fetch, helm_binary, helm_version
from ..module_utils._chart.namespaces import ComponentNamespace, Need, deployer_binding, is_namespace, namespaces_of
from ..module_utils._chart.render import Release, in_namespace, merged, order_hooks, render_twice, without_empty_bundles
from ..module_utils._core.canonical import digest
from ..module_utils._core.errors import InputError
from ..module_utils._core.suggest import did_you_mean
from ..module_utils._kube.declare.setfile import CLUSTER_SCOPED, SERVERS_OWN, set_file, summary
from ..module_utils._kube.declare.store import write_set
from ..module_utils._kube.form.crds import read_crds
from ..module_utils._kube.form.documents import Document, load_text
from ..module_utils._kube.form.yaml import dump_yaml
from ..module_utils._kube.observe.subject import WAIT
from ..module_utils._model.components import missing, unfitting
from ..module_utils._sandbox.build import cache_folder
from ..module_utils._sandbox.golang import module_folder
from ._files import in_project, read_json, write_json
from ._model_input import catalog as known_components

SPEC: dict[str, Any] = {
    "store": {"type": "path", "required": True},
    "namespace": {"type": "str", "default": "gantry-system"},
    "role": {"type": "str", "default": "component"},
    "catalog": {"type": "dict", "default": {}},
    "components": {"type": "dict", "required": True},
    "modules": {"type": "path", "required": True},
    "kubernetes_version": {"type": "str", "required": True},
    "repositories": {"type": "dict", "default": {}},
    "helm": {"type": "str", "default": ""},
    "deployer": {"type": "str", "default": ""},
    "namespaces": {"type": "list", "elements": "str", "default": []},
}
_MOST_GUESSES = 12
Renders = tuple[list[Document], list[Document]]
_READY = {
    "Deployment": "(status.availableReplicas || `0`) == spec.replicas",
    "StatefulSet": "(status.readyReplicas || `0`) == spec.replicas",
    "DaemonSet": "status.numberReady == status.desiredNumberScheduled",
}


def declare_components(params: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
    """Write one set for each enabled component into the store; ``params`` as ``SPEC`` has them. Raises InputError with every problem at once."""
    catalog = params["catalog"] = params["catalog"] or dict(known_components() or {})
    wanted = {name: c for name, c in params["components"].items() if c.get("enabled", True)}
    version = params["kubernetes_version"]
    problems = [problem for name, component in wanted.items() for problem in _problems(name, component, catalog, version, wanted)]
    if problems:
        raise InputError("the components cannot be declared:\n" + "\n".join(f"  {problem}" for problem in problems))
    charts = {name: component for name, component in wanted.items() if component.get("source", "crds") == "upstream"}
    left_out, needs = [], {}
    for name, component in sorted(charts.items()):
        needs[name], hooks = _chart(name, component, catalog[name], params, environment)
        left_out += [f"{name}: {hook}" for hook in hooks]
    namespaces = namespaces_of(list(needs.values()), {*params["namespaces"], *SERVERS_OWN})
    sets = []
    for name, component in sorted(wanted.items()):
        if name in charts:
            documents = with_namespace(needs[name], namespaces, params["deployer"])
        else:
            documents = _definitions(catalog[name], Path(params["modules"]) / name, environment)
        sourced = [(document, f"component {name}") for document in documents]
        expected = _expectations(name, documents, component.get("wait", True))
        content = set_file(f"component-{name}", params["namespace"], sourced, params["role"], expected)
        write_set(params["store"], content)
        sets.append(summary(content))
    levels = [{"namespace": home.namespace, "pod_security": home.level, "needed_by": [*home.needed_by]} for home in namespaces.values()]
    return {"sets": sets, "left_out": left_out, "namespaces": levels}


def _definitions(entry: dict[str, Any], pin: Path, environment: dict[str, str]) -> list[Document]:
    """The component's definitions; from the cache where this very version was read before."""
    key = _short(digest([(pin / "go.sum").read_text(), entry["crds"]]))
    cached = cache_folder(environment).parent / "crds" / f"{pin.name}-{key}.json"
    found = read_json(str(cached))
    if not isinstance(found, list):
        found = read_crds(module_folder(pin, entry["crds"]["module"], environment), entry["crds"]["files"])
        write_json(str(cached), found)
    return found


def _chart(
    name: str, component: dict[str, Any], entry: dict[str, Any], params: dict[str, Any], environment: dict[str, str]
) -> tuple[Need, list[str]]:
    """Every object of the component's chart in its namespace, and the hooks that were left out."""
    cache = cache_folder(environment).parent
    helm = helm_binary(params["helm"], environment)
    chart = pinned(name, component, entry, params["repositories"])
    archive, _digest = fetch(chart, cache, helm, environment)
    release = release_of(name, component, entry, params["kubernetes_version"])
    ignored, secrets = component.get("ignore") or [], component.get("secrets") or {}
    inputs = [
        chart.digest,
        release.namespace,
        release.values,
        release.kubernetes,
        release.api_versions,
        helm_version(helm, environment),
    ]
    inputs += [ignored, secrets] if ignored or secrets else []
    cached = cache / "renders" / f"{name}-{_short(digest(inputs))}.json"
    found = read_json(str(cached))
    if not isinstance(found, list):
        draw = functools.partial(drawn, name, component, helm, archive, environment)
        found, again = draw(release)
        refuse_faults(name, entry, component, release, (found, again), draw, archive)
        write_json(str(cached), found)
    return need_of(name, component, entry, release.namespace, found)


def need_of(name: str, component: dict[str, Any], entry: dict[str, Any], namespace: str, found: list[Document]) -> tuple[Need, list[str]]:
    """What the component's set brings into its namespace, and the hooks that were left out."""
    wait = component.get("wait", True)
    documents, hooks = order_hooks(in_namespace(without_empty_bundles(found), namespace, CLUSTER_SCOPED), wait)
    documents = documents if wait else [_unawaited(document) for document in documents]
    labels = component.get("namespace_labels") or {}
    usual = entry.get("pod_security") or "baseline"
    return Need(name, namespace, documents, usual, component.get("pod_security") or "", labels), hooks


def release_of(name: str, component: dict[str, Any], entry: dict[str, Any], version: str) -> Release:
    """What the component's chart is rendered for."""
    namespace = component.get("namespace") or entry.get("namespace") or name
    values = merged(entry.get("values") or {}, component.get("values") or {})
    return Release(name, namespace, values, version, tuple(entry.get("api_versions") or ()))


def refuse_faults(
    name: str,
    entry: dict[str, Any],
    component: dict[str, Any],
    release: Release,
    renders: Renders,
    draw: Callable[[Release], Renders],
    archive: Path,
) -> None:
    """Raise InputError where a chart makes something up or writes a Secret out, with the settings that cure it, as YAML."""
    found = faults(*renders)
    if not found:
        return
    settings, left, hints = cure_settings(name, entry, component, release, renders, draw)
    lines = [fault.line for fault in found] + [f"  {hint}" for hint in hints]
    guessed = guesses(templates_of(archive)) if left else []
    if guessed:
        lines += ["values of the chart that may decide about it, guessed from its templates:"]
        lines += [f"  {guess}" for guess in guessed[:_MOST_GUESSES]]
    pasted = dump_yaml({"platform_settings": {"components": {name: settings}}})
    raise InputError(
        f"{name}: two renders of the chart differ (randAlphaNum, genCA, lookup or the time), or it writes values of Secrets out:\n"
        + "\n".join(lines)
        + f"\nthe cure, to paste into the inventory (each env:NAME is a reference to a value of yours):\n{pasted}"
    )


def cure_settings(
    name: str,
    entry: dict[str, Any],
    component: dict[str, Any],
    release: Release,
    renders: Renders,
    draw: Callable[[Release], Renders],
) -> tuple[dict[str, Any], list[Fault], list[str]]:
    """A component's settings with the cure of its chart's faults, the faults that the catalogue's values leave, and hints.

    The catalogue's own cure is tried before it is offered: what it leaves is cured by what always works.
    """
    left = faults(*renders)
    known = entry.get("reproducible_values") or {}
    if known and lacking(known, release.values):
        left = faults(*draw(dataclasses.replace(release, values=merged(release.values, known))))
    else:
        known = {}
    cure = cure_of(name, left)
    settings = merged({key: component[key] for key in ("values", "secrets") if component.get(key)}, cure.settings)
    if known:
        settings["values"] = merged(settings.get("values") or {}, known)
    settings["ignore"] = [*(component.get("ignore") or []), *(cure.settings.get("ignore") or [])]
    return {key: value for key, value in settings.items() if value}, left, cure.hints


def drawn(name: str, component: dict[str, Any], helm: str, archive: Path, environment: dict[str, str], release: Release) -> Renders:
    """Two renders, as the inventory wants them: with its Secrets, without what it ignores."""
    texts = render_twice(helm, archive, release, environment)
    first, second = (
        replace_secrets(
            without_ignored(name, [document for document, _source in load_text(text, f"chart {name}")], component.get("ignore") or []),
            component.get("secrets") or {},
            release.namespace,
        )
        for text in texts
    )
    return first, second


def _unawaited(document: Document) -> Document:
    if document["kind"] not in (*_READY, "Job"):
        return document
    annotations = {**(document["metadata"].get("annotations") or {}), WAIT: "false"}
    return {**document, "metadata": {**document["metadata"], "annotations": annotations}}


def pinned(name: str, component: dict[str, Any], entry: dict[str, Any], repositories: dict[str, str]) -> Chart:
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


def with_namespace(need: Need, namespaces: dict[str, ComponentNamespace], deployer: str) -> list[Document]:
    """The component's documents, behind their namespace and the deployer's way into it where they stand in this set."""
    home = namespaces.get(need.namespace)
    if home is None:
        return list(need.documents)
    others = [document for document in need.documents if not is_namespace(document, need.namespace)]
    if home.owner != need.component:
        return others
    return [home.document, *([deployer_binding(home, deployer)] if deployer else []), *others]


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
    if source == "upstream":
        sources = {other: its.get("source", "crds") for other, its in wanted.items()}
        found += [f"{name}: {problem}" for problem in [*missing(entry, component), *unfitting(name, catalog, sources)]]
    return found


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in str(version).split(".")[:2])


def _short(text: str) -> str:
    return text.partition(":")[2][:20]


def _expectations(name: str, documents: list[Document], wait: bool = True) -> list[dict[str, Any]]:
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
        elif wait and kind in _READY:
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
