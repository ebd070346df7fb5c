# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Derived values: each by a named rule that ``explain`` quotes. What can be derived is never typed in."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.schema import Path, show_path
from .contract import profiles
from .contributions import KINDS, filled
from .layers import SHARED, Layer, Merged, Place, Statement, find_place
from .look import mapping
from .rows import CLUSTER, EVERY_COMPONENT, hooks, phases, rows, waves

_RULES: dict[str, str] = {
    "cluster_name": "a cluster is named as its host in the inventory",
    "cluster_access": "~/.kube/config with the cluster's name as context, unless the cluster names a kubeconfig; a rehearsal has its own",
    "simulated_in": "a sandbox's servers keep their files beside its kubeconfig; a rehearsed cluster's in the rehearsal's folder",
    "release": "digests and versions are what the environment's release says",
    "team_namespace": "a team's namespace has the team's name, of a renamed one its former name, unless it says so itself",
    "namespace": "a service lives in the namespace of its team",
    "cost_center": "the team of a service pays for it",
    "priority_class": "every tier has one priority class, tier-<tier>",
    "recovery": "a service recovers as its tier promises",
    "image": "an image is <first registry>/<team>/<service>, unless the service names one",
    "hosts": "an exposed service is reached as <service>.<domain>, unless it names its hosts",
    "secrets": "secrets come from the environment's references",
    "dependents": "the services that name this one under dependencies",
    "slos": "the SLOs that name this service",
    "contributions": "an area that is on gives to the areas that own a thing what its row says, in words of this model",
    "only_in": "a service is left out where only_in does not name the environment, and its SLOs with it",
}


@functools.cache
def rules() -> Mapping[str, str]:
    """Every rule by which a value is derived, in words: the common ones, then those of the areas."""
    found = dict(_RULES)
    for area in rows():
        found.update(hooks(area).rules)
    return found


@dataclass(frozen=True)
class Access:
    """What the machine says about reaching the cluster; nothing of it counts as the model's content.

    ``project`` and ``home`` are absolute folders; ``rehearsal_root`` too, or empty outside of a rehearsal.
    """

    project: str
    home: str
    rehearsal_root: str = ""


def profile_layers(merged: Merged, layers: Iterable[Layer]) -> list[Layer]:
    """The layers below the shared one: the profile's values, then ``settings.defaults``, spread over teams and services.

    ``merged`` is what all inventory layers say together: it names the profile, the teams and each service's tier.
    """
    services, teams = mapping(merged.value, "services"), mapping(merged.value, "teams")
    name = mapping(merged.value, "environment").get("profile")
    profile = profiles().get(name, {}) if isinstance(name, str) else {}
    parts = mapping(profile, "services")
    by_tier = {service: parts.get(str(entry.get("tier"))) for service, entry in services.items() if isinstance(entry, Mapping)}
    spread: dict[str, Any] = {
        "teams": {team: profile.get("teams", {}) for team in teams},
        "services": {service: part for service, part in by_tier.items() if part},
    }
    found = [Layer("profile", "profile", (), spread, words=f"profile {name}")]
    defaults = mapping(mapping(merged.value, "settings"), "defaults")
    for part, names in (("teams", teams), ("services", services)):
        value = defaults.get(part)
        if isinstance(value, Mapping) and value:
            place = find_place(layers, ("settings", "defaults", part))
            places: dict[Path, Place] = {} if place is None else {(): place}
            found.append(Layer(SHARED, "platform_settings", (), {part: dict.fromkeys(names, value)}, places))
    return found


def leave_out(merged: Merged, environment: str, kept: Container[Any] = ()) -> list[str]:
    """Take away the services that this environment does not have, and their SLOs; gives the services' names.

    ``kept`` stay in any case: what their ``only_in`` says is wrong already.
    """
    services, slos = mapping(merged.value, "services"), mapping(merged.value, "slos")
    gone = [
        name
        for name, entry in services.items()
        if name not in kept
        and isinstance(entry, Mapping)
        and isinstance(entry.get("only_in"), list)
        and environment not in entry["only_in"]
    ]
    for name in gone:
        del services[name]
    for name in [name for name, entry in slos.items() if isinstance(entry, Mapping) and entry.get("service") in gone]:
        del slos[name]
    return gone


