# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.preview import nearest_fields, schema_problems, shadow_of, shape
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import KINDS, document, refusal, subject

SAID = "failed to create typed patch object (n/x; apps/v1, Kind=Deployment): .spec.{field}: field not declared in schema"


class Server:
    """Refuses documents with a certain member; knows a schema."""

    threads = 1

    def __init__(self, bad="replcas", status=500):
        self.bad, self.status = bad, status
        self.asked = []

    def ask(self, path, body, manager):
        self.asked.append(path)
        if self.bad in (body.get("spec") or {}):
            raise refusal(self.status, SAID.format(field=self.bad))
        return body, None

    def get(self, path):
        self.asked.append(path)
        kind = {"group": "apps", "version": "v1", "kind": "Deployment"}
        spec = {"properties": {"replicas": {}, "template": {"allOf": [{"$ref": "#/components/schemas/Template"}]}}}
        return {
            "components": {
                "schemas": {
                    "Deployment": {"x-kubernetes-group-version-kind": [kind], "properties": {"spec": spec}},
                    "Template": {"properties": {"containers": {"items": {"properties": {"image": {}, "name": {}}}}}},
                }
            }
        }


def deployments(number, **spec):
    return [subject(document("Deployment", f"d{one}", spec={**spec, "minReadySeconds": one})) for one in range(number)]


def test_many_documents_of_one_shape_are_one_question():
    server = Server()
    assert schema_problems(server, deployments(20, replicas=1), "home", "us") == {}
    assert len(server.asked) == 1 and server.asked[0].startswith("/apis/apps/v1/namespaces/home/deployments/gantry-shadow-")


def test_of_a_shape_that_does_not_fit_every_document_is_named():
    found = schema_problems(Server(), deployments(3, replcas=1), "home", "us")
    assert sorted(found) == [f"Deployment.apps/n/d{one}" for one in range(3)]
    assert all("field not declared in schema" in problem for problem in found.values())


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_refusal_that_depends_on_the_place_does_not_count(status):
    assert schema_problems(Server(status=status), deployments(1, replcas=1), "home", "us") == {}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1}, {"a": 2}, True),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": 1}, {"b": 1}, False),
        ({"labels": {"a": "b"}}, {"labels": {"c": "d"}}, True),
        ({"list": [{"a": 1}, {"a": 2}]}, {"list": [{"a": 3}]}, True),
        ({"list": [{"a": 1}, {"b": 2}]}, {"list": [{"a": 3}]}, False),
        ({"a": {"b": None}}, {"a": {"b": 1}}, False),
    ],
)
def test_a_shape_is_members_and_types_but_no_values(one, other, same):
    assert (shape(one) == shape(other)) is same


def test_a_shadow_has_another_name_in_the_place_where_it_is_asked_about():
    one = subject(document("Deployment", spec={"replicas": 1}))
    path, body = shadow_of(one, "team-a")
    assert body == {**one.body, "metadata": {"name": body["metadata"]["name"], "namespace": "team-a"}}
    assert path.endswith(f"/team-a/deployments/{body['metadata']['name']}") and body["metadata"]["name"] != "x"
    assert shadow_of(subject(document("Deployment", "y")), "team-a")[0] != path


@pytest.mark.parametrize(
    ("problem", "hint"),
    [
        (".spec.replcas: field not declared in schema", "; did you mean 'replicas'?"),
        ('.spec.template.containers[name="a"].imge: field not declared in schema', "; did you mean 'image'?"),
        (".spec.zzz: field not declared in schema", ""),
        (".none.at.all: field not declared in schema", ""),
        ("quota exceeded", ""),
    ],
)
def test_the_nearest_field_of_the_servers_own_schema_is_offered(problem, hint):
    assert nearest_fields(Server(), KINDS["Deployment"], problem) == hint


def test_the_schema_is_asked_for_only_where_a_field_is_unknown():
    server = Server()
    nearest_fields(server, KINDS["Deployment"], "quota exceeded")
    assert server.asked == []
    nearest_fields(server, KINDS["Deployment"], ".spec.x: field not declared in schema")
    assert server.asked == ["/openapi/v3/apis/apps/v1"]
