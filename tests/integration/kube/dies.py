# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in a process of its own, to which something happens before or after one of its writes.

The task comes on standard input, how it ended goes to standard output. ``happens`` is the name of a signal that the process sends to
itself, or a file that the run waits for while its lock is renewed. ``clock`` is by how many seconds this machine's clock is wrong,
``lease`` how long a lock lives.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import signal
import sys
import types
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / ".ansible" / "collections"))

from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Response
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._kube.engine import reconcile
from ansible_collections.gantry.platform.plugins.module_utils._kube.options import APPLY_SPEC, apply_request, auth_options
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire import lease
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.auth import resolve_access
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.client import KubeClient
from ansible_collections.gantry.platform.tests.kit.waiting import until

TASK = json.load(sys.stdin)


class MortalClient(KubeClient):
    """Counts writes, records and locks included; renewals of the lock are not counted."""

    numbers = itertools.count(1)
    locked = False

    def _send(self, method: str, path: str, *rest: Any) -> Response:
        if method == "GET" or "dryRun=All" in path or (type(self).locked and "/leases/" in path):
            return super()._send(method, path, *rest)
        mine = next(self.numbers) == TASK["number"]
        if mine and TASK["when"] == "before":
            happens()
        answer = super()._send(method, path, *rest)
        type(self).locked = type(self).locked or "/leases" in path
        if mine and TASK["when"] == "after":
            happens()
        return answer


def happens() -> None:
    """What the task says."""
    what = TASK.get("happens", "SIGKILL")
    if what.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, what))
        return
    Path(f"{what}.reached").touch()
    until(Path(what).exists, "the test to let it go on")


class WrongClock(datetime.datetime):
    """A machine whose clock is wrong."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return datetime.datetime.now(tz) + datetime.timedelta(seconds=TASK.get("clock", 0))


def main() -> None:
    """Run, and perhaps die."""
    lease.SECONDS = TASK.get("lease", lease.SECONDS)
    lease.datetime = types.SimpleNamespace(datetime=WrongClock, UTC=datetime.UTC, timedelta=datetime.timedelta)
    params = {name: option.get("default") for name, option in APPLY_SPEC.items()}
    params |= {"owner": "tests", "sets": TASK["sets"], **TASK["options"]}
    # One request at a time: nothing else is on its way when it happens.
    client = MortalClient(resolve_access(auth_options({"kubeconfig": TASK["kubeconfig"]}, {})), TASK.get("agent", "mortal"), concurrency=1)
    ended: dict[str, Any] = {"message": "", "details": {}}
    try:
        reconcile(client, apply_request(params, False), References({}), f"{TASK.get('holder', 'killed@tests')} 1")
    except GantryError as error:
        ended = {"message": error.message, "details": error.details}
    json.dump(ended, sys.stdout)


if __name__ == "__main__":
    main()
