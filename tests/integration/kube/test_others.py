# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others added is said and can be taken out; what cannot be compared hides nothing; what runs already is not disturbed unsaid."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    IMAGE,
    config_map,
    deployment,
    identity,
    job,
    namespace_of,
    one_set,
    quota,
    service,
    unused_name,
)
from ansible_collections.gantry.platform.tests.kit.waiting import until

ENFORCE = "pod-security.kubernetes.io/enforce"


def added_by_others(cluster, app, settings, shop):
    """Additions of two strangers to three of our objects."""
    (ours,) = app["spec"]["template"]["spec"]["containers"]
    side = {"name": "side", "image": IMAGE, "resources": {"limits": {"cpu": "1"}}, "env": [{"name": "X", "value": "1"}]}
    containers = [side, {**ours, "env": [*ours["env"], {"name": "DEBUG", "value": "1"}]}]
    cluster.edit(app, {"spec": {"template": {"spec": {"containers": containers}}}, "metadata": {"labels": {"who": "me"}}}, "kubectl-patch")
    cluster.edit(settings, {"data": {"extra.yml": "1"}}, "kubectl-patch")
    cluster.edit(shop, {"metadata": {"annotations": {"example.com/a": "b"}}}, "other-tool")


@pytest.fixture
def added(cluster, namespace):
    objects = deployment(namespace, env={"A": "1"}), config_map(namespace), service(namespace)
    wanted = one_set("s", namespace, *objects)
    cluster.run(wanted, wait=False).ok()
    added_by_others(cluster, *objects)
    return wanted, [identity(one) for one in objects]


@pytest.mark.parametrize("verify", ["recorded", "full"])
def test_each_addition_is_one_row_that_says_what_it_is_and_what_its_removal_costs(cluster, added, verify):
    wanted, (app, settings, shop) = added
    found = cluster.run(wanted, check=True, verify=verify, foreign="report", force_conflicts=True).ok()
    assert {(row["id"], row["what"], row["impact"], row["manager"]) for row in found.result["foreign"]} == {
        (app, "container side added", "restart", "kubectl-patch"),
        (app, "env entry DEBUG added", "restart", "kubectl-patch"),
        (app, "label who added", "safe", "kubectl-patch"),
        (settings, "key extra.yml added", "safe", "kubectl-patch"),
        (shop, "annotation example.com/a added", "safe", "other-tool"),
    }
    assert found.planned == {} and len(found.result["foreign"]) == 5


def test_what_a_manager_added_is_taken_out_by_his_name(cluster, added):
    wanted, (app, settings, shop) = added
    plan = cluster.run(wanted, check=True, remove_foreign=["kubectl-patch"]).ok()
    assert plan.planned == {app: "update", settings: "update"}
    assert plan.change(app)["impact"] == "restart"
    assert "takes away metadata.labels.who, spec.template" in plan.change(app)["reason"]
    refused = cluster.run(wanted, remove_foreign=["kubectl-patch"], allowed_impact=["safe"])
    assert "impact restart are not allowed" in refused.message and refused.writes == []
    done = cluster.run(wanted, remove_foreign=["kubectl-patch"], wait=False, approved_digest=plan.result["digest"]).ok()
    assert done.written == {app, settings}
    containers = cluster.get(app)["spec"]["template"]["spec"]["containers"]
    assert [(one["name"], one["env"]) for one in containers] == [("app", [{"name": "A", "value": "1"}])]
    assert cluster.get(settings)["data"] == {"colour": "red"} and "who" not in cluster.get(app)["metadata"]["labels"]
    assert cluster.get(shop)["metadata"]["annotations"] == {"example.com/a": "b"}
    assert cluster.run(wanted, remove_foreign=["kubectl-patch"], wait=False).ok().tried == []
    left = cluster.run(wanted, check=True, verify="full", foreign="report").ok()
    assert {row["id"] for row in left.result["foreign"]} == {shop}


def test_an_addition_is_taken_out_by_object_and_path_as_drift_shows_them(cluster, added):
    wanted, (app, settings, shop) = added
    found = cluster.run(wanted, check=True, verify="full", foreign="report", force_conflicts=True).ok()
    names = [f"{row['id']} {row['path']}" for row in found.result["foreign"]]
    done = cluster.run(wanted, remove_foreign=names, wait=False).ok()
    assert done.written == {app, settings, shop}
    again = cluster.run(wanted, remove_foreign=names, wait=False).ok()
    assert (again.writes, again.planned) == ([], {})
    left = cluster.run(wanted, check=True, verify="full", foreign="report").ok()
    assert (left.result["foreign"], left.planned) == ([], {})


def test_what_left_no_trace_is_taken_out_by_its_path(cluster, namespace):
    settings = config_map(namespace)
    wanted = one_set("s", namespace, settings)
    cluster.run(wanted).ok()
    fields = cluster.get(settings)["metadata"]["managedFields"]
    cluster.edit(settings, {"data": {"hidden": "1"}})
    cluster.admin.json_patch(cluster.path(settings), [{"op": "replace", "path": "/metadata/managedFields", "value": fields}], "x")
    found = cluster.run(wanted, check=True, verify="full", foreign="report").ok()
    (row,) = found.result["foreign"]
    assert (row["path"], row["manager"]) == ("data.hidden", "not recorded in managedFields")
    cluster.run(wanted, remove_foreign=[f"{row['id']} {row['path']}"]).ok()
    assert cluster.get(settings)["data"] == {"colour": "red"}


