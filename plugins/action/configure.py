# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..plugin_utils._inprocess import outcome, plain, validated
from ..plugin_utils._systems import Situation, run_systems

SPEC: dict[str, Any] = {
    "areas": {"type": "list", "elements": "str", "required": True},
    "stage": {"type": "str", "required": True, "choices": ["plan", "apply", "drift", "verify", "rotate"]},
    "owner": {"type": "str", "required": True},
    "hub": {"type": "bool", "default": True},
    "simulated_in": {"type": "str", "default": ""},
    "allowed_impact": {"type": "list", "elements": "str", "default": ["safe"]},
    "made": {"type": "list", "elements": "str", "default": []},
    "approved": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    """Every system of the areas, one after the other, in one task."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)

        def work() -> dict[str, Any]:
            params = plain(validated(self, SPEC, dict(self._task.args)))
            areas = params.pop("areas")
            return run_systems(self, areas, Situation(**params), task_vars or {})

        return outcome(work)
