# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The phases of a run as people hear of them, and which task belongs to which.

The flow says by itself where it is: by the action, by the sandbox's file, and by the variable ``platform_stage`` of a block or task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OURS = "gantry.platform."
_STAGES = {
    "plan": "plan",
    "apply": "apply",
    "verify": "verify",
    "drift": "compare",
    "remove": "remove",
    "rotate": "renew",
    "emergency": "use the emergency access",
}
_ACCESS = "grant access"
_OF_ACTIONS: dict[str, str | dict[str, str]] = {
    "platform_model": "check the inventory",
    "declare": "declare",
    "component": "declare",
    "kube_apply": _STAGES,
    "kube_verify": _STAGES["verify"],
    "kube_access_info": _STAGES,
    "kube_identity": _STAGES,
    "configure": _STAGES,
}
_OF_SERVERS = {
    "main": "start the servers",
    "clean": "remove the servers",
    "stop": "stop the servers",
    "status": "ask the servers",
    "verify": "ask the servers",
}
_SERVERS = f"{OURS}sandbox"


def phase_of(action: str, role: str, file: str, variables: Mapping[str, Any]) -> str:
    """The phase that a task begins or goes on with; nothing where it belongs to whatever was going on.

    ``role`` is the full name of the task's role, ``file`` the name of its file without folder and ending.
    """
    if role == _SERVERS:
        return _OF_SERVERS.get(file, "")
    if not action.startswith(OURS):
        return ""
    found = _OF_ACTIONS.get(action.removeprefix(OURS), "")
    if isinstance(found, str):
        return found
    if variables.get("platform_wave") == "access":
        return _ACCESS
    return found.get(str(variables.get("platform_stage")), "")
