# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role: the keys of its defaults are those of its argument specification, prefixed, and each entry point has its tasks."""

from __future__ import annotations

import yaml
from common import ROOT


def problems() -> list[str]:
    """One line for each role whose interface and defaults say different things."""
    found = []
    for role in sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir()):
        name = role.name
        specification = role / "meta" / "argument_specs.yml"
        if not specification.is_file():
            found.append(f"roles/{name}: meta/argument_specs.yml is missing")
            continue
        entries = yaml.safe_load(specification.read_text())["argument_specs"]
        options: dict[str, dict] = {}
        for entry, content in entries.items():
            if not (role / "tasks" / f"{entry}.yml").is_file():
                found.append(f"roles/{name}: entry point {entry} has no tasks/{entry}.yml")
            for option, description in (content.get("options") or {}).items():
                options[option] = {**options.get(option, {}), **description}
                if not description.get("description"):
                    found.append(f"roles/{name}: {entry}: {option} has no description")
        defaults_file = role / "defaults" / "main.yml"
        defaults = yaml.safe_load(defaults_file.read_text()) or {} if defaults_file.is_file() else {}
        optional = {option for option, description in options.items() if not description.get("required")}
        found += [f"roles/{name}: {key} has a default and no entry in argument_specs" for key in sorted(set(defaults) - set(options))]
        found += [f"roles/{name}: {key} is optional and has no default" for key in sorted(optional - set(defaults))]
        found += [f"roles/{name}: {key} does not begin with {name}_" for key in sorted(options) if not key.startswith(f"{name}_")]
    return found
