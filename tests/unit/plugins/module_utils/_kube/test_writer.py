# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writer's decisions that need no server; what it sends is tested on a real one."""

from __future__ import annotations

import contextlib
import types

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import Plan
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.observed import Observed
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.examine import Finding
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.planner import Work
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.requests import ReconcileRequest
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.wanted import HandedOver, Wanted
from ansible_collections.gantry.platform.plugins.module_utils._kube.write import barrier
from ansible_collections.gantry.platform.plugins.module_utils._kube.write.ownership import folded
from ansible_collections.gantry.platform.plugins.module_utils._kube.write.writer import Writer, _changed_strategy, _overridden
from ansible_collections.gantry.platform.tests.kit.clock import Clock
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document, ref, subject


def deployment(**spec):
    return document("Deployment", spec=spec)


@pytest.mark.parametrize(
    ("sent", "got", "paths"),
    [
        ({"image": "a:1"}, {"image": "mirror/a:1"}, {"spec.image"}),
        ({"a": 1}, {"a": 1, "added": 2}, set()),
        ({"a": 1, "gone": 2}, {"a": 1}, set()),
        ({"cpu": "1000m"}, {"cpu": "1"}, set()),
        ({"cpu": 0.5}, {"cpu": "500m"}, set()),
        ({"cpu": 1}, {"cpu": "1"}, set()),
        ({"memory": "1024Mi"}, {"memory": "1Gi"}, set()),
        ({"memory": "1e3"}, {"memory": "1k"}, set()),
        ({"memory": ".5G"}, {"memory": "500M"}, set()),
        ({"cpu": "100m"}, {"cpu": "200m"}, {"spec.cpu"}),
        ({"replicas": 3}, {"replicas": 5}, {"spec.replicas"}),
        ({"version": "1.2.3"}, {"version": "1.2.4"}, {"spec.version"}),
        ({"on": True}, {"on": False}, {"spec.on"}),
        ({"id": "1e99999999"}, {"id": "2e99999999"}, {"spec.id"}),
        ({"items": [{"name": "a", "v": "x"}]}, {"items": [{"name": "new"}, {"name": "a", "v": "y"}]}, {"spec.items[name=a].v"}),
    ],
)
def test_what_admission_made_of_our_values_is_found_and_another_spelling_is_none(sent, got, paths):
    assert _overridden(deployment(**sent), deployment(**got)) == paths


def test_metadata_status_and_the_data_of_secrets_are_not_compared():
    sent = document("Secret", data={"a": "b"}, status={"x": 1})
    got = document("Secret", data={"a": "c"}, status={"x": 2})
    got["metadata"]["labels"] = {"a": "b"}
    assert _overridden(sent, got) == set()


def finding(body, live, seeds=(), former=()):
    return Finding(subject(body, seeds=seeds), Action.UPDATE, live=live, former=list(former))


RECREATE, ROLLING = {"strategy": {"type": "Recreate"}}, {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}


def test_a_change_to_recreate_replaces_the_whole_strategy():
    patch = _changed_strategy(finding(deployment(**RECREATE), deployment(**ROLLING)))
    assert patch == {"op": "replace", "path": "/spec/strategy", "value": {"type": "Recreate"}}


@pytest.mark.parametrize(
    ("body", "live"),
    [
        (deployment(**RECREATE), deployment(**RECREATE)),
        (deployment(**ROLLING), deployment(**RECREATE)),
        (deployment(), deployment(**ROLLING)),
        (deployment(**RECREATE), None),
        (document("Job", spec=RECREATE), document("Job", spec=ROLLING)),
    ],
)
def test_any_other_change_of_strategy_is_applied_as_it_is(body, live):
    assert _changed_strategy(finding(body, live)) is None


def entry(manager, operation="Update", subresource="", **fields):
    return {"manager": manager, "operation": operation, "fieldsV1": fields} | ({"subresource": subresource} if subresource else {})


def live_with(*entries):
    body = deployment()
    body["metadata"] |= {"resourceVersion": "7", "creationTimestamp": "then", "managedFields": list(entries)}
    return body


KUBECTL = entry("kubectl-create", **{"f:spec": {"f:replicas": {}, "f:paused": {}}})
SCALE = entry("kubectl-create", subresource="scale", **{"f:spec": {"f:replicas": {}}})
OTHER = entry("other", **{"f:data": {}})
OURS = entry("us", "Apply", **{"f:spec": {"f:template": {}}})


def test_former_managers_are_folded_into_our_entry_and_all_others_stay():
    test, replace = folded(live_with(KUBECTL, SCALE, OTHER, OURS), finding(deployment(), None, former=[KUBECTL]), "us")
    assert test == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}
    tree = {"f:spec": {"f:replicas": {}, "f:paused": {}, "f:template": {}}}
    assert (replace["path"], replace["value"]) == ("/metadata/managedFields", [SCALE, OTHER, {**OURS, "fieldsV1": tree}])
    assert OURS["fieldsV1"] == {"f:spec": {"f:template": {}}}


def test_who_owns_nothing_yet_gets_an_entry_of_his_own():
    _test, replace = folded(live_with(KUBECTL), finding(deployment(), None, former=[KUBECTL]), "us")
    (ours,) = replace["value"]
    assert (ours["manager"], ours["operation"], ours["apiVersion"], ours["fieldsV1"]) == ("us", "Apply", "apps/v1", KUBECTL["fieldsV1"])


def test_a_handed_over_field_is_not_taken_over_so_that_it_keeps_its_value():
    seeds = [HandedOver(ref("Deployment"), ("spec", "replicas"), 1)]
    _test, replace = folded(live_with(KUBECTL), finding(deployment(), None, seeds, [KUBECTL]), "us")
    assert replace["value"][0]["fieldsV1"] == {"f:spec": {"f:paused": {}}}
    assert KUBECTL["fieldsV1"]["f:spec"] == {"f:replicas": {}, "f:paused": {}}


def test_there_is_nothing_to_fold_where_nobody_owns_anything():
    with pytest.raises(InputError, match="Deployment.apps/n/x: the former managers own nothing"):
        folded(live_with(OTHER), finding(deployment(), None, former=[KUBECTL]), "us")


def writing(**request):
    """A writer of nothing."""
    client = types.SimpleNamespace(threads=1, pool=types.SimpleNamespace(last_words=contextlib.nullcontext))
    client.guarded = lambda may_write: client
    client.unlimited = lambda: client
    asked, wanted = ReconcileRequest([], **request), Wanted({}, {}, set(), {}, [])
    return Writer(client, None, asked, wanted, Observed(), Work(Plan(), [], {}, [], {}, {}), "us")


def test_written_objects_are_handed_back_in_order_and_secrets_without_their_values():
    writer = writing(wait=False)
    writer._answers = {ref("Secret"): document("Secret", data={"a": "canary"}), ref("ConfigMap"): document("ConfigMap", data={"a": "b"})}
    writer.run()
    assert writer.objects == [document("ConfigMap", data={"a": "b"}), document("Secret", data={"a": "<secret: set>"})]


def test_what_a_stage_brings_is_awaited_for_as_long_as_the_run_may_wait(monkeypatch):
    """A busy server takes longer than half a minute to serve many definitions at once."""
    clock = Clock()
    monkeypatch.setattr(barrier, "time", clock)
    writing(wait_timeout=300)._barriers._until(lambda: clock.passed > 290, "a definition")
    assert clock.passed > 290
