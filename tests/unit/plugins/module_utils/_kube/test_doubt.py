# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.observed import Observed
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.record import new_record
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.doubt import read_whole, still_right
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.proof import entry_of
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.errors import ApiError
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document, refusal, subject

MANAGER = "kube_apply:us"


class Server:
    threads = 1

    def __init__(self, objects, only_in_namespaces=False):
        self.objects = objects
        self.only_in_namespaces = only_in_namespaces
        self.asked = []

    def find(self, path):
        self.asked.append(path.rpartition("/")[2])
        return next((one for one in self.objects if path.endswith(f"/{one['metadata']['name']}")), None)

    def list_objects(self, kind, namespace=None, selector="", metadata_only=True):
        assert not metadata_only
        self.asked.append(namespace or "everywhere")
        if self.only_in_namespaces and not namespace:
            raise refusal(403)
        return [one for one in self.objects if namespace in (None, one["metadata"].get("namespace"))], "1"


def made(kind, number, namespaces=2):
    """Subjects and the live objects that they are about."""
    record = new_record("one", "n", "us")
    subjects, objects = {}, []
    for one in range(number):
        body = document(kind, f"x{one}", f"n{one % namespaces}", data={"a": "1"})
        own = {"manager": MANAGER, "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}}}}
        live = {**body, "metadata": {**body["metadata"], "uid": "u", "managedFields": [own]}}
        found = subject(body, live=live["metadata"], record=record)
        record.objects[found.ref] = entry_of(found, live, MANAGER)
        subjects[found.ref] = found
        objects.append(live)
    return subjects, objects


@pytest.mark.parametrize(
    ("kind", "number", "shut", "asked"),
    [
        ("ConfigMap", 3, False, ["x0", "x1", "x2"]),
        ("ConfigMap", 4, False, ["everywhere"]),
        ("ConfigMap", 4, True, ["everywhere", "n0", "n1"]),
        ("Secret", 4, True, ["n0", "n1"]),
        ("ClusterRole", 4, False, ["everywhere"]),
    ],
)
def test_few_are_read_by_name_and_many_by_as_few_lists_as_this_identity_may(kind, number, shut, asked):
    subjects, objects = made(kind, number)
    server = Server(objects, shut)
    assert set(read_whole(server, subjects)) == set(subjects)
    assert server.asked == asked


def test_a_refusal_where_nothing_else_can_be_asked_is_told():
    subjects, objects = made("ClusterRole", 4)
    with pytest.raises(ApiError):
        read_whole(Server(objects, only_in_namespaces=True), subjects)


def test_only_what_holds_the_same_values_is_still_right_and_what_was_read_is_not_read_again():
    subjects, objects = made("ConfigMap", 3)
    same, other, gone = subjects
    objects[1]["data"] = {"a": "2"}
    observed = Observed(whole={same: objects[0]})
    server = Server(objects[:2])
    assert set(still_right(server, observed, subjects.values(), MANAGER)) == {same}
    assert server.asked == [other.name, gone.name]
