# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._run.approval import compare, read_approved
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report, make_note
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import applied, change, meta, plan_of, planned

NAMESPACE = change("Namespace/-/cortex")
ENGINE = change("Deployment.apps/cortex/engine", "update", "restart", fields=["spec.template.spec.containers[name=engine].image"])


def test_the_same_plan_passes():
    approved = plan_of(a=planned(NAMESPACE, ENGINE), b=planned(unchanged=3))
    now = build_report(
        meta("apply", run="run-2", created="2026-11-24T11:00:00Z"), {"a": planned(NAMESPACE, ENGINE), "b": planned(unchanged=3)}
    )
    assert read_approved(approved, "plan.json", approved["digest"]) is approved
    assert compare(approved, now) is None


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"a": planned(NAMESPACE)}, "a: update Deployment.apps/cortex/engine was approved and is not needed now"),
        (
            {"a": planned(NAMESPACE, ENGINE, change("Secret/cortex/key", "delete", "disruptive", reason="declared no more"))},
            "a: delete Secret/cortex/key [disruptive] was not approved (declared no more)",
        ),
        ({"a": planned(NAMESPACE, {**ENGINE, "action": "replace", "impact": "disruptive"})}, "now replace [disruptive]"),
        ({"a": planned(NAMESPACE, {**ENGINE, "fields": ["spec.strategy"]})}, "now update [restart] spec.strategy"),
        ({"a": planned(NAMESPACE, ENGINE, values="other")}, "the same objects and fields, with other values or a recreated object"),
        ({"a": planned(NAMESPACE, ENGINE, uid="uid-2")}, "another cluster (approved uid uid-1, now uid-2)"),
        ({"a": planned(NAMESPACE, ENGINE), "b": planned()}, "b: in this run, but not approved"),
        ({"b": planned(NAMESPACE, ENGINE)}, "a: approved, but not in this run"),
    ],
)
def test_each_difference_is_refused_by_name(now, words):
    with pytest.raises(RefusedError) as refusal:
        compare(plan_of(a=planned(NAMESPACE, ENGINE)), build_report(meta("apply"), now))
    assert words in refusal.value.message
    assert "nothing was written" in refusal.value.message


@pytest.mark.parametrize(
    ("key", "value", "words"), [("environment", "staging", "now staging"), ("areas", ["workloads"], "approved all areas, now workloads")]
)
def test_another_environment_or_area_is_refused(key, value, words):
    with pytest.raises(RefusedError, match=words):
        compare(plan_of(a=planned(NAMESPACE)), build_report(meta("apply", **{key: value}), {"a": planned(NAMESPACE)}))


def test_many_differences_are_cut_short():
    many = [change(f"ConfigMap/cortex/{number:03}") for number in range(100)]
    with pytest.raises(RefusedError) as refusal:
        compare(plan_of(a=planned()), plan_of(a=planned(*many)))
    assert "a: and 80 more" in refusal.value.message


def test_only_a_whole_untouched_plan_can_be_approved():
    plan = plan_of(a=planned(NAMESPACE))
    edited = copy.deepcopy(plan)
    edited["hosts"]["a"]["digest"] = plan_of(a=planned(ENGINE))["hosts"]["a"]["digest"]
    done = build_report(meta("site", applied=True), {"a": applied(NAMESPACE)})
    drift = build_report(meta("drift"), {"a": [make_note("drift", "1", "", {})]})
    for bad, words in [
        (edited, "was edited after it was made"),
        (done, "has status 'applied'"),
        (plan_of(a=[]), "has status 'incomplete'"),
        (drift, "is a drift report"),
        ({"schema": "other"}, "is not a plan of this collection"),
        ([], "is not a plan of this collection"),
    ]:
        with pytest.raises(InputError, match=words):
            read_approved(bad, "plan.json")


def test_another_digest_than_the_approved_one_is_refused():
    with pytest.raises(InputError, match="approved was sha256:other"):
        read_approved(plan_of(a=planned(NAMESPACE)), "the store", "sha256:other")
