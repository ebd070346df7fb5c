# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sandboxes that a test made: taking them away proves nothing, and needs no Ansible around it."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.gantry.platform.plugins.module_utils._sandbox.build import cache_folder
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.data import Definitions
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.instance import Instance

ROLE = Path(__file__).resolve().parents[2] / "roles" / "sandbox"


def remove(folder: Path) -> None:
    """End all that runs in the instance in ``folder``, if there is one, and remove what it left."""
    every = Definitions([ROLE])
    Instance(folder, every.select(sorted(every.areas)).servers, cache_folder(os.environ).parent).remove()
