# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a component of the catalogue cannot do without: values of its chart, and Secrets beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def missing(entry: Mapping[str, Any], component: Mapping[str, Any]) -> list[str]:
    """What a component's settings lack of what its entry in the catalogue requires, each with the words to write.

    A required value or Secret is not needed where the value that ``unless`` names is said. Values of the catalogue count as said.
    """
    values = [component.get("values"), entry.get("values")]
    found = []
    for row in entry.get("required") or ():
        if row.get("unless") and _at(component.get("values"), str(row["unless"])) is not None:
            continue
        if "value" in row and all(_at(own, str(row["value"])) in (None, "", [], {}) for own in values):
            example = _pasted(("values", *str(row["value"]).split(".")), row.get("example"))
            found.append(f"values.{row['value']} is missing: {row['meaning']}; for example {example}")
        elif "secret" in row:
            given = component.get("secrets")
            given = given.get(row["secret"]) if isinstance(given, Mapping) else None
            lacking = [key for key in row["keys"] if not isinstance(given, Mapping) or key not in given]
            if lacking:
                example = _pasted(("secrets", row["secret"]), {key: "env:NAME" for key in lacking})
                found.append(f"secrets.{row['secret']} lacks {', '.join(lacking)}: {row['meaning']}; for example {example}")
    return found


def unfitting(name: str, catalog: Mapping[str, Any], sources: Mapping[str, str]) -> list[str]:
    """Why the definitions that others bring are too old for a component's chart; ``sources`` are those of the enabled components."""
    found = []
    for other, lowest in (catalog[name].get("definitions") or {}).items():
        entry, source = catalog.get(other) or {}, sources.get(other)
        comes = ((entry.get("tested") or [""])[-1] if source == "crds" else (entry.get("chart") or {}).get("app")) or ""
        if source and comes and _number(comes) < _number(lowest):
            cure = "give it source: upstream" if source == "crds" else "pin a newer chart of it"
            found.append(
                f"its chart needs the definitions of {other} {lowest} or newer, and by source: {source} they come as {comes}; {cure}"
            )
    return found


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.lstrip("v").split(".")[:2])


def requirements(entry: Mapping[str, Any]) -> list[str]:
    """The catalogue's words about what a component cannot do without."""
    return [
        (f"values.{row['value']}" if "value" in row else f"secrets.{row['secret']} ({', '.join(row['keys'])})")
        + f": {row['meaning']}"
        + (f"; not where values.{row['unless']} is said" if row.get("unless") else "")
        for row in entry.get("required") or ()
    ]


def sample(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with an example of everything that is required."""
    found: dict[str, Any] = {}
    for row in entry.get("required") or ():
        if "secret" in row:
            found.setdefault("secrets", {})[row["secret"]] = {key: "env:NAME" for key in row["keys"]}
            continue
        here = found.setdefault("values", {})
        *parents, last = str(row["value"]).split(".")
        for part in parents:
            here = here.setdefault(part, {})
        here[last] = row.get("example")
    return found


def _at(values: Any, path: str) -> Any:
    for part in path.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def _pasted(path: tuple[str, ...], value: Any) -> str:
    """``values: {a: {b: 1}}`` in one line."""
    for part in reversed(path[1:]):
        value = {part: value}
    return f"{path[0]}: {json.dumps(value)}"
