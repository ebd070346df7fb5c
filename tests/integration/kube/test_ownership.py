# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who owns which field: edits of others, conflicts, former managers, fields that a controller takes over."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.cluster import MANAGER
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    IMAGE,
    autoscaler,
    config_map,
    deployment,
    handed_over_replicas,
    identity,
    one_set,
    secret,
    service,
)

SIDECAR = {"name": "sidecar", "image": IMAGE}


def replicas(cluster, namespace):
    return cluster.get(deployment(namespace))["spec"]["replicas"]


def rows(run):
    return {(row["id"], row["path"]): row["manager"] for row in run.result["foreign"]}


def test_an_edited_field_is_put_back_and_its_editor_named(cluster, namespace):
    document = config_map(namespace, colour="red", size="1")
    cluster.run(one_set("s", namespace, document)).ok()
    cluster.edit(document, {"data": {"colour": "blue"}})
    checked = cluster.run(one_set("s", namespace, document), check=True, force_conflicts=True).ok()
    change = checked.change(identity(document))
    assert (change["action"], change["fields"]) == ("update", ["data.colour"])
    assert "data.colour changed by 'intruder' at 20" in change["reason"]
    done = cluster.run(one_set("s", namespace, document), force_conflicts=True).ok()
    assert done.written == {identity(document)}
    assert cluster.get(document)["data"] == {"colour": "red", "size": "1"}
    assert cluster.run(one_set("s", namespace, document)).ok().tried == []


def test_what_others_took_is_a_row_of_the_plan_and_a_run_is_refused_before_its_first_write(cluster, namespace):
    edited, second, new = config_map(namespace), deployment(namespace), config_map(namespace, "new")
    cluster.run(one_set("s", namespace, edited, second)).ok()
    cluster.edit(edited, {"data": {"colour": "blue"}})
    image = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": f"{IMAGE}-other"}
    cluster.admin.json_patch(cluster.path(second), [image], "patcher")
    wanted = one_set("s", namespace, edited, second, new)
    plan = cluster.run(wanted, check=True).ok()
    assert plan.planned == {identity(edited): "conflict", identity(second): "conflict", identity(new): "create"}
    (holder,) = plan.change(identity(second))["held_by"]
    assert (holder["manager"], holder["fields"]) == ("patcher", ["spec.template.spec.containers[name=app].image"]) and holder["time"]
    assert [plan.change(identity(one))["impact"] for one in (edited, second)] == ["safe", "restart"]
    refused = cluster.run(wanted)
    assert "2 object(s) have declared fields that others changed; nothing was written" in refused.message
    assert "data.colour changed by 'intruder' at 20" in refused.message
    assert "force_conflicts: ['intruder', 'patcher']" in refused.message
    assert refused.writes == []
    done = cluster.run(wanted, conflicts="leave", wait=False).ok()
    assert done.written == {identity(new)}
    assert cluster.get(edited)["data"] == {"colour": "blue"}
    taken = cluster.run(wanted, force_conflicts=["patcher", f"{identity(edited)} data.colour"], wait=False).ok()
    assert taken.written == {identity(edited), identity(second)}
    assert cluster.get(edited)["data"] == {"colour": "red"}
    assert cluster.run(wanted, wait=False).ok().tried == []


def test_only_managers_on_the_list_lose_fields(cluster, namespace):
    document = config_map(namespace, a="1", b="1")
    cluster.run(one_set("s", namespace, document)).ok()
    cluster.edit(document, {"data": {"a": "2"}}, "friend")
    cluster.edit(document, {"data": {"b": "2"}}, "stranger")
    refused = cluster.run(one_set("s", namespace, document), force_conflicts=["friend"])
    assert "to take these fields back: force_conflicts: ['stranger']" in refused.message
    assert refused.writes == []
    cluster.run(one_set("s", namespace, document), force_conflicts=["friend", "stranger"]).ok()
    assert cluster.get(document)["data"] == {"a": "1", "b": "1"}


def test_ownership_that_was_lost_with_an_equal_value_is_taken_back(cluster, namespace):
    document = config_map(namespace)
    cluster.run(one_set("s", namespace, document)).ok()
    # Somebody else writes blue and then our own value again: nothing differs, and the field is no longer ours.
    cluster.edit(document, {"data": {"colour": "blue"}})
    cluster.edit(document, {"data": {"colour": "red"}})
    checked = cluster.run(one_set("s", namespace, document), check=True, force_conflicts=True).ok()
    assert checked.planned == {identity(document): "update"}
    cluster.run(one_set("s", namespace, document), force_conflicts=True).ok()
    fields = {entry["manager"]: entry["fieldsV1"] for entry in cluster.get(document)["metadata"]["managedFields"]}
    assert "f:colour" in fields[MANAGER]["f:data"]
    assert cluster.run(one_set("s", namespace, document)).ok().tried == []


