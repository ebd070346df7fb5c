# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from pathlib import Path

from ansible_collections.gantry.platform.plugins.module_utils._model.contributions import KINDS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "adding-an-area.md").read_text(encoding="utf-8")


def test_the_page_has_every_key_of_a_row_and_no_other():
    keys = json.loads((ROOT / "docs" / "area.schema.json").read_text(encoding="utf-8"))["properties"]
    table = [line.split("|")[1] for line in PAGE.splitlines() if line.strip().startswith("| `")]
    assert {name for cell in table for name in re.findall(r"`(\w+)`", cell)} == set(keys)


def test_the_page_has_every_file_of_the_skeleton():
    skeleton = ROOT / "tests" / "tools" / "area"
    files = [path.relative_to(skeleton).with_suffix("") for path in sorted(skeleton.rglob("*.skeleton"))]
    assert files
    missing = [str(path) for path in files if path.name.replace("sample", "<area>") not in PAGE]
    assert missing == []


def test_the_page_names_every_kind_of_contribution():
    assert [kind for kind in KINDS if f"`{kind}`" not in PAGE] == []


def test_the_page_is_one_page():
    assert len(PAGE.splitlines()) <= 60
