# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenarios' tests ask: the control plane itself, by kubectl as an administrator, and its audit log."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

ROOT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
INSTANCE = ROOT / ".gantry" / "scenarios" / os.environ["MOLECULE_SCENARIO_NAME"] / "sandbox"
KUBECTL = shlex.join([f"{INSTANCE}/bin/kubectl", "--kubeconfig", f"{INSTANCE}/admin.kubeconfig"])
MUTATING = {"create", "update", "patch", "delete", "deletecollection"}


def get(host: Any, what: str) -> list[dict[str, Any]]:
    """Objects of a kind, ``what`` as behind ``kubectl get``."""
    return json.loads(host.check_output(f"{KUBECTL} get {what} -o json"))["items"]


def mutations_by_deployer() -> list[list[str]]:
    """(verb, path) of what the deployer changed, one list for each run of the engine, in order."""
    runs: dict[str, list[str]] = {}
    for line in (INSTANCE / "logs" / "audit.log").read_text().splitlines():
        event = json.loads(line)
        agent = event.get("userAgent", "")
        if event["user"]["username"] != "gantry:deployer" or not agent.startswith("kube_apply/"):
            continue
        runs.setdefault(agent, [])
        if event["verb"] in MUTATING and "dryRun=All" not in event["requestURI"] and event["responseStatus"]["code"] < 300:
            runs[agent].append(f"{event['verb']} {event['requestURI'].split('?')[0]}")
    return list(runs.values())
