# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import gzip
import json
import random

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Ref
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.record import Entry, SetRecord, new_record, read_record
from hypothesis import given
from hypothesis import strategies as st

A, B = Ref("apps", "Deployment", "team-a", "a"), Ref("", "Namespace", "", "b")
NAMES = st.text("abz09-.:", min_size=1, max_size=8)
REFS = st.builds(
    Ref, st.sampled_from(["", "apps", "example.org"]), st.sampled_from(["Pod", "Thing"]), st.sampled_from(["", "team-a", "n"]), NAMES
)
ENTRIES = st.builds(Entry, st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.lists(NAMES, max_size=2).map(tuple))


def live(record):
    """The parent as a server gives it back."""
    return json.loads(json.dumps(record.body()))


def test_the_id_is_that_of_the_kep():
    record = new_record("shop", "team-a", "us")
    # printf shop.team-a.Secret. | openssl dgst -sha256 -binary | base64url
    assert record.id == "applyset-WeQnVrFaAoFiCAz6YLX5-WUFaT0JO2AHRmx8oZzbV5U-v1"
    assert record.id != new_record("shop", "team-b", "us").id


@given(st.dictionaries(REFS, ENTRIES, max_size=5), st.data())
def test_what_is_written_is_read_again(objects, data):
    unready = data.draw(st.sets(st.sampled_from(sorted(objects)))) if objects else set()
    done = data.draw(st.sets(st.sampled_from(sorted(objects)))) if objects else set()
    record = SetRecord("shop", "team-a", "us", b"k" * 32, objects, unready, done)
    found = read_record(live(record))
    assert (found.objects, found.unready, found.done, found.key, found.owner) == (objects, unready, done, b"k" * 32, "us")
    assert found.exists and not record.exists


def test_a_record_is_written_over_the_version_that_was_read_and_a_new_one_over_nothing():
    new = SetRecord("s", "n", "us", b"k", {A: Entry("1")})
    assert new.body()["metadata"]["resourceVersion"] == "1"
    known = live(new)
    known["metadata"]["resourceVersion"] = "77"
    found = read_record(known)
    assert (found.body()["metadata"]["resourceVersion"], found.stored) == ("77", known["data"]["record"])
    assert found.with_intended([B]).body()["metadata"]["resourceVersion"] == "77"


def test_the_same_record_is_the_same_body_whatever_the_order():
    one, other = (SetRecord("s", "n", "us", b"k", objects) for objects in ({A: Entry("1"), B: Entry("2")}, {B: Entry("2"), A: Entry("1")}))
    assert one.body() == other.body()


def test_other_tools_can_read_which_kinds_and_namespaces_the_set_has():
    metadata = SetRecord("shop", "gantry-system", "us", b"k", {A: Entry(), B: Entry()}).body()["metadata"]
    assert metadata["labels"]["applyset.kubernetes.io/id"].startswith("applyset-")
    assert metadata["labels"]["gantry.dev/owner"] == "us"
    assert metadata["annotations"] == {
        "applyset.kubernetes.io/tooling": "kube_apply/v1",
        "applyset.kubernetes.io/contains-group-kinds": "Deployment.apps,Namespace",
        "applyset.kubernetes.io/additional-namespaces": "team-a",
    }


def test_every_set_has_a_key_of_its_own_that_stays():
    assert new_record("a", "n", "us").key != new_record("a", "n", "us").key
    record = new_record("a", "n", "us")
    assert read_record(live(record)).key == record.key and len(record.key) == 32


def test_what_will_be_written_is_intended_first_and_what_is_known_stays_known():
    record = SetRecord("s", "n", "us", b"k", {A: Entry("uid")})
    assert record.with_intended([A, B]).objects == {A: Entry("uid"), B: Entry()}
    assert B not in record.objects


def packed(content):
    return base64.b64encode(gzip.compress(json.dumps(content).encode(), mtime=0)).decode()


GOOD = base64.b64decode(
    SetRecord("s", "n", "us", b"k", {Ref("", "Pod", "n", str(number)): Entry("u") for number in range(50)}).body()["data"]["record"]
)


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "not base64!",
        base64.b64encode(b"not gzip").decode(),
        base64.b64encode(GOOD[:-9]).decode(),
        base64.b64encode(gzip.compress(b"not json", mtime=0)).decode(),
        packed([]),
        packed({"version": 1}),
        packed({"objects": [["Pod/n/a", "u"]]}),
        packed({"objects": [["Pod", "u", "o", "d"]]}),
        packed({"objects": [[None, "u", "o", "d"]]}),
        packed({"objects": 7}),
        packed({"objects": [], "unready": 7}),
        packed({"objects": [], "done": ["no id"]}),
    ],
)
def test_a_record_that_cannot_be_read_counts_as_lost(content):
    secret = live(new_record("s", "n", "us"))
    secret["data"]["record"] = content
    if content is None:
        del secret["data"]["record"]
    found = read_record(secret)
    assert (found.objects, found.unready, found.done) == ({}, set(), set())


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_whatever_byte_of_a_record_turned_it_is_read_or_lost_but_never_wrong(place, turn):
    secret = live(new_record("s", "n", "us"))
    secret["data"]["record"] = base64.b64encode(GOOD[:place] + bytes([GOOD[place] ^ turn]) + GOOD[place + 1 :]).decode()
    found = read_record(secret).objects
    assert found == {} or (len(found) == 50 and set(found.values()) == {Entry("u")})


@pytest.mark.parametrize("tooling", ["kubectl/v1.36", "", None])
def test_the_parent_of_another_tool_is_refused(tooling):
    secret = live(new_record("s", "n", "us"))
    secret["metadata"]["annotations"] = tooling and {"applyset.kubernetes.io/tooling": tooling}
    with pytest.raises(InputError, match="Secret n/s is the parent of an apply set of another tool") as problem:
        read_record(secret)
    assert (tooling or "unnamed") in problem.value.message


def test_a_later_version_of_ours_is_ours():
    secret = live(SetRecord("s", "n", "us", b"k", {A: Entry("u")}))
    secret["metadata"]["annotations"]["applyset.kubernetes.io/tooling"] = "kube_apply/v2"
    assert read_record(secret).objects == {A: Entry("u")}


def test_thousands_of_objects_fit_and_what_does_not_fit_says_so():
    chance = random.Random(1)

    def record(number):
        digest = (f"{chance.getrandbits(256):064x}" for _count in range(2 * number))
        return SetRecord(
            "s", "n", "us", b"k", {Ref("", "Pod", "n", f"{one}"): Entry(f"{one:032x}", next(digest), next(digest)) for one in range(number)}
        )

    assert len(record(5_000).body()["data"]["record"]) < 1_000_000
    with pytest.raises(InputError, match="set s: the record of 20000 objects does not fit into one Secret; split the set"):
        record(20_000).body()
