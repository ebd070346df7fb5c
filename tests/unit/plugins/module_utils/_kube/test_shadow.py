# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.requests import ReconcileRequest
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve import HandedOver
from ansible_collections.gantry.platform.plugins.module_utils._kube.shadow import compare_fully
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document, ref, refusal, subject


class Server:
    """What is there, and what a dry run of a document under another name makes of it."""

    threads = 1

    def __init__(self, *live, defaults=None, refuses=None):
        self.live = list(live)
        self.defaults = defaults or {}
        self.refuses = refuses
        self.asked = []

    def list_objects(self, kind, namespace=None, selector="", metadata_only=True):
        return [copy.deepcopy(one) for one in self.live if one["kind"] == kind.kind], "1"

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
    rows = compare_fully(server, ReconcileRequest([], "us", verify=verify), {one.ref: one}, [] if warnings is None else warnings)
    return {row["path"]: (row["manager"], row.get("reason", "")) for row in rows}


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
    assert found(Server(live(DEPLOYMENT), refuses=refusal(403)), DEPLOYMENT, warnings=warnings) == {}
    assert warnings == ["1 object(s) could be checked by managedFields only, this identity may not dry-run them: Deployment.apps/n/x"]


@pytest.mark.parametrize("kind", ["Job", "ClusterRole"])
def test_kinds_that_a_second_name_would_change_are_not_dry_run(kind):
    server = Server(live(document(kind), spec={"suspend": True}))
    assert found(server, document(kind)) == {} and server.asked == []
