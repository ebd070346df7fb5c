# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.documents import Desired
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Ref
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.stages import DEPENDS_ON, arrange, deletion_order
from hypothesis import given
from hypothesis import strategies as st

GROUPS = {
    "Deployment": "apps",
    "CustomResourceDefinition": "apiextensions.k8s.io",
    "ClusterRole": "rbac.authorization.k8s.io",
    "ClusterRoleBinding": "rbac.authorization.k8s.io",
    "Role": "rbac.authorization.k8s.io",
    "RoleBinding": "rbac.authorization.k8s.io",
    "ValidatingAdmissionPolicy": "admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io",
    "APIService": "apiregistration.k8s.io",
    "Thing": "example.org",
}


def ref(kind, name="x"):
    return Ref(GROUPS.get(kind, ""), kind, "" if kind in ("Namespace", "ClusterRole") else "n", name)


def wanted(*items):
    """Desired objects out of (kind, name, dependencies, further members)."""
    found = {}
    for kind, name, needs, *more in items:
        one = ref(kind, name)
        body = {
            "kind": kind,
            "metadata": {"name": name, "annotations": {DEPENDS_ON: needs} if needs else None},
            **(more[0] if more else {}),
        }
        found[one] = Desired(one, "set", body, "file.yml")
    return found


def order(*items):
    return [(stage.name, sorted(f"{member.kind}/{member.name}" for member in stage.members)) for stage in arrange(wanted(*items))]


def place(found, kind):
    return next(number for number, (_name, members) in enumerate(found) if any(member.startswith(f"{kind}/") for member in members))


@given(
    st.permutations(
        ["Namespace", "ClusterRole", "ClusterRoleBinding", "Role", "ResourceQuota", "ConfigMap", "Deployment", "Thing", "APIService"]
    )
)
def test_what_others_need_comes_first_in_whatever_order_it_is_written(kinds):
    assert order(*((kind, "x", "") for kind in kinds)) == [
        ("foundations", ["ClusterRole/x", "Namespace/x"]),
        ("access", ["ClusterRoleBinding/x"]),
        ("roles and limits", ["ResourceQuota/x", "Role/x"]),
        ("configuration", ["ConfigMap/x"]),
        ("workloads", ["Deployment/x", "Thing/x"]),
        ("webhooks", ["APIService/x"]),
    ]


def test_policies_come_before_what_they_judge_and_webhooks_after_what_answers_them():
    found = order(("Deployment", "x", ""), ("ValidatingWebhookConfiguration", "x", ""), ("ValidatingAdmissionPolicy", "x", ""))
    assert place(found, "ValidatingAdmissionPolicy") < place(found, "Deployment") < place(found, "ValidatingWebhookConfiguration")


def test_a_binding_to_a_cluster_role_lets_us_in_so_it_comes_before_roles_and_their_bindings():
    def binding(name, kind):
        return ("RoleBinding", name, "", {"roleRef": {"kind": kind, "name": "r"}})

    assert order(binding("way-in", "ClusterRole"), binding("inside", "Role"), ("Role", "r", "")) == [
        ("access", ["RoleBinding/way-in"]),
        ("roles and limits", ["Role/r"]),
        ("configuration", ["RoleBinding/inside"]),
    ]


def test_what_depends_on_another_object_comes_a_step_behind_it_and_waits_for_it():
    items = wanted(
        ("Deployment", "db", ""), ("Deployment", "app", f"{ref('Deployment', 'db').id}, {ref('ConfigMap', 'c').id}"), ("ConfigMap", "c", "")
    )
    stages = arrange(items)
    assert [(stage.name, [member.name for member in stage.members]) for stage in stages] == [
        ("configuration", ["c"]),
        ("workloads", ["db"]),
        ("workloads, step 2", ["app"]),
    ]
    assert stages[2].waits_for == {ref("Deployment", "db"), ref("ConfigMap", "c")}
    assert not stages[0].waits_for | stages[1].waits_for


def test_a_dependency_carries_an_early_kind_behind_a_late_one():
    assert order(("ConfigMap", "late", ref("Deployment", "a").id), ("Deployment", "a", "")) == [
        ("workloads", ["Deployment/a"]),
        ("workloads, step 2", ["ConfigMap/late"]),
    ]


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        ("ConfigMap/n/c", "makes a circle: ConfigMap/n/c → ConfigMap/n/c"),
        ("ConfigMap/n/d", "names ConfigMap/n/d, which nobody declares; did you mean 'ConfigMap/n/c'"),
        ("ConfigMap", "'ConfigMap' is not Kind.group/namespace/name"),
    ],
)
def test_a_dependency_that_cannot_be_met_is_refused(needs, words):
    with pytest.raises(InputError, match=words):
        order(("ConfigMap", "c", needs))


def test_a_circle_of_several_is_shown_from_where_it_closes():
    a, b, c = (ref("Deployment", name).id for name in "abc")
    with pytest.raises(InputError, match=f"circle: {b} → {c} → {b}"):
        order(("Deployment", "a", b), ("Deployment", "b", c), ("Deployment", "c", b))
    assert a


def test_what_was_written_last_is_deleted_first():
    refs = [ref(kind) for kind in ("Namespace", "APIService", "ConfigMap", "Deployment")] + [ref("ConfigMap", "a")]
    assert [[f"{one.kind}/{one.name}" for one in group] for group in deletion_order(refs)] == [
        ["APIService/x"],
        ["Deployment/x"],
        ["ConfigMap/a", "ConfigMap/x"],
        ["Namespace/x"],
    ]


def test_the_token_of_a_service_account_comes_after_it():
    token = {"type": "kubernetes.io/service-account-token"}
    token["metadata"] = {"name": "token", "annotations": {"kubernetes.io/service-account.name": "reviewer"}}
    stages = order(("Secret", "token", "", token), ("ServiceAccount", "reviewer", ""), ("Secret", "other", ""))
    assert [members for _name, members in stages] == [["Secret/other", "ServiceAccount/reviewer"], ["Secret/token"]]
