# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What taking a component over would change, as far as that can be told without its chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .._core.pod_security import LEVELS
from .checks import Level
from .components import Found, versions
from .seen import Json

_LETTING_GO = {
    "Helm": "its release stays as a record, or is retired, without a restart",
    "Argo CD": "its automatic sync goes off first, else it writes back",
    "Flux": "is suspended first, else it writes back",
    "Terraform": "is taken out of the state first, else its next run writes back",
}


def adopting(found: Found, entry: Json, levels: Sequence[Level]) -> Iterator[str]:
    """One line each: its version, its namespaces' levels, and who has to let go of it."""
    mine, ours = versions(found, entry)
    if ours and mine != ours:
        yield f"{mine or 'an unknown version'} becomes {ours}"
    usual = entry.get("pod_security") or LEVELS[1]
    for level in levels:
        if level.namespace not in found.namespaces:
            continue
        wanted = max(usual, level.needed, key=LEVELS.index)
        if wanted != level.enforced:
            yield f"namespace {level.namespace} enforces {wanted} in place of {level.enforced or 'nothing'}"
        if LEVELS.index(level.needed) > LEVELS.index(usual):
            yield f"pods in {level.namespace} need more than the catalogue's {usual}: {', '.join(level.because)}"
    for writer in sorted(found.writers):
        if writer.tool in _LETTING_GO:
            yield f"{' '.join(filter(None, writer))}: {_LETTING_GO[writer.tool]}"
