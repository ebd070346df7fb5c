# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Which host of an inventory is what: the hub, and the one for what exists once for its environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..module_utils._model.rows import ENVIRONMENT, rows


def clusters_of(hosts: Iterable[str], groups: Mapping[str, Any]) -> list[str]:
    """The hosts that are clusters: all but those of the group control."""
    control = set(groups.get("control") or ())
    return [host for host in hosts if host not in control]


def hub_of(hosts: Iterable[str], groups: Mapping[str, Any]) -> str:
    """The cluster beside which stands what all clusters share: one of the group hub, else the first one. Empty where there is none."""
    clusters = clusters_of(hosts, groups)
    return next((host for host in groups.get("hub") or () if host in clusters), clusters[0] if clusters else "")


def has_environment_rows() -> bool:
    """Whether any area is there once for an environment. Where none is, nothing is asked of the hosts that would run it."""
    return any(row.on == ENVIRONMENT for row in rows().values())


def environment_of(host: str, task_vars: Mapping[str, Any]) -> list[str]:
    """The hosts of this one's environment, in the inventory's order and whatever the run is limited to."""
    hostvars = task_vars["hostvars"]
    name = _name(hostvars[host])
    return [one for one in task_vars["groups"]["all"] if _name(hostvars[one]) == name]


def environment_host(hosts: list[str], groups: Mapping[str, Any]) -> str:
    """Of an environment's hosts the one for what exists once: of the group control, else of hub, else the only one; empty without any."""
    for group in ("control", "hub"):
        found = [host for host in groups.get(group) or () if host in hosts]
        if found:
            return found[0]
    return hosts[0] if len(hosts) == 1 else ""


def _name(variables: Mapping[str, Any]) -> Any:
    environment = variables.get("platform_environment")
    return environment.get("name") if isinstance(environment, Mapping) else None
