# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.undo import locate, named_places, removals, to_take_out
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.requests import ReconcileRequest
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document, subject

LIVE = {
    "metadata": {"resourceVersion": "7", "annotations": {"a.b/c~d": "x"}, "finalizers": ["one", "two"]},
    "spec": {
        "ports": [{"port": 80, "protocol": "TCP"}, {"port": 80, "protocol": "UDP"}],
        "containers": [{"name": "a"}, {"name": "b", "env": [{"name": "X"}, {"name": "Y"}]}],
        "rules": [{"verbs": ["get"]}, {"verbs": ["list"]}],
    },
}


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("spec.containers[name=b].env[name=Y]", ["spec", "containers", 1, "env", 1]),
        ('metadata.annotations."a.b/c~d"', ["metadata", "annotations", "a.b/c~d"]),
        ("spec.ports[port=80,protocol=UDP]", ["spec", "ports", 1]),
        ("metadata.finalizers[=two]", ["metadata", "finalizers", 1]),
        ("spec.rules[1].verbs", ["spec", "rules", 1, "verbs"]),
        ("spec.containers[name=c]", None),
        ("spec.containers.name", None),
        ("spe", None),
    ],
)
def test_a_path_as_a_report_shows_it_is_found_again(path, pointer):
    assert locate(LIVE, path) == pointer


def test_removals_go_from_the_end_of_each_list_and_hold_for_this_version_alone():
    paths = ["spec.containers[name=a]", "spec.containers[name=b]", 'metadata.annotations."a.b/c~d"', "spec.gone"]
    first, *rest = removals(LIVE, paths)
    assert first == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}
    assert [operation["path"] for operation in rest if "containers" in operation["path"]] == ["/spec/containers/1", "/spec/containers/0"]
    assert "/metadata/annotations/a.b~1c~0d" in [operation["path"] for operation in rest] and len(rest) == 3
    assert removals(LIVE, ["spec.gone"]) == []


def test_a_word_is_a_manager_or_a_place():
    words = ["kubectl-edit", "ConfigMap/n/x data.a", "Namespace/-/n metadata.labels.b", 'ConfigMap/n/x data."c d"', "Mozilla 5/0"]
    assert named_places(words) == (
        {"kubectl-edit", "Mozilla 5/0"},
        {"ConfigMap/n/x": {"data.a", 'data."c d"'}, "Namespace/-/n": {"metadata.labels.b"}},
    )


def metadata():
    return {
        "managedFields": [
            {"manager": "kube_apply:us", "operation": "Apply", "fieldsV1": {"f:data": {"f:ours": {}}}},
            {"manager": "them", "operation": "Update", "fieldsV1": {"f:data": {"f:a": {}, "f:b": {}}}},
            {"manager": "others", "operation": "Update", "fieldsV1": {"f:data": {"f:c": {}}}},
        ]
    }


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        ((), []),
        (("them",), ["data.a", "data.b"]),
        (("them", "nobody", "ConfigMap/n/x data.hidden", "ConfigMap/n/y data.c"), ["data.a", "data.b", "data.hidden"]),
    ],
)
def test_what_a_request_names_is_taken_out(words, paths):
    one = subject(document("ConfigMap", data={"ours": "1"}))
    before = copy.deepcopy(one.body)
    assert to_take_out(one, metadata(), ReconcileRequest([], "us", remove_foreign=words)) == paths and one.body == before


@pytest.mark.parametrize("path", ["data.ours", "data", "data.ours.below"])
def test_what_is_declared_is_refused(path):
    one = subject(document("ConfigMap", data={"ours": "1"}))
    with pytest.raises(InputError, match=r"ConfigMap/n/x data\S* is declared by file.yml"):
        to_take_out(one, metadata(), ReconcileRequest([], "us", remove_foreign=(f"ConfigMap/n/x {path}",)))
