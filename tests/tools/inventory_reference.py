# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/inventory.md from the model's schema; with --check, says whether the page is up to date."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "inventory.md"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where the page is not up to date")
    check = parser.parse_args().check
    # A namespace package: neither the checkout's name nor Ansible's loader matters.
    sys.path.insert(0, str(ROOT / "plugins"))
    wanted = importlib.import_module("module_utils._model.reference").page()
    current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if current == wanted:
        return 0
    if check:
        print("docs/inventory.md is not what the schema says; run tests/tools/inventory_reference.py")
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    print("docs/inventory.md is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
