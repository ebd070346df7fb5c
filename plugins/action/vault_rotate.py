# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._vault.options import ROTATE_SPEC, run_rotation
from ..plugin_utils._inprocess import Progress, in_process


class ActionModule(ActionBase):
    """In process on a local connection; anywhere else the module of the same name runs."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        tell = Progress((task_vars or {}).get("inventory_hostname", ""))

        def work(params: dict[str, Any], environment: dict[str, str], gate: Any) -> dict[str, Any]:
            return run_rotation(params, environment, self._task.check_mode, gate, tell)

        return in_process(self, "gantry.platform.vault_rotate", ROTATE_SPEC, task_vars, work)
