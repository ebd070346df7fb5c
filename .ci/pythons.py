# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit tests of all that is installed, on every other Python that we promise; on the newest those of roles as well, and a sandbox.

From 3.12 on that is with the newest ansible-core. Says "not run" for each Python that is not on this machine. `make test` ran on the Python of .venv.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
TESTS = ("tests/unit/plugins",)
"""What is installed. The tools of a checkout run on the Python of its .venv, and were tested on it."""
ONCE = "not killed_before_any_request"
"""What is about the order of requests and no Python, and takes long: `make test` ran it."""
ROLES = ("tests/unit/roles/test_every_area.py", "tests/unit/roles/test_hostile.py")
"""What a role says is YAML and templates: the newest ansible-core renders all for every shipped cluster, and quotes what is hostile."""
BOOKS = ("up", "site", "clean")
"""What brings a sandbox up, finds nothing more to do and removes it."""
PLACES = {"platform_rehearsal_root": "", "sandbox_root": "/sandbox", "platform_plan_file": "/plan.json"}
"""Where the sandbox and what it leaves lie, below a folder for each Python."""


def main() -> None:
    """Every version but that of .venv, two at a time: much of a run on a sandbox is one busy process."""
    ran = version_of(str(ROOT / ".venv" / "bin" / "python"))
    others: dict[str, Path] = {}
    for version in VERSIONS:
        python = find(version)
        if version == ran:
            print(f"Python {version}: all tests ran on it, and it alone has runs that are killed before each request", flush=True)
        elif python is None:
            print(f"Python {version}: not run, it is not on this machine", flush=True)
        else:
            others[version] = ROOT / f".venv-{version}"
            subprocess.run(
                [python, "requirements/install.py", "--requirements", "dev.txt", "--venv", str(others[version])], cwd=ROOT, check=True
            )
    with ThreadPoolExecutor(2) as pool:
        newest = [*others][-1:]
        if not all([*pool.map(proved, others, others.values(), ([version] == newest for version in others))]):
            sys.exit(1)


def proved(version: str, venv: Path, newest: bool) -> bool:
    """Run the unit tests, then on the newest playbooks on a sandbox. What a command printed is shown where it fails."""
    binaries = venv / "bin"
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    # A sandbox of its own: the one that a developer may have running stays as it is.
    folder = f".gantry/python-{version}"
    place = [word for key in PLACES for word in ("-e", f"{key}={folder}{PLACES[key]}")]
    played = [[str(binaries / "ansible-playbook"), "-i", "inventories/sandbox.yml", f"playbooks/{name}.yml", *place] for name in BOOKS]
    tests = [str(binaries / "python"), "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-k", ONCE, *TESTS]
    for command in ([*tests, *ROLES], *played) if newest else (tests,):
        done = subprocess.run(command, cwd=ROOT, check=False, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            print(f"Python {version}: {' '.join(command)}\n{done.stdout}", flush=True)
            return False
    core = subprocess.run([str(binaries / "ansible"), "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    print(f"Python {version}: unit tests{' and site.yml' if newest else ' of plugins'} passed on {core}", flush=True)
    return True


def find(version: str) -> str | None:
    """A working Python of this version; pyenv's own folder is looked into where its shims are not switched on."""
    candidates = [shutil.which(f"python{version}")]
    candidates += [str(path) for path in sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python3"))]
    return next((candidate for candidate in candidates if candidate and version_of(candidate) == version), None)


def version_of(python: str) -> str:
    """Major and minor version of a Python that can make virtual environments; nothing where it does not work."""
    words = [python, "-c", "import sys, venv; print('{}.{}'.format(*sys.version_info))"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    sys.exit(main())
