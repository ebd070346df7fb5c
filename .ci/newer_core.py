# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit tests once more on Python 3.12 or newer, which brings ansible-core 2.21. Says "not run" where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("python3.13", "python3.12", "python3.14")
VENV = ROOT / ".venv-newer"
SANDBOX = ".gantry/newer-core"
"""A sandbox of its own: the one that a developer may have running stays as it is."""


def main() -> None:
    """Find a newer Python, install the pinned packages for it, run the unit tests and one site.yml on the sandbox."""
    python = newer_python()
    if python is None:
        print("ansible-core 2.21: not run, no Python 3.12 or newer is on this machine")
        return
    subprocess.run([python, "requirements/install.py", "--venv", str(VENV)], cwd=ROOT, check=True)
    binaries = VENV / "bin"
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([str(binaries / "python"), "-m", "pytest", "-q", "tests/unit"], cwd=ROOT, check=True, env=environment)
    place = ["-e", f"platform_rehearsal_root={SANDBOX}", "-e", f"sandbox_root={SANDBOX}/sandbox"]
    for playbook in ("up.yml", "site.yml", "clean.yml"):
        command = [str(binaries / "ansible-playbook"), "-i", "inventories/sandbox.yml", f"playbooks/{playbook}", *place]
        subprocess.run(command, cwd=ROOT, check=True, env=environment)
    version = subprocess.run([str(binaries / "ansible"), "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    print(f"unit tests and site.yml: passed on {version}")


def newer_python() -> str | None:
    """A Python that is new enough and works; pyenv's own folder is looked into where its shims are not switched on."""
    candidates = [shutil.which(name) for name in NAMES]
    candidates += [str(path) for path in sorted((Path.home() / ".pyenv" / "versions").glob("3.1[2-9]*/bin/python3"))]
    for candidate in filter(None, candidates):
        check = [candidate, "-c", "import sys, venv; sys.exit(sys.version_info < (3, 12))"]
        if subprocess.run(check, capture_output=True, check=False).returncode == 0:
            return candidate
    return None


if __name__ == "__main__":
    sys.exit(main())
