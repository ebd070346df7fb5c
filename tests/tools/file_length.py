# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No file of ours is longer than 500 lines without saying why."""

from __future__ import annotations

from common import our_files

MOST = 500
REASON = "Longer than 500 lines because"
MADE_BY_TOOLS = (
    "requirements/dev.txt",
    "requirements/sandbox.txt",
    "requirements/importer.txt",
    "docs/inventory.md",
    "CHANGELOG.md",
    "LICENSE",
)


def problems() -> list[str]:
    """One line for each file that is too long."""
    found = []
    for path in our_files(".py", ".yml", ".yaml", ".md", ".j2", ".json", ".txt", ".go", ".sh"):
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MOST and not str(path).endswith(MADE_BY_TOOLS) and not any(REASON in line for line in lines[:15]):
            found.append(f"{path.name}: {len(lines)} lines ({path.parent})")
    return found
