# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A source that holds nothing is more often a mistake than a wish: what would go away by it is asked for by name."""

from __future__ import annotations

from collections.abc import Iterable

from ..._core.errors import RefusedError
from ..form.kinds import Ref
from ..resolve.requests import ReconcileRequest

_SHOWN = 10


def refuse_emptied(request: ReconcileRequest, removals: Iterable[tuple[Ref, str]]) -> None:
    """Raise RefusedError where objects would be deleted from a set that has an empty source, or no document at all, and is not named.

    ``removals`` are (object, set) pairs.
    """
    removed: dict[str, list[str]] = {}
    for ref, name in removals:
        removed.setdefault(name, []).append(ref.id)
    problems = []
    for one in request.sets:
        gone = sorted(removed.get(one.name, ()))
        if not gone or one.name in request.empty_sets or (one.documents and not one.empty):
            continue
        why = "; ".join(one.empty) or "it declares no object"
        more = f" and {len(gone) - _SHOWN} more" if len(gone) > _SHOWN else ""
        problems.append(f"  set {one.name}: {why}; this would delete {', '.join(gone[:_SHOWN])}{more}")
    if problems:
        names = sorted(name for name in removed if name)
        raise RefusedError(
            "a set with an empty source would lose objects; nothing was written. If that is meant, name the set in empty_sets "
            "(in a run of the platform: platform_empty_sets).\n" + "\n".join(problems),
            emptied=names,
        )