def test_additions_of_others_are_found_and_left(cluster, namespace):
    app, settings = deployment(namespace), config_map(namespace)
    wanted = one_set("s", namespace, app, settings, service(namespace))
    cluster.run(wanted).ok()
    containers = [*app["spec"]["template"]["spec"]["containers"], SIDECAR]
    cluster.edit(app, {"spec": {"template": {"spec": {"containers": containers}}}}, "injector")
    cluster.edit(settings, {"data": {"extra": "1"}, "metadata": {"annotations": {"note": "x"}}})
    found = cluster.run(wanted, check=True, foreign="report", force_conflicts=True).ok()
    assert {key: manager for key, manager in rows(found).items() if key[0] == identity(settings)} == {
        (identity(settings), "data.extra"): "intruder",
        (identity(settings), "metadata.annotations.note"): "intruder",
    }
    assert {manager for key, manager in rows(found).items() if key[0] == identity(app)} == {"injector"}
    assert all(key[1].startswith("spec.template.spec.containers[name=sidecar]") for key in rows(found) if key[0] == identity(app))
    assert not [key for key in rows(found) if key[0].startswith("Service/")]


def test_full_verification_finds_what_managed_fields_do_not_tell(cluster, namespace):
    app = deployment(namespace, replicas=None)
    wanted = one_set("s", namespace, app)
    cluster.run(wanted, wait=False).ok()
    cluster.edit(app, {"spec": {"replicas": 5}}, subresource="scale")
    recorded = cluster.run(wanted, check=True, foreign="report").ok()
    assert rows(recorded) == {}
    full = cluster.run(wanted, check=True, verify="full", foreign="report").ok()
    (row,) = full.result["foreign"]
    assert (row["id"], row["path"], row["reason"]) == (identity(app), "spec.replicas", "declared 1, found 5")
    assert full.writes == []


def test_full_verification_of_a_converged_set_finds_nothing(cluster, namespace):
    wanted = one_set("s", namespace, deployment(namespace, replicas=1), config_map(namespace), service(namespace), secret(namespace))
    cluster.run(wanted).ok()
    found = cluster.run(wanted, check=True, verify="full", foreign="report").ok()
    assert (found.result["foreign"], found.planned, found.writes) == ([], {}, [])


def test_fields_of_a_former_manager_become_ours_and_go_away_when_undeclared(cluster, namespace):
    document = config_map(namespace, kept="1", old="1")
    cluster.admin.create(f"/api/v1/namespaces/{namespace}/configmaps", document, "helm")
    wanted = one_set("s", namespace, config_map(namespace, kept="1"))
    checked = cluster.run(wanted, check=True, adopt=["helm"]).ok()
    assert checked.planned == {identity(document): "adopt"}
    assert checked.change(identity(document))["fields"] == ['metadata.labels."applyset.kubernetes.io/part-of"', "data.old"]
    cluster.run(wanted, adopt=["helm"]).ok()
    live = cluster.get(document)
    assert live["data"] == {"kept": "1"}
    assert {entry["manager"] for entry in live["metadata"]["managedFields"]} == {MANAGER}
    assert cluster.run(wanted, adopt=["helm"]).ok().tried == []


