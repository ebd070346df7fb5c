# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Which host lies in which zone, and what cannot be right about what stands before the clusters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..._core.schema import Path, Problem
from ..look import Json, Say, entries, mapping, unknown

RULES: dict[str, str] = {
    "edge_zones": "the zone is the domain of the exposed services, unless zones are named",
    "edge_hosts": "a host lies in the longest zone that it ends with",
}
_HOME: Path = ("settings", "edge")


def derive(model: Json, say: Say) -> None:
    """The hosts of each zone; ``model`` is merged and valid, and the common rules have been applied."""
    edge = model["settings"]["edge"]
    if "zones" not in edge:
        say((*_HOME, "zones"), [model["settings"]["domain"]], "edge_zones", ("settings", "domain"))
    hosts = sorted({host for service in model["services"].values() if service.get("exposed") for host in service["hosts"]})
    zones = edge["zones"]
    found = {zone: [host for host in hosts if _zone_of(host, zones) == zone] for zone in zones}
    say((*_HOME, "hosts"), found, "edge_hosts", (*_HOME, "zones"), ("services",))


def check(model: Mapping[str, Any], _situation: Any) -> Iterator[Problem]:
    """Every problem; ``model`` has its defaults but may be invalid in form, and nothing derived."""
    settings = mapping(model, "settings")
    edge = mapping(settings, "edge")
    services = entries(model, "services")
    exposed = [name for name, service in services.items() if service.get("exposed")]
    for part in ("rate_limits", "cache"):
        for name, rule in entries(edge, part).items():
            named = rule.get("services")
            for number, service in enumerate(named if isinstance(named, list) else ()):
                yield from unknown((*_HOME, part, name, "services", number), "exposed service", service, exposed, home=("services",))
    if not mapping(settings, "areas").get("edge"):
        return
    if "account" not in edge:
        yield Problem((*_HOME, "account"), "missing; write the id of Cloudflare's account, or turn the area edge off", home=_HOME)
    if not mapping(edge, "origins") and exposed:
        yield Problem(
            (*_HOME, "origins"), f"none is named, and {', '.join(sorted(exposed))} is exposed; name where requests go", home=_HOME
        )
    named = edge.get("zones")
    zones = [zone for zone in named if isinstance(zone, str)] if isinstance(named, list) else [str(settings.get("domain"))]
    for name in exposed:
        hosts = services[name].get("hosts")
        for number, host in enumerate(hosts if isinstance(hosts, list) else ()):
            if isinstance(host, str) and not _zone_of(host, zones):
                path: Path = ("services", name, "hosts", number)
                yield Problem(
                    path,
                    f"found {host!r}, which lies in none of the zones {', '.join(sorted(zones))}; name its zone in settings.edge.zones",
                )


def _zone_of(host: str, zones: Iterable[str]) -> str:
    """The longest zone that a host ends with; empty where there is none."""
    return max((zone for zone in zones if host == zone or host.endswith(f".{zone}")), key=len, default="")
