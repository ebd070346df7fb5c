# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that kills itself with SIGKILL before or after one of its writes. The task comes on standard input."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / ".ansible" / "collections"))

from ansible_collections.gantry.platform.plugins.module_utils._core.http import Response
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._kube.auth import resolve_access
from ansible_collections.gantry.platform.plugins.module_utils._kube.client import KubeClient
from ansible_collections.gantry.platform.plugins.module_utils._kube.engine import reconcile
from ansible_collections.gantry.platform.plugins.module_utils._kube.options import APPLY_SPEC, apply_request, auth_options

TASK = json.load(sys.stdin)


class MortalClient(KubeClient):
    """Counts writes, records and locks included."""

    numbers = itertools.count(1)

    def _send(self, method: str, path: str, *rest: Any) -> Response:
        if method == "GET" or "dryRun=All" in path:
            return super()._send(method, path, *rest)
        mine = next(self.numbers) == TASK["number"]
        if mine and TASK["when"] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = super()._send(method, path, *rest)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def main() -> None:
    """Run, and perhaps die."""
    params = {name: option.get("default") for name, option in APPLY_SPEC.items()}
    params |= {"owner": "tests", "sets": TASK["sets"], **TASK["options"]}
    client = MortalClient(resolve_access(auth_options({"kubeconfig": TASK["kubeconfig"]}, {})), "mortal")
    reconcile(client, apply_request(params, False), References({}), "killed@tests 1")


if __name__ == "__main__":
    main()
