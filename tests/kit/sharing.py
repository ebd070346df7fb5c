# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests one worker gets, so that what is dear is made once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling


class ByFolder(LoadFileScheduling):
    """A file is one worker's, and so is a folder of ``whole`` with all below it, by its path as pytest writes it."""

    def __init__(self, config: pytest.Config, log: Producer, whole: Sequence[str]) -> None:
        super().__init__(config, log)
        self._whole = whole

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in self._whole if nodeid.startswith(f"{folder}/")), super()._split_scope(nodeid))
