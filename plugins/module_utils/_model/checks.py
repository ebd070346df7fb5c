# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Cross checks: what one part of the model says about another. All of them look, each yields every problem it finds."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.schema import Path, Problem, show_value
from .._core.suggest import nearest
from .look import amount, entries, mapping, unknown
from .rows import hooks, rows

_RESERVED_NAMESPACES = ("default", "gantry-system")
_HOST = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Situation:
    """What is known besides the host's own variables.

    ``environments``: name of the environment by host of this run. ``known_environments``: those of the project, none
    where its files are not at hand. ``networks``: ``cluster.network`` of the other clusters of the inventory, by host.
    ``folder`` and ``group``: the inventory's folder as a person names it, and the group whose variables are the environment's.
    ``catalog``: the components by name, ``{name: {requires: [..], kubernetes: [lowest, highest]}}``, none where there is none.
    """

    host: str
    control: bool = False
    read_only: bool = False
    environments: Mapping[str, str] = field(default_factory=dict)
    known_environments: frozenset[str] | None = None
    networks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    catalog: Mapping[str, Mapping[str, Any]] | None = None
    folder: str = ""
    group: str = ""


def cross_check(model: Mapping[str, Any], situation: Situation, left_out: list[str]) -> list[Problem]:
    """Every problem between the parts of ``model``, which has its defaults but may be invalid in form.

    ``left_out``: services that ``only_in`` took away.
    """
    problems: list[Problem] = []
    for check in (_environment, _areas, _teams, _renamed, _finops, _foundation):
        problems += check(model, situation)
    if isinstance(situation.host, str) and not situation.control and not _HOST.fullmatch(situation.host):
        words = f"found {show_value(situation.host)} as the host's name, which names the cluster; allowed: a DNS label (small letters, digits, dashes)"
        problems.append(Problem(("cluster", "name"), words))
    for area in rows():
        if own := hooks(area).check:
            problems += own(model, situation)
    problems += _services(model, situation, left_out)
    problems += _named_services(model, left_out)
    problems += _cycles(model)
    if not situation.control:
        problems += _networks(model, situation)
    return problems


def unknown_environments(model: Mapping[str, Any], situation: Situation) -> Iterator[Problem]:
    """Names of environments that nothing bears, in all services: looked for before ``only_in`` takes any of them away.

    An environment is known by its inventory's file. Where no files are at hand, or none bears a name like this environment's
    (Molecule and job runners make one file of their own), only what is nearly its own name can be told from that of another one.
    """
    environment = mapping(model, "environment")
    own = environment.get("name")
    known = sorted(situation.known_environments or ())
    if own not in known and not (isinstance(own, str) and nearest(own, known)):
        known = []
    if known:
        yield from unknown(("environment", "name"), "environment", own, known)
        yield from unknown(("environment", "promotes_from"), "environment", environment.get("promotes_from"), known)
    for name, entry in entries(model, "services").items():
        listed = entry.get("only_in")
        for index, one in enumerate(listed if isinstance(listed, list) else ()):
            if known or (isinstance(own, str) and one != environment.get("promotes_from") and nearest(str(one), [own])):
                yield from unknown(("services", name, "only_in", index), "environment", one, known or [str(own)])


def _environment(model: Mapping[str, Any], situation: Situation) -> Iterator[Problem]:
    environment = mapping(model, "environment")
    names = sorted(set(situation.environments.values()))
    if len(names) > 1 and not situation.read_only:
        hosts = ", ".join(f"{host} ({name})" for host, name in sorted(situation.environments.items()))
        yield Problem(
            ("environment", "name"),
            f"found {len(names)} environments in one run that changes things: {hosts}; allowed: one; choose one inventory",
        )
    if environment.get("promotes_from") is not None and environment.get("promotes_from") == environment.get("name"):
        yield Problem(("environment", "promotes_from"), "found the environment itself; allowed: another one")


def _areas(model: Mapping[str, Any], _situation: Situation) -> Iterator[Problem]:
    switches = mapping(mapping(model, "settings"), "areas")
    for area, row in rows().items():
        for needed in row.requires:
            if switches.get(area) is True and switches.get(needed) is False:
                yield Problem(
                    ("settings", "areas", needed),
                    f"found false, but the area {area} is on and needs {needed}; turn {needed} on or {area} off",
                )


