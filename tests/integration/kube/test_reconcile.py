# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises of a reconcile: the plan is what happens, check mode changes nothing, a second run writes nothing."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    config_map,
    definition,
    deployment,
    gadget,
    identity,
    job,
    namespace_of,
    one_set,
    role,
    role_binding,
    secret,
    service,
    service_account,
    unused_group,
    unused_name,
)
from ansible_collections.gantry.platform.tests.kit.waiting import until


def mixed(group, home):
    """Everything that a run may have to order: a namespace, a definition, its resource, access, configuration, a workload."""
    return [
        gadget(group, home),
        deployment(home, replicas=2),
        service(home),
        config_map(home),
        secret(home),
        role_binding(home),
        role(home),
        service_account(home),
        definition(group),
        namespace_of(home),
    ]


@pytest.fixture
def everything(namespace):
    group, home = unused_group(), unused_name()
    return one_set("mixed", namespace, *mixed(group, home))


def test_check_mode_on_a_virgin_cluster_lists_everything_and_changes_nothing(cluster, everything):
    checked = cluster.run(everything, check=True).ok()
    assert checked.planned == {identity(document): "create" for document in everything["definition"]}
    assert checked.writes == []
    assert cluster.find(everything["definition"][-1]) is None


def test_what_cannot_be_asked_yet_is_listed_with_the_reason(cluster, everything):
    checked = cluster.run(everything, check=True).ok()
    unverified = {change["id"].partition("/")[0]: change["reason"] for change in checked.result["plan"] if not change["verified"]}
    assert unverified.pop(f"Gadget.{everything['definition'][0]['apiVersion'].partition('/')[0]}") == "crd_pending"
    assert set(unverified.values()) == {"namespace_pending"}
    assert len(unverified) == 7


def test_a_cold_run_does_exactly_what_check_mode_said(cluster, everything):
    checked = cluster.run(everything, check=True).ok()
    done = cluster.run(everything).ok()
    assert done.result["changed"] is True
    assert done.result["digest"] == checked.result["digest"]
    assert done.result["plan"] == checked.result["plan"]
    assert done.written == set(checked.planned)
    assert done.result["counts"]["create"] == len(everything["definition"])
    live = cluster.get(everything["definition"][1])
    assert live["status"]["availableReplicas"] == 2


def test_a_second_run_sends_no_mutating_request_at_all(cluster, everything):
    cluster.run(everything).ok()
    again = cluster.run(everything).ok()
    assert again.result["changed"] is False
    assert again.result["counts"]["unchanged"] == len(everything["definition"])
    assert again.tried == []


def test_check_mode_on_a_converged_cluster_asks_nothing_but_reads(cluster, everything):
    cluster.run(everything).ok()
    checked = cluster.run(everything, check=True).ok()
    assert (checked.result["changed"], checked.tried) == (False, [])
    assert {request.verb for request in checked.sent} <= {"get", "list"}


def test_few_requests_when_nothing_changed(cluster, everything):
    cluster.run(everything).ok()
    again = cluster.run(everything).ok()
    kinds = len({document["kind"] for document in everything["definition"]})
    assert len(again.sent) <= 5 + kinds


def test_a_change_of_one_field_writes_one_object_and_its_record(cluster, namespace):
    documents = [config_map(namespace, f"c{number}", value="1") for number in range(20)]
    cluster.run(one_set("many", namespace, *documents)).ok()
    documents[7]["data"]["value"] = "2"
    done = cluster.run(one_set("many", namespace, *documents)).ok()
    assert done.planned == {identity(documents[7]): "update"}
    assert done.change(identity(documents[7]))["fields"] == ["data.value"]
    assert [request.id for request in done.writes] == [identity(documents[7]), f"Secret/{namespace}/many"]
    assert cluster.get(documents[7])["data"] == {"value": "2"}


