# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The reference page of the inventory, made from the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .contract import profiles, run_variables, schema, variables
from .derive import rules
from .rows import rows

_ALL_LAYERS = ["shared", "environment", "cluster"]


def page() -> str:
    """The whole page as Markdown, ending in a newline."""
    lines = [
        "# What an inventory may say",
        "",
        "Made from `plugins/module_utils/_model/schema.json` and the rows of the areas; do not edit it by hand.",
        "",
        "Merge order: schema defaults → profile → shared → environment → cluster. Mappings merge, everything else is replaced, "
        "`null` removes what the layers below said (a default of the schema then holds again).",
        "",
        "## Variables",
        "",
        "| variable | layer | holds |",
        "|---|---|---|",
    ]
    lines += [
        f"| `{variable}` | {layer} | {f'`{root[0]}`' if root else 'any part of the shared variables'} |"
        for variable, (layer, root) in variables().items()
    ]
    lines += ["", "Variables of a run, beside the model:", "", "| variable | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {_cell(words)} |" for name, words in run_variables().items()]
    for part, raw in schema().document["properties"].items():
        lines += ["", f"## {part}", "", f"{schema().resolve(raw).get('description', '')} Variable: `{raw['x-variable']}`.", ""]
        lines += ["| key | value | default | layers | meaning |", "|---|---|---|---|---|"]
        lines += _rows(raw, part, raw.get("x-layers", _ALL_LAYERS), False)
    lines += ["", "## Derived values", "", "`explain` quotes these rules. A key that only a rule may set is marked *derived*.", ""]
    lines += ["| rule | says |", "|---|---|", *(f"| `{rule}` | {_cell(words)} |" for rule, words in rules().items())]
    lines += ["", "## Areas", "", *area_table()]
    lines += ["", "## Profiles", "", "| profile | quota of a team | replicas by tier (least–most) |", "|---|---|---|"]
    for name, profile in profiles().items():
        quota = ", ".join(f"{key} {value}" for key, value in profile["teams"]["quota"].items())
        replicas = ", ".join(f"{tier} {part['replicas']['min']}–{part['replicas']['max']}" for tier, part in profile["services"].items())
        lines.append(f"| `{name}` | {quota} | {replicas} |")
    return "\n".join(lines) + "\n"


def short_area_table() -> list[str]:
    """What each area is, for somebody who has not heard of them."""
    lines = ["| area | what it is | on |", "|---|---|---|"]
    return lines + [
        f"| `{area}` | {_cell(row.description)} | {'by default' if row.default else 'when named'} |" for area, row in rows().items()
    ]


def area_table() -> list[str]:
    """The areas as lines of a table, in the order of a run."""
    lines = ["| area | sets | needs | comes after | what it is |", "|---|---|---|---|---|"]
    for area, row in rows().items():
        sets, needs, after = (", ".join(f"`{name}`" for name in names) or "–" for names in (row.sets, row.requires, row.after))
        lines.append(
            f"| `{area}`{'' if row.default else ' (off unless it is switched on)'} | {sets} | {needs} | {after} | {row.description} |"
        )
    return lines


def _rows(raw: Mapping[str, Any], path: str, layers: list[str], required: bool) -> Iterator[str]:
    """One row for each key below ``raw``, depth first."""
    part = schema().resolve(raw)
    if part.get("x-partial"):
        return
    if isinstance(part.get("additionalProperties"), Mapping):
        yield from _row(part["additionalProperties"], f"{path}.<name>", layers, False)
    for key, child in part.get("properties", {}).items():
        yield from _row(child, f"{path}.{key}", layers, key in part.get("required", ()))


def _row(raw: Mapping[str, Any], path: str, layers: list[str], required: bool) -> Iterator[str]:
    part = schema().resolve(raw)
    own = part.get("x-layers", layers)
    if "x-derived" in part:
        default, where = "", f"*derived* (`{part['x-derived']}`)"
    else:
        default = f"`{json.dumps(part['default'])}`" if "default" in part else "**required**" if required else ""
        if "x-rule" in part:
            default = f"rule `{part['x-rule']}`"
        where = "all" if own == _ALL_LAYERS else ", ".join(own)
    yield f"| `{path}` | {_cell(_kind(part))} | {_cell(default)} | {where} | {_cell(part.get('description', ''))} |"
    yield from _rows(raw, path, own, False)


def _kind(part: Mapping[str, Any]) -> str:
    if "enum" in part:
        return " · ".join(f"`{value}`" for value in part["enum"])
    if part.get("type") == "array":
        return f"list of {_kind(schema().resolve(part.get('items', {})))}"
    if "x-allowed" in part:
        return str(part["x-allowed"])
    kind = part.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
