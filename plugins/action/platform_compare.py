# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows what two environments or clusters say differently; see ``module_utils/_model/compare.py``."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._core.words import clean_lines
from ..module_utils._model.compare import compare, table
from ..plugin_utils._inprocess import outcome, validated
from ..plugin_utils._model_input import host_named, model_of

_NARROW = 80
ARGUMENTS: dict[str, Any] = {"a": {"type": "str", "required": True}, "b": {"type": "str", "required": True}}


class ActionModule(ActionBase):
    """Runs on the controller, reads the inventories and nothing else."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}

        def work() -> dict[str, Any]:
            options = validated(self, ARGUMENTS, dict(self._task.args))
            names = (options["a"], options["b"])
            hosts = [host_named(name, variables) for name in names]
            first, second = (model_of(host, variables, read_only=True).effective for host in hosts)
            found = compare(first, second, clusters=list(names) == hosts)
            sides = [name if name == host else f"{name} ({host})" for name, host in zip(names, hosts, strict=True)]
            columns = max(_NARROW, Display().columns + 1)
            Display().display(clean_lines("\n".join([f"{sides[0]} and {sides[1]}", "", *table(found, *names, columns), ""])))
            return {"changed": False, "hosts": hosts, "differences": found}

        return outcome(work)
