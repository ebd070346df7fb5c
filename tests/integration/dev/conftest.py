# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rehearsal of dev that the tests of this folder share."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES
from ansible_collections.gantry.platform.tests.integration.runs import rehearsed


@pytest.fixture(scope="package")
def dev():
    """A test leaves what it declares as it found it."""
    with rehearsed(INSTANCES / "dev", "dev", "dev-euw1") as runs:
        yield runs
