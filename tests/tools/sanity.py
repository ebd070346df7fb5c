# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity on a copy of the tree: it wants a real folder named ansible_collections/gantry/platform."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from common import COLLECTIONS, ROOT, our_files

COPY = ROOT / ".gantry" / "sanity" / "ansible_collections" / "gantry" / "platform"
HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gantry" / "ansible-test"
"""ansible-test keeps virtual environments in its home; they take a minute to make and are the same for every checkout."""
NOT_RUN = {
    "pslint": "there is no PowerShell here",
    "pylint": "reads module_utils as Python 3.8, which they do not support; ruff and mypy read them as 3.11",
    "shellcheck": "there is no file it looks at",
    "yamllint": "takes the templates of charts for YAML; our own yamllint has the stricter rules and runs",
}
"""Tests of ansible-test that are left out, and why; all others run."""
PIP = """# Stands in for the script that ansible-test would download: this Python has pip inside.
import ensurepip

ensurepip.bootstrap(default_pip=True)
"""


def problems() -> list[str]:
    """What the tests print where they fail."""
    copy()
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "get_pip_24_2.py").write_text(PIP)
    # With a version it tests on this Python only, not on each that some shim of the machine promises.
    command = [
        "ansible-test",
        "sanity",
        "--color",
        "no",
        "--requirements",
        "--python",
        f"{sys.version_info.major}.{sys.version_info.minor}",
    ]
    command += [word for test in NOT_RUN for word in ("--skip-test", test)]
    for test, reason in NOT_RUN.items():
        print(f"not run: ansible-test sanity {test}: {reason}")
    environment = {**os.environ, "HOME": str(HOME), "ANSIBLE_COLLECTIONS_PATH": str(COPY.parents[2])}
    environment.pop("ANSIBLE_CONFIG", None)
    done = subprocess.run(command, cwd=COPY, capture_output=True, text=True, env=environment, check=False)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines()


def copy() -> None:
    """Our files as they are now, in a Git repository of their own, and beside them the collections they extend."""
    shutil.rmtree(COPY.parents[2], ignore_errors=True)
    for path in our_files(""):
        target = COPY / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=COPY, check=True)
    for name in ("kubernetes", "amazon"):
        (COPY.parents[1] / name).symlink_to(COLLECTIONS / "ansible_collections" / name)
