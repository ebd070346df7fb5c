# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows
from ansible_collections.gantry.platform.tests.kit.scenario import changes_by_run

ALONE = [row.role for row in rows().values() if row.on == "cluster" and not row.sandbox and not row.sandbox_of_each]
PASSES = ("check on nothing", "converge", "idempotence", "check")


def test_check_mode_and_the_second_run_wrote_nothing():
    runs = changes_by_run()
    order = [(one, role) for one in PASSES for role in ALONE]
    wrote = {place for place, run in zip(order, runs, strict=True) if run}
    # Definitions are an administrator's, who applied them when the control plane was prepared.
    assert wrote == {("converge", role) for role in ALONE if role != "component"}
