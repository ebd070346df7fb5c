# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""For whoever looks at a model that may not be valid yet, and for what numbers its texts stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._core.schema import Path, Problem
from .._core.suggest import did_you_mean

Json = dict[str, Any]
Say = Callable[..., None]
"""Sets a derived value: (path, value, rule, *sources)."""

_UNITS = {"Ki": 1024.0, "Mi": 1024.0**2, "Gi": 1024.0**3, "Ti": 1024.0**4, "m": 0.001}


def mapping(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    """``value[key]`` where that is a mapping, or an empty one: for looking at what may not be valid yet."""
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def entries(model: Mapping[str, Any], part: str) -> dict[str, dict[str, Any]]:
    """The named entries of a part, as far as they are mappings."""
    return {name: entry for name, entry in mapping(model, part).items() if isinstance(entry, dict)}


def unknown(
    path: Path, kind: str, name: Any, known: Mapping[str, Any] | list[str], at_key: bool = False, home: Path = ()
) -> Iterator[Problem]:
    """A problem where ``name`` is text and not one of the ``known``, which stand at ``home``."""
    if isinstance(name, str) and name not in known:
        allowed = ", ".join(sorted(known)) or "none is declared"
        yield Problem(path, f"found the unknown {kind} {name!r}; allowed: {allowed}{did_you_mean(name, known)}", at_key, home=home)


def seconds(duration: Any) -> float:
    """A duration in seconds; 0 where it is none (the schema says so)."""
    text = str(duration)
    for unit, factor in (("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)):
        number = text.removesuffix(unit)
        if number != text and number.isdigit():
            return float(number) * factor
    return 0.0


def amount(quantity: Any) -> float:
    """A Kubernetes quantity in CPUs or bytes; 0 where it is none (the schema says so)."""
    text = str(quantity)
    for unit, factor in _UNITS.items():
        if text.endswith(unit):
            return amount(text.removesuffix(unit)) * factor
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0
