# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action, Change
from ansible_collections.gantry.platform.plugins.module_utils._core.diff import Difference
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import Plan
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.observed import Observed
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.record import new_record
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.examine import Finding
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.pending import Pending
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.wanted import Wanted
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document, ref, refusal, subject


def role_of(kind, name="r"):
    return {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}}


def pending(*new, changing=(), kinds=(), namespaces=("n",), records=()):
    new, changing = [subject(body) for body in new], [subject(body) for body in changing]
    wanted = Wanted({}, {}, set(kinds), {}, [])
    observed = Observed(namespaces=dict.fromkeys(namespaces, {}), records={record.name: record for record in records})
    return Pending(wanted, observed, new, {one.ref: one for one in (*new, *changing)})


def settled(body, error, new=(), changing=(), changes=(), action=Action.CREATE):
    """What becomes of a refused dry run in a run that makes ``new`` and changes ``changing``."""
    finding = Finding(subject(body), problem=error.message, refusal=error, meant=action)
    others = [Finding(subject(one), Action.CREATE) for one in new if subject(one).ref != finding.subject.ref]
    others += [Finding(subject(one), Action.UPDATE, changes=[Difference(path, 1, 2) for path in changes]) for one in changing]
    asked = pending(*new, changing=changing)
    asked.settle([*others, finding])
    assert (finding.problem == "") is (finding.reason != "") is (not finding.verified)
    return finding


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


FORBIDDEN = refusal(403, "not allowed")
ROLE, CLUSTER_ROLE = document("Role"), document("ClusterRole")


@pytest.mark.parametrize(
    ("new", "changing", "body", "reason"),
    [
        ([BINDING], [], document("ConfigMap"), "access_pending"),
        ([BINDING], [], document("ConfigMap", "x", "elsewhere"), ""),
        ([document("ClusterRoleBinding", **role_of("ClusterRole"))], [], document("ConfigMap", "x", "elsewhere"), "access_pending"),
        ([ROLE], [], document("ConfigMap"), ""),
        ([], [ROLE], document("ConfigMap"), "access_pending"),
        ([], [CLUSTER_ROLE], document("ConfigMap"), "access_pending"),
        ([], [BINDING], document("ConfigMap"), "access_pending"),
        ([BINDING], [], BINDING, ""),
        ([BINDING, SECOND], [], BINDING, "access_pending"),
        ([BINDING, SECOND], [], SECOND, "access_pending"),
    ],
)
def test_a_refusal_may_end_with_the_access_that_this_run_brings(new, changing, body, reason):
    assert settled(body, FORBIDDEN, new, changing).reason == reason


FULL = refusal(403, "exceeded quota: q")


@pytest.mark.parametrize("way", ["new", "changing"])
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE])
def test_a_full_quota_that_this_run_changes_is_not_the_last_word(way, action):
    brought = {way: [document("ResourceQuota")]}
    found = settled(document("ConfigMap"), FULL, action=action, **brought)
    assert (found.reason, found.action, found.awaited) == ("quota_pending", action, False)
    assert settled(document("ConfigMap", "x", "elsewhere"), FULL, **brought).reason == ""
    assert settled(document("ConfigMap"), FORBIDDEN, **brought).reason == ""


MISMATCH = refusal(500, "failed to create typed patch object (n/x; e/v1, Kind=Deployment): .spec.size: field not declared in schema")
TOO_MUCH = refusal(422, "is invalid", {"field": "spec.size", "reason": "FieldValueInvalid", "message": "too much"})


def definition(*fields, served=("v1",)):
    """A definition of the kind Deployment, which these tests know, with these fields below spec."""
    schema = {"properties": {"spec": {"properties": {field: {} for field in fields}}}}
    versions = [{"name": name, "served": True, "schema": {"openAPIV3Schema": schema}} for name in served]
    spec = {"group": "apps", "names": {"kind": "Deployment", "plural": "deployments"}, "scope": "Namespaced", "versions": versions}
    return document("CustomResourceDefinition", "deployments.apps", spec=spec)


