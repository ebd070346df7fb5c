# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox with every area that exists once, and the stand-ins of their APIs, that the tests of this folder share."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES
from ansible_collections.gantry.platform.tests.integration.once.standins import AREAS, Once
from ansible_collections.gantry.platform.tests.integration.runs import conforms


@pytest.fixture(scope="package")
def once():
    """Planned while every account was empty (``planned``), then after one run (``applied``)."""
    made = Once(INSTANCES / "once")
    made.remove()
    try:
        code, output = made.command("ansible-playbook", *made.words("molecule/shared/prepare.yml", platform_area=[]))
        assert code == 0, output
        code, output, planned = made.play("plan")
        assert code == 0, output
        made.planned = conforms(planned)["changes"]
        made.written_by_the_plan = {api: made.writes(api) for api in AREAS.values()}
        code, output, applied = made.play("site")
        assert code == 0, output
        assert (conforms(applied)["status"], applied["hosts"]["sandbox"]["verified"]) == ("applied", True)
        made.applied = applied["changes"]
        yield made
    finally:
        made.remove()
