# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No value of a Secret may be seen: whatever it holds, wherever it stands."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action, Change
from ansible_collections.gantry.platform.plugins.module_utils._core.diff import ABSENT, Difference, differences
from ansible_collections.gantry.platform.plugins.module_utils._core.show import as_diff
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.yaml import dump_yaml
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.examine import Finding, bare
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.planner import _change
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.show import plain_pair, shown_changes, shown_document
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.requests import ReconcileRequest
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document, subject
from hypothesis import given
from hypothesis import strategies as st

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
CANARY = "canary"
NAMES = st.text("abc.-_/ ", min_size=1, max_size=6)
VALUES = st.dictionaries(NAMES, st.text("xyz: \"'\n\\", max_size=6).map(lambda text: text + CANARY), min_size=1, max_size=4)
REQUEST = ReconcileRequest([])


def encoded(values):
    return {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}


def secret(values, field="data", annotated=False):
    metadata = {"name": "s", "namespace": "n"}
    if annotated:
        metadata["annotations"] = {LAST_APPLIED: json.dumps({"stringData": values}), "kept": "here"}
    return document("Secret", "s") | {"metadata": metadata, field: encoded(values) if field == "data" else values}


def values_of(*maps):
    """Every text that must not be seen: the values as they are and as they travel."""
    return [text for values in maps for value in values.values() for text in (CANARY, value, *encoded({"": value}).values())]


def rendered(change):
    return (
        json.dumps([change.before, change.after, change.as_result(), as_diff([change], dump_yaml)], default=repr)
        + repr(change)
        + change.as_line()
    )


@given(VALUES, VALUES, st.sampled_from(["data", "stringData"]), st.booleans())
def test_no_value_of_a_secret_is_in_any_rendering_of_its_change(before, after, field, annotated):
    live = secret(before, annotated=annotated)
    one = subject(secret(after, field), live=live["metadata"])
    finding = Finding(one, Action.UPDATE, list(differences(bare(live), bare(one.body))))
    text = rendered(_change(finding, Action.UPDATE, REQUEST))
    for hidden in values_of(before, after):
        assert hidden not in text


@given(VALUES, st.sampled_from(["data", "stringData"]), st.booleans())
def test_no_value_of_a_secret_is_in_any_rendering_of_its_creation(values, field, annotated):
    finding = Finding(subject(secret(values, field, annotated)), Action.CREATE)
    text = rendered(_change(finding, Action.CREATE, REQUEST))
    for hidden in values_of(values):
        assert hidden not in text


@given(VALUES, st.sampled_from(["data", "stringData"]), st.booleans())
def test_a_shown_secret_keeps_its_names_and_loses_its_values(values, field, annotated):
    given_in = secret(values, field, annotated)
    shown = shown_document(given_in, secret=True)
    assert shown[field] == dict.fromkeys(values, "<secret: set>")
    assert CANARY not in json.dumps(shown)
    assert shown["metadata"]["name"] == "s" and (not annotated or shown["metadata"]["annotations"]["kept"] == "here")
    assert given_in == secret(values, field, annotated)


@pytest.mark.parametrize(
    ("difference", "before", "after"),
    [
        (Difference("data.a", "x", "y"), {"data.a": "<secret: set>"}, {"data.a": "<secret: changed>"}),
        (Difference("data.a", ABSENT, "y"), {}, {"data.a": "<secret: set>"}),
        (Difference("data.a", "x", ABSENT), {"data.a": "<secret: set>"}, {"data.a": "<secret: unset>"}),
        (Difference("data", {"a": "x"}, None), {"data": "<secret: set>"}, {"data": "<secret: changed>"}),
        (Difference("type", "Opaque", "x"), {"type": "Opaque"}, {"type": "x"}),
        (Difference("metadata.labels.data", "x", "y"), {"metadata.labels.data": "x"}, {"metadata.labels.data": "y"}),
    ],
)
def test_of_a_secret_only_the_values_are_hidden(difference, before, after):
    one = subject(secret({"a": "y"}))
    assert shown_changes(one, Finding(one, Action.UPDATE, [difference])) == (before, after)


def test_of_any_other_object_the_values_are_shown_but_not_what_kubectl_remembers():
    one = subject(document("ConfigMap"))
    path = f'metadata.annotations."{LAST_APPLIED}"'
    finding = Finding(one, Action.UPDATE, [Difference("data.a", "x", "y"), Difference(path, "old canary", ABSENT)])
    before, after = shown_changes(one, finding)
    assert (before["data.a"], after["data.a"]) == ("x", "y")
    assert "canary" not in str(before) + str(after)


def change(action, before=None, after=None):
    return Change("ConfigMap/n/x", action, before=before, after=after)


def test_a_diff_shows_what_was_and_what_will_be_under_the_objects_name():
    (row,) = as_diff([change(Action.UPDATE, {"data.a": 1}, {"data.a": 2})], dump_yaml)
    assert row == {
        "before_header": "ConfigMap/n/x",
        "after_header": "ConfigMap/n/x (update)",
        "before": "data.a: 1\n",
        "after": "data.a: 2\n",
    }


@pytest.mark.parametrize(
    ("one", "before", "after"),
    [
        (change(Action.CREATE, {}, {"kind": "A"}), "", "kind: A\n"),
        (change(Action.DELETE), "ConfigMap/n/x exists\n", ""),
    ],
)
def test_what_comes_and_goes_has_one_side(one, before, after):
    assert [(row["before"], row["after"]) for row in as_diff([one], dump_yaml)] == [(before, after)]


@pytest.mark.parametrize("one", [change(Action.BLOCKED, {"a": 1}, {"a": 2}), change(Action.ADOPT), change(Action.UPDATE, {}, {})])
def test_what_changes_no_field_or_nothing_at_all_has_no_diff(one):
    assert as_diff([one], dump_yaml) == []


def test_a_long_diff_is_cut_and_says_how_much():
    (row,) = as_diff([change(Action.UPDATE, {}, {"data.a": "x" * 30_000})], dump_yaml)
    assert len(row["after"]) < 20_100 and row["after"].endswith("characters more\n")


CONTAINER = "spec.template.spec.containers[name=app]"


@pytest.mark.parametrize(
    ("path", "before", "after", "pair"),
    [
        (f"{CONTAINER}.resources.requests.cpu", "500m", "600m", ("500m", "600m")),
        ("spec.replicas", ABSENT, 3, (None, 3)),
        ("spec.paused", True, ABSENT, (True, None)),
        ("spec.type", "ClusterIP", "NodePort", ("ClusterIP", "NodePort")),
        (f"{CONTAINER}.image", "a.example/b@sha256:" + "0" * 64, "c", None),
        (f"{CONTAINER}.env[name=LEVEL].value", "a", "b", None),
        (f"{CONTAINER}.args[0]", "a", "b", None),
        ("data.LEVEL", "a", "b", None),
        ('metadata.annotations."a/b"', "a", "b", None),
        ("spec.auth.adminPassword", "a", "b", None),
        ("spec.apiToken", "a", "b", None),
        ("spec.description", "a text of somebody", "b", None),
        ("spec.rules", [], [1], None),
    ],
)
def test_only_amounts_and_names_stand_in_a_row_and_nothing_of_where_a_credential_may_be(path, before, after, pair):
    difference = Difference(path, before, after)
    assert plain_pair(difference, secret=False) == pair
    assert plain_pair(difference, secret=True) is None
