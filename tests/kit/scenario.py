# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of Molecule's scenarios ask: the control plane itself, by kubectl as an administrator, and its log."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

from ansible_collections.gantry.platform.tests.kit.audit import DEPLOYER, KubeAudit

INSTANCE = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"], ".gantry", "scenarios", os.environ["MOLECULE_SCENARIO_NAME"], "sandbox")
KUBECTL = shlex.join([f"{INSTANCE}/bin/kubectl", "--kubeconfig", f"{INSTANCE}/admin.kubeconfig"])


def get(host: Any, what: str) -> list[dict[str, Any]]:
    """Objects of a kind, ``what`` as behind ``kubectl get``."""
    return json.loads(host.check_output(f"{KUBECTL} get {what} -o json"))["items"]


def changes_by_run() -> list[list[str]]:
    """(verb, path) of what the deployer changed, one list for each run of the engine, in order."""
    runs: dict[str, list[str]] = {}
    for request in KubeAudit.of(INSTANCE).sent():
        if request.user == DEPLOYER and request.agent.startswith("kube_apply/"):
            changed = runs.setdefault(request.agent, [])
            changed += [f"{request.verb} {request.path}"] if request.changes else []
    return list(runs.values())