def test_a_client_side_apply_is_adopted_with_its_annotation(cluster, namespace):
    document = config_map(namespace, kept="1", old="1")
    document["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    cluster.admin.create(f"/api/v1/namespaces/{namespace}/configmaps", document, "kubectl-client-side-apply")
    wanted = one_set("s", namespace, config_map(namespace, kept="1"))
    cluster.run(wanted, adopt=["kubectl-client-side-apply"]).ok()
    live = cluster.get(document)
    assert live["data"] == {"kept": "1"}
    assert "annotations" not in live["metadata"]


@pytest.mark.parametrize("writer", ["kubectl-client-side-apply", "helm"])
def test_a_former_manager_is_adopted_although_the_record_knows_the_object(cluster, namespace, writer):
    document = config_map(namespace, kept="1", old="1")
    cluster.admin.create(f"/api/v1/namespaces/{namespace}/configmaps", document, writer)
    wanted = one_set("s", namespace, config_map(namespace, kept="1"))
    cluster.run(wanted).ok()
    assert cluster.run(wanted).ok().tried == []
    checked = cluster.run(wanted, check=True, adopt=[writer]).ok()
    assert checked.change(identity(document))["fields"] == ["data.old"]
    cluster.run(wanted, adopt=[writer]).ok()
    live = cluster.get(document)
    assert live["data"] == {"kept": "1"}
    assert {entry["manager"] for entry in live["metadata"]["managedFields"]} == {MANAGER}
    assert cluster.run(wanted, adopt=[writer]).ok().tried == []


@pytest.mark.parametrize("known", [True, False], ids=["recorded", "not-recorded"])
def test_an_object_of_unknown_writers_is_adopted_in_one_run(cluster, namespace, known):
    wanted, adopt = one_set("s", namespace, config_map(namespace, kept="1")), {"adopt": ["before-first-apply"]}
    document = config_map(namespace, kept="1", old="1")
    cluster.admin.create(f"/api/v1/namespaces/{namespace}/configmaps", document, "somebody")
    if known:
        cluster.run(wanted).ok()
    cluster.edit(document, {"metadata": {"managedFields": [{}]}})
    assert not cluster.get(document)["metadata"].get("managedFields")
    checked = cluster.run(wanted, check=True, **adopt).ok()
    assert "data.old" in checked.change(identity(document))["fields"]
    done = cluster.run(wanted, **adopt).ok()
    assert done.result["digest"] == checked.result["digest"]
    live = cluster.get(document)
    assert live["data"] == {"kept": "1"}
    assert {entry["manager"] for entry in live["metadata"]["managedFields"]} == {MANAGER}
    assert cluster.run(wanted, **adopt).ok().tried == []


def test_what_an_earlier_apply_left_to_unknown_writers_is_adopted_too(cluster, namespace):
    wanted = one_set("s", namespace, config_map(namespace, kept="1"))
    document = config_map(namespace, kept="1", old="1")
    cluster.admin.create(f"/api/v1/namespaces/{namespace}/configmaps", document, "somebody")
    cluster.edit(document, {"metadata": {"managedFields": [{}]}})
    cluster.run(wanted).ok()
    assert "before-first-apply" in {entry["manager"] for entry in cluster.get(document)["metadata"]["managedFields"]}
    cluster.run(wanted, adopt=["before-first-apply"]).ok()
    assert cluster.get(document)["data"] == {"kept": "1"}
    assert cluster.run(wanted, adopt=["before-first-apply"]).ok().tried == []


def test_an_object_of_somebody_elses_set_is_refused(cluster, namespace):
    document = config_map(namespace)
    cluster.run(one_set("theirs", namespace, document), owner="others").ok()
    refused = cluster.run(one_set("ours", namespace, document))
    assert "belong to an apply set of somebody else" in refused.message
    assert refused.tried == []


@pytest.fixture
def scaled(cluster, namespace):
    """A set whose Deployment is under an autoscaler that has set five replicas."""
    app = deployment(namespace, replicas=None)
    wanted = one_set("s", namespace, app, autoscaler(namespace), handed_over=[handed_over_replicas(namespace, seed=2)])
    cluster.run(wanted, wait=False).ok()
    return wanted


def test_a_handed_over_field_is_seeded_once(cluster, namespace, scaled):
    assert replicas(cluster, namespace) == 2
    cluster.edit(deployment(namespace), {"spec": {"replicas": 5}}, "autoscaler", subresource="scale")
    again = cluster.run(scaled, wait=False).ok()
    assert (again.tried, replicas(cluster, namespace)) == ([], 5)


def test_a_seed_that_is_the_servers_default_is_not_sent(cluster, namespace):
    wanted = one_set("s", namespace, deployment(namespace, replicas=None), handed_over=[handed_over_replicas(namespace, seed=1)])
    done = cluster.run(wanted, wait=False).ok()
    patches = [request for request in done.sent if request.changes and request.id == identity(deployment(namespace))]
    assert (replicas(cluster, namespace), len(patches)) == (1, 1)


def test_an_update_beside_a_handed_over_field_leaves_it(cluster, namespace, scaled):
    cluster.edit(deployment(namespace), {"spec": {"replicas": 5}}, "autoscaler", subresource="scale")
    scaled["definition"][0]["spec"]["minReadySeconds"] = 3
    done = cluster.run(scaled, wait=False).ok()
    assert done.planned == {identity(deployment(namespace)): "update"}
    assert replicas(cluster, namespace) == 5


def test_handing_over_a_field_that_we_own_keeps_its_live_value(cluster, namespace):
    cluster.run(one_set("s", namespace, deployment(namespace, replicas=3)), wait=False).ok()
    app = deployment(namespace, replicas=None)
    wanted = one_set("s", namespace, app, autoscaler(namespace), handed_over=[handed_over_replicas(namespace, seed=1)])
    done = cluster.run(wanted, wait=False).ok()
    assert replicas(cluster, namespace) == 3
    assert {identity(app), identity(autoscaler(namespace))} >= done.written
    assert cluster.run(wanted, wait=False).ok().tried == []
    assert replicas(cluster, namespace) == 3


def test_full_verification_says_nothing_of_a_handed_over_field(cluster, namespace, scaled):
    cluster.edit(deployment(namespace), {"spec": {"replicas": 5}}, "autoscaler", subresource="scale")
    found = cluster.run(scaled, check=True, verify="full", foreign="report").ok()
    assert (found.result["foreign"], found.planned) == ([], {})
