# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests a process gets: what the shipped inventories declare is rendered once, by the worker that has all tests of roles."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.gantry.platform.tests.kit.sharing import ByFolder
from xdist.remote import Producer

ROLES = Path(__file__).resolve().parent / "roles"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    return ByFolder(config, log, ["tests/unit/roles"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What one worker has most of comes first, so that the other one ends with it."""
    items.sort(key=lambda item: not item.path.is_relative_to(ROLES))