def test_what_is_declared_is_not_taken_out_by_its_path(cluster, namespace):
    settings = config_map(namespace)
    cluster.run(one_set("s", namespace, settings)).ok()
    for path in ("data.colour", "data"):
        refused = cluster.run(one_set("s", namespace, settings), remove_foreign=[f"{identity(settings)} {path}"])
        assert f"{identity(settings)} {path} is declared by" in refused.message and refused.writes == []


# one that cannot be compared


def test_an_object_that_cannot_be_changed_in_place_is_a_row_and_the_rest_is_compared(cluster, namespace):
    app, settings, other = deployment(namespace), config_map(namespace), config_map(namespace, "other")
    cluster.run(one_set("s", namespace, app, settings, other), wait=False).ok()
    cluster.edit(settings, {"data": {"colour": "blue"}})
    cluster.edit(other, {"data": {"extra": "1"}})
    app["spec"]["selector"]["matchLabels"] = app["spec"]["template"]["metadata"]["labels"] = {"app": "new"}
    wanted = one_set("s", namespace, app, settings, other)
    drift = cluster.run(wanted, check=True, verify="full", foreign="report", force_conflicts=True).ok()
    assert drift.planned == {identity(app): "blocked", identity(settings): "update"}
    assert "spec.selector cannot be changed in place" in drift.change(identity(app))["reason"]
    assert [(row["id"], row["path"]) for row in drift.result["foreign"]] == [(identity(other), "data.extra")]
    plan = cluster.run(wanted, check=True, force_conflicts=True)
    assert "1 object(s) cannot be applied" in plan.message
    assert {change["id"]: change["action"] for change in plan.error.details["plan"]} == drift.planned


def test_an_object_that_the_server_refuses_is_a_row_and_the_rest_is_compared(cluster, namespace):
    once, settings, shop = job(namespace), config_map(namespace), service(namespace)
    cluster.run(one_set("s", namespace, settings, shop), wait=False).ok()
    shop["spec"]["ports"][0]["port"] = 99999
    once["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    drift = cluster.run(one_set("s", namespace, settings, shop, once), check=True, verify="full", foreign="report").ok()
    assert drift.planned == {identity(once): "blocked", identity(shop): "blocked"}
    assert "spec.ports[0].port" in drift.change(identity(shop))["reason"]


# what runs already


def wall(namespace, **labels):
    spec = {"podSelector": {"matchLabels": labels} if labels else {}, "policyTypes": ["Ingress", "Egress"]}
    name = "-".join(["wall", *labels.values()])
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


@pytest.fixture
def running(cluster):
    """A namespace of somebody else's with a pod that runs, and a note on it."""
    name = unused_name("running")
    place = namespace_of(name)
    place["metadata"]["annotations"] = {"theirs": "1"}
    cluster.admin.create("/api/v1/namespaces", place, "kubectl-create")
    until(lambda: cluster.find(f"ServiceAccount/{name}/default"), "the account")
    cluster.run(definition=[deployment(name, replicas=1)]).ok()
    return name


def test_adopting_a_namespace_in_which_pods_run_is_disruptive(cluster, running):
    place = namespace_of(running, **{ENFORCE: "restricted"})
    wanted = one_set("s", running, place, wall(running), quota(running, pods="3"))
    plan = cluster.run(wanted, check=True, adopt=["kubectl-create"]).ok()
    assert {change["id"]: change["impact"] for change in plan.result["plan"]} == {
        f"Namespace/-/{running}": "disruptive",
        identity(wall(running)): "disruptive",
        identity(quota(running)): "disruptive",
    }
    assert "metadata.annotations.theirs" in plan.change(f"Namespace/-/{running}")["fields"]
    assert "takes away metadata.annotations.theirs" in plan.change(f"Namespace/-/{running}")["reason"]
    refused = cluster.run(wanted, adopt=["kubectl-create"], allowed_impact=["safe", "restart"])
    assert "impact disruptive" in refused.message and refused.writes == []


def test_what_hems_in_no_running_pod_anew_is_safe(cluster, running):
    cluster.run(one_set("s", running, wall(running))).ok()
    more = [wall(running, app="app"), wall(running, app="none-yet"), namespace_of(running, **{ENFORCE: "privileged"})]
    plan = cluster.run(one_set("s", running, wall(running), *more), check=True, adopt=["kubectl-create"]).ok()
    assert {change["impact"] for change in plan.result["plan"]} == {"safe"} and len(plan.result["plan"]) == 3


def test_the_same_in_a_namespace_of_this_run_is_safe(cluster, namespace):
    name = unused_name("fresh")
    documents = [namespace_of(name, **{ENFORCE: "restricted"}), wall(name), quota(name, pods="3")]
    plan = cluster.run(one_set("s", namespace, *documents), check=True).ok()
    assert {change["impact"] for change in plan.result["plan"]} == {"safe"}
