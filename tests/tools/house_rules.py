# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no file of ours may say: nothing switches a check off, no test is skipped, nothing lies at a fixed place of one machine."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from common import ROOT, our_files

CODE = (".py", ".yml", ".yaml", ".j2", ".toml", ".cfg", ".sh", ".go", ".md", "Makefile", "run")
RULES = (
    (re.compile(r"^\s*ignore_errors:\s*(true|yes)"), "errors are handled, not ignored"),
    (re.compile(r"\|\| true\b"), "errors are handled, not ignored"),
    (re.compile(r"#\s*(noqa|type: ?ignore|nosec|pylint: ?disable|yamllint disable|mypy: ?ignore)"), "a finding is cured, not hidden"),
    (re.compile(r"\bpytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b"), "what cannot run is reported as not run, by the runner"),
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "an issue is the place for what is left"),
    (re.compile(r"(?<![\w.${}\])/*:-])/(work|root|home/(?!me\b)\w+|Users)/"), "an absolute path of one machine"),
)
"""(pattern, why). A line of a file that matches is a problem."""
LIMIT = re.compile(r"(?<![\w-])timeout=\d{2,}(?![\d.])|\.(wait|join|result)\(\d{2,}|--timeout=\d{1,2}s")
"""A limit of a test's own. Only a failing test waits that long, and a machine may be slow: it is ``LONGEST`` of kit/waiting.py."""
PAUSE = re.compile(r"\btime\.sleep\(|\bTimer\(")
"""What a test expects of another thread or process comes sooner or later on a busy machine: nobody knows after how many seconds."""
THIS = Path(__file__).resolve()
TESTS = (ROOT / "tests", ROOT / "molecule")
KIT = ROOT / "tests" / "kit"


def problems() -> list[str]:
    """One line for each place that says what it may not."""
    found = []
    for path in our_files(*CODE):
        if path == THIS:
            continue
        text = path.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            found += [f"{path.relative_to(ROOT)}:{number}: {why}: {line.strip()[:100]}" for pattern, why in RULES if pattern.search(line)]
        if any(map(path.is_relative_to, TESTS)):
            found += [
                f"{path.relative_to(ROOT)}:{number}: a test waits as long as all do: LONGEST of kit/waiting.py"
                for number, line in enumerate(text.splitlines(), 1)
                if LIMIT.search(line)
            ]
            found += [
                f"{path.relative_to(ROOT)}:{number}: a test waits for a condition, not for seconds: until or within of kit/waiting.py"
                for number, line in enumerate(text.splitlines(), 1)
                if PAUSE.search(line) and not path.is_relative_to(KIT)
            ]
        if path.name.startswith("test_") and path.suffix == ".py":
            found += [f"{path.relative_to(ROOT)}:{number}: {name} asserts nothing" for number, name in without_assertion(text)]
    return found


def without_assertion(text: str) -> list[tuple[int, str]]:
    """(line, name) of each test that neither asserts, expects an exception nor hands that to a helper named ``check…`` or ``assert…``."""
    return [
        (node.lineno, node.name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not any(map(judges, ast.walk(node)))
    ]


def judges(node: ast.AST) -> bool:
    """Whether this statement can fail a test."""
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    return name in ("raises", "fail", "warns") or name.lstrip("_").startswith(("assert", "check"))