def test_a_field_left_out_goes_away(cluster, namespace):
    cluster.run(one_set("s", namespace, config_map(namespace, a="1", b="2"))).ok()
    done = cluster.run(one_set("s", namespace, config_map(namespace, a="1"))).ok()
    assert done.result["plan"][0]["fields"] == ["data.b"]
    assert cluster.get(config_map(namespace))["data"] == {"a": "1"}


def test_a_key_of_stringdata_that_is_left_out_goes_away(cluster, namespace):
    cluster.run(one_set("s", namespace, secret(namespace, a="1", b="2"))).ok()
    cluster.run(one_set("s", namespace, secret(namespace, a="1"))).ok()
    assert set(cluster.get(secret(namespace))["data"]) == {"a"}


def test_many_sets_are_one_plan(cluster, namespace):
    group = unused_group()
    sets = [
        one_set("resources", namespace, gadget(group, namespace)),
        one_set("definitions", namespace, definition(group)),
    ]
    done = cluster.run(*sets).ok()
    assert done.written == {identity(gadget(group, namespace)), identity(definition(group))}
    assert cluster.run(*sets).ok().tried == []


def test_an_object_in_two_sets_is_refused_with_both(cluster, namespace):
    double = config_map(namespace)
    refused = cluster.run(one_set("one", namespace, double), one_set("two", namespace, double))
    assert "set one" in refused.message and "set two" in refused.message
    assert refused.tried == []


def test_only_the_named_sets_are_written_and_all_are_planned_together(cluster, namespace):
    sets = [one_set(name, namespace, config_map(namespace, name)) for name in ("one", "two")]
    done = cluster.run(*sets, apply_sets=["two"]).ok()
    assert done.written == {f"ConfigMap/{namespace}/two"}


@pytest.mark.parametrize("exists", [True, False], ids=["existing namespace", "namespace of this run"])
def test_a_misspelt_field_is_refused_before_the_first_write_with_the_nearest(cluster, namespace, exists):
    home = namespace if exists else unused_name()
    wrong, deep, right = deployment(home), deployment(home, "deep"), deployment(home, "right")
    wrong["spec"]["replica"] = 3
    deep["spec"]["template"]["spec"]["containers"][0]["imagePulPolicy"] = "Always"
    documents = [config_map(home), wrong, deep, right] + ([] if exists else [namespace_of(home)])
    for check in (True, False):
        refused = cluster.run(one_set("s", namespace, *documents), check=check)
        assert "2 object(s) cannot be applied; nothing was written" in refused.message
        assert "spec.replica: field not declared in schema; did you mean 'replicas'?" in refused.message
        assert "imagePulPolicy: field not declared in schema; did you mean 'imagePullPolicy'?" in refused.message
        assert refused.writes == []


def test_an_unknown_kind_is_refused_with_the_nearest(cluster, namespace):
    wrong = {**deployment(namespace), "kind": "Deploymnet"}
    refused = cluster.run(one_set("s", namespace, wrong))
    assert "did you mean 'apps/v1 Deployment'" in refused.message
    assert refused.tried == []


def test_a_namespace_that_nobody_declares_is_refused(cluster, namespace):
    refused = cluster.run(one_set("s", namespace, config_map("nowhere-to-be-found")))
    assert "nowhere-to-be-found: needed by ConfigMap/nowhere-to-be-found/settings" in refused.message
    assert refused.tried == []


def test_an_immutable_field_fails_with_the_cure(cluster, namespace):
    cluster.run(one_set("s", namespace, job(namespace))).ok()
    refused = cluster.run(one_set("s", namespace, job(namespace, command="false")))
    assert "spec.template cannot be changed in place; on_immutable: replace" in refused.message
    assert "false" not in refused.message.replace("on_immutable", "")
    assert refused.writes == []


