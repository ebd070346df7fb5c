# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each dry run sees the quota as it is: five creations into two free places all pass. So we count ourselves."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.observed import Observed
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.quota import quota_problems
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document, subject
from hypothesis import given
from hypothesis import strategies as st


class Server:
    threads = 1

    def __init__(self, *quotas):
        self.quotas = quotas
        self.asked = []

    def list_objects(self, kind, namespace, metadata_only):
        self.asked.append(namespace)
        return [quota for quota in self.quotas if quota["metadata"]["namespace"] == namespace], "1"


def quota(hard, used=None, name="q", namespace="n", **spec):
    return document("ResourceQuota", name, namespace, spec={"hard": hard, **spec}, status={"used": used or {}})


def new(kind="ConfigMap", number=1, namespace="n"):
    return [subject(document(kind, f"{kind.lower()}-{one}", namespace)) for one in range(number)]


def problems(created, *quotas, declared=(), namespaces=("n",)):
    subjects = {one.ref: one for one in (subject(body) for body in declared)}
    return quota_problems(Server(*quotas), created, Observed(namespaces=dict.fromkeys(namespaces, {})), subjects)


@pytest.mark.parametrize("name", ["configmaps", "count/configmaps"])
@pytest.mark.parametrize(("used", "number", "fits"), [(3, 2, True), (3, 3, False), (5, 1, False), (0, 5, True)])
def test_creations_must_fit_into_what_is_free(name, used, number, fits):
    found = problems(new(number=number), quota({name: "5"}, {name: str(used)}))
    assert (found == []) is fits
    if not fits:
        assert found == [f"  ResourceQuota/n/q: {name} is limited to 5, {used} are used and the run would create {number} more"]


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_it_is_plain_arithmetic(limit, used, number):
    assert bool(problems(new(number=number), quota({"configmaps": str(limit)}, {"configmaps": str(used)}))) is (
        number > 0 and used + number > limit
    )


def test_kinds_of_a_group_are_counted_under_their_full_name():
    full = quota({"count/deployments.apps": "1", "deployments": "0"})
    assert problems(new("Deployment", 1), full) == []
    assert "count/deployments.apps is limited to 1" in problems(new("Deployment", 2), full)[0]


@pytest.mark.parametrize(
    "harmless",
    [
        quota({"requests.cpu": "1"}),
        quota({"configmaps": "1k"}),
        quota({"configmaps": "0"}, scopes=["BestEffort"]),
        quota({"configmaps": "0"}, namespace="other"),
        quota({"secrets": "0"}),
    ],
)
def test_a_quota_of_something_else_is_not_in_the_way(harmless):
    assert problems(new(), harmless) == []


def test_the_limit_that_this_run_brings_counts_with_what_is_used_now():
    live = quota({"configmaps": "1"}, {"configmaps": "1"})
    assert problems(new(), live, declared=[quota({"configmaps": "2"})]) == []
    assert problems(new(), declared=[quota({"configmaps": "0"})]) != []
    assert "1 are used" in problems(new(number=2), live, declared=[quota({"configmaps": "2"})])[0]


def test_every_quota_of_every_namespace_is_told():
    created = new(number=2) + new(number=2, namespace="m")
    quotas = [quota({"configmaps": "1"}, name=name, namespace=namespace) for name in "ab" for namespace in "nm"]
    found = problems(created, *quotas, namespaces="nm")
    assert [line.split(":")[0].strip() for line in found] == [f"ResourceQuota/{where}" for where in ("m/a", "m/b", "n/a", "n/b")]


def test_only_namespaces_that_exist_and_get_something_are_asked_for():
    server = Server()
    created = new() + new(namespace="new") + [subject(document("Namespace", "other"))]
    quota_problems(server, created, Observed(namespaces={"n": {}, "idle": {}}), {})
    assert server.asked == ["n"]
