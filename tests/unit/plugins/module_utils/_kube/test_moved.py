# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A name cannot be changed: what goes and what comes in its place are told as one move."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Prune
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import RemovalLimits
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Ref
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.moved import moves
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.test_planner import Cluster, rows

DELETE = Prune("delete", RemovalLimits(20, 100))


def test_a_renamed_service_is_a_move_in_two_rows_with_the_impact_of_its_end():
    cluster = Cluster()
    for name in ("old", "old-vault", "other"):
        cluster.add(document("Deployment", name, spec={}))
    work = cluster.plan(
        document("Deployment", "new", spec={}), document("Deployment", "new-vault", spec={}), prune=DELETE, renamed={"old": "new"}
    )
    place = "Deployment.apps/n"
    assert {(one, action, reason) for one, action, _fields, reason in rows(work)} == {
        (f"{place}/new", "create", f"moves from {place}/old"),
        (f"{place}/new-vault", "create", f"moves from {place}/old-vault"),
        (f"{place}/old", "delete", f"moves to {place}/new"),
        (f"{place}/old-vault", "delete", f"moves to {place}/new-vault"),
        (f"{place}/other", "delete", "declared no more"),
    }
    assert {change.impact.value for change in work.plan.changes if change.action.value == "delete"} == {"disruptive"}


def one(namespace, name, kind="Role"):
    return Ref("", kind, namespace, name)


@pytest.mark.parametrize(
    ("going", "coming", "found"),
    [
        (one("n", "old"), one("n", "new"), True),
        (one("n", "old-a"), one("n", "new-a"), True),
        (one("old", "old"), one("new", "new"), True),
        (one("", "old", "Namespace"), one("", "new", "Namespace"), True),
        (one("n", "older"), one("n", "newer"), False),
        (one("n", "old"), one("elsewhere", "new"), False),
        (one("n", "old"), one("n", "new", "ConfigMap"), False),
    ],
)
def test_what_comes_in_the_place_of_what(going, coming, found):
    assert moves([going], [coming], {"old": "new"}) == ({going: coming} if found else {})
    assert moves([going], [coming], {}) == {}
