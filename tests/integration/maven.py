# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that come as an archive from Maven: fetched once for all checkouts, and only where somebody asks for it."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"


def unpacked(artifact: str, folder: Path) -> None:
    """Fetch ``group:name:version:zip`` into a folder and unpack it there; without its archive."""
    run("mvn", "-q", "-B", f"{PLUGIN}:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}", "-Dmdep.stripVersion=true")
    (found,) = folder.glob("*.zip")
    with zipfile.ZipFile(found) as archive:
        archive.extractall(folder)
    found.unlink()


def run(*command: str) -> None:
    """A command that has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
