# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rehearsal of dev that the tests of this folder share."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES
from ansible_collections.gantry.platform.tests.integration.runs import Runs, conforms


@pytest.fixture(scope="package")
def dev():
    """Playbooks on a rehearsal of dev that is kept; ``rehearsed`` is its report. A test leaves what it declares as it found it."""
    made = Runs(INSTANCES / "dev", "dev", "dev-euw1")
    made.remove()
    code, output, made.rehearsed = made.play("rehearse", platform_rehearsal_keep=True)
    try:
        assert code == 0, output
        assert conforms(made.rehearsed)["status"] == "applied", output
        yield made
    finally:
        made.remove()
