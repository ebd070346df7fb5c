# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where records stand in tests of every API that is a table."""

from __future__ import annotations

import contextlib
import copy

from ansible_collections.gantry.platform.plugins.module_utils._core.lock import TakenError


class Shelf:
    """Records in memory."""

    name, system, breaking, identity = "the record", "what us has", "by hand", ("us",)

    def __init__(self, beside=()):
        self.version, self.content = 0, None
        self.beside = dict(beside)
        """Shelves of other owners, by owner."""
        self.dead = False
        """Whether the run that has it was killed: then not even the lock is given back."""

    def read(self):
        return self.version, copy.deepcopy(self.content)

    def write(self, version, content):
        if self.dead or version != self.version:
            raise TakenError
        self.version, self.content = version + 1, copy.deepcopy(content)
        return self.version

    def others(self):
        return [(owner, shelf.content) for owner, shelf in self.beside.items()]

    def last_words(self):
        return contextlib.nullcontext()
