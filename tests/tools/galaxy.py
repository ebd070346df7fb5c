# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive as Galaxy judges it: built, then read by galaxy-importer, which lives in a virtual environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from common import COLLECTIONS, ROOT, NotRun

FOLDER = ROOT / ".gantry" / "importer"
VENV = ROOT / ".venv-importer"
# What other checks of ours do already, with this checkout's settings, is off.
SETTINGS = """[galaxy-importer]
RUN_ANSIBLE_TEST = False
RUN_ANSIBLE_LINT = False
RUN_FLAKE8 = False
CHECK_REQUIRED_TAGS = True
"""


def problems() -> list[str]:
    """What the importer says against the archive."""
    install = [sys.executable, "requirements/install.py", "--venv", str(VENV), "--requirements", "importer.txt"]
    installed = run(install)
    if installed.returncode:
        raise NotRun(f"galaxy-importer cannot be installed: {installed.stderr.strip().splitlines()[-1:]}")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    built = run(["ansible-galaxy", "collection", "build", "--output-path", str(FOLDER)])
    if built.returncode:
        return (built.stdout + built.stderr).splitlines()
    (FOLDER / "settings.cfg").write_text(SETTINGS)
    archive = next(FOLDER.glob("*.tar.gz"))
    environment = {
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GALAXY_IMPORTER_CONFIG": str(FOLDER / "settings.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
    }
    judged = run([str(VENV / "bin" / "python"), "-m", "galaxy_importer.main", str(archive)], str(FOLDER), environment)
    lines = (judged.stdout + judged.stderr).splitlines()
    return lines if judged.returncode else [line for line in lines if line.startswith("ERROR")]


def run(command: list[str], folder: str = str(ROOT), environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A command and all it printed."""
    return subprocess.run(command, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False)
