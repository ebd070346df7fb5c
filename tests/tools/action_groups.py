# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module that takes a group's shared options is in that group, so that module_defaults reach it."""

from __future__ import annotations

import yaml
from common import ROOT

FRAGMENTS = {"kube": "gantry.platform.kube_auth", "vault": "gantry.platform.vault_auth"}
"""Action group → the documentation fragment that its members extend."""


def problems() -> list[str]:
    """One line for each module that is missing in its group, or there without reason."""
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]
    found = []
    for group, fragment in FRAGMENTS.items():
        extending = {
            f"gantry.platform.{path.stem}" for path in (ROOT / "plugins" / "modules").glob("*.py") if f"- {fragment}\n" in path.read_text()
        }
        listed = set(groups.get(group) or [])
        found += [f"meta/runtime.yml: action group {group} lacks {name}" for name in sorted(extending - listed)]
        found += [
            f"meta/runtime.yml: action group {group} names {name}, which does not extend {fragment}" for name in sorted(listed - extending)
        ]
    return found
