# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.identity import renewal

MADE = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
DAYS = datetime.timedelta(days=1)


@pytest.mark.parametrize(("lasts", "renewed_after"), [(90, 60), (60, 40), (2, 4 / 3), (45, 30)])
def test_what_the_cluster_gave_for_less_is_not_renewed_in_every_run(lasts, renewed_after):
    noted = {"made": MADE.isoformat(), "days": 90, "expires": (MADE + 90 * DAYS).isoformat()}
    kubeconfig = {"extensions": [{"name": "gantry.dev/expires", "extension": noted}]}
    assert renewal(kubeconfig, MADE + lasts * DAYS, 30 * DAYS) == MADE + renewed_after * DAYS


@pytest.mark.parametrize("kubeconfig", [{}, {"extensions": [{"name": "gantry.dev/expires", "extension": {"expires": "2026-12-01"}}]}])
def test_one_that_does_not_say_when_it_was_made_is_renewed_by_its_end(kubeconfig):
    assert renewal(kubeconfig, MADE + 90 * DAYS, 30 * DAYS) == MADE + 60 * DAYS
