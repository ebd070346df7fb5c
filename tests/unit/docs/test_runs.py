# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "runs.md").read_text(encoding="utf-8")


def test_every_playbook_of_a_run_is_on_the_page_and_exists():
    table = PAGE.split("## What happens")[0]
    named = {name for line in table.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert all((ROOT / "playbooks" / f"{name}.yml").is_file() for name in named)
    existing = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    assert existing - named == {"compare", "explain", "new_platform"}


def test_every_status_is_explained():
    statuses = set()
    for name in ("plan", "drift"):
        statuses |= set(json.loads((ROOT / "docs" / f"{name}.schema.json").read_text(encoding="utf-8"))["properties"]["status"]["enum"])
    rows = [line.split("|")[1] for line in PAGE.split("## The report")[1].split("\n## ")[0].splitlines() if line.startswith("| `")]
    assert {word for row in rows for word in re.findall(r"`(\w+)`", row)} - {"status"} == statuses
