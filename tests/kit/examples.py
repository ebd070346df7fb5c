# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of modules as a reader has it: options with those of fragments, and examples as tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.plugin_docs import read_docstring
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import add_fragments

MODULES = Path(__file__).resolve().parents[2] / "plugins" / "modules"
OURS = "gantry.platform."


def modules() -> list[str]:
    """Every module of the collection."""
    return sorted(path.stem for path in MODULES.glob("*.py") if path.stem != "__init__")


def options(module: str) -> dict[str, Any]:
    """Its options, those of its fragments among them."""
    file = str(MODULES / f"{module}.py")
    found = read_docstring(file)["doc"]
    add_fragments(found, file, fragment_loader=fragment_loader, is_module=True)
    return dict(found["options"] or {})


def tasks(module: str) -> list[dict[str, Any]]:
    """Its examples."""
    return list(yaml.safe_load(read_docstring(str(MODULES / f"{module}.py"))["plainexamples"]))
