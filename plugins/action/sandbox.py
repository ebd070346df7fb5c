# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._sandbox.build import cache_folder, ensure, missing
from ..module_utils._sandbox.data import Definitions, Selection
from ..module_utils._sandbox.instance import Instance
from ..plugin_utils._files import in_project
from ..plugin_utils._inprocess import Progress, outcome, plain, task_environment, validated

SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["started", "stopped", "absent", "status"], "default": "started"},
    "root": {"type": "path", "required": True},
    "definitions": {"type": "list", "elements": "path", "required": True},
    "areas": {"type": "list", "elements": "str", "default": ["core"]},
    "only": {"type": "list", "elements": "str", "default": []},
    "places": {"type": "dict", "default": {}},
    "binaries": {"type": "dict", "default": {}},
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
            definitions = Definitions([Path(folder) for folder in params["definitions"]])
            selection = definitions.select(params["areas"], params["only"], params["binaries"])
            cache = cache_folder(task_environment(self)).parent
            instance = Instance(Path(in_project(params["root"])), selection.servers, cache, params["places"])
            if params["state"] == "started":
                return self._start(instance, selection, Progress(host)) | _said(instance, selection) | {"digests": instance.digests()}
            if params["state"] == "status":
                return {"changed": False, **_said(instance, selection)}
            if self._task.check_mode:
                there = (
                    instance.root.is_dir() if params["state"] == "absent" else bool(instance.ports()) and instance.supervisor.is_running()
                )
                return {"changed": there}
            return {"changed": instance.remove() if params["state"] == "absent" else instance.stop()}

        return outcome(work)

    def _start(self, instance: Instance, selection: Selection, tell: Progress) -> dict[str, Any]:
        environment = task_environment(self)
        if self._task.check_mode:
            build = missing(selection.tools, environment)
            pending = instance.pending({} if build else ensure(selection.tools, environment, tell))
            return {"changed": bool(build or pending), "build": build, "made": pending}
        began = time.monotonic()
        binaries = ensure(selection.tools, environment, tell)
        built = time.monotonic()
        instance.start(binaries, selection.clients, tell)
        return {
            "changed": bool(instance.changed),
            "made": instance.changed,
            "seconds": {"binaries": round(built - began, 1), "servers": round(time.monotonic() - built, 1)},
        }


def _said(instance: Instance, selection: Selection) -> dict[str, Any]:
    """What is there, what of it is simulated, and what must be true of it."""
    expectations = [
        {**one, **({"count": int(instance.text(str(one["count"])))} if "count" in one else {})} for one in selection.expectations
    ]
    return {
        "root": str(instance.root),
        "servers": instance.status(),
        "simulated": selection.simulated,
        "expectations": expectations,
    }
