# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action
from ansible_collections.gantry.platform.plugins.module_utils._core.diff import ABSENT, Difference
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.observed import Observed
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.disturb import disturbances
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.examine import Finding
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import KINDS, document, refusal, subject

POLICY = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", True)
ENFORCE = 'metadata.labels."pod-security.kubernetes.io/enforce"'


@pytest.fixture(autouse=True)
def policies(monkeypatch):
    monkeypatch.setitem(KINDS, "NetworkPolicy", POLICY)


class Server:
    def __init__(self, pods=(), **others):
        self.there = {"Pod": [{"metadata": {"labels": labels}} for labels in pods]} | others
        self.asked = []

    def list_objects(self, kind, namespace=None, selector="", metadata_only=True, fields=""):
        self.asked.append(kind.kind)
        if isinstance(self.there.get(kind.kind), Exception):
            raise self.there[kind.kind]
        return self.there.get(kind.kind, []), "1"


def wall(selector=None, **spec):
    return document("NetworkPolicy", spec={"podSelector": selector or {}, **spec})


def disturbed(server, body, action=Action.CREATE, changes=(), namespaces=("n",)):
    finding = Finding(subject(body), action, [Difference(*change) for change in changes])
    return bool(disturbances(server, [finding], Observed(namespaces=dict.fromkeys(namespaces, {}))))


@pytest.mark.parametrize(
    ("selector", "disturbs"),
    [
        ({}, True),
        ({"matchLabels": {"app": "a"}}, True),
        ({"matchLabels": {"app": "b"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_a_new_wall_disturbs_the_pods_that_it_selects(selector, disturbs):
    assert disturbed(Server([{"app": "a"}]), wall(selector)) is disturbs


def test_who_is_walled_in_already_is_not_disturbed_but_in_a_new_direction():
    server = Server([{"app": "a"}], NetworkPolicy=[wall()])
    assert not disturbed(server, wall({"matchLabels": {"app": "a"}}))
    assert disturbed(server, wall(policyTypes=["Egress"])) and disturbed(server, wall(egress=[{}]))


def test_nothing_is_asked_about_a_namespace_that_the_run_makes():
    server = Server([{"app": "a"}])
    assert not disturbed(server, wall(), namespaces=()) and server.asked == []


@pytest.mark.parametrize("unseen", ["Pod", "NetworkPolicy", "ResourceQuota"])
def test_what_may_not_be_listed_is_not_taken_for_absent(unseen):
    server = Server([{"app": "a"}], **{"NetworkPolicy": [wall()], "ResourceQuota": [{}], unseen: refusal(403)})
    assert disturbed(server, wall()) is (unseen != "ResourceQuota")
    assert disturbed(server, document("ResourceQuota")) is (unseen != "NetworkPolicy")
    assert not disturbed(Server(Pod=refusal(404)), wall())


@pytest.mark.parametrize(
    ("before", "after", "disturbs"),
    [(ABSENT, "restricted", True), ("baseline", "restricted", True), ("restricted", "baseline", False), (ABSENT, "privileged", False)],
)
def test_a_stricter_level_disturbs_and_a_looser_one_does_not(before, after, disturbs):
    for action in (Action.UPDATE, Action.ADOPT):
        assert disturbed(Server(), document("Namespace"), action, [(ENFORCE, before, after)]) is disturbs
    assert not disturbed(Server(), document("Namespace"), Action.CREATE)


def test_the_first_quota_over_running_pods_disturbs():
    assert disturbed(Server([{}]), document("ResourceQuota"))
    assert not disturbed(Server(), document("ResourceQuota"))
    assert not disturbed(Server([{}], ResourceQuota=[{}]), document("ResourceQuota"))
