# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of this checkout with a collection path of its own, for tests that add to it what is not shipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in such a copy, with nothing of this checkout's settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTEST_", "GIT_"))}
    own["PATH"] = f"{os.path.dirname(sys.executable)}{os.pathsep}{own['PATH']}"
    return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False, timeout=LONGEST)


def copy_of(checkout: Path, folder: Path) -> Path:
    """The checkout as it lies there, in ``folder``, which is not there yet."""
    listed = run(checkout, "git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.splitlines()
    for name in listed:
        if (checkout / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, folder / name)
    collections = folder / ".ansible" / "collections" / "ansible_collections"
    collections.mkdir(parents=True)
    for other in (checkout / ".ansible" / "collections" / "ansible_collections").iterdir():
        if other.name != "gantry":
            (collections / other.name).symlink_to(other)
    (collections / "gantry").mkdir()
    (collections / "gantry" / "platform").symlink_to(folder)
    done = run(folder, "git", "init", "-q")
    assert done.returncode == 0, done.stderr
    return folder


def with_areas(copy: Path, *areas: tuple[str, str]) -> str:
    """Adds areas, each ``(name, cluster | environment)``, as ``make area`` does; what that said."""
    said = ""
    for name, where in areas:
        done = run(copy, sys.executable, "tests/tools/new_area.py", name, where)
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout
    return said


def make_bare(inventories: Path) -> None:
    """Take out of the shipped inventories what takes long where it is not looked at: servers, and definitions of custom resources."""
    settings = inventories / "group_vars" / "all" / "20_platform.yml"
    found = yaml.safe_load(settings.read_text(encoding="utf-8"))
    found["platform_settings"]["areas"] |= {"alerting": False, "monitoring": False, "slo": False}
    found["platform_settings"]["components"] = {}
    settings.write_text(yaml.safe_dump(found), encoding="utf-8")
