# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests a process gets: what the shipped inventories declare is rendered once, by the worker that has all tests of roles."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.gantry.platform.tests.kit.sharing import ByFolder
from xdist.remote import Producer

HERE = Path(__file__).resolve().parent
FIRST = ("roles", "plugins/module_utils/_rest/test_every_api.py")
"""What takes longest, so that no worker is left with it while the other one has nothing to do."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    return ByFolder(config, log, ["tests/unit/roles"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: [not item.path.is_relative_to(HERE / one) for one in FIRST])
