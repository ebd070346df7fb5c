# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports go down the floors only (docs/architecture.md)."""

from __future__ import annotations

import ast
from pathlib import Path

from common import ROOT

PLUGINS = ROOT / "plugins"
KERNEL = {"_core"}
PROVIDERS = {"_aws", "_chart", "_kube", "_rest", "_sandbox", "_vault"}
"""Everything else below module_utils is domain: it may use the kernel alone."""
BELOW = {
    "_model": {"_alertmanager", "_dashboards", "_logging", "_monitoring", "_privacy", "_slo"},
    "_logging": {"_privacy"},
    "_tracing": {"_privacy"},
}
"""Pure domain that other domain derives from."""
JOINED = "_joined"
"""The floor above the providers: what a call of each module does, with as many of them as it takes."""
PHASES = ("form", "wire", "wait", "resolve", "observe", "plan", "write", "verify", "declare", "access")
"""Folders of ``_kube`` in the order in which they may use each other: each itself and those before it."""


def problems() -> list[str]:
    """One line for each import that goes up or sideways."""
    found = []
    for path in sorted(PLUGINS.rglob("*.py")):
        for line, target in imports(path):
            reason = forbidden(path.relative_to(PLUGINS), target)
            if reason:
                found.append(f"plugins/{path.relative_to(PLUGINS)}:{line}: imports {target}: {reason}")
    return found


def imports(path: Path) -> list[tuple[int, str]]:
    """(line, module) of every import; relative ones as a path below plugins, such as ``module_utils._core.plan``."""
    package = path.relative_to(PLUGINS).parent.parts
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = package[: len(package) - node.level + 1]
                found.append((node.lineno, ".".join([*base, *(node.module or "").split(".")]).strip(".")))
            else:
                found.append((node.lineno, (node.module or "").replace("ansible_collections.gantry.platform.plugins.", "")))
    return found


def forbidden(path: Path, target: str) -> str:
    """Why this file may not import that, or nothing."""
    parts = path.parts
    words = target.split(".")
    if parts[0] == "module_utils":
        joins = parts[1] == JOINED
        if words[0] in ("ansible", "ansible_collections") and not (joins and target == "ansible.module_utils.basic"):
            return "module_utils know nothing of Ansible"
        if words[0] in ("plugin_utils", "modules", "action", "callback", "filter", "lookup"):
            return "that is a floor above"
        if (
            words[0] == "module_utils"
            and len(words) > 1
            and words[1] != parts[1]
            and words[1] not in KERNEL | BELOW.get(parts[1], set())
            and not joins
        ):
            return "domain and providers know the kernel alone; _joined, or an action, joins them"
        return _against_the_phases(parts, words)
    if parts[0] == "plugin_utils" and words[0] in ("modules", "action", "callback", "filter", "lookup"):
        return "that is a floor above"
    if parts[0] == "modules" and words[0] in ("plugin_utils", "action"):
        return "a module may run on another machine, where only module_utils are"
    return ""


def _against_the_phases(parts: tuple[str, ...], words: list[str]) -> str:
    if words[:2] != ["module_utils", "_kube"] or parts[1] != "_kube" or parts[2] not in PHASES or len(words) < 3:
        return ""
    if words[2] not in PHASES or PHASES.index(words[2]) > PHASES.index(parts[2]):
        return f"{parts[2]} comes before {words[2]}; the order is {', '.join(PHASES)}"
    return ""