def _teams(model: Mapping[str, Any], situation: Situation) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    taken = dict(_platform_namespaces(model, situation))
    reserved = {*_RESERVED_NAMESPACES, *(one for row in rows().values() for one in row.namespaces)}
    for name, team in entries(model, "teams").items():
        namespace = team.get("namespace", team.get("renamed_from", name))
        path: Path = ("teams", name, "namespace")
        if not isinstance(namespace, str):
            continue
        if namespace in reserved or namespace.startswith("kube-"):
            yield Problem(path, f"found the reserved namespace {namespace!r}; allowed: any other name")
        elif namespace in taken:
            yield Problem(path, f"found {namespace!r}, which is the namespace of {taken[namespace]}; allowed: any other name")
        if namespace in owners:
            yield Problem(path, f"found {namespace!r}, which is the namespace of the team {owners[namespace]!r}; allowed: one of its own")
        owners.setdefault(namespace, name)
        limits = mapping(team, "limits")
        for below, above in (("default_request", "default"), ("default", "max"), ("default_request", "max")):
            for key, given in mapping(limits, below).items():
                most = mapping(limits, above).get(key)
                if amount(given) > amount(most) > 0:
                    yield Problem(("teams", name, "limits", below, key), f"found {given!r}, above limits.{above}, which is {most!r}")


def _renamed(model: Mapping[str, Any], _situation: Situation) -> Iterator[Problem]:
    """A former name is nobody's any more, and one thing's only."""
    for part in ("teams", "services"):
        named = entries(model, part)
        known: dict[str, str] = {}
        for name, entry in named.items():
            former = entry.get("renamed_from")
            path: Path = (part, name, "renamed_from")
            if not isinstance(former, str):
                continue
            if former in named:
                yield Problem(path, f"found {former!r}, which is itself a {part[:-1]}; allowed: a name that none has any more")
            elif former in known:
                yield Problem(path, f"found {former!r}, which is the former name of {known[former]!r} already; allowed: one of its own")
            known.setdefault(former, name)


def _now_called(model: Mapping[str, Any], part: str) -> dict[str, str]:
    named = entries(model, part)
    said = [(entry.get("renamed_from"), name) for name, entry in named.items()]
    return {former: name for former, name in said if isinstance(former, str) and former not in named}


def _platform_namespaces(model: Mapping[str, Any], situation: Situation) -> Iterator[tuple[str, str]]:
    """Namespaces that are not free for a team, and whose they are: of the catalogue's components, and of somebody else."""
    settings = mapping(model, "settings")
    chosen = entries(settings, "components")
    for name, entry in {**(situation.catalog or {}), **chosen}.items():
        declared = (
            chosen.get(name, {}).get("namespace") or (situation.catalog or {}).get(name, {}).get("namespace") or entry.get("namespace")
        )
        yield str(declared or name), f"the component {name}"
    for listed, words in (
        (settings.get("external_namespaces"), "somebody else (settings.external_namespaces)"),
        (mapping(mapping(model, "security"), "admission").get("exempt_namespaces"), "no policy (security.admission.exempt_namespaces)"),
    ):
        yield from ((one, words) for one in listed or () if isinstance(one, str))


def _services(model: Mapping[str, Any], situation: Situation, left_out: list[str]) -> Iterator[Problem]:
    services, teams = entries(model, "services"), mapping(model, "teams")
    tiers = mapping(mapping(model, "recovery"), "tiers")
    classes = mapping(mapping(model, "security"), "data_classes")
    released = mapping(mapping(model, "release"), "services")
    hosts: dict[str, str] = {}
    called_now, team_now = _now_called(model, "services"), _now_called(model, "teams")
    for name, entry in services.items():
        path: Path = ("services", name)
        if isinstance(entry.get("team"), str) and entry["team"] in team_now:
            yield Problem((*path, "team"), f"found {entry['team']!r}, which is called {team_now[entry['team']]!r} now (renamed_from)")
            continue
        yield from unknown((*path, "team"), "team", entry.get("team"), teams, home=("teams",))
        yield from unknown((*path, "tier"), "tier", entry.get("tier"), tiers, home=("recovery", "tiers"))
        yield from unknown((*path, "data_class"), "data class", entry.get("data_class"), classes, home=("security", "data_classes"))
        if name not in released:
            former = entry.get("renamed_from")
            still = f"; it stands there as {former}, its former name" if isinstance(former, str) and former in released else ""
            yield Problem(
                ("release", "services", name),
                f"missing; write the digest of its image: make release ENV={mapping(model, 'environment').get('name')} SERVICE={name} "
                f"DIGEST=sha256:…{still}",
                at_key=True,
                home=("release", "services"),
            )
        for index, called in enumerate(entry.get("dependencies") or ()):
            here: Path = (*path, "dependencies", index)
            if called == name:
                yield Problem(here, "found the service itself; allowed: another one")
            elif isinstance(called, str) and called in called_now:
                yield Problem(here, f"found {called!r}, which is called {called_now[called]!r} now (renamed_from)")
            elif called in left_out:
                yield Problem(here, f"found {called!r}, which this environment does not have (its only_in); give {name} the same only_in")
            else:
                yield from unknown(here, "service", called, services, home=("services",))
        replicas = mapping(entry, "replicas")
        least, most = replicas.get("min"), replicas.get("max")
        if isinstance(least, int) and isinstance(most, int) and most < least:
            yield Problem((*path, "replicas", "max"), f"found {most}, below replicas.min, which is {least}; allowed: at least that")
        resources = mapping(entry, "resources")
        request, limit = mapping(resources, "requests").get("memory"), mapping(resources, "limits").get("memory")
        if amount(request) > amount(limit) > 0:
            yield Problem(
                (*path, "resources", "limits", "memory"), f"found {limit!r}, below the request {request!r}; allowed: at least that"
            )
        for index, host in enumerate(entry.get("hosts") or ()):
            if not isinstance(host, str):
                continue
            if host in hosts:
                yield Problem(
                    (*path, "hosts", index), f"found {host!r}, which is a host of {hosts[host]!r} already; allowed: one service a host"
                )
            hosts[host] = name


