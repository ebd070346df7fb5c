# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..plugin_utils._components import SPEC, declare_components
from ..plugin_utils._inprocess import outcome, plain, task_environment, validated


class ActionModule(ActionBase):
    """Declares one set for each enabled component."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)

        def work() -> dict[str, Any]:
            params = plain(validated(self, SPEC, dict(self._task.args)))
            return {"changed": False, **declare_components(params, task_environment(self))}

        return outcome(work)
