# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine without Ansible: does what the action ``kube_apply`` does with the same options, and prints what it did.

``--profile FILE`` writes where the main thread's time went, for ``python -m pstats``; ``--concurrency 1`` keeps all of it there.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / ".ansible" / "collections"))

from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError
from ansible_collections.gantry.platform.plugins.module_utils._core.lock import holder_name
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._kube.engine import reconcile
from ansible_collections.gantry.platform.plugins.module_utils._kube.options import APPLY_SPEC, apply_request, auth_options
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.auth import resolve_access
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.client import KubeClient


def run(options: dict[str, Any]) -> dict[str, Any]:
    """One reconcile with the options of a task; gives counts, requests and warnings. Raises errors of ``_core.errors``."""
    params = {name: option.get("default") for name, option in APPLY_SPEC.items()} | options
    environment = dict(os.environ)
    holder = holder_name(environment)
    client = KubeClient(
        resolve_access(auth_options(params, environment)), f"kube_apply/{holder.split()[-1]}", concurrency=params["concurrency"]
    )
    try:
        found = reconcile(client, apply_request(params, False), References(environment), holder).as_result(diff=False)
    finally:
        client.close()
    return {key: found[key] for key in ("counts", "requests", "warnings")}


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--owner", required=True)
    parser.add_argument("--concurrency", type=int, default=APPLY_SPEC["concurrency"]["default"])
    parser.add_argument("--profile", default="")
    given = parser.parse_args()
    # Nothing is waited for: no peer waits either.
    options = {"force_conflicts": True, "wait": False} | {
        name: getattr(given, name) for name in ("kubeconfig", "store", "owner", "concurrency")
    }
    try:
        if given.profile:
            profile = cProfile.Profile()
            found = profile.runcall(run, options)
            profile.dump_stats(given.profile)
        else:
            found = run(options)
    except GantryError as error:
        raise SystemExit(error.message) from error
    print(json.dumps(found))


if __name__ == "__main__":
    main()
