# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of vault_config in a process of its own, to which something happens right before one of its writes.

The task comes on standard input, how it ended goes to standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / ".ansible" / "collections"))

from ansible_collections.gantry.platform.plugins.module_utils._core import reconcile, record
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._vault import config
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import Json, VaultClient, resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document

TASK = json.load(sys.stdin)


class MortalClient(VaultClient):
    """One at whose write of the named path something happens."""

    def write(self, path: str, body: Mapping[str, Any]) -> Json:
        if path.endswith(TASK["at"]):
            os.kill(os.getpid(), getattr(signal, TASK["happens"]))
        return super().write(path, body)


def main() -> None:
    """Run, and perhaps die."""
    record.SECONDS = TASK["length"]
    reconcile._THREADS = 1  # one request at a time: nothing else is on its way when it happens
    ended: dict[str, Any] = {"message": "", "details": {}}
    client = MortalClient(resolve_vault(TASK["access"], {}), "mortal")
    try:
        config.configure(
            client, config.Request(read_document(TASK["document"], "gantry"), owner=TASK["owner"]), References({}), "mortal@tests 1"
        )
    except GantryError as error:
        ended = {"message": error.message, "details": error.details}
    json.dump(ended, sys.stdout)


if __name__ == "__main__":
    main()