class Derivation:
    """Applies the rules to a merged and valid model, in place."""

    def __init__(self, merged: Merged, layers: list[Layer], host: str, control: bool, access: Access) -> None:
        self._merged = merged
        self._model = merged.value
        self._layers = layers
        self._host = host
        self._control = control
        self._access = access

    def run(self) -> None:
        """Every rule, in an order in which each finds what it needs."""
        if not self._control:
            self._cluster()
        self._teams()
        self._tiers()
        self._services()
        for area in rows():
            if derive := hooks(area).derive:
                derive(self._model, self._say)
        self._contributions()
        self._model.pop("secret_references", None)
        self._model["settings"].pop("defaults", None)

    def _say(self, path: Path, value: Any, rule: str, *sources: Path) -> None:
        origins = tuple(f"{show_path(source)}{_at(find_place(self._layers, source))}" for source in sources)
        self._merged.say(path, value, Statement("rule", f"{rule}: {rules()[rule]}", value, origins=origins))

    def _cluster(self) -> None:
        cluster, access = self._model["cluster"], self._access
        self._say(("cluster", "name"), self._host, "cluster_name")
        given = cluster.get("kubeconfig")
        if access.rehearsal_root:
            kubeconfig, context = f"{access.rehearsal_root}/{self._host}/deployer.kubeconfig", None
        elif given:
            kubeconfig, context = _absolute(given, access), cluster.get("context")
        else:
            kubeconfig, context = f"{access.home}/.kube/config", cluster.get("context", self._host)
        self._say(("cluster", "kubeconfig"), kubeconfig, "cluster_access", *([("cluster", "kubeconfig")] if given else []))
        self._say(("cluster", "context"), context, "cluster_access")
        simulated = bool(access.rehearsal_root) or cluster["provider"] == "sandbox"
        folder = posixpath.dirname(kubeconfig) if simulated else None
        self._say(("cluster", "simulated_in"), folder, "simulated_in", ("cluster", "provider"))

    def _contributions(self) -> None:
        self._model["contributions"] = {kind: {} for kind in KINDS}
        for area in enabled_areas(self._model):
            own = hooks(area)
            words = own.words(self._model) if own.words else {}
            given = filled(rows()[area].contributes, words or {}) if words is not None else {}
            more = own.contributions(self._model) if own.contributions else {}
            for kind in {**given, **more}:
                entries = {**given.get(kind, {}), **more.get(kind, {})}
                self._say(("contributions", kind, area), entries, "contributions", ("settings", "areas", area))

    def _teams(self) -> None:
        for name, team in self._model["teams"].items():
            if "namespace" not in team:
                of: list[Path] = [("teams", name, "renamed_from")] if "renamed_from" in team else []
                self._say(("teams", name, "namespace"), team.get("renamed_from", name), "team_namespace", *of)

    def _tiers(self) -> None:
        for tier in self._model["recovery"]["tiers"]:
            self._say(("recovery", "tiers", tier, "priority_class"), f"tier-{tier}", "priority_class")

    def _services(self) -> None:
        services, settings = self._model["services"], self._model["settings"]
        release = mapping(mapping(self._model, "release"), "services")
        references = mapping(mapping(self._model, "secret_references"), "services")
        calls = {name: entry["dependencies"] for name, entry in services.items()}
        slos: dict[str, list[str]] = {}
        for name, entry in sorted(self._model["slos"].items()):
            slos.setdefault(entry["service"], []).append(name)
        for name, entry in services.items():
            path: Path = ("services", name)
            team, tier = entry["team"], entry["tier"]
            by_team, by_tier = (*path, "team"), (*path, "tier")
            namespace: Path = ("teams", team, "namespace")
            self._say((*path, "namespace"), self._model["teams"][team]["namespace"], "namespace", by_team, namespace)
            self._say(
                (*path, "cost_center"), self._model["teams"][team]["cost_center"], "cost_center", by_team, ("teams", team, "cost_center")
            )
            promise = self._model["recovery"]["tiers"][tier]
            self._say((*path, "priority_class"), promise["priority_class"], "priority_class", by_tier)
            for key, value in promise.items():
                if key not in ("priority", "priority_class", "description"):
                    self._say((*path, "recovery", key), value, "recovery", by_tier, ("recovery", "tiers", tier, key))
            if "image" not in entry:
                image = f"{settings['registries'][0].rstrip('/')}/{team}/{name}"
                self._say((*path, "image"), image, "image", ("settings", "registries"), by_team)
            self._say((*path, "digest"), release[name]["digest"], "release", ("release", "services", name, "digest"))
            if "hosts" not in entry:
                hosts = [f"{name}.{settings['domain']}"] if entry["exposed"] else []
                self._say((*path, "hosts"), hosts, "hosts", (*path, "exposed"), ("settings", "domain"))
            entry.setdefault("secrets", {})
            for secret, reference in mapping(references, name).items():
                self._say((*path, "secrets", secret), reference, "secrets", ("secret_references", "services", name, secret))
            self._say((*path, "dependents"), sorted(other for other, called in calls.items() if name in called), "dependents")
            self._say((*path, "slos"), slos.get(name, []), "slos")


