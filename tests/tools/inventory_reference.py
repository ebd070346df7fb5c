# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/inventory.md and README's table of areas from the schema and the rows; with --check, says whether they are up to date."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "inventory.md"
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- areas: made by make docs -->\n).*?(<!-- /areas -->)", re.DOTALL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where the page is not up to date")
    check = parser.parse_args().check
    # A namespace package: neither the checkout's name nor Ansible's loader matters.
    sys.path.insert(0, str(ROOT / "plugins"))
    reference = importlib.import_module("module_utils._model.reference")
    areas = "".join(f"{line}\n" for line in reference.short_area_table())
    readme = README.read_text(encoding="utf-8")
    if BLOCK.search(readme) is None:
        print("README.md has no place for the areas, between <!-- areas: made by make docs --> and <!-- /areas -->")
        return 1
    wanted = {PAGE: reference.page(), README: BLOCK.sub(lambda match: f"{match[1]}{areas}{match[2]}", readme)}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        name = path.relative_to(ROOT)
        print(f"{name} is not what the rows and the schema say; run make docs" if check else f"{name} is written")
        if not check:
            path.write_text(wanted[path], encoding="utf-8")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
