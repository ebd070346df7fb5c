# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rehearsal of dev that the tests of this folder share, by a copy of its inventory that has no components and measures nothing.

How a run ends and what a release is does not depend on how much there is, and every run of less is quicker.
"""

from __future__ import annotations

import shutil

import pytest
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES
from ansible_collections.gantry.platform.tests.integration.runs import ROOT, rehearsed
from ansible_collections.gantry.platform.tests.kit.copied import make_bare


@pytest.fixture(scope="package")
def inventories(tmp_path_factory):
    """The folder of the copy."""
    copied = shutil.copytree(ROOT / "inventories", tmp_path_factory.mktemp("bare") / "inventories")
    make_bare(copied)
    return copied


@pytest.fixture(scope="package")
def dev(inventories):
    """A test leaves what it declares as it found it."""
    with rehearsed(INSTANCES / "bare", inventories / "dev.yml", "dev-euw1") as runs:
        yield runs
