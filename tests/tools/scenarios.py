# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every Molecule scenario, two at a time: most of the time one process of each is busy. Names limit them: `python tests/tools/scenarios.py site`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from common import ROOT


def main() -> None:
    """Run the scenarios; what a failing one printed is shown."""
    known = sorted(path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml"))
    wanted = sys.argv[1:] or known
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        sys.exit(f"no scenario is called {unknown[0]}; there are {', '.join(known)}")
    with ThreadPoolExecutor(2) as pool:
        failed = [name for name, passed in zip(wanted, pool.map(passes, wanted), strict=True) if not passed]
    if failed:
        sys.exit(f"{len(failed)} of {len(wanted)} scenarios failed: {', '.join(failed)}")


def passes(name: str) -> bool:
    """Run one scenario and print its line."""
    began = time.monotonic()
    environment = {**os.environ, "MOLECULE_GLOB": "molecule/*/molecule.yml", "NO_COLOR": "1"}
    done = subprocess.run(
        ["molecule", "test", "--scenario-name", name], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    said = f"{'ok  ' if done.returncode == 0 else 'FAIL'} molecule {name:<12}{time.monotonic() - began:6.1f} s"
    print(f"{said}\n{done.stdout}{done.stderr}" if done.returncode else said, flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    main()
