# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._sandbox.build import cache_folder, ensure, missing
from ..module_utils._sandbox.data import Server, areas_of, read_clients, read_servers, read_tools
from ..module_utils._sandbox.instance import Instance
from ..plugin_utils._files import in_project
from ..plugin_utils._inprocess import Progress, outcome, plain, task_environment, validated

SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["started", "stopped", "absent", "status"], "default": "started"},
    "root": {"type": "path", "required": True},
    "modules": {"type": "path", "required": True},
    "areas": {"type": "list", "elements": "str", "default": ["core"]},
    "tools": {"type": "list", "elements": "dict", "required": True},
    "servers": {"type": "list", "elements": "dict", "required": True},
    "clients": {"type": "list", "elements": "dict", "default": []},
}


class ActionModule(ActionBase):
    """Starts, stops or removes the servers of one sandbox instance."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        host = (task_vars or {}).get("inventory_hostname", "")

        def work() -> dict[str, Any]:
            params = plain(validated(self, SPEC, dict(self._task.args)))
            servers = read_servers(params["servers"], params["areas"], areas_of(params["tools"]))
            instance = Instance(Path(in_project(params["root"])), servers, cache_folder(task_environment(self)).parent)
            if params["state"] == "started":
                return self._start(params, instance, servers, Progress(host))
            if params["state"] == "status":
                return {"changed": False, "servers": instance.status(), "root": str(instance.root)}
            if self._task.check_mode:
                there = (
                    instance.root.is_dir() if params["state"] == "absent" else bool(instance.ports()) and instance.supervisor.is_running()
                )
                return {"changed": there}
            return {"changed": instance.remove() if params["state"] == "absent" else instance.stop()}

        return outcome(work)

    def _start(self, params: dict[str, Any], instance: Instance, servers: list[Server], tell: Progress) -> dict[str, Any]:
        environment = task_environment(self)
        tools = read_tools(params["tools"], Path(params["modules"]), servers, params["areas"])
        clients = read_clients(params["clients"], params["areas"])
        if self._task.check_mode:
            build = missing(tools, environment)
            pending = instance.pending({} if build else ensure(tools, environment, tell))
            return {
                "changed": bool(build or pending),
                "build": build,
                "made": pending,
                "root": str(instance.root),
                "servers": instance.status(),
            }
        began = time.monotonic()
        binaries = ensure(tools, environment, tell)
        built = time.monotonic()
        instance.start(binaries, clients, tell)
        return {
            "changed": bool(instance.changed),
            "made": instance.changed,
            "root": str(instance.root),
            "servers": instance.status(),
            "seconds": {"binaries": round(built - began, 1), "servers": round(time.monotonic() - built, 1)},
        }
