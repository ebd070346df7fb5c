# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What one host does of a run: a cluster what is on clusters, the environment's host what exists once, any other host nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.errors import InputError
from .._core.suggest import did_you_mean
from .derive import area_rows, enabled_areas
from .rows import CLUSTER, CLUSTERS, ENVIRONMENT, PHASES, rows

Json = dict[str, Any]


@dataclass(frozen=True)
class Who:
    """What is known of the host and of the run it is in.

    ``cluster``: it is one. ``environment_host``: the host for what exists once, empty where the inventory has none; ``here``: it is this
    one. ``hosts``: those of the run, ``clusters`` the clusters among them. ``narrowed``: the areas that the run is narrowed to, empty for
    all. ``only_clusters``: the run leaves alone what exists once. ``simulated``: the servers of a sandbox stand for the environment.
    """

    host: str
    cluster: bool
    environment_host: str = ""
    hosts: Collection[str] = ()
    clusters: Collection[str] = ()
    narrowed: Collection[str] = ()
    only_clusters: bool = False
    simulated: bool = False

    @property
    def here(self) -> bool:
        """Whether what exists once is this host's business."""
        return self.host == self.environment_host


def part_of(model: Mapping[str, Any], who: Who) -> Json:
    """The rows of this model's areas, each with whether it is ``here``, and what follows for the host and the run.

    Raises InputError where the run is narrowed to what there is not, or to what is not in it.
    """
    unknown = [one for one in who.narrowed if one not in rows()]
    if unknown:
        hint = did_you_mean(unknown[0], rows()) if len(unknown) == 1 else ""
        raise InputError(f"platform_area names {', '.join(unknown)}, there are {', '.join(rows())}{hint}")
    chosen = set(who.narrowed or rows())
    wanted = [area for area in enabled_areas(model) if rows()[area].on == ENVIRONMENT and area in chosen and not who.only_clusters]
    # A trial never reaches for the real thing: what no server stands for is left out, and said to be.
    left_out = [area for area in wanted if who.simulated and not rows()[area].sandbox]
    once = [area for area in wanted if area not in left_out]
    on_clusters = any(rows()[area].on == CLUSTER for area in chosen)
    if once and not who.environment_host:
        raise InputError(
            f"{', '.join(once)} {'exist' if len(once) > 1 else 'exists'} once for the environment, and no host of the inventory is for that: "
            "put one into the group control, or one of the clusters into the group hub"
        )
    if once and not on_clusters and who.environment_host not in who.hosts:
        raise InputError(f"platform_area names only what runs on {who.environment_host}, which --limit leaves out; take it in")
    mine = {*(once if who.here else ()), *(area for area in chosen if rows()[area].on == CLUSTER and who.cluster)}
    told = [{**row, "here": row["area"] in mine} for row in area_rows(model)]
    in_run = {row["phase"] for row in told if row["area"] in once and who.environment_host in who.hosts}
    in_run |= {CLUSTERS} if on_clusters and who.clusters else set()
    return {
        "rows": told,
        "environment_host": who.environment_host,
        "environment_areas": once,
        "left_out": left_out,
        "phases": [phase for phase in PHASES if any(row["here"] for row in told if row["phase"] == phase)],
        "run_phases": [phase for phase in PHASES if phase in in_run],
    }


def refuse_without_servers(part: Mapping[str, Any], who: Who, hub: str, there: bool) -> None:
    """Raise InputError where a trial is about what exists once alone and no servers stand for it beside the hub.

    ``there``: the hub's servers have been started, now or by an earlier run. A run that has clusters starts them, or needs none.
    """
    if who.simulated and not who.clusters and part["phases"] and not there:
        areas = ", ".join(part["environment_areas"])
        raise InputError(
            f"{areas}: the servers that stand for the real ones are started beside {hub or 'a cluster'}, and none are there; "
            f"take {hub or 'a cluster'} into --limit"
        )
