# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What is made anew under another name, and what goes for it: one move in two rows, since no object's name can be changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..form.kinds import Ref


def moves(going: Iterable[Ref], coming: Collection[Ref], renamed: Mapping[str, str]) -> dict[Ref, Ref]:
    """Object that goes → the one of its kind that comes in its place, in its namespace or in another one."""
    found: dict[Ref, Ref] = {}
    for ref in going:
        for name in _names(ref.name, renamed):
            inside = [one for one in coming if one._replace(namespace="") == ref._replace(name=name, namespace="")]
            near = [one for one in inside if one.namespace in {ref.namespace, *_names(ref.namespace, renamed)}]
            if near:
                found[ref] = near[0]
    return found


def _names(name: str, renamed: Mapping[str, str]) -> list[str]:
    """What it would be called now: an object is named as the thing that it is of, or begins with that."""
    return [now + name[len(former) :] for former, now in renamed.items() if name == former or name.startswith(f"{former}-")]
