# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""From an inventory host to its effective model: gathers what ``_model`` needs, which knows neither Ansible nor files."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from ..module_utils._core.errors import InputError
from ..module_utils._core.schema import Path, show_path
from ..module_utils._core.suggest import did_you_mean
from ..module_utils._model.build import InventoryError, Model, build
from ..module_utils._model.checks import Situation
from ..module_utils._model.contract import variables as variables_of_the_model
from ..module_utils._model.derive import Access
from ..module_utils._model.layers import ENVIRONMENT, Layer, Place
from ._files import in_project, project_folder
from ._origins import Files, files_of, plain, relative

_ROLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "roles")


def model_of(
    host: str, task_vars: Mapping[str, Any], *, read_only: bool, rehearsal_root: str = "", play: Mapping[str, Any] | None = None
) -> Model:
    """The effective model of ``host``, which is any host of the inventory. Raises InventoryError with all that is wrong.

    ``play`` is what the play says itself: it counts where the inventory does not say a variable.
    """
    project = project_folder()
    hostvars, variables = task_vars["hostvars"], task_vars["hostvars"][host]
    groups = list(variables.get("group_names") or ())
    files, layers = inventory_of(host, task_vars, play)
    situation = Situation(
        host=host,
        control="control" in groups,
        read_only=read_only,
        environments=_environments(hostvars, task_vars.get("ansible_play_hosts_all") or [host]),
        known_environments=files.environments(),
        networks=_networks(hostvars, task_vars.get("groups", {}).get("all") or [host]),
        catalog=catalog(),
        folder=relative(files.base, project) if files.base else "",
        group=files.group(groups),
    )
    root_folder = in_project(rehearsal_root) if rehearsal_root else ""
    access = Access(project=project, home=os.path.expanduser("~"), rehearsal_root=root_folder)
    return build(layers, situation, access, files.findings(role_options()))


def inventory_of(host: str, task_vars: Mapping[str, Any], play: Mapping[str, Any] | None = None) -> tuple[Files, list[Layer]]:
    """The files about ``host``, and what its variables say. Raises InventoryError where a file cannot be read."""
    project, variables = project_folder(), task_vars["hostvars"][host]
    files = files_of(host, list(variables.get("group_names") or ()), variables.get("inventory_dir"), project)
    if files.unreadable():
        # Nothing of their values is looked at: a file may be small and what its anchors make of it large.
        raise InventoryError(files.unreadable(), host)
    layers = []
    for variable, (layer, root) in variables_of_the_model().items():
        if variable not in variables:
            if variable in (play or {}):
                layers.append(
                    Layer(layer, variable, root, plain((play or {})[variable], root, project)[0], {root: Place("the play's own vars")})
                )
            continue
        value = variables[variable]
        content, places = plain(value, root, project)
        by_file = files.places(variable, root)
        places = places or by_file
        source = variables.get("inventory_file")
        if root in by_file:
            places.setdefault(root, by_file[root])
        elif source:
            places.setdefault(root, Place(relative(str(source), project)))
        layers.append(Layer(layer, variable, root, content, places))
    return files, [*layers, *_more_areas(variables.get("platform_areas"))]


def said_by_the_play(host: str, task_vars: Mapping[str, Any], template: Callable[[Any], Any]) -> dict[str, Any]:
    """The model's variables that a play, a role's parameters or a task say, and the inventory of ``host`` does not."""
    known = task_vars["hostvars"][host]
    return {name: template(task_vars[name]) for name in variables_of_the_model() if name in task_vars and name not in known}


