# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""README.md of every role, made from its argument specification and its defaults: Galaxy shows it, people read it.

`python tests/tools/role_pages.py --write` writes them; lint says which are not up to date.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import yaml
from common import ROOT

MARKUP = re.compile(r"\b[BCIMOPRV]\(([^()]*)\)")
"""Ansible's markup in descriptions, such as V(true)."""
HEAD = "<!-- Made by make docs from meta/argument_specs.yml and defaults/main.yml. -->\n"
LONGEST_DEFAULT = 60


def problems() -> list[str]:
    """One line for each page that does not say what the role says."""
    return [f"{page.relative_to(ROOT)} is not up to date; run make docs" for page, text in pages() if not is_so(page, text)]


def is_so(page: Path, text: str) -> bool:
    """Whether the page is there and says this."""
    return page.is_file() and page.read_text(encoding="utf-8") == text


def pages() -> list[tuple[Path, str]]:
    """(path, text) of each role's page."""
    specifications = sorted((ROOT / "roles").glob("*/meta/argument_specs.yml"))
    return [(path.parents[1] / "README.md", page(path.parents[1])) for path in specifications]


def page(role: Path) -> str:
    """The page of one role."""
    entries = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    defaults_file = role / "defaults" / "main.yml"
    defaults = (yaml.safe_load(defaults_file.read_text()) or {}) if defaults_file.is_file() else {}
    options = {name: option for entry in entries.values() for name, option in (entry.get("options") or {}).items()}
    lines = [f"# {role.name}", "", HEAD, "| tasks_from | does |", "| --- | --- |"]
    lines += [f"| `{name}` | {sentences(entry.get('description') or entry.get('short_description'))} |" for name, entry in entries.items()]
    if options:
        lines += ["", "| variable | type | default | holds |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{name}` | {kind(option)} | {default(name, option, defaults)} | {sentences(option.get('description'))} |"
            for name, option in sorted(options.items())
        ]
    return "\n".join(lines) + "\n"


def kind(option: dict) -> str:
    """The type, with that of a list's elements."""
    name = option.get("type", "str")
    return f"{name} of {option['elements']}" if "elements" in option else name


def default(name: str, option: dict, defaults: dict) -> str:
    """The default as the role has it; expressions and long values are said in a word."""
    if name not in defaults:
        return "required" if option.get("required") else ""
    value = defaults[name]
    if isinstance(value, str) and "{{" in value:
        return "from the model" if "platform_" in value else "derived"
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if len(text) <= LONGEST_DEFAULT else "see defaults"


def sentences(description: str | list[str] | None) -> str:
    """A description as one line of a table."""
    text = " ".join(description) if isinstance(description, list) else description or ""
    return MARKUP.sub(r"`\1`", " ".join(text.split())).replace("|", "\\|")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        for target, content in pages():
            target.write_text(content, encoding="utf-8")
    else:
        sys.exit("\n".join(problems()) or 0)
