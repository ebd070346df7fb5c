# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action, Impact
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.impact import impact_of
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Ref
from hypothesis import given
from hypothesis import strategies as st

GROUPS = {
    "Deployment": "apps",
    "Job": "batch",
    "Ingress": "networking.k8s.io",
    "CustomResourceDefinition": "apiextensions.k8s.io",
    "HorizontalPodAutoscaler": "autoscaling",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io",
    "Rollout": "argoproj.io",
}


def ref(kind):
    return Ref(GROUPS.get(kind, ""), kind, "n", "x")


@pytest.mark.parametrize(
    ("kind", "path", "taken", "added"),
    [
        ("Deployment", "spec.template.spec.containers[name=app].image", Impact.RESTART, Impact.RESTART),
        ("Deployment", "spec.replicas", Impact.SAFE, Impact.SAFE),
        ("Deployment", "spec.templates", Impact.SAFE, Impact.SAFE),
        ("Rollout", "spec.template", Impact.RESTART, Impact.RESTART),
        ("Service", "spec.ports[port=80,protocol=TCP]", Impact.DISRUPTIVE, Impact.SAFE),
        ("Service", "spec.selector.app", Impact.DISRUPTIVE, Impact.SAFE),
        ("Ingress", "spec.rules[0].host", Impact.DISRUPTIVE, Impact.SAFE),
        ("CustomResourceDefinition", "spec.versions[name=v1].served", Impact.DISRUPTIVE, Impact.SAFE),
        ("ValidatingWebhookConfiguration", "webhooks[name=a].failurePolicy", Impact.DISRUPTIVE, Impact.SAFE),
        ("ConfigMap", "data.a", Impact.SAFE, Impact.SAFE),
        ("Job", "spec.template", Impact.SAFE, Impact.SAFE),
    ],
)
def test_an_update_costs_by_its_field_and_by_whether_something_is_taken_away(kind, path, taken, added):
    assert impact_of(Action.UPDATE, ref(kind), [(path, True)]) is taken
    assert impact_of(Action.ADOPT, ref(kind), [(path, False)]) is added


@pytest.mark.parametrize(
    ("kind", "deleted", "replaced"),
    [
        ("Namespace", Impact.DESTROYS_DATA, Impact.DESTROYS_DATA),
        ("PersistentVolumeClaim", Impact.DESTROYS_DATA, Impact.DESTROYS_DATA),
        ("CustomResourceDefinition", Impact.DESTROYS_DATA, Impact.DESTROYS_DATA),
        ("Deployment", Impact.DISRUPTIVE, Impact.DISRUPTIVE),
        ("Secret", Impact.DISRUPTIVE, Impact.DISRUPTIVE),
        ("Job", Impact.SAFE, Impact.DISRUPTIVE),
        ("HorizontalPodAutoscaler", Impact.SAFE, Impact.DISRUPTIVE),
    ],
)
def test_what_goes_away_costs_what_it_held(kind, deleted, replaced):
    assert impact_of(Action.DELETE, ref(kind)) is deleted
    assert impact_of(Action.REPLACE, ref(kind)) is replaced


def test_a_kind_of_the_same_name_in_another_group_is_another_kind():
    assert impact_of(Action.DELETE, Ref("example.org", "Namespace", "", "x")) is Impact.DISRUPTIVE
    assert impact_of(Action.UPDATE, Ref("serving.knative.dev", "Service", "n", "x"), [("spec.ports", True)]) is Impact.SAFE


CHANGES = st.lists(st.tuples(st.sampled_from(["spec.template", "spec.replicas", "spec.ports", "spec.selector.a"]), st.booleans()))


@given(st.sampled_from(["Deployment", "Service", "ConfigMap"]), CHANGES, CHANGES)
def test_the_dearest_change_is_what_all_cost(kind, one, other):
    def rank(changes):
        return impact_of(Action.UPDATE, ref(kind), changes).rank

    assert rank(one + other) == max(rank(one), rank(other))


def test_a_creation_is_safe_whatever_it_holds():
    assert impact_of(Action.CREATE, ref("PersistentVolumeClaim"), [("spec", False)]) is Impact.SAFE
