# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Tools from which objects are taken over, as a task names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..._core.errors import InputError
from ..._core.suggest import did_you_mean
from ..._core.tools import TOOLS


class Taken(NamedTuple):
    """A tool, and of Helm perhaps one release: its namespace and its name."""

    tool: str
    namespace: str = ""
    name: str = ""


def taken_from(words: Iterable[str]) -> list[Taken]:
    """``helm``, ``helm:shop/web``, ``argocd`` … as they are meant. Raises InputError."""
    found = []
    for word in words:
        tool, colon, rest = word.strip().partition(":")
        namespace, _slash, name = rest.partition("/")
        if tool not in TOOLS:
            raise InputError(
                f"adopt_from: {tool!r} is none of {', '.join(TOOLS)}{did_you_mean(tool, TOOLS)}; other field managers stand in adopt"
            )
        if colon and (tool != "helm" or not namespace or not name):
            raise InputError(f"adopt_from: found {word!r}; allowed: {tool}" + (", or helm:<namespace>/<release>" if tool == "helm" else ""))
        found.append(Taken(tool, namespace, name))
    return found


def managers_of(taken: Iterable[Taken]) -> list[str]:
    """The field managers of these tools."""
    return [manager for one in taken for manager in TOOLS[one.tool]]
