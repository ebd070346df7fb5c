# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests of one area, for daily work: `make test AREA=vault`. Continuous integration runs all of them.

Nothing is marked by hand. The area's row says its name and its role; what has one of them as its folder's name (`_vault`, `vault`), begins
with it (`test_vault_runs.py`), or is a scenario that runs the role or switches the area on, belongs to it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from common import COLLECTIONS, ROOT

TESTS = ROOT / "tests"


def main(area: str) -> int:
    """Run what belongs to the area: pure code first, then what needs servers, then scenarios. The exit code of the first that fails."""
    sys.path.insert(0, str(COLLECTIONS))
    from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows

    known = rows()
    if area not in known:
        print(f"there is no area {area}; there are {', '.join(sorted(known))}")
        return 2
    words = {area, known[area].role or area}
    for command in commands(words):
        print("  " + " ".join(command), flush=True)
        done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), check=False)
        if done.returncode:
            return done.returncode
    return 0


def commands(words: set[str]) -> Iterator[list[str]]:
    """What is run, one after the other."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", "2"]
    groups = ["--dist", "loadfile", "--no-loadscope-reorder"]
    for folder, more in (("unit", []), ("integration", groups)):
        found = [str(path.relative_to(ROOT)) for path in test_files(TESTS / folder, words)]
        if found:
            yield [*pytest, *more, *found]
    named = scenarios(words)
    if named:
        yield [sys.executable, "tests/tools/scenarios.py", *named]


def test_files(folder: Path, words: set[str]) -> list[Path]:
    """The test files below a folder that belong to it."""
    return [path for path in sorted(folder.rglob("test_*.py")) if belongs(path.relative_to(folder), words)]


def belongs(path: Path, words: set[str]) -> bool:
    """Whether a folder of the path, or the beginning of its name, is one of the words; what is about every area always is."""
    folders = {part.lstrip("_") for part in path.parts[:-1]}
    return (
        path.name == "test_every_area.py"
        or bool(folders & words)
        or any(re.match(rf"test_{re.escape(word)}(_|\.|$)", path.name) for word in words)
    )


def scenarios(words: set[str]) -> list[str]:
    """Molecule scenarios that have tests of the role alone, or switch the area on."""
    named = re.compile("|".join(rf"platform_areas={re.escape(word)}\b" for word in sorted(words)))
    folders = sorted(path.parent for path in (ROOT / "molecule").glob("*/molecule.yml"))
    return [
        folder.name
        for folder in folders
        if any(named.search(file.read_text(encoding="utf-8")) for file in folder.glob("*.yml"))
        or any((folder / "tests" / f"test_{word}.py").exists() for word in words)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