def enabled_areas(model: Mapping[str, Any]) -> list[str]:
    """The areas that are on, in the order of a run."""
    switches = model["settings"]["areas"]
    return [area for area in rows() if switches.get(area)]


def set_names(model: Mapping[str, Any]) -> list[str]:
    """The names of all sets that a run of this model declares, in the order of the areas."""
    chosen = components_by_area(model)
    names: list[str] = []
    for area in enabled_areas(model):
        for pattern in rows()[area].sets:
            names += [pattern.replace("<name>", name) for name in chosen[area]] if "<name>" in pattern else [pattern]
    return names


def components_by_area(model: Mapping[str, Any]) -> dict[str, list[str]]:
    """The enabled components that each area declares, sorted.

    An area that is on has those of its row with it, as far as they come with their charts; the area of all components has the rest.
    """
    found: dict[str, list[str]] = {area: [] for area in rows()}
    owners = {name: area for area in enabled_areas(model) for name in rows()[area].components}
    others = next(area for area, row in rows().items() if EVERY_COMPONENT in row.components)
    for name, component in sorted(model["settings"]["components"].items()):
        if component["enabled"]:
            found[owners.get(name, others) if component["source"] == "upstream" else others].append(name)
    return found


def area_rows(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every area in the order of a run, with its wave in this one: what the flow reads."""
    switched_on, chosen = enabled_areas(model), components_by_area(model)
    cut, when = waves(switched_on), phases()
    return [
        {
            "area": area,
            "role": row.role,
            "on": row.on,
            "phase": when[area],
            "wave": str(cut[area]) if row.on == CLUSTER else f"{when[area]} {cut[area]}",
            "configures": bool(row.configures),
            "prepare": row.prepare,
            "verifies": bool(row.verifies),
            "renews": bool(row.renews),
            "components": chosen[area],
            "namespaces": [*row.namespaces],
            "sandbox": [*row.sandbox],
            "sandbox_of_each": [*row.sandbox_of_each],
        }
        for area, row in rows().items()
    ]


def _absolute(path: str, access: Access) -> str:
    if path == "~" or path.startswith("~/"):
        return access.home + path[1:]
    return path if path.startswith("/") else f"{access.project}/{path}"


def _at(place: Place | None) -> str:
    return f" at {place}" if place else ""
