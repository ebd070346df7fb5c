# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._core.errors import InputError
from ..module_utils._sandbox.build import Tool, ensure, missing
from ..module_utils._sandbox.instance import Instance, read_servers
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
            servers = read_servers(params["servers"], params["areas"])
            instance = Instance(Path(in_project(params["root"])), servers)
            if params["state"] == "started":
                return self._start(params, instance, [server.tool for server in servers], Progress(host))
            if params["state"] == "status":
                return {"changed": False, "servers": instance.status(), "root": str(instance.root)}
            if self._task.check_mode:
                changed = (
                    instance.root.is_dir() if params["state"] == "absent" else bool(instance.ports()) and instance.supervisor.is_running()
                )
                return {"changed": changed}
            return {"changed": instance.remove() if params["state"] == "absent" else instance.stop()}

        return outcome(work)

    def _start(self, params: dict[str, Any], instance: Instance, needed: list[str], tell: Progress) -> dict[str, Any]:
        environment = task_environment(self)
        areas = set(params["areas"])
        tools = [
            _tool(row, Path(params["modules"])) for row in params["tools"] if row["name"] in needed or areas & set(row.get("areas") or [])
        ]
        unknown = sorted(set(needed) - {tool.name for tool in tools})
        if unknown:
            raise InputError(f"sandbox_servers: the tool {unknown[0]!r} is not in sandbox_tools")
        if self._task.check_mode:
            to_build = missing(tools, environment)
            return {"changed": bool(to_build) or not instance.is_up(), "build": to_build, "servers": instance.status()}
        began = time.monotonic()
        binaries = ensure(tools, environment, tell)
        built = time.monotonic()
        instance.start(binaries, params["clients"], tell)
        return {
            "changed": bool(instance.changed),
            "made": instance.changed,
            "root": str(instance.root),
            "servers": instance.status(),
            "seconds": {"binaries": round(built - began, 1), "servers": round(time.monotonic() - built, 1)},
        }


def _tool(row: dict[str, Any], modules: Path) -> Tool:
    assets = row.get("assets") or {}
    return Tool(
        name=row["name"],
        module=modules / row["module"],
        package=row["package"],
        ldflags=row.get("ldflags") or "",
        tags=row.get("tags") or "",
        path=row.get("path") or "",
        assets_module=assets.get("module") or "",
        assets=tuple(assets.get("files") or ()),
    )
