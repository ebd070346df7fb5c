# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stops a run before its first write: an approval, an impact, a lock, and what the cluster itself would refuse later."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    config_map,
    deployment,
    identity,
    namespace_of,
    one_set,
    policy,
    policy_binding,
    quota,
    secret,
    service,
    unused_name,
)
from ansible_collections.gantry.platform.tests.kit.waiting import until

MARK = "tests.example.com/judged"


# an approved plan


def test_an_approved_plan_is_done(cluster, namespace):
    wanted = one_set("s", namespace, config_map(namespace), secret(namespace))
    approved = cluster.run(wanted, check=True).ok().result["digest"]
    assert cluster.run(wanted, approved_digest=approved).ok().result["changed"] is True


def _another_value(cluster, namespace):
    return [config_map(namespace, colour="blue"), deployment(namespace)], {}


def _another_object(cluster, namespace):
    return [config_map(namespace), deployment(namespace), config_map(namespace, "one-more")], {}


def _one_less(cluster, namespace):
    return [config_map(namespace)], {}


def _another_action(cluster, namespace):
    cluster.admin.create(f"/api/v1/namespaces/{namespace}/configmaps", config_map(namespace), "somebody")
    return [config_map(namespace), deployment(namespace)], {"adopt": ["somebody"]}


@pytest.mark.parametrize("other", [_another_value, _another_object, _one_less, _another_action])
def test_any_other_plan_than_the_approved_one_is_refused(cluster, namespace, other):
    wanted = one_set("s", namespace, config_map(namespace), deployment(namespace))
    approved = cluster.run(wanted, check=True).ok().result["digest"]
    documents, options = other(cluster, namespace)
    refused = cluster.run(one_set("s", namespace, *documents), approved_digest=approved, **options)
    assert "not what was approved" in refused.message
    assert refused.writes == []


def test_another_secret_value_is_another_plan_where_a_key_makes_it_visible(cluster, namespace):
    key = {"digest_key": "of-this-test"}
    approved = cluster.run(one_set("s", namespace, secret(namespace, a="1")), check=True, **key).ok().result["digest"]
    refused = cluster.run(one_set("s", namespace, secret(namespace, a="2")), approved_digest=approved, **key)
    assert "not what was approved" in refused.message
    by_reference = {**secret(namespace, "referenced"), "stringData": {"a": {"reference": "env:OF_THIS_TEST"}}}
    approved = (
        cluster.run(one_set("r", namespace, by_reference), check=True, environment={"OF_THIS_TEST": "1"}, **key).ok().result["digest"]
    )
    refused = cluster.run(one_set("r", namespace, by_reference), environment={"OF_THIS_TEST": "2"}, approved_digest=approved, **key)
    assert "not what was approved" in refused.message
    cluster.run(one_set("r", namespace, by_reference), environment={"OF_THIS_TEST": "1"}, approved_digest=approved, **key).ok()
    assert refused.writes == []


@pytest.mark.parametrize("approve", [True, False], ids=["approved", "full"])
def test_what_could_not_be_asked_is_asked_before_its_stage_is_written(cluster, namespace, approve):
    home = unused_name()
    documents = [namespace_of(home), config_map(home), service(home, "good"), service(home, "bad", port=70000)]
    wanted = one_set("s", namespace, *documents)
    checked = cluster.run(wanted, check=True).ok()
    how = {"approved_digest": checked.result["digest"]} if approve else {"verify": "full"}
    refused = cluster.run(wanted, **how)
    assert "1 object(s) would be refused; nothing of this stage (workloads) was written" in refused.message
    assert f"Service/{home}/bad" in refused.message
    assert (cluster.find(documents[1]) is not None, cluster.find(documents[2])) == (True, None)
    documents[3]["spec"]["ports"][0]["port"] = 81
    again = cluster.run(one_set("s", namespace, *documents), verify="full").ok()
    assert again.written == {f"Service/{home}/good", f"Service/{home}/bad"}


