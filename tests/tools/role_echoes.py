# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of roles that only echo a part of the model: their entries in argument_specs.yml are made from the schema.

An option whose default is ``"{{ platform_model.effective.<path> }}"`` and no more says nothing of its own. `make docs` writes its type and
description (`python tests/tools/role_echoes.py --write`); lint says which entries are not up to date.
"""

from __future__ import annotations

import importlib
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import yaml
from common import ROOT

ECHO = re.compile(r"\{\{ platform_model\.effective\.([a-z_]+(?:\.[a-z_]+)*) \}\}")
TYPES = {"object": "dict", "array": "list", "string": "str", "integer": "int", "number": "float", "boolean": "bool"}
LONGEST = 130


def problems() -> list[str]:
    """One line for each specification whose echoes are not what the schema says."""
    return [
        f"{path.relative_to(ROOT)} is not what the schema says of the model; run make docs" for path, text in files() if is_old(path, text)
    ]


def is_old(path: Path, text: str) -> bool:
    """Whether the file says something else."""
    return path.read_text(encoding="utf-8") != text


def files() -> list[tuple[Path, str]]:
    """(path, text) of every specification, with its echoes as the schema says them."""
    found = []
    for defaults in sorted((ROOT / "roles").glob("*/defaults/main.yml")):
        specification = defaults.parents[1] / "meta" / "argument_specs.yml"
        text = specification.read_text(encoding="utf-8")
        for name, path in echoes(yaml.safe_load(defaults.read_text(encoding="utf-8")) or {}).items():
            text = with_entry(text, name, entry(name, path))
        found.append((specification, text))
    return found


def echoes(defaults: dict[str, Any]) -> dict[str, str]:
    """The options that are a part of the model and no more, with its path."""
    return {name: echo[1] for name, value in defaults.items() if isinstance(value, str) and (echo := ECHO.fullmatch(value))}


def entry(name: str, path: str) -> str:
    """The option's lines."""
    part = schema().at(tuple(path.split(".")))
    if part is None:
        raise SystemExit(f"the default of {name} names {path}, which the model does not have")
    kind = TYPES[next(one for one in _kinds(part) if one != "null")]
    lines = [f"      {name}:", *_described(f"{part.get('description', '')} C({path}) of the model."), f"        type: {kind}"]
    if kind == "list":
        lines.append(f"        elements: {TYPES[_kinds(schema().resolve(part['items']))[0]]}")
    return "\n".join(lines) + "\n"


def with_entry(text: str, name: str, lines: str) -> str:
    """The specification with this entry in the place of the option's old one, or behind the last option."""
    old = re.compile(rf"^      {name}:\n(?:        .*\n)+", re.MULTILINE)
    if old.search(text):
        return old.sub(lambda _match: lines, text, count=1)
    head = re.compile(r"^    options: &options\n(?:      .*\n)*|^    options:\n(?:      .*\n)*", re.MULTILINE)
    return head.sub(lambda match: match[0] + lines, text, count=1)


def schema() -> Any:
    """The joined schema of the model."""
    if str(ROOT / "plugins") not in sys.path:
        sys.path.insert(0, str(ROOT / "plugins"))
    return importlib.import_module("module_utils._model.contract").schema()


def _kinds(part: Any) -> list[str]:
    kind = part.get("type", "string")
    return kind if isinstance(kind, list) else [kind]


def _described(words: str) -> list[str]:
    text = re.sub(r"`([^`]*)`", r"C(\1)", words)
    return ["        description: >-", *textwrap.wrap(text, LONGEST, initial_indent=" " * 10, subsequent_indent=" " * 10)]


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        for target, content in files():
            target.write_text(content, encoding="utf-8")
    else:
        sys.exit("\n".join(problems()) or 0)
