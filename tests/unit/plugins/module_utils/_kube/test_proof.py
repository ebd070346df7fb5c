# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is believed of an object's metadata, and what is looked at."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.record import PART_OF, new_record, read_record
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.proof import Verdict, entry_of, same_value, says_the_same, verdict
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document, subject

MANAGER = "kube_apply:us"
FIELDS = {
    "f:metadata": {"f:labels": {f"f:{PART_OF}": {}, "f:a": {}}, "f:annotations": {}},
    "f:spec": {"f:items": {'k:{"name":"x"}': {".": {}, "f:name": {}, "f:size": {}}, 'v:"s"': {}}, "f:none": {}},
}


def written():
    """An object as our write left it, and what was recorded of it."""
    record = new_record("one", "n", "us")
    labels = {PART_OF: record.id, "a": "1"}
    body = document("Deployment", spec={"items": [{"name": "x", "size": 1}, "s"], "none": []})
    body["metadata"] |= {"labels": labels, "annotations": {}}
    live = copy.deepcopy(body)
    own = {"manager": MANAGER, "operation": "Apply", "time": "t", "fieldsV1": FIELDS}
    live["metadata"] |= {"uid": "u", "generation": 3, "resourceVersion": "70", "managedFields": [own]}
    one = subject(body, live=live["metadata"], record=record)
    one.body = body
    record.objects[one.ref] = entry_of(one, live, MANAGER)
    return one, live


def judged(one, live):
    one.live = live["metadata"]
    return verdict(one, MANAGER), same_value(one, live, MANAGER)


def test_what_nobody_touched_is_right():
    assert judged(*written()) == (Verdict.RIGHT, True)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda live: live["metadata"].update(resourceVersion="71"), (Verdict.RIGHT, True)),
        (lambda live: live["metadata"].update(resourceVersion="71", generation=4), (Verdict.WRITTEN, True)),
        (lambda live: (live["metadata"].update(resourceVersion="71"), live["metadata"]["labels"].update(a="2")), (Verdict.WRITTEN, False)),
        (lambda live: (live["metadata"].update(resourceVersion="71"), live["metadata"]["labels"].pop("a")), (Verdict.WRITTEN, False)),
        (lambda live: (live["metadata"].update(generation=4), live["spec"]["items"][0].update(size=2)), (Verdict.WRITTEN, False)),
        (lambda live: (live["metadata"].update(generation=4), live["spec"]["items"].pop()), (Verdict.WRITTEN, False)),
        (lambda live: (live["metadata"].update(generation=4), live["spec"].update(none=["theirs"])), (Verdict.WRITTEN, False)),
        (lambda live: (live["metadata"].update(generation=4), live["spec"].update(more=1)), (Verdict.WRITTEN, True)),
        (lambda live: live["metadata"].update(uid="other"), (Verdict.UNPROVEN, True)),
        (lambda live: live["metadata"]["managedFields"][0].update(time="later"), (Verdict.UNPROVEN, True)),
        (lambda live: live["metadata"].update(managedFields=[]), (Verdict.UNPROVEN, False)),
    ],
    ids=[
        "status-written",
        "spec-of-others",
        "label-changed",
        "label-gone",
        "value",
        "item-gone",
        "empty-filled",
        "addition",
        "recreated",
        "applied-as-us",
        "reset",
    ],
)
def test_what_somebody_did_is_looked_at_and_judged_by_the_values_in_our_fields(change, expected):
    one, live = written()
    change(live)
    assert judged(one, live) == expected


def test_where_nothing_counts_generations_the_resource_version_does():
    one, live = written()
    del live["metadata"]["generation"]
    one.record.objects[one.ref] = entry_of(one, live, MANAGER)
    assert judged(one, live) == (Verdict.RIGHT, True)
    live["metadata"]["resourceVersion"] = "71"
    assert judged(one, live) == (Verdict.WRITTEN, True)


def test_an_empty_map_of_annotations_is_no_claim_and_another_empty_one_is():
    one, live = written()
    fields = live["metadata"]["managedFields"][0]["fieldsV1"] = copy.deepcopy(FIELDS)
    del fields["f:metadata"]["f:annotations"]
    live["metadata"]["annotations"] = {"theirs": "1"}
    assert judged(one, live) == (Verdict.RIGHT, True)
    assert says_the_same(one.entry, entry_of(one, live, MANAGER))
    del fields["f:spec"]["f:none"]
    assert judged(one, live)[0] is Verdict.UNPROVEN
    assert not says_the_same(one.entry, entry_of(one, live, MANAGER))  # its value counts: what is empty in the spec may wall off


def test_a_record_of_before_proves_nothing_and_a_record_of_now_is_read_by_who_knows_less():
    one, live = written()
    entry = one.entry
    one.record.objects[one.ref] = replace(entry, stamp="", value="", solid="")
    assert judged(one, live) == (Verdict.WRITTEN, False)
    one.record.objects[one.ref] = replace(entry, overridden=("spec.a",), handed=("spec.replicas",))
    row = one.entry.row(one.ref.id)
    assert row[:5] == [one.ref.id, "u", entry.own, entry.desired, ["spec.a"]]
    assert read_record(one.record.body()).objects == one.record.objects


def test_a_digest_of_values_is_keyed():
    one, live = written()
    same, _live = written()
    assert one.entry.value != same.entry.value and len(one.entry.value) == 22
