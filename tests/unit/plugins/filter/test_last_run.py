# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.gantry.platform.plugins.filter.last_run import FilterModule


def test_the_filter_tells_of_a_cluster_without_a_record():
    assert FilterModule().filters()["last_run"](None, "prod-euw1") == ["prod-euw1: no run has changed this cluster yet"]
