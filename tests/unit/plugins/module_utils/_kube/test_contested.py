# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declared fields that others changed: rows of a plan, and somebody says whose values they are to have before a run writes."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import refusal
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.test_planner import CONFLICT, Cluster, config


def taken(cluster, manager="helm", key="a"):
    """An object of ours of which somebody took a field."""
    one = cluster.add(config(a="1", b="1"))
    body = cluster.live[one]
    body["data"][key] = "theirs"
    del body["metadata"]["managedFields"][0]["fieldsV1"]["f:data"][f"f:{key}"]
    theirs = {"manager": manager, "operation": "Update", "time": "noon", "fieldsV1": {"f:data": {f"f:{key}": {}}}}
    body["metadata"]["managedFields"].append(theirs)
    body["metadata"]["managedFields"][0]["time"] = "later"
    cluster.answers["x"] = refusal(409, "", {**CONFLICT.causes[0], "field": f".data.{key}"})
    return one


def test_a_plan_shows_what_others_took_as_a_row_beside_all_others():
    cluster = Cluster()
    taken(cluster)
    work = cluster.plan(config(a="1", b="1"), config("y"), check_mode=True)
    conflict, created = work.plan.changes
    assert (conflict.action.value, conflict.fields, conflict.impact.value) == ("conflict", ("data.a",), "safe")
    assert conflict.reason == "data.a changed by 'helm' at noon"
    assert conflict.as_result()["held_by"] == [{"manager": "helm", "time": "noon", "fields": ["data.a"]}]
    assert (conflict.before, conflict.after) == ({"data.a": "theirs"}, {"data.a": "1"})
    assert created.action.value == "create" and "held_by" not in created.as_result()
    assert work.plan.counts["conflict"] == 1


def test_a_run_that_would_write_is_refused_where_others_hold_what_is_declared_unless_it_leaves_or_takes_that():
    cluster = Cluster()
    one = taken(cluster)
    with pytest.raises(RefusedError) as refused:
        cluster.plan(config(a="1", b="1"), config("y"), variables={"conflicts": "platform_conflicts"})
    message = refused.value.message
    assert "1 object(s) have declared fields that others changed; nothing was written" in message
    assert "ConfigMap/n/x (file.yml): data.a changed by 'helm' at noon" in message
    assert "force_conflicts: ['helm']" in message and "platform_conflicts: leave" in message
    assert [row["action"] for row in refused.value.details["plan"]] == ["conflict", "create"]
    left = cluster.plan(config(a="1", b="1"), config("y"), conflicts="leave")
    assert [change.action.value for change in left.plan.changes] == ["conflict", "create"]
    assert not left.findings[one].writes and left.plan.changed
    alone = Cluster()
    taken(alone)
    assert not alone.plan(config(a="1", b="1"), conflicts="leave").plan.changed


@pytest.mark.parametrize(
    ("force", "action"),
    [
        (("helm",), "update"),
        (("ConfigMap/n/x data.a",), "update"),
        (("ConfigMap/n/x data",), "update"),
        (("ConfigMap/n/x data.b",), "conflict"),
        (("ConfigMap/n/other data.a",), "conflict"),
        (("somebody",), "conflict"),
    ],
)
def test_a_field_is_taken_from_a_manager_or_at_a_place_that_is_named(force, action):
    cluster = Cluster()
    taken(cluster)
    work = cluster.plan(config(a="1", b="1"), check_mode=True, force_conflicts=force, remove_foreign=force)
    assert [change.action.value for change in work.plan.changes] == [action]
    assert work.plan.changes[0].fields == ("data.a",)


def test_what_a_plan_takes_back_is_part_of_what_is_approved():
    def digest(**request):
        cluster = Cluster()
        taken(cluster)
        return cluster.plan(config(a="1", b="1"), check_mode=True, **request).plan.digest

    assert digest(force_conflicts=("helm",)) != digest()


def test_every_problem_of_every_object_is_told_at_once():
    cluster = Cluster()
    taken(cluster)
    cluster.answers["y"] = refusal(422, "is invalid")
    with pytest.raises(InputError) as problem:
        cluster.plan(config(a="1", b="1"), config("y"))
    message = problem.value.message
    assert "2 object(s) cannot be applied; nothing was written" in message
    assert "ConfigMap/n/x (file.yml): data.a changed by 'helm' at noon" in message
    assert "ConfigMap/n/y (file.yml): PATCH /path: 422 is invalid" in message