@pytest.mark.parametrize(
    "error", [MISMATCH, TOO_MUCH, refusal(404, "404 page not found", plain=True)], ids=["schema", "invalid", "not-served"]
)
def test_what_does_not_fit_a_definition_that_this_run_changes_is_asked_again(error):
    custom = document("Deployment", spec={"size": 9})
    found = settled(custom, error, changing=[definition("size")], changes=["spec.versions[name=v1].schema"], action=Action.UPDATE)
    assert (found.reason, found.action, found.awaited) == ("definition_pending", Action.UPDATE, True)
    assert settled(custom, error, changing=[definition("size")], changes=["metadata.labels.chart"]).reason == ""
    assert settled(document("ConfigMap"), error, changing=[definition("size")], changes=["spec.versions"]).reason == ""


def test_what_a_changed_definition_took_today_is_judged_anew_too():
    taken = Finding(subject(document("Deployment")), Action.UPDATE)
    changed = Finding(subject(definition()), Action.UPDATE, changes=[Difference("spec.versions[name=v1].schema", 1, 2)])
    pending(changing=[definition()]).settle([taken, changed])
    assert (taken.verified, taken.reason, changed.verified) == (False, "definition_pending", True)


def test_fields_that_a_definition_of_this_run_does_not_have_are_told_with_the_nearest():
    custom, changed = subject(document("Deployment", spec={"sise": 1})), Finding(subject(definition("size")), Action.CREATE)
    asked = pending(definition("size"))
    assert asked.undeclared_fields([custom]) == []
    asked.settle([changed])
    (line,) = asked.undeclared_fields([custom, subject(document("ConfigMap"))])
    assert line.endswith(
        "(file.yml): CustomResourceDefinition.apiextensions.k8s.io/-/deployments.apps, as this run makes it, has no field spec.sise;"
        " did you mean 'size'?"
    )


DENIED = refusal(422, "x is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no")
INSECURE = refusal(403, 'x is forbidden: violates PodSecurity "restricted:latest"')
TOO_LARGE = refusal(403, "maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi")


@pytest.mark.parametrize(
    ("body", "error", "changing", "reason"),
    [
        (document("ConfigMap"), DENIED, [document("ValidatingAdmissionPolicy", "p")], "policy_pending"),
        (document("ConfigMap"), DENIED, [document("ValidatingAdmissionPolicyBinding", "b", spec={"policyName": "p"})], "policy_pending"),
        (document("ConfigMap"), DENIED, [document("ValidatingAdmissionPolicy", "other")], ""),
        (document("Deployment"), INSECURE, [document("Namespace", "n")], "policy_pending"),
        (document("Deployment"), INSECURE, [document("Namespace", "elsewhere")], ""),
        (document("PersistentVolumeClaim"), TOO_LARGE, [document("LimitRange")], "limits_pending"),
        (document("PersistentVolumeClaim"), TOO_LARGE, [document("LimitRange", "x", "elsewhere")], ""),
        (document("ConfigMap"), TOO_LARGE, [document("LimitRange")], ""),
    ],
)
def test_a_policy_a_level_or_a_limit_that_this_run_changes_is_not_the_last_word(body, error, changing, reason):
    found = settled(body, error, changing=changing)
    assert (found.reason, found.awaited) == (reason, bool(reason))


def policy(name="p", groups=("apps",), resources=("deployments",)):
    rule = {"apiGroups": list(groups), "resources": list(resources)}
    return document("ValidatingAdmissionPolicy", name, spec={"matchConstraints": {"resourceRules": [rule]}})


def binding_of(name):
    return document("ValidatingAdmissionPolicyBinding", name, spec={"policyName": name})


def marked(plan, *changing, known=()):
    """The plan after what changes in this run has had its say."""
    subjects = {one.ref: one for one in map(subject, [*changing, *known, document("Deployment"), document("ConfigMap")])}
    findings = {one: Finding(subjects[one], Action.CREATE) for one in (subject(body).ref for body in changing)}
    Pending(Wanted({}, {}, set(), {}, []), Observed(), [], subjects).mark(findings, plan)
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
