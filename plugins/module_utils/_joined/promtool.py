# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a call of prometheus_check does: rules, configurations and queries before promtool, the project's own judge."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._core.errors import InputError
from .._core.words import clean
from .face import Call, Face, Result

_LONGEST = 400
_WITHIN = 120


class Promtool:
    """The program at ``path``, working in a folder of its own."""

    def __init__(self, path: str, folder: Path) -> None:
        self._path = path
        self._folder = folder

    def rules(self, name: str, content: Any, lint: bool) -> list[str]:
        """What is wrong with groups of rules."""
        file = self._folder / "rules.json"
        # JSON is YAML, and promtool reads it.
        file.write_text(json.dumps(content), encoding="utf-8")
        return self._problems(name, ["check", "rules", *(["--lint=all", "--lint-fatal"] if lint else ["--lint=none"]), str(file)])

    def config(self, name: str, path: str) -> list[str]:
        """What is wrong with a configuration and the files that it names."""
        if not Path(path).is_file():
            raise InputError(f"configs: {path} is no file")
        return self._problems(name, ["check", "config", "--lint=none", path])

    def _problems(self, name: str, words: list[str]) -> list[str]:
        try:
            done = subprocess.run([self._path, *words], capture_output=True, text=True, check=False, timeout=_WITHIN)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"promtool: {self._path} does not run: {type(error).__name__}") from error
        if done.returncode == 0:
            return []
        lines = [clean(line).replace(f"{self._folder}/", "") for line in (done.stdout + done.stderr).splitlines()]
        said = [line.strip() for line in lines if line.strip() and not line.startswith(("Checking ", "  SUCCESS", "  FAILED:"))]
        return [f"{name}: {line[:_LONGEST]}" for line in dict.fromkeys(said)] or [f"{name}: promtool refuses it and does not say why"]


def _rules_of(document: Mapping[str, Any]) -> tuple[str, Any]:
    """(name, groups) of a rule file, or of a PrometheusRule."""
    name = str((document.get("metadata") or {}).get("name") or "rules")
    content = document.get("spec") if document.get("kind") == "PrometheusRule" else document
    if not isinstance(content, Mapping) or not isinstance(content.get("groups"), list):
        raise InputError(f"rules: {name} has no groups; allowed: rule files, and objects of kind PrometheusRule")
    return name, {"groups": content["groups"]}


def check(call: Call) -> Result:
    """``prometheus_check``."""
    params = call.params
    path = params["promtool"] or shutil.which("promtool", path=call.environment.get("PATH"))
    if not path:
        raise InputError("promtool is not on PATH; name it with promtool, such as that of a sandbox, .gantry/sandbox/bin/promtool")
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="prometheus-check-") as folder:
        promtool = Promtool(path, Path(folder))
        for document in params["rules"]:
            call.gate()
            problems += promtool.rules(*_rules_of(document), params["lint"])
        queries = [{"record": f"query:number{number}", "expr": query} for number, query in enumerate(params["queries"])]
        if queries:
            problems += _named(promtool.rules("queries", {"groups": [{"name": "queries", "rules": queries}]}, False), params["queries"])
        for config in params["configs"]:
            call.gate()
            problems += promtool.config(config, config)
    checked = len(params["rules"]) + len(params["queries"]) + len(params["configs"])
    result: Result = {"changed": False, "checked": checked, "problems": problems}
    if problems:
        found = "\n  ".join(["promtool refuses:", *problems])
        return {**result, "failed": True, "msg": found}
    return result


def _named(problems: list[str], queries: list[str]) -> list[str]:
    """Each with the query that it is about."""
    found = []
    for problem in problems:
        number = re.search(r"query:number([0-9]+)", problem)
        found.append(f"{queries[int(number[1])]!r}: {problem.partition('query:number')[2].partition(' ')[2]}" if number else problem)
    return found


CHECK = Face(
    "prometheus_check",
    {
        "rules": {"type": "list", "elements": "dict", "default": []},
        "queries": {"type": "list", "elements": "str", "default": []},
        "configs": {"type": "list", "elements": "path", "default": []},
        "lint": {"type": "bool", "default": True},
        "promtool": {"type": "path"},
    },
    check,
)
