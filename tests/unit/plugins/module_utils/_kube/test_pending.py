# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action, Change
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import Plan
from ansible_collections.gantry.platform.plugins.module_utils._kube.examine import Finding
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe import Observed
from ansible_collections.gantry.platform.plugins.module_utils._kube.pending import Pending
from ansible_collections.gantry.platform.plugins.module_utils._kube.record import new_record
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve import Wanted
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document, ref, subject


def role_of(kind, name="r"):
    return {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}}


def pending(*new, unclear=(), kinds=(), namespaces=("n",), records=()):
    new, unclear = [subject(body) for body in new], [subject(body) for body in unclear]
    wanted = Wanted({}, {}, set(kinds), {}, [])
    observed = Observed(namespaces=dict.fromkeys(namespaces, {}), records={record.name: record for record in records})
    return Pending(wanted, observed, new, unclear, {one.ref: one for one in (*new, *unclear)})


@pytest.mark.parametrize(
    ("body", "others", "kinds", "namespaces", "reason"),
    [
        (document("ConfigMap"), [], [], ["n"], ""),
        (document("ConfigMap"), [document("Namespace", "n")], [], [], "namespace_pending"),
        (document("Deployment"), [], [("apps", "Deployment")], ["n"], "crd_pending"),
        (document("Deployment"), [], [("apps", "Deployment")], [], "crd_pending"),
        (document("RoleBinding", **role_of("Role")), [document("Role", "r")], [], ["n"], "role_pending"),
        (document("RoleBinding", **role_of("Role")), [document("Role", "r", "elsewhere")], [], ["n"], ""),
        (document("RoleBinding", **role_of("Role")), [document("ClusterRole", "r")], [], ["n"], ""),
        (document("RoleBinding", **role_of("ClusterRole")), [document("ClusterRole", "r")], [], ["n"], "role_pending"),
        (document("ClusterRoleBinding", **role_of("ClusterRole")), [document("ClusterRole", "r")], [], ["n"], "role_pending"),
        (document("ClusterRoleBinding", **role_of("ClusterRole", "there")), [document("ClusterRole", "r")], [], ["n"], ""),
    ],
)
def test_what_this_run_brings_cannot_be_asked_about_yet(body, others, kinds, namespaces, reason):
    assert pending(body, *others, kinds=kinds, namespaces=namespaces).reason(subject(body)) == reason


BINDING, SECOND = (document("RoleBinding", name, **role_of("ClusterRole")) for name in ("a", "b"))


@pytest.mark.parametrize(
    ("new", "body", "reason"),
    [
        ([BINDING], document("ConfigMap"), "access_pending"),
        ([BINDING], document("ConfigMap", "x", "elsewhere"), ""),
        ([document("ClusterRoleBinding", **role_of("ClusterRole"))], document("ConfigMap", "x", "elsewhere"), "access_pending"),
        ([document("Role")], document("ConfigMap"), ""),
        ([BINDING], BINDING, ""),
        ([BINDING, SECOND], BINDING, "access_pending"),
        ([BINDING, SECOND], SECOND, "access_pending"),
    ],
)
def test_a_refusal_may_end_with_the_access_that_this_run_brings(new, body, reason):
    assert pending(*new).reason_of_refusal(subject(body), over_quota=False) == reason


@pytest.mark.parametrize("way", ["new", "unclear"])
def test_a_full_quota_that_this_run_changes_is_not_the_last_word(way):
    quota = document("ResourceQuota")
    asked = pending(*([quota] if way == "new" else []), unclear=[quota] if way == "unclear" else [])
    assert asked.reason_of_refusal(subject(document("ConfigMap")), over_quota=True) == "quota_pending"
    assert asked.reason_of_refusal(subject(document("ConfigMap", "x", "elsewhere")), over_quota=True) == ""
    assert asked.reason_of_refusal(subject(document("ConfigMap")), over_quota=False) == ""


def policy(name="p", groups=("apps",), resources=("deployments",)):
    rule = {"apiGroups": list(groups), "resources": list(resources)}
    return document("ValidatingAdmissionPolicy", name, spec={"matchConstraints": {"resourceRules": [rule]}})


def binding_of(name):
    return document("ValidatingAdmissionPolicyBinding", name, spec={"policyName": name})


def marked(plan, *changing, known=()):
    """The plan after what changes in this run has had its say."""
    subjects = {one.ref: one for one in map(subject, [*changing, *known, document("Deployment"), document("ConfigMap")])}
    findings = {one: Finding(subjects[one], Action.CREATE) for one in (subject(body).ref for body in changing)}
    Pending(Wanted({}, {}, set(), {}, []), Observed(), [], [], subjects).mark(findings, plan)
    return {change.id: (change.verified, change.reason) for change in plan.changes}


DEPLOYMENT, CONFIG = ref("Deployment").id, ref("ConfigMap").id


@pytest.mark.parametrize(
    ("changing", "known", "judged"),
    [
        ([policy()], [], [DEPLOYMENT]),
        ([policy(groups=("apps", ""), resources=("*",))], [], [DEPLOYMENT, CONFIG]),
        ([policy(groups=("batch",))], [], []),
        ([binding_of("p")], [policy()], [DEPLOYMENT]),
        ([binding_of("other")], [policy()], []),
        ([], [policy()], []),
    ],
)
def test_a_policy_of_this_run_will_judge_anew_what_it_looks_at(changing, known, judged):
    plan = Plan([Change(one, Action.UPDATE) for one in (DEPLOYMENT, CONFIG)])
    found = marked(plan, *changing, known=known)
    assert found == {one: (False, "policy_pending") if one in judged else (True, "") for one in (DEPLOYMENT, CONFIG)}


def test_what_goes_away_is_judged_by_nobody_and_a_reason_is_kept():
    plan = Plan([Change(DEPLOYMENT, Action.DELETE), Change(DEPLOYMENT, Action.UPDATE, reason="ownership")])
    marked(plan, policy())
    assert [(change.verified, change.reason) for change in plan.changes] == [(True, ""), (False, "ownership")]


@pytest.mark.parametrize(
    ("spec", "verified"),
    [
        ({"clusterIP": "10.0.0.7"}, False),
        ({"ports": [{"port": 80, "nodePort": 30001}]}, False),
        ({"clusterIP": "None"}, True),
        ({"ports": [{"port": 80}]}, True),
        ({}, True),
    ],
)
def test_two_dry_runs_may_both_be_promised_one_address(spec, verified):
    service = document("Service", spec=spec)
    plan = Plan([Change(ref("Service").id, Action.CREATE)])
    assert marked(plan, known=[service]) == {ref("Service").id: (verified, "" if verified else "allocated")}


def test_questions_without_a_place_are_asked_where_a_record_lives():
    homes = [new_record(name, home, "us") for name, home in (("a", "not-there"), ("b", "home"))]
    assert pending(records=homes, namespaces=["home"]).existing_namespace == "home"
    assert pending(records=homes, namespaces=[]).existing_namespace == "default"