# impact


def test_an_impact_that_is_not_allowed_is_refused_with_every_change_and_the_variable(cluster, namespace):
    cluster.run(one_set("s", namespace, deployment(namespace), config_map(namespace)), wait=False).ok()
    wanted = one_set("s", namespace, deployment(namespace, env={"A": "1"}), config_map(namespace, colour="blue"))
    refused = cluster.run(wanted, allowed_impact=["safe"], variables={"allowed_impact": "platform_environment.allowed_impact"})
    assert "To allow them add restart to platform_environment.allowed_impact" in refused.message
    assert [change["id"] for change in refused.error.details["refused"]] == [identity(deployment(namespace))]
    assert refused.writes == []
    assert cluster.run(wanted, allowed_impact=["safe", "restart"], wait=False).ok().result["changed"] is True


def test_more_replicas_are_safe_and_another_template_restarts(cluster, namespace):
    cluster.run(one_set("s", namespace, deployment(namespace)), wait=False).ok()
    more = cluster.run(one_set("s", namespace, deployment(namespace, replicas=2)), check=True).ok()
    other = cluster.run(one_set("s", namespace, deployment(namespace, env={"A": "1"})), check=True).ok()
    assert [run.change(identity(deployment(namespace)))["impact"] for run in (more, other)] == ["safe", "restart"]


# what the server tells only later, or only in a warning


def test_pods_that_would_be_refused_are_an_error_and_no_warning(cluster):
    strict = cluster.namespace(**{"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"})
    refused = cluster.run(one_set("s", strict, config_map(strict), deployment(strict)))
    assert "its pods would be refused" in refused.message
    assert "allowPrivilegeEscalation" in refused.message
    assert refused.writes == []


def test_the_level_that_this_run_brings_counts(cluster, namespace):
    lax = cluster.namespace(**{"pod-security.kubernetes.io/warn": "restricted"})
    stricter = namespace_of(lax, **{"pod-security.kubernetes.io/enforce": "restricted"})
    refused = cluster.run(one_set("s", namespace, stricter, deployment(lax)))
    assert "its pods would be refused" in refused.message
    assert refused.writes == []


def test_a_namespace_that_is_going_away_blocks_and_says_why(cluster, namespace):
    leaving = namespace_of(unused_name())
    cluster.run(one_set("s", namespace, leaving)).ok()
    held = config_map(leaving["metadata"]["name"], "held")
    held["metadata"]["finalizers"] = ["tests.example.com/hold"]
    cluster.admin.create(f"/api/v1/namespaces/{leaving['metadata']['name']}/configmaps", held, "tests")
    cluster.delete(leaving)
    run = cluster.run(one_set("s", namespace, leaving, config_map(namespace, "other")), check=True).ok()
    assert run.planned[identity(leaving)] == "blocked"
    assert "is being deleted since" in run.change(identity(leaving))["reason"]
    refused = cluster.run(one_set("s", namespace, config_map(leaving["metadata"]["name"], "new")))
    assert "being terminated" in refused.message or "being deleted" in refused.message
    assert refused.writes == []
    cluster.edit(held, {"metadata": {"finalizers": None}})


@pytest.fixture
def leaving(cluster, namespace):
    """A declared object that somebody deletes, and that a finalizer holds."""
    document = config_map(namespace, "leaving")
    cluster.run(one_set("s", namespace, document)).ok()
    cluster.edit(document, {"metadata": {"finalizers": ["tests.example.com/hold"]}})
    cluster.delete(document)
    yield document
    cluster.edit(document, {"metadata": {"finalizers": None}})