def test_an_immutable_field_is_replaced_when_asked(cluster, namespace):
    cluster.run(one_set("s", namespace, job(namespace))).ok()
    before = cluster.get(job(namespace))["metadata"]["uid"]
    wanted = one_set("s", namespace, job(namespace, command="false"))
    checked = cluster.run(wanted, check=True, on_immutable="replace").ok()
    assert checked.planned == {f"Job.batch/{namespace}/once": "replace"}
    assert checked.change(f"Job.batch/{namespace}/once")["impact"] == "disruptive"
    done = cluster.run(wanted, on_immutable="replace").ok()
    assert cluster.get(job(namespace))["metadata"]["uid"] != before
    assert done.written == {f"Job.batch/{namespace}/once"}
    assert cluster.run(wanted, on_immutable="replace").ok().tried == []


def test_a_bindings_role_is_replaced_and_only_for_named_kinds(cluster, namespace):
    cluster.run(one_set("s", namespace, role_binding(namespace))).ok()
    wanted = one_set("s", namespace, role_binding(namespace, role_name="writer"))
    refused = cluster.run(wanted, on_immutable="replace", replace_kinds=["Job"])
    assert "replaced only when replace_kinds names RoleBinding" in refused.message
    assert refused.writes == []
    cluster.run(wanted, on_immutable="replace", replace_kinds=["RoleBinding"]).ok()
    assert cluster.get(role_binding(namespace))["roleRef"]["name"] == "writer"


