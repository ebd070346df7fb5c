# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Becomes another program as soon as there is work for it: the cluster serves its kinds, and has an object of the first one.

Some programs look for their kinds once, when they start; and one that begins while definitions are still being applied takes time from
the apiserver just then. Until then this answers on the port on which that program will: it waits, and that is well. Runs under the
supervisor: standard library and keepers.py only.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

from keepers import Cluster, Refused, say, serve

_LOOK_EVERY = 0.5


def wanted(cluster: Cluster, kinds: list[str]) -> bool:
    """Whether every one of the kinds, ``<plural>.<group>/<version>``, can be listed, and the first has an object. Raises Refused."""
    for number, kind in enumerate(kinds):
        resource, _slash, version = kind.partition("/")
        plural, _dot, group = resource.partition(".")
        try:
            found = cluster("GET", f"apis/{group}/{version}/{plural}?limit=1")
        except Refused as error:
            if error.status == 404:
                return False
            raise
        if number == 0 and not found["items"]:
            return False
    return True


def main() -> None:
    """Wait, then run the program in the place of this one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubernetes", required=True)
    parser.add_argument("--client", required=True)
    parser.add_argument("--kind", action="append", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    cluster = Cluster(given.client, given.kubernetes, given.folder)
    well = threading.Event()
    well.set()
    waiting = serve(given.port, well)
    while True:
        try:
            if wanted(cluster, given.kind):
                break
        except Refused as error:
            say(f"the cluster cannot be asked: {error}")
        time.sleep(_LOOK_EVERY)
    waiting.shutdown()
    waiting.server_close()
    say(f"the cluster serves {', '.join(given.kind)}")
    os.execv(given.command[0], given.command)


if __name__ == "__main__":
    main()