def test_an_object_that_is_being_deleted_is_never_simply_right(cluster, namespace, leaving):
    wanted = one_set("s", namespace, leaving)
    for options in ({"check": True}, {"wait": False}):
        run = cluster.run(wanted, **options).ok()
        assert run.planned == {identity(leaving): "blocked"}
        (warning,) = run.result["warnings"]
        assert warning.startswith(f"{identity(leaving)} is left as it is: is being deleted since ")
        assert warning.endswith("finalizers: tests.example.com/hold")
        assert run.writes == []
    refused = cluster.run(wanted)
    assert "1 object(s) could not be made as declared" in refused.message
    assert f"{identity(leaving)}: is being deleted since" in refused.message
    assert refused.error.details["changed"] is False


def test_the_rest_is_done_before_a_run_fails_for_what_is_being_deleted(cluster, namespace, leaving):
    refused = cluster.run(one_set("s", namespace, leaving, config_map(namespace, "other")))
    assert "everything else is done" in refused.message
    assert refused.written == {f"ConfigMap/{namespace}/other"}
    assert refused.error.details["changed"] is True


def test_unchanged_objects_of_a_namespace_that_is_going_away_are_not_right_either(cluster, namespace):
    home = cluster.namespace()
    held = config_map(home, "held")
    cluster.run(one_set("s", namespace, held)).ok()
    cluster.edit(held, {"metadata": {"finalizers": ["tests.example.com/hold"]}})
    cluster.delete(f"Namespace/-/{home}")
    run = cluster.run(one_set("s", namespace, held, config_map(home, "new")), check=True).ok()
    assert run.planned == {f"ConfigMap/{home}/{name}": "blocked" for name in ("held", "new")}
    assert f"its namespace {home} is being deleted since" in run.change(f"ConfigMap/{home}/new")["reason"]
    assert "is being deleted since" in cluster.run(one_set("s", namespace, held)).message
    cluster.edit(held, {"metadata": {"finalizers": None}})


def quota_that_holds_one(cluster, namespace, most):
    """A quota of ConfigMaps, which has counted the cluster's authority.

    The cluster puts that into each namespace soon after it is made. What comes after its quota is counted in the controller's next round, five
    minutes later.
    """
    until(lambda: cluster.find(config_map(namespace, "kube-root-ca.crt")), "the authority to be there")
    cluster.run(one_set("q", namespace, quota(namespace, configmaps=most))).ok()
    until(lambda: (cluster.get(quota(namespace)).get("status") or {}).get("used") == {"configmaps": "1"}, "the authority to be counted")


def test_creations_that_exceed_a_quota_together_are_refused_together(cluster, namespace):
    quota_that_holds_one(cluster, namespace, "3")
    new = [config_map(namespace, f"c{number}") for number in range(3)]
    refused = cluster.run(one_set("s", namespace, *new), quota_set := one_set("q", namespace, quota(namespace, configmaps="3")))
    assert "configmaps is limited to 3, 1 are used and the run would create 3 more" in refused.message
    assert refused.writes == []
    quota_set["definition"] = [quota(namespace, configmaps="4")]
    assert cluster.run(one_set("s", namespace, *new), quota_set).ok().result["changed"] is True


def test_a_full_quota_that_this_run_raises_is_in_nobodys_way(cluster, namespace):
    quota_that_holds_one(cluster, namespace, "1")
    wanted = [one_set("q", namespace, quota(namespace, configmaps="9")), one_set("s", namespace, config_map(namespace))]
    checked = cluster.run(*wanted, check=True).ok()
    assert checked.change(identity(config_map(namespace)))["reason"] == "quota_pending"
    done = cluster.run(*wanted).ok()
    assert done.result["digest"] == checked.result["digest"]
    assert cluster.find(config_map(namespace)) is not None


# a policy of this very run


def judged(namespace, name, colour):
    document = config_map(namespace, name, colour=colour)
    document["metadata"]["labels"] = {MARK: namespace}
    return document


@pytest.fixture
def red_only(namespace):
    """A policy under which marked ConfigMaps of this namespace are red, with a probe that it must refuse."""
    probe = judged(namespace, "probe", "blue")
    name = f"red-only-{namespace}"
    return [policy(name, MARK, namespace, "object.data.colour == 'red'", probe), policy_binding(name)]


