# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the inventory, joins it to the effective model, and begins the run's store; see ``module_utils/_model``."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.parameters import BOOLEANS_TRUE
from ansible.plugins.action import ActionBase

from ..module_utils._model.derive import area_rows, enabled_areas, set_names
from ..plugin_utils._inprocess import outcome, validated
from ..plugin_utils._model_input import model_of
from ..plugin_utils._run_folder import run_store

ARGUMENTS: dict[str, Any] = {
    "read_only": {"type": "bool"},
    "run_folder": {"type": "path"},
    "rehearsal_root": {"type": "path"},
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
            model = model_of(host, variables, read_only=read_only, rehearsal_root=rehearsal_root)
            effective = model.effective
            return {
                "changed": False,
                "effective": effective,
                "store": run_store(host, options["run_folder"] or variables.get("platform_run_folder") or ""),
                "sets": set_names(effective),
                "areas": enabled_areas(effective),
                "rows": area_rows(effective),
                "owner": effective["settings"]["owner"],
                "model_digest": model.digest,
                "read_only": read_only,
            }

        return outcome(work)
