# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.documents import normalise, refuse_duplicates
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Ref
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.observed import Observed
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.record import Entry, new_record
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.subject import (
    only_path,
    subjects_of,
    without_paths,
)
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.wanted import HandedOver, Wanted
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import KINDS, document, ref, subject

RECORD = new_record("one", "gantry-system", "us")


def of(body, live=None, handed_over=(), references=None):
    """The one subject that comes out of a document."""
    desired = normalise(body, "file.yml", RECORD.name)[0]
    objects = refuse_duplicates([desired])
    wanted = Wanted(objects, {desired.ref: KINDS[body["kind"]]}, set(), {desired.ref: list(handed_over)}, [])
    observed = Observed(records={"one": RECORD}, metadata={desired.ref: live} if live else {})
    return subjects_of(wanted, observed, References(references or {}))[desired.ref]


def deployment(**spec):
    return document("Deployment", spec={"replicas": 2, "paused": False, **spec})


def test_the_body_carries_the_label_of_its_set_beside_its_own():
    body = document("ConfigMap")
    body["metadata"]["labels"] = {"team": "a"}
    assert of(body).body["metadata"]["labels"] == {"team": "a", "applyset.kubernetes.io/part-of": RECORD.id}
    assert body["metadata"]["labels"] == {"team": "a"}


def test_a_handed_over_field_is_not_in_the_body():
    rule = HandedOver(ref("Deployment"), ("spec", "replicas"), 2)
    found = of(deployment(), handed_over=[rule])
    assert found.body["spec"] == {"paused": False}
    assert found.seeds == [rule]


def test_a_probe_is_for_the_engine_and_never_sent():
    body = document("ValidatingAdmissionPolicy")
    body["metadata"]["annotations"] = {"gantry.dev/probe": "kind: Pod", "kept": "x"}
    found = of(body)
    assert (found.probe, found.body["metadata"]["annotations"]) == ("kind: Pod", {"kept": "x"})
    assert found.desired.body["metadata"]["annotations"] == {"gantry.dev/probe": "kind: Pod", "kept": "x"}


def test_it_knows_its_live_uid_its_record_and_its_path():
    found = of(document("ConfigMap"), live={"uid": "u"})
    assert (found.uid, found.path, found.entry) == ("u", "/api/v1/namespaces/n/configmaps/x", None)
    assert of(document("ConfigMap")).uid == ""
    recorded = new_record("r", "n", "us")
    recorded.objects[ref("ConfigMap")] = Entry("u")
    assert subject(document("ConfigMap"), record=recorded).entry == Entry("u")


def secret(value, name="a"):
    return document("Secret", data={name: value})


REFERENCE = {"reference": "env:A"}


def test_the_digest_changes_with_the_body_and_only_with_it():
    one, same, other = (of(document("ConfigMap", data={"a": value})).desired_digest for value in ("1", "1", "2"))
    assert one == same != other


def test_a_rotated_secret_has_another_digest_although_its_reference_is_the_same():
    one, other = (of(secret(REFERENCE), references={"A": value}) for value in ("1", "2"))
    assert one.body["data"] == {"a": base64.b64encode(b"1").decode()}
    assert one.desired_digest != other.desired_digest
    assert one.approval_digest(None) == other.approval_digest(None)
    assert one.approval_digest(b"key") != other.approval_digest(b"key")


@pytest.mark.parametrize("other", [secret(REFERENCE, "b"), secret({"reference": "env:B"}), secret("bGl0")])
def test_without_a_key_a_secret_counts_by_its_names_and_references(other):
    values = {"A": "1", "B": "1"}
    assert of(secret(REFERENCE), references=values).approval_digest(None) != of(other, references=values).approval_digest(None)


def test_a_weak_secret_cannot_be_guessed_from_an_approval():
    one, other = (of(secret(value)).approval_digest(None) for value in ("d2Vhaw==", "b3RoZXI="))
    assert one == other


@pytest.mark.parametrize(
    ("paths", "spec"),
    [
        ([], {"a": {"b": 1, "c": 2}}),
        ([("spec", "a", "b")], {"a": {"c": 2}}),
        ([("spec", "a"), ("spec", "none")], {}),
        ([("spec", "none", "deeper"), ("spec", "a", "b", "deeper")], {"a": {"b": 1, "c": 2}}),
    ],
)
def test_members_are_left_out_without_touching_what_was_given(paths, spec):
    body = {"spec": {"a": {"b": 1, "c": 2}}}
    assert without_paths(body, paths) == {"spec": spec}
    assert body == {"spec": {"a": {"b": 1, "c": 2}}}


def test_a_document_of_one_member_has_the_identity_and_nothing_else():
    body = deployment()
    body["metadata"]["labels"] = {"a": "b"}
    assert only_path(body, ("spec", "strategy", "type"), "Recreate") == document("Deployment", spec={"strategy": {"type": "Recreate"}})
    cluster = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}
    assert Ref.of(only_path(cluster, ("spec",), {})) == Ref("", "Namespace", "", "n")
