# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the inventory, joins it to the effective model, and begins the run's store; see ``module_utils/_model``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.parameters import BOOLEANS_TRUE
from ansible.plugins.action import ActionBase

from ..module_utils._model.build import InventoryError
from ..module_utils._model.derive import enabled_areas, set_names
from ..module_utils._model.part import Who, part_of, refuse_without_servers
from ..plugin_utils._hosts import clusters_of, environment_host, environment_of, has_environment_rows, hub_of
from ..plugin_utils._inprocess import outcome, validated
from ..plugin_utils._model_input import model_of, said_by_the_play
from ..plugin_utils._run_folder import run_store

ARGUMENTS: dict[str, Any] = {
    "read_only": {"type": "bool"},
    "run_folder": {"type": "path"},
    "rehearsal_root": {"type": "path"},
    "narrowed": {"type": "list", "elements": "str", "default": []},
    "only_clusters": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Runs on the controller and contacts nothing; the store that it makes belongs to the run, not to the platform."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}

        def work() -> dict[str, Any]:
            options = validated(self, ARGUMENTS, dict(self._task.args))
            read_only = options["read_only"]
            if read_only is None:
                read_only = variables.get("platform_model_read_only", False) in BOOLEANS_TRUE
            host = variables["inventory_hostname"]
            rehearsal_root = options["rehearsal_root"] or variables.get("platform_rehearsal_root") or ""
            given = {
                "read_only": read_only,
                "rehearsal_root": rehearsal_root,
                "play": said_by_the_play(host, variables, self._templar.template),
            }
            try:
                model = model_of(host, variables, **given)
            except InventoryError as error:
                raise _said_once(error, host, variables, given) from None
            effective = model.effective
            who = _who(host, variables, options, bool(rehearsal_root))
            part = part_of(effective, who)
            hub = {}
            if part["phases"] and not who.cluster:
                # Of the cluster beside which it keeps its record, and whose servers stand for the real ones in a trial.
                name = _hub(host, variables, who)
                found = model_of(name, variables, **given).effective if name else {}
                hub = found.get("cluster", {})
                refuse_without_servers(part, who, name, os.path.isdir(hub.get("simulated_in") or ""))
            return {
                "changed": False,
                "effective": effective,
                "store": run_store(host, options["run_folder"] or variables.get("platform_run_folder") or ""),
                "sets": set_names(effective),
                "areas": enabled_areas(effective),
                **part,
                "hub": hub,
                "owner": effective["settings"]["owner"],
                "model_digest": model.digest,
                "read_only": read_only,
            }

        return outcome(work)


def _said_once(error: InventoryError, host: str, variables: dict[str, Any], given: dict[str, Any]) -> InventoryError:
    """The error without what the run's first host says as well, or of a cluster the first cluster."""
    hosts = variables.get("ansible_play_hosts_all") or [host]
    for first in dict.fromkeys([hosts[0], *clusters_of(hosts, variables.get("groups") or {})[:1]]):
        if first == host:
            return error
        try:
            model_of(first, variables, **given)
        except InventoryError as earlier:
            if set(earlier.findings) & set(error.findings):
                return InventoryError(error.findings, host, earlier.findings, first)
    return error


def _who(host: str, variables: dict[str, Any], options: dict[str, Any], rehearsal: bool) -> Who:
    groups = variables.get("groups") or {}
    hosts = variables.get("ansible_play_hosts_all") or [host]
    clusters = clusters_of(hosts, groups)
    narrowed = [one.strip() for one in options["narrowed"]]
    there, simulated = "", rehearsal
    if has_environment_rows():
        environment = environment_of(host, variables)
        there = environment_host(environment, groups)
        simulated = rehearsal or any(_is_sandbox(variables["hostvars"][one]) for one in environment)
    cluster = host not in (groups.get("control") or ())
    return Who(host, cluster, there, hosts, clusters, narrowed, options["only_clusters"], simulated)


def _hub(host: str, variables: dict[str, Any], who: Who) -> str:
    """The hub of the environment; in a trial that of the run, beside which its servers are started."""
    groups = variables["groups"]
    return (hub_of(who.hosts, groups) if who.simulated else "") or hub_of(environment_of(host, variables), groups)


def _is_sandbox(variables: Any) -> bool:
    cluster = variables.get("platform_cluster")
    return isinstance(cluster, Mapping) and cluster.get("provider") == "sandbox"