def test_a_new_policy_holds_before_what_it_judges_is_written(cluster, namespace, red_only):
    good = judged(namespace, "good", "red")
    checked = cluster.run(one_set("s", namespace, *red_only, good), check=True).ok()
    assert (checked.change(identity(good))["verified"], checked.change(identity(good))["reason"]) == (False, "policy_pending")
    done = cluster.run(one_set("s", namespace, *red_only, good)).ok()
    patches = [request for request in done.sent if request.verb == "patch" and request.id.startswith("ConfigMap/")]
    asked = [(request.id, request.dry, request.code) for request in patches if request.id.endswith("/probe")]
    assert asked[-1] == (f"ConfigMap/{namespace}/probe", True, 422)
    assert {dry for _id, dry, _code in asked} == {True}
    assert (patches[-1].id, patches[-1].code, patches[-1].dry) == (identity(good), 201, False)


def test_what_a_new_policy_of_this_run_refuses_is_not_written(cluster, namespace, red_only):
    bad = judged(namespace, "bad", "blue")
    refused = cluster.run(one_set("s", namespace, *red_only, bad))
    assert "red" in refused.message
    assert cluster.find(bad) is None


def test_no_warning_about_the_probe_is_passed_on(cluster, namespace, red_only):
    done = cluster.run(one_set("s", namespace, *red_only)).ok()
    assert [warning for warning in done.result["warnings"] if "probe" in warning] == []


# the place of a set's record


def test_a_secret_with_the_name_of_a_set_is_refused_when_planned(cluster, namespace):
    ours, other = one_set("ours", namespace, config_map(namespace)), one_set("other", namespace, secret(namespace, "ours"))
    for check in (True, False):
        refused = cluster.run(ours, other, check=check)
        assert (
            f"Secret/{namespace}/ours (definition[1]) is where set ours keeps its record; rename the Secret, or the set" in refused.message
        )
        assert refused.writes == []
    # Later runs do not declare the other set, but its record is there.
    cluster.run(ours).ok()
    later = cluster.run(one_set("other", namespace, secret(namespace, "ours")), known_sets=["ours"])
    assert f"Secret/{namespace}/ours (definition[1]) is where set ours keeps its record" in later.message
    assert later.writes == []


def test_a_record_never_takes_the_place_of_somebody_elses_secret(cluster, namespace):
    theirs = secret(namespace, "taken")
    cluster.admin.create(f"/api/v1/namespaces/{namespace}/secrets", theirs, "somebody")
    before = cluster.get(theirs)
    refused = cluster.run(one_set("taken", namespace, config_map(namespace)), one_set("free", namespace, config_map(namespace, "b")))
    assert f"Secret/{namespace}/taken is somebody else's, and set taken would keep its record there; rename the set" in refused.message
    assert refused.writes == []
    assert cluster.get(theirs) == before

    cluster.run(one_set("shared", namespace, config_map(namespace)), owner="one").ok()
    refused = cluster.run(one_set("shared", namespace, config_map(namespace, "c")), owner="two")
    assert f"Secret/{namespace}/shared is the record of a set of the owner one" in refused.message
    assert refused.writes == []


def test_a_record_that_lost_its_label_is_written_anew(cluster, namespace):
    wanted = one_set("s", namespace, config_map(namespace))
    cluster.run(wanted).ok()
    (record,) = cluster.parents_in(namespace)
    cluster.edit({"apiVersion": "v1", "kind": "Secret", **record}, {"metadata": {"labels": {"applyset.kubernetes.io/id": None}}})
    cluster.run(wanted).ok()
    assert cluster.run(wanted).ok().tried == []
    assert [again["metadata"]["uid"] for again in cluster.parents_in(namespace)] == [record["metadata"]["uid"]]