def with_place(answer: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a task that could not resolve a reference, with the line of the inventory that says it."""
    reference, host = answer.get("reference"), task_vars.get("inventory_hostname")
    if not answer.get("failed") or not reference or host not in task_vars.get("hostvars", ()):
        return answer
    layers = inventory_of(str(host), task_vars)[1]
    places = [
        f"{layer.place(path)[1] or layer.variable}: {show_path(path)}"
        for layer in layers
        for path in _paths(layer.value, layer.root, reference)
    ]
    told = f"; it stands in {', '.join(places)}: give it a value there, or take the line away where nothing needs it"
    return {**answer, "msg": f"{answer['msg']}{told}"} if places else answer


def _paths(value: Any, path: Path, wanted: str) -> Iterator[Path]:
    """Where a text stands."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _paths(item, (*path, str(key)), wanted)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, (*path, index), wanted)
    elif value == wanted:
        yield path


def _more_areas(chosen: Any) -> list[Layer]:
    """The layer that ``platform_areas`` is: areas that are on in this run whatever the inventory's other variables say.

    ``core`` is the sandbox's word for its control plane, which is always there.
    """
    names = chosen.split(",") if isinstance(chosen, str) else list(chosen or ())
    names = [name for name in (str(name).strip() for name in names) if name not in ("", "core")]
    if not names:
        return []
    places = {("settings", "areas", name): Place("platform_areas") for name in names}
    # It is laid over what clusters say, and speaks for the environment: what exists once is among them.
    return [Layer(ENVIRONMENT, "platform_cluster_overrides", (), {"settings": {"areas": dict.fromkeys(names, True)}}, places)]


def host_named(name: str, task_vars: Mapping[str, Any]) -> str:
    """The host of that name, or the first cluster of the environment of that name. Raises InputError with a cure."""
    hosts, hostvars = list(task_vars["groups"]["all"]), task_vars["hostvars"]
    if name in hosts and "control" not in hostvars[name].get("group_names", ()):
        return name
    environments: dict[str, list[str]] = {}
    for host in hosts:
        environment = _environment(hostvars[host])
        if environment and hostvars[host].get("platform_cluster"):
            environments.setdefault(environment, []).append(host)
    if name not in environments:
        known = [*environments, *hosts]
        raise InputError(
            f"there is no environment or cluster {name!r} in the given inventories; allowed: {', '.join(known)}{did_you_mean(name, known)}"
        )
    return sorted(environments[name])[0]


@functools.cache
def catalog() -> Mapping[str, Mapping[str, Any]] | None:
    """The components of the catalogue by name, or none where this installation has no catalogue."""
    folder = os.path.join(_ROLES, "component", "catalog")
    if not os.path.isdir(folder):
        return None
    return {file[:-4]: _read(os.path.join(folder, file)) for file in sorted(os.listdir(folder)) if file.endswith(".yml")}


def role_options() -> frozenset[str]:
    """The variables of our own roles that an inventory may set as well."""
    found: set[str] = set()
    for role in sorted(os.listdir(_ROLES)) if os.path.isdir(_ROLES) else ():
        content = _read(os.path.join(_ROLES, role, "defaults", "main.yml"))
        if isinstance(content, Mapping):
            found.update(map(str, content))
    return frozenset(found)


def _read(path: str) -> Any:
    if not os.path.isfile(path):
        return None
    try:
        with open(path, encoding="utf-8") as handle:
            return yaml.load(handle, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise InputError(f"this installation of the collection is damaged: {path} is no YAML: {error}") from error


def _environment(variables: Mapping[str, Any]) -> str:
    environment = variables.get("platform_environment")
    return str(environment.get("name") or "") if isinstance(environment, Mapping) else ""


def _environments(hostvars: Mapping[str, Any], hosts: list[str]) -> dict[str, str]:
    named = {str(host): _environment(hostvars[host]) for host in hosts}
    return {host: name for host, name in named.items() if name}


def _networks(hostvars: Mapping[str, Any], hosts: list[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for host in hosts:
        cluster = hostvars[host].get("platform_cluster")
        network = cluster.get("network") if isinstance(cluster, Mapping) else None
        if isinstance(network, Mapping):
            found[str(host)] = {str(key): str(value) for key, value in network.items()}
    return found
