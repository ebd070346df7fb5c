# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.client
import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Response
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Ref
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.immutable import immutable_changes, propagation, replaceable
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.errors import ApiError

JOB = Ref("batch", "Job", "n", "x")
SERVICE = Ref("", "Service", "n", "x")
SET = Ref("apps", "StatefulSet", "n", "x")
CONFIG = Ref("", "ConfigMap", "n", "x")
BINDING = Ref("rbac.authorization.k8s.io", "RoleBinding", "n", "x")


def refusal(*fields, status=422, reason="FieldValueInvalid"):
    causes = [{"field": field} | ({"reason": reason} if reason else {}) for field in fields]
    headers = http.client.HTTPMessage()
    headers["Content-Type"] = "application/json"
    return ApiError(
        Response(status, headers, json.dumps({"message": "field is immutable", "details": {"causes": causes}}).encode()), "PATCH x"
    )


def job(image):
    return {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": image}]}}}}


def test_a_change_of_a_field_that_the_kind_fixes_is_named():
    assert immutable_changes(JOB, job("a:1"), job("a:2"), refusal("spec.template")) == ["spec.template"]


@pytest.mark.parametrize("field", ["spec.template", "spec", "spec.template.spec.containers[0].image"])
def test_the_servers_cause_may_stand_above_or_below_the_field(field):
    assert immutable_changes(JOB, job("a:1"), job("a:2"), refusal(field)) == ["spec.template"]


@pytest.mark.parametrize(
    "error",
    [
        refusal("spec.template", status=409),
        refusal("spec.templates"),
        refusal("spec.parallelism"),
        refusal(),
        refusal("spec.template", reason=""),  # an admission policy denied it
        refusal("metadata.uid"),
    ],
)
def test_any_other_refusal_is_no_reason_to_replace_whatever_its_text_says(error):
    assert immutable_changes(JOB, job("a:1"), job("a:2"), error) == []


def test_a_field_that_stays_as_it_is_or_only_got_defaults_is_not_named():
    live = {"spec": {"serviceName": "a", "selector": {"matchLabels": {"a": "b"}}, "podManagementPolicy": "OrderedReady"}}
    want = {"spec": {"serviceName": "b", "selector": {"matchLabels": {"a": "b"}}}}
    assert immutable_changes(SET, live, want, refusal("spec")) == ["spec.serviceName"]


@pytest.mark.parametrize(
    ("live", "want", "field"),
    [
        ({"data": {"a": "1"}, "immutable": True}, {"data": {"a": "2"}, "immutable": True}, "data"),
        ({"data": {"a": "1", "b": "2"}, "immutable": True}, {"data": {"a": "1"}, "immutable": True}, "data"),
        ({"data": {"a": "1"}, "immutable": True}, {"data": {"a": "1"}}, "immutable"),
    ],
)
def test_an_immutable_map_changes_by_what_is_left_out_too(live, want, field):
    assert immutable_changes(CONFIG, live, want, refusal(field, reason="FieldValueForbidden")) == [field]


def test_kinds_that_the_table_does_not_know_are_never_replaced_by_themselves():
    thing = Ref("example.org", "Thing", "n", "x")
    assert immutable_changes(thing, {"spec": {"a": 1}}, {"spec": {"a": 2}}, refusal("spec.a")) == []
    assert not replaceable(thing, [])
    assert immutable_changes(SERVICE, {"spec": {"clusterIP": "a"}}, {"spec": {"clusterIP": "b"}}, refusal("spec.clusterIP")) == []


@pytest.mark.parametrize(
    ("ref", "named", "may"),
    [
        (JOB, [], True),
        (BINDING, [], True),
        (JOB, ["Job"], True),
        (JOB, ["Job.batch"], True),
        (JOB, ["StatefulSet"], False),
        (Ref("", "PersistentVolumeClaim", "n", "x"), [], False),
        (Ref("", "PersistentVolumeClaim", "n", "x"), ["PersistentVolumeClaim"], True),
        (Ref("", "Namespace", "", "x"), [], False),
        (Ref("example.org", "Thing", "n", "x"), ["Thing.example.org"], True),
    ],
)
def test_what_may_be_replaced_is_in_the_table_or_named(ref, named, may):
    assert replaceable(ref, named) is may


def test_a_stateful_set_leaves_its_pods_to_its_successor():
    assert (propagation(SET), propagation(JOB)) == ("Orphan", "Background")
