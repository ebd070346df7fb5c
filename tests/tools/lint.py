# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every static check, two at a time, one line each; what fails is shown in full. Run by `make lint`, or with names to run only those."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import action_groups
import coverage
import file_length
import floors
import galaxy
import house_rules
import role_echoes
import role_interfaces
import role_pages
import sanity
import trial
from common import COLLECTIONS, ROOT, NotRun

PACKAGE = "ansible_collections.gantry.platform"
DOCS = ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", "."]


@dataclass(frozen=True)
class Check:
    """A command, or a function that gives problems as lines."""

    name: str
    run: list[str] | Callable[[], list[str]]
    cwd: str = str(ROOT)


AT_ONCE = 2
"""Most checks have one busy process."""
CHECKS = [
    # What takes longest comes first, so that all end together.
    Check("ansible-test sanity", sanity.problems),
    Check("ansible-lint", ["ansible-lint", "--nocolor", "-q"]),
    Check("galaxy-importer", galaxy.problems),
    Check("collection docs", DOCS),
    Check(
        "mypy strict", ["mypy", "--config-file", str(ROOT / "pyproject.toml"), "-p", f"{PACKAGE}.plugins.module_utils"], str(COLLECTIONS)
    ),
    Check("yamllint", ["yamllint", "--strict", "."]),
    Check("changelog", ["antsibull-changelog", "lint"]),
    Check("house rules", house_rules.problems),
    Check("inventory reference", [sys.executable, "tests/tools/inventory_reference.py", "--check"]),
    Check("floors", floors.problems),
    Check("role interfaces", role_interfaces.problems),
    Check("action groups", action_groups.problems),
    Check("file length", file_length.problems),
    Check("coverage", coverage.problems),
    Check("trial", trial.problems),
    Check("role echoes", role_echoes.problems),
    Check("role pages", role_pages.problems),
    Check("ruff lint", ["ruff", "check", "--quiet", "--output-format=concise", "."]),
    Check("ruff format", ["ruff", "format", "--check", "--quiet", "."]),
]


def main() -> None:
    """Run the named checks, or all. Exit 1 when one finds something."""
    # The tools of the virtual environment whose Python runs this, whether it is switched on or not.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    wanted = set(sys.argv[1:])
    unknown = wanted - {check.name for check in CHECKS}
    if unknown:
        sys.exit(f"no check is called {', '.join(sorted(unknown))}; there are {', '.join(check.name for check in CHECKS)}")
    checks = [check for check in CHECKS if not wanted or check.name in wanted]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        failed = [check.name for check, passed in zip(checks, pool.map(passes, checks), strict=True) if not passed]
    if failed:
        sys.exit(f"\n{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}")


def passes(check: Check) -> bool:
    """Run one check and print its line."""
    began = time.monotonic()
    try:
        lines = check.run() if callable(check.run) else output_of(check.run, check.cwd)
    except NotRun as reason:
        print(f"not run: {check.name}: {reason}", flush=True)
        return True
    said = [f"{'FAIL' if lines else 'ok  '} {check.name:<22}{time.monotonic() - began:6.1f} s", *(f"     {line}" for line in lines)]
    print("\n".join(said), flush=True)
    return not lines


def output_of(command: list[str], cwd: str) -> list[str]:
    """What a failing command printed; nothing where it succeeds."""
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, check=False)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines() or [f"exit code {done.returncode}"]


if __name__ == "__main__":
    main()
