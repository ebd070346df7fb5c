# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.shadow import compare_fully
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.requests import ReconcileRequest
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.wanted import HandedOver
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document, ref, refusal, subject


class Server:
    """What is there, and what a dry run of a document under another name makes of it."""

    threads = 1

    def __init__(self, *live, defaults=None, refuses=None):
        self.live = list(live)
        self.defaults = defaults or {}
        self.refuses = refuses
        self.asked = []

    def find(self, path):
        return copy.deepcopy(self.live[0])

    def json_patch(self, path, operations, manager, dry_run=False):
        assert dry_run
        self.asked.append((path, operations))
        answer = copy.deepcopy(self.live[0])
        assert operations[0] == {"op": "test", "path": "/metadata/uid", "value": "u"}
        for operation in operations[1:]:
            *parents, last = operation["path"].split("/")[1:]
            here = answer
            for name in parents:
                here = here[name]
            if operation["op"] == "remove":
                del here[last]
            else:
                here[last] = operation["value"]
        return answer

    def ask(self, path, body, manager):
        self.asked.append((path, body["metadata"]["name"]))
        if self.refuses:
            raise self.refuses
        answer = copy.deepcopy(body)
        for member, value in self.defaults.items():
            answer.setdefault("spec", {}).setdefault(member, value)
        return answer, None


def live(body, *entries, **changes):
    body = copy.deepcopy(body)
    body["metadata"] |= {"uid": "u", "resourceVersion": "5", "managedFields": list(entries)}
    for path, value in changes.items():
        body.setdefault(path, {}).update(value)
    return body


def found(server, body, verify="full", seeds=(), warnings=None):
    of = server.live[0]
    one = subject(body, live=of["metadata"], seeds=seeds)
    compared = compare_fully(server, ReconcileRequest([], "us", verify=verify), {one.ref: one}, [] if warnings is None else warnings)
    server.suspects = {suspect.id for suspect in compared.suspects}
    return {row["path"]: (row["manager"], row.get("reason", "")) for row in compared.rows}


DEPLOYMENT = document("Deployment", spec={"paused": False})


def test_the_servers_defaults_are_no_addition():
    server = Server(live(DEPLOYMENT, spec={"replicas": 1}), defaults={"replicas": 1})
    assert found(server, DEPLOYMENT) == {}
    ((path, name),) = server.asked
    assert name.startswith("gantry-shadow-") and path.endswith(name)


def test_what_left_no_trace_in_managed_fields_is_found():
    """A scale of replicas that nobody declares, for example."""
    server = Server(live(DEPLOYMENT, spec={"replicas": 7}), defaults={"replicas": 1})
    assert found(server, DEPLOYMENT) == {"spec.replicas": ("not recorded in managedFields", "declared 1, found 7")}
    assert found(server, DEPLOYMENT, verify="recorded") == {}


def test_what_left_a_trace_is_told_with_its_manager_and_once():
    edit = {"manager": "kubectl-edit", "operation": "Update", "time": "noon", "fieldsV1": {"f:spec": {"f:selector": {"f:a": {}}}}}
    server = Server(live(DEPLOYMENT, edit, spec={"selector": {"a": "b"}}))
    assert {path: manager for path, (manager, _reason) in found(server, DEPLOYMENT).items()} == {"spec.selector.a": "kubectl-edit"}
    assert found(server, DEPLOYMENT, verify="recorded") == {"spec.selector.a": ("kubectl-edit", "")}


def test_what_controllers_write_and_what_was_handed_over_is_no_addition():
    annotated = live(DEPLOYMENT, spec={"replicas": 7}, metadata={"annotations": {"deployment.kubernetes.io/revision": "3"}})
    assert found(Server(annotated), DEPLOYMENT, seeds=[HandedOver(ref("Deployment"), ("spec", "replicas"), 1)]) == {}


def test_values_of_a_secret_are_not_told():
    secret = document("Secret", data={"a": "Y2FuYXJ5"})
    metadata = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"stringData": {"a": "canary"}}'}}
    rows = found(Server(live(secret, data={"b": "Y2FuYXJ5"}, metadata=metadata)), secret)
    assert rows["data.b"] == ("not recorded in managedFields", "declared otherwise")
    assert len(rows) == 2 and "canary" not in str(rows) and "Y2FuYXJ5" not in str(rows)


def test_a_declaration_that_would_be_refused_today_is_told():
    rows = found(Server(live(DEPLOYMENT), refuses=refusal(422, "denied by policy")), DEPLOYMENT)
    assert rows == {"": ("", "the declared object would be refused today: PATCH /path: 422 denied by policy")}


def test_who_may_not_dry_run_compares_by_managed_fields_and_says_so():
    warnings = []
    server = Server(live(DEPLOYMENT), refuses=refusal(403))
    assert found(server, DEPLOYMENT, warnings=warnings) == {}
    (warning,) = warnings
    assert "1 object(s) could be checked for additions by managedFields only" in warning and warning.endswith("Deployment.apps/n/x")
    assert server.suspects == {"Deployment.apps/n/x"}


def test_kinds_that_a_second_name_would_change_are_for_a_dry_run_of_themselves():
    server = Server(live(document("Job"), spec={"suspend": True}))
    assert found(server, document("Job")) == {} and server.asked == []
    assert server.suspects == {"Job.batch/n/x"}


def test_what_has_no_namespace_is_compared_in_its_own_place():
    rules, grown = [{"verbs": ["get"]}], [{"verbs": ["get", "escalate"]}]
    body = document("ClusterRole", rules=rules)
    server = Server(live(body, metadata={"annotations": {"a": "b"}}))
    server.live[0]["rules"] = grown
    assert found(server, body) == {
        "metadata.annotations.a": ("not recorded in managedFields", "not declared, found 'b'"),
        "rules[0].verbs[=escalate]": ("not recorded in managedFields", "not declared, found 'escalate'"),
    }
    assert server.suspects == {"ClusterRole.rbac.authorization.k8s.io/-/x"}


def test_an_item_that_nobody_declared_is_one_row():
    containers = [{"name": "app", "image": "a"}]
    body = document("Deployment", spec={"template": {"spec": {"containers": containers}}})
    server = Server(live(body))
    server.live[0]["spec"]["template"]["spec"]["containers"] = [*containers, {"name": "side", "image": "b", "env": [{"name": "A"}]}]
    assert found(server, body) == {"spec.template.spec.containers[name=side]": ("not recorded in managedFields", "not declared")}
