# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import importlib.util
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.utils.display import Display

from ..module_utils._core.errors import InputError
from ..module_utils._joined.face import Call, Face
from ..module_utils._sandbox.build import Building, Tool, cache_folder, ensure, missing
from ..module_utils._sandbox.data import Definitions, Selection
from ..module_utils._sandbox.instance import Instance
from ..plugin_utils._files import in_project
from ..plugin_utils._inprocess import InProcess

SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["started", "stopped", "absent", "status"], "default": "started"},
    "root": {"type": "path", "required": True},
    "definitions": {"type": "list", "elements": "path", "required": True},
    "areas": {"type": "list", "elements": "str", "default": ["core"]},
    "only": {"type": "list", "elements": "str", "default": []},
    "places": {"type": "dict", "default": {}},
    "binaries": {"type": "dict", "default": {}},
}


def _work(call: Call) -> dict[str, Any]:
    params, check_mode = call.params, call.check_mode
    definitions = Definitions([Path(folder) for folder in params["definitions"]])
    selection = definitions.select(params["areas"], params["only"], params["binaries"])
    cache = cache_folder(call.environment).parent
    instance = Instance(Path(in_project(params["root"])), selection.servers, cache, params["places"])
    if params["state"] == "started":
        done = _start(instance, selection, call) | _said(instance, selection)
        return done | {"digests": instance.digests(), "tasks": [str(path) for path in selection.tasks]}
    if params["state"] == "status":
        access = {name: instance.text(text) for name, text in selection.access.items()} if instance.has_ports() else {}
        return {"changed": False, **_said(instance, selection), "access": access, "silent": instance.silent()}
    if check_mode:
        there = instance.root.is_dir() if params["state"] == "absent" else bool(instance.ports()) and instance.supervisor.is_running()
        return {"changed": there}
    return {"changed": instance.remove() if params["state"] == "absent" else instance.stop()}


def _start(instance: Instance, selection: Selection, call: Call) -> dict[str, Any]:
    if call.check_mode:
        build = missing(selection.tools, call.environment)
        pending = instance.pending({} if build else ensure(selection.tools, call.environment, call.tell))
        return {"changed": bool(build or pending), "build": build, "made": pending}
    _check_packages(selection)
    return _bring_up(instance, selection, call)


def _bring_up(instance: Instance, selection: Selection, call: Call) -> dict[str, Any]:
    began = time.monotonic()
    with Building(selection.tools, call.environment, call.tell) as building:
        if building.absent:
            Display().display(_first_time([tool for tool in selection.tools if tool.name in building.absent], call.environment))
        instance.start(building, selection.clients, call.tell)
        building.wait()
    return {
        "changed": bool(instance.changed),
        "made": instance.changed,
        "seconds": {"binaries": round(building.seconds, 1), "servers": round(time.monotonic() - began, 1)},
    }


def _first_time(absent: list[Tool], environment: Mapping[str, str]) -> str:
    """What a start costs that has to build, before it begins."""
    minutes = max(1, round(sum(tool.seconds for tool in absent) / 60))
    programs = f"{len(absent)} programs" if len(absent) > 1 else absent[0].name
    return (
        f"  building {programs} from pinned sources, this once: about {minutes} min on two cores,\n"
        f"  {sum(tool.megabytes for tool in absent)} MB in {cache_folder(environment)}, and some GB of sources and objects\n"
        "  in Go's caches (go clean -cache -modcache); each server starts once built"
    )


def _check_packages(selection: Selection) -> None:
    """Raise InputError for what this Python lacks, before anything is built, and before anything that runs is stopped."""
    wanted = {"supervisor": "supervisor", "cryptography": "cryptography"} | {
        module: name for server in selection.servers for module, name in server.packages
    }
    absent = sorted(name for module, name in wanted.items() if importlib.util.find_spec(module) is None)
    if absent:
        raise InputError(
            f"the sandbox needs the Python packages {', '.join(absent)}, which {sys.executable} does not have; nothing was stopped or started. "
            f"Install them: make ready in a checkout, make deps in a repository of your own, or pip install {' '.join(absent)}"
        )


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


class ActionModule(InProcess):
    """Starts, stops or removes the servers of one sandbox instance, on the controller."""

    face = Face("sandbox", SPEC, _work)
    anywhere = True

    def surroundings(self) -> contextlib.AbstractContextManager[Callable[[], None]]:
        """It sends no requests: Ctrl-C ends a build, or a wait for a server, where it is."""
        return contextlib.nullcontext(lambda: None)
