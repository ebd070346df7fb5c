# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/coverage.yml answers each of the owner's 145 points; a point that is called done names a test that exists.

`python tests/tools/coverage.py --write` puts the counts into README.md.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from pathlib import Path

import yaml
from common import ROOT

COVERAGE = ROOT / "docs" / "coverage.yml"
README = ROOT / "README.md"
JUDGES = ("real", "stub", "schema", "document", "not run", "not yet")
SUBTASKS = {1: 4, 2: 4, 3: 3, 4: 4, 5: 4, 6: 4, 7: 3, 8: 3}
"""Area → number of sub-tasks; each has five points."""
BLOCK = re.compile(r"(<!-- coverage: made by make docs -->\n).*?(<!-- /coverage -->)", re.DOTALL)


def problems() -> list[str]:
    """One line for each point that is missing, unknown or says what is not so."""
    points = yaml.safe_load(COVERAGE.read_text())["points"]
    wanted = {f"{area}.{task}.{point}" for area, tasks in SUBTASKS.items() for task in range(1, tasks + 1) for point in range(1, 6)}
    found = [f"docs/coverage.yml: {name} is missing" for name in sorted(wanted - set(points))]
    found += [f"docs/coverage.yml: {name} is no point of the owner's list" for name in sorted(set(points) - wanted)]
    for name, point in points.items():
        if not point.get("title"):
            found.append(f"docs/coverage.yml: {name} has no title")
        if point.get("judge") not in JUDGES:
            found.append(f"docs/coverage.yml: {name}: judge is {point.get('judge')!r}, allowed are {', '.join(JUDGES)}")
        elif point["judge"] != "not yet":
            found += [f"docs/coverage.yml: {name}: {problem}" for problem in done_problems(point)]
    if BLOCK.search(README.read_text()) is None or README.read_text() != with_counts(README.read_text()):
        found.append("README.md: the counts are not those of docs/coverage.yml; run make docs")
    return found


def done_problems(point: dict[str, str]) -> list[str]:
    """Why a point may not be called done."""
    if not point.get("role"):
        return ["has no role"]
    if not point.get("test"):
        return ["is called done and names no test"]
    return [] if test_exists(point["test"]) else [f"its test {point['test']} does not exist"]


def test_exists(test: str) -> bool:
    """Whether ``path`` or ``path::function`` is there."""
    path, _colons, function = test.partition("::")
    file = ROOT / path
    if not function:
        return file.exists()
    if not file.is_file():
        return False
    tree = ast.parse(file.read_text())
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in ast.walk(tree))


def with_counts(text: str) -> str:
    """The README with the counts of today: a row per area, a column per judge."""
    answers = yaml.safe_load(COVERAGE.read_text())
    rows = [["area", "points", *JUDGES], ["---", *["---:"] * (len(JUDGES) + 1)]]
    for number, area in [*answers["areas"].items(), ("", "all")]:
        judged = Counter(point["judge"] for name, point in answers["points"].items() if name.startswith(f"{number}." if number else ""))
        rows.append([f"{number} {area}".strip(), str(judged.total()), *(str(judged[judge]) for judge in JUDGES)])
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return BLOCK.sub(lambda match: f"{match.group(1)}{table}{match.group(2)}", text)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        Path(README).write_text(with_counts(README.read_text()))
    else:
        sys.exit("\n".join(problems()) or 0)
