# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._run.promotion import guard_promotion
from ansible_collections.gantry.platform.plugins.module_utils._run.record import last_run
from ansible_collections.gantry.platform.plugins.module_utils._run.release import (
    KEPT,
    proven_by,
    release_of_run,
    releases_of,
    remember,
    taken,
)
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import applied, change, meta


def release(**digests):
    return {"services": {name: {"digest": digest} for name, digest in digests.items()}, "components": {}}


def record(run, held, *, verified=True, areas=()):
    """What a run that changed the cluster leaves, as its report makes it."""
    report = build_report(meta("site", applied=True, areas=list(areas)), {"a": applied(change("Namespace/-/x"))})
    made = last_run(report, "a", "ada@ops", {"release": held})
    return {**made, "run": run, "created": f"2026-11-24T10:00:0{run[-1]}Z", "host": {**made["host"], "verified": verified}}


def test_a_record_remembers_the_releases_before_it_each_once():
    first = remember(record("run-1", release(a="1")), None)
    second = remember(record("run-2", release(a="2")), first)
    again = remember(record("run-3", release(a="2")), second)
    back = remember(record("run-4", release(a="1")), again)
    assert [one["run"] for one in releases_of(second)] == ["run-2", "run-1"]
    assert [one["run"] for one in releases_of(again)] == ["run-3", "run-1"]
    assert [(one["run"], one["release"]) for one in releases_of(back)] == [("run-4", release(a="1")), ("run-3", release(a="2"))]


def test_a_run_of_a_part_takes_no_proof_away_that_a_whole_one_gave():
    whole = remember(record("run-1", release(a="1")), None)
    part = remember(record("run-2", release(a="1"), areas=["vault"]), whole)
    unverified = remember(record("run-3", release(a="1"), verified=False), part)
    proof = proven_by({"a": whole}, "staging")
    assert proof and all(proven_by({"a": one}, "staging") == proof for one in (part, unverified))


def test_what_is_remembered_is_bounded_and_old_records_know_nothing():
    kept = None
    for number in range(KEPT + 10):
        kept = remember(record("run-1", release(a=str(number))), kept)
    assert len(kept["releases"]) == KEPT
    assert releases_of({"run": "run-0", "host": {}, "release_digest": "sha256:1"}) == releases_of(None) == []


def test_a_run_is_found_in_any_clusters_record_and_else_the_known_ones_are_listed():
    records = [
        record("run-2", release(a="2"), verified=False),
        remember(record("run-3", release(a="3")), record("run-1", release(a="1"))),
        None,
    ]
    assert release_of_run(records, "run-1", "prod") == release(a="1")
    with pytest.raises(InputError) as told:
        release_of_run(records, "run-11", "prod")
    assert str(told.value).splitlines() == [
        "no run 'run-11' is recorded for prod; did you mean 'run-1'?; recorded are:",
        "  run-3  2026-11-24T10:00:03Z by ada@ops, verified",
        "  run-2  2026-11-24T10:00:02Z by ada@ops, not verified",
        "  run-1  2026-11-24T10:00:01Z by ada@ops, verified",
    ]
    with pytest.raises(InputError, match="which release of prod is meant"):
        release_of_run(records, "", "prod")
    with pytest.raises(InputError, match="none: a run that changes a cluster records its release"):
        release_of_run([], "run-1", "prod")


@pytest.mark.parametrize("verified", [(True, False), (False, True), (True, True)])
def test_a_run_is_verified_where_every_cluster_says_so(verified):
    records = [record("run-1", release(a="1"), verified=one) for one in verified]
    with pytest.raises(InputError) as told:
        release_of_run(records, "", "prod")
    assert str(told.value).endswith(", verified" if all(verified) else ", not verified")


def test_a_release_that_says_less_of_its_run_is_listed_all_the_same():
    with pytest.raises(InputError, match="None  None by None, not verified"):
        release_of_run([{"releases": [{"release": release(a="1")}, "odd", None]}, {"releases": None}], "run-1", "prod")


def test_a_source_has_proven_what_ran_verified_on_each_of_its_clusters():
    one = remember(record("run-3", release(a="2", b="1")), record("run-1", release(a="1", b="1")))
    other = record("run-2", release(a="1", b="1"))
    proven = proven_by({"one": one, "other": other}, "staging")
    assert proven["verified"]["services"] == {"a": [{"digest": "1"}], "b": [{"digest": "1"}]}
    assert proven_by({"one": one}, "staging")["verified"]["services"]["a"] == [{"digest": "2"}, {"digest": "1"}]
    guard_promotion("prod", "staging", release(a="1"), proven, "its clusters")
    with pytest.raises(RefusedError, match="service a: digest 2; verified there last: digest 1"):
        guard_promotion("prod", "staging", release(a="2"), proven, "its clusters")


@pytest.mark.parametrize(
    "records",
    [
        {},
        {"one": None},
        {"one": record("run-1", release(a="1"), verified=False)},
        {"one": record("run-1", release(a="1"), areas=["workloads"])},
        {"one": record("run-1", release(a="1")), "other": None},
    ],
)
def test_what_was_not_verified_everywhere_as_a_whole_proves_nothing(records):
    assert proven_by(records, "staging") is None
    with pytest.raises(RefusedError, match="has left no record of a verified run in its clusters"):
        guard_promotion("prod", "staging", release(a="1"), proven_by(records, "staging"), "its clusters")


def test_an_environment_takes_what_it_has_or_what_is_named():
    held = {**release(a="1", b="1", gone="1"), "components": {"velero": {"version": "1.0.0", "digest": "d"}, "other": {"version": "2.0.0"}}}
    present = {"services": ["a", "b", "new"], "components": ["velero"]}
    assert taken(held, present) == {
        "services": {"a": {"digest": "1"}, "b": {"digest": "1"}},
        "components": {"velero": {"version": "1.0.0", "digest": "d"}},
    }
    assert taken(held, present, ["b"]) == {"services": {"b": {"digest": "1"}}, "components": {}}
    with pytest.raises(InputError, match="'bb' is no part of that release; allowed: a, b, gone, velero, other"):
        taken(held, present, ["bb"])


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (
            {"components": {"velero": {"version": 1.10}}},
            "release.components.velero.version: found 1.1, which is no text; write it in quotes",
        ),
        ({"services": {"a": "sha256:1"}}, "release.services.a: found 'sha256:1'; allowed: texts by name"),
    ],
)
def test_what_is_no_text_is_not_made_one(held, words):
    with pytest.raises(InputError, match=words):
        taken(held, {"services": ["a"], "components": ["velero"]})