def test_another_strategy_is_reached_in_one_run(cluster, namespace):
    document = deployment(namespace)
    document["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}
    cluster.run(one_set("s", namespace, document)).ok()
    document["spec"]["strategy"] = {"type": "Recreate"}
    cluster.run(one_set("s", namespace, document)).ok()
    assert cluster.get(document)["spec"]["strategy"] == {"type": "Recreate"}
    assert cluster.run(one_set("s", namespace, document)).ok().tried == []


def test_a_job_that_its_ttl_removed_is_done_and_not_missing(cluster, namespace):
    document = job(namespace, ttl=0)
    cluster.run(one_set("s", namespace, document), wait=False).ok()
    until(lambda: cluster.find(document) is None, "the Job to be removed")
    again = cluster.run(one_set("s", namespace, document)).ok()
    assert (again.planned, again.tried) == ({}, [])
    changed = cluster.run(one_set("s", namespace, job(namespace, command="other", ttl=0)), check=True).ok()
    assert changed.planned == {f"Job.batch/{namespace}/once": "create"}


def behind(document, *others):
    """The document, to be written when the others are ready."""
    ids = ",".join(f"Job.batch/{other['metadata']['namespace']}/{other['metadata']['name']}" for other in others)
    return {**document, "metadata": {**document["metadata"], "annotations": {"gantry.dev/depends-on": ids}}}


def test_what_waits_for_a_job_that_its_ttl_took_can_be_changed(cluster, namespace):
    hook = job(namespace, ttl=0)
    first = cluster.run(one_set("s", namespace, hook, behind(deployment(namespace), hook))).ok()
    assert f"Deployment.apps/{namespace}/app" in first.written, "the Job may go while the run still waits"
    until(lambda: cluster.find(hook) is None, "the Job to be removed")
    changed = one_set("s", namespace, hook, behind(deployment(namespace, env={"A": "b"}), hook))
    assert cluster.run(changed).ok().written == {f"Deployment.apps/{namespace}/app"}
    assert cluster.run(changed).ok().tried == []


def test_an_install_that_ended_behind_a_job_goes_on_when_its_ttl_took_it(cluster, namespace):
    hook, wrong = job(namespace, ttl=0), deployment(namespace, replicas=1)
    wrong["spec"]["template"]["spec"]["nodeSelector"] = {"no-such": "node"}
    cut = cluster.run(one_set("s", namespace, hook, behind(wrong, hook)), wait_timeout=20)  # in which the Job ends
    assert "app" in cut.message
    until(lambda: cluster.find(hook) is None, "the Job to be removed")
    done = cluster.run(one_set("s", namespace, hook, behind(deployment(namespace, replicas=1), hook))).ok()
    assert done.written == {f"Deployment.apps/{namespace}/app"}


def test_a_job_that_nobody_saw_complete_is_made_again(cluster, namespace):
    """Its run ended before it did: whether its TTL took it after success, after failure, or a hand did, nobody knows."""
    hook = job(namespace, ttl=600)
    hook["spec"]["template"]["spec"]["nodeSelector"] = {"no-such": "node"}
    cut = cluster.run(one_set("s", namespace, hook), wait_timeout=1)
    assert "once" in cut.message
    cluster.delete(hook)
    until(lambda: cluster.find(hook) is None, "the Job to go")
    assert cluster.run(one_set("s", namespace, hook), check=True).ok().planned[f"Job.batch/{namespace}/once"] == "create"


def test_a_job_that_failed_before_its_ttl_took_it_is_no_success(cluster, namespace):
    hook = job(namespace, ttl=0)
    hook["spec"] |= {"activeDeadlineSeconds": 1}
    hook["spec"]["template"]["spec"]["nodeSelector"] = {"no-such": "node"}
    failed = cluster.run(one_set("s", namespace, hook, behind(config_map(namespace), hook)))
    assert "DeadlineExceeded" in failed.message or "active longer than" in failed.message
    assert cluster.find(config_map(namespace)) is None
    until(lambda: cluster.find(hook) is None, "the Job to be removed")
    assert cluster.run(one_set("s", namespace, hook), check=True).ok().planned[f"Job.batch/{namespace}/once"] == "create"


def test_a_job_that_was_seen_to_complete_is_done_whoever_removes_it(cluster, namespace):
    cluster.run(one_set("s", namespace, job(namespace))).ok()
    cluster.delete(job(namespace))
    until(lambda: cluster.find(job(namespace)) is None, "the Job to go")
    assert cluster.run(one_set("s", namespace, job(namespace))).ok().tried == []


def test_a_lost_record_converges_without_touching_the_objects(cluster, namespace):
    wanted = one_set("s", namespace, config_map(namespace), secret(namespace))
    cluster.run(wanted).ok()
    before = cluster.get(config_map(namespace))["metadata"]["resourceVersion"]
    cluster.delete(f"Secret/{namespace}/s")
    done = cluster.run(wanted).ok()
    assert done.written == set()
    assert cluster.get(config_map(namespace))["metadata"]["resourceVersion"] == before
    assert cluster.run(wanted).ok().tried == []


def test_a_broken_record_converges_without_touching_the_objects(cluster, namespace):
    wanted = one_set("s", namespace, config_map(namespace), secret(namespace))
    cluster.run(wanted).ok()
    cluster.edit(f"Secret/{namespace}/s", {"data": {"record": "bm90IGEgcmVjb3Jk"}})
    done = cluster.run(wanted).ok()
    assert done.written == set()
    assert cluster.run(wanted).ok().tried == []


def test_a_workload_that_was_not_seen_ready_is_awaited_by_the_next_run(cluster, namespace):
    stuck = deployment(namespace, replicas=1)
    stuck["spec"]["template"]["spec"]["nodeSelector"] = {"no-such": "node"}
    failed = cluster.run(one_set("s", namespace, stuck), wait_timeout=2)
    assert "0 of 1 pods available" in failed.message or "not become ready" in failed.message
    assert failed.error.details["not_ready"][0]["id"] == f"Deployment.apps/{namespace}/app"
    again = cluster.run(one_set("s", namespace, stuck), wait_timeout=2)
    assert again.error.details["not_ready"][0]["id"] == f"Deployment.apps/{namespace}/app"
    assert again.written == set()


def test_objects_that_others_need_are_ready_before_they_are_written(cluster, namespace):
    first, second = deployment(namespace, "first", replicas=1), config_map(namespace, "second")
    second["metadata"]["annotations"] = {"gantry.dev/depends-on": f"Deployment.apps/{namespace}/first"}
    done = cluster.run(one_set("s", namespace, second, first)).ok()
    order = [request.id for request in done.writes if request.id in done.planned]
    assert order == [f"Deployment.apps/{namespace}/first", f"ConfigMap/{namespace}/second"]