def _cycles(model: Mapping[str, Any]) -> Iterator[Problem]:
    """One problem for each cycle, shown at the service of it that comes first."""
    services = entries(model, "services")
    calls = {name: [one for one in entry.get("dependencies") or () if one in services and one != name] for name, entry in services.items()}
    done: set[str] = set()
    for start in calls:
        trail: list[str] = []
        pending: list[tuple[str, int]] = [(start, 0)]
        while pending:
            name, depth = pending.pop()
            del trail[depth:]
            if name in trail:
                cycle = [*trail[trail.index(name) :], name]
                index = services[trail[-1]]["dependencies"].index(name)
                yield Problem(
                    ("services", trail[-1], "dependencies", index),
                    f"found a cycle: {' → '.join(cycle)}; allowed: dependencies that end somewhere; cut one of them",
                )
            elif name not in done:
                done.add(name)
                trail.append(name)
                pending += [(called, len(trail)) for called in reversed(calls[name])]


def _named_services(model: Mapping[str, Any], left_out: list[str]) -> Iterator[Problem]:
    """Parts that name services. A service that is left out here may be named: a promotion copies the whole release."""
    services = [*mapping(model, "services"), *left_out]
    for part in ("release", "secret_references"):
        for name in mapping(mapping(model, part), "services"):
            yield from unknown((part, "services", name), "service", name, services, at_key=True, home=("services",))
    for name, exception in entries(mapping(model, "security"), "exceptions").items():
        yield from unknown(("security", "exceptions", name, "service"), "service", exception.get("service"), services, home=("services",))


def _finops(model: Mapping[str, Any], _situation: Situation) -> Iterator[Problem]:
    centers = mapping(mapping(model, "finops"), "cost_centers")
    for name, team in entries(model, "teams").items():
        if centers:
            yield from unknown(("teams", name, "cost_center"), "cost centre", team.get("cost_center"), centers)


def _foundation(model: Mapping[str, Any], situation: Situation) -> Iterator[Problem]:
    foundation = mapping(model, "foundation")
    accounts = mapping(foundation, "accounts")
    for part in ("networks", "dns_zones"):
        for name, entry in entries(foundation, part).items():
            yield from unknown(
                ("foundation", part, name, "account"), "account", entry.get("account"), accounts, home=("foundation", "accounts")
            )
    for part in ("networks", "databases"):
        for name, entry in entries(foundation, part).items():
            yield from _parse(("foundation", part, name, "cidr"), entry.get("cidr"))[1]
    if not situation.control:
        yield from unknown(
            ("cluster", "account"), "account", mapping(model, "cluster").get("account"), accounts, home=("foundation", "accounts")
        )


def _parse(path: Path, text: Any) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network | None, list[Problem]]:
    if not isinstance(text, str):
        return None, []
    try:
        return ipaddress.ip_network(text), []
    except ValueError as error:
        return None, [Problem(path, f"found {text!r}: {error}; allowed: a network such as 10.20.0.0/16")]


def _networks(model: Mapping[str, Any], situation: Situation) -> Iterator[Problem]:
    own: list[tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network]] = []
    for key, text in mapping(mapping(model, "cluster"), "network").items():
        network, problems = _parse(("cluster", "network", key), text)
        yield from problems
        if network is not None:
            own.append((key, network))
    others = [
        (f"{key} of the cluster {host}", network)
        for host, networks in sorted(situation.networks.items())
        if host != situation.host
        for key, network in ((key, _parse((), text)[0]) for key, text in networks.items())
        if network is not None
    ]
    for index, (key, network) in enumerate(own):
        for words, other in [*((f"{other_key} of the same cluster", one) for other_key, one in own[:index]), *others]:
            if network.version == other.version and network.overlaps(other):
                yield Problem(
                    ("cluster", "network", key), f"found {network}, which overlaps {other}, the {words}; allowed: a range of its own"
                )
