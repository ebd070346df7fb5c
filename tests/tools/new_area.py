# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The skeleton of an area: `make area NAME=monitoring` writes what docs/adding-an-area.md says, ready for lint and tests.

The files are those below tests/tools/area, or tests/tools/area_environment for what exists once, without their suffix, with the area's
name for the sample's in paths and texts. Nothing that is there is touched.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from common import ROOT

SKELETONS = {"cluster": Path(__file__).with_name("area"), "environment": Path(__file__).with_name("area_environment")}
_NAME = re.compile(r"[a-z]([a-z0-9]*(_[a-z0-9]+)*)")


def main(name: str, where: str) -> int:
    """Write the skeleton and say what comes next."""
    if not _NAME.fullmatch(name):
        print(f"NAME={name} names no role; allowed: small letters, digits and _, such as NAME=network_security")
        return 2
    if where not in SKELETONS:
        print(f"ON={where} is neither cluster nor environment")
        return 2
    # Paths say it in small letters: to whoever lints them they look like those of a role.
    skeleton = SKELETONS[where]
    paths = sorted(skeleton.rglob("*.skeleton"))
    files = {ROOT / str(path.relative_to(skeleton).with_suffix("")).replace("sample", name): path for path in paths}
    there = [target for target in files if target.exists()]
    if there:
        print(f"{there[0].relative_to(ROOT)} is there already; nothing was written")
        return 2
    for target, path in files.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(filled(path.read_text(encoding="utf-8"), name), encoding="utf-8")
        print(target.relative_to(ROOT))
    for page in (["inventory_reference.py"], ["role_echoes.py", "--write"], ["role_pages.py", "--write"]):
        subprocess.run([sys.executable, str(Path(__file__).with_name(page[0])), *page[1:]], cwd=ROOT, check=True)
    print(f"Next: docs/adding-an-area.md. The area is off; settings.areas.{name}: true, or make up AREAS={name}, turns it on.")
    return 0


def filled(text: str, name: str) -> str:
    """The text for this area. In texts of the skeleton the area is called SAMPLE, its set and namespace SAMPLE-SET."""
    return text.replace("SAMPLE-SET", name.replace("_", "-")).replace("SAMPLE", name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if sys.argv[1:] else "", sys.argv[2] if sys.argv[2:] else "cluster"))
