# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""How often a process of a run looks for garbage: as Python begins, it is an eighth of what ansible-playbook does."""

from __future__ import annotations

import functools
import gc
import os

_COLLECTS = (50_000, 20, 20)
"""How many new objects it takes to look for garbage: a parsed set of definitions alone is a hundred thousand that all stay."""


def keep_what_is_there() -> None:
    """What this process has by now stays: plugins, the inventory, what a task's process inherited. For garbage it looks more seldom from here on.

    A collection would find none there, and a page that it writes its marks on is no longer shared with the process that was copied.
    """
    _keep(os.getpid())


@functools.lru_cache(maxsize=1)
def _keep(process: int) -> None:
    """Once for each process: what a loop of a task leaves between two items may well be garbage."""
    gc.freeze()
    gc.set_threshold(*_COLLECTS)
