# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a set no longer declares goes away, and nothing else does."""

from __future__ import annotations

import json

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    config_map,
    definition,
    identity,
    namespace_of,
    one_set,
    service_account,
    unused_group,
    unused_name,
)

DELETE = {"mode": "delete"}


def maps(namespace, *names):
    return [config_map(namespace, name) for name in names]


@pytest.fixture
def pair(cluster, namespace):
    """A set of two, already applied."""
    cluster.run(one_set("s", namespace, *maps(namespace, "a", "b"))).ok()
    return namespace


def test_nothing_is_deleted_unasked(cluster, pair):
    done = cluster.run(one_set("s", pair, *maps(pair, "a"))).ok()
    assert (done.planned, cluster.find(config_map(pair, "b")) is not None) == ({}, True)


def test_report_names_what_delete_would_remove(cluster, pair):
    done = cluster.run(one_set("s", pair, *maps(pair, "a")), prune={"mode": "report"}).ok()
    assert f"ConfigMap/{pair}/b is declared no more (set s); prune.mode: delete removes it" in done.result["warnings"]
    assert done.written == set()
    assert cluster.find(config_map(pair, "b")) is not None


def test_delete_removes_what_is_declared_no_more(cluster, pair):
    wanted = one_set("s", pair, *maps(pair, "a"))
    checked = cluster.run(wanted, check=True, prune=DELETE).ok()
    assert checked.planned == {f"ConfigMap/{pair}/b": "delete"}
    assert checked.tried == []
    done = cluster.run(wanted, prune=DELETE).ok()
    assert done.written == {f"ConfigMap/{pair}/b"}
    assert cluster.find(config_map(pair, "b")) is None
    assert cluster.run(wanted, prune=DELETE).ok().tried == []


def test_an_object_left_out_while_pruning_was_off_is_still_known_later(cluster, pair):
    wanted = one_set("s", pair, *maps(pair, "a", "c"))
    cluster.run(wanted).ok()
    cluster.run(wanted, prune=DELETE).ok()
    assert cluster.find(config_map(pair, "b")) is None


def test_an_object_that_moved_to_another_set_is_not_deleted(cluster, namespace):
    moving, staying = maps(namespace, "moving", "staying")
    cluster.run(one_set("one", namespace, moving, staying), one_set("two", namespace, config_map(namespace, "other"))).ok()
    before = cluster.get(moving)["metadata"]["uid"]
    sets = [one_set("one", namespace, staying), one_set("two", namespace, config_map(namespace, "other"), moving)]
    done = cluster.run(*sets, prune=DELETE).ok()
    assert "delete" not in done.planned.values()
    assert cluster.get(moving)["metadata"]["uid"] == before
    assert cluster.run(*sets, prune=DELETE).ok().tried == []
    # The set that lost it does not claim it afterwards, and the set that won it removes it.
    cluster.run(sets[0], one_set("two", namespace, config_map(namespace, "other")), prune=DELETE).ok()
    assert cluster.find(moving) is None


def test_an_object_moving_into_a_set_that_is_not_written_now_is_not_deleted(cluster, namespace):
    moving, staying = maps(namespace, "moving", "staying")
    cluster.run(one_set("one", namespace, moving, staying), one_set("two", namespace, config_map(namespace, "other"))).ok()
    sets = [one_set("one", namespace, staying), one_set("two", namespace, config_map(namespace, "other"), moving)]
    cluster.run(*sets, prune=DELETE, apply_sets=["one"]).ok()
    assert cluster.find(moving) is not None
    cluster.run(*sets, prune=DELETE, apply_sets=["two"]).ok()
    assert cluster.find(moving) is not None
    assert cluster.run(*sets, prune=DELETE).ok().tried == []


def test_a_label_alone_makes_nothing_ours(cluster, pair):
    (record,) = cluster.parents_in(pair)
    label = cluster.get(config_map(pair, "a"))["metadata"]["labels"]["applyset.kubernetes.io/part-of"]
    assert label == record["metadata"]["labels"]["applyset.kubernetes.io/id"]
    copy = config_map(pair, "copy")
    copy["metadata"]["labels"] = {"applyset.kubernetes.io/part-of": label}
    cluster.admin.create(f"/api/v1/namespaces/{pair}/configmaps", copy, "somebody")
    cluster.run(one_set("s", pair, *maps(pair, "a")), prune=DELETE).ok()
    assert cluster.find(copy) is not None
    assert cluster.find(config_map(pair, "b")) is None


def test_an_object_that_somebody_took_out_of_the_set_is_left_alone(cluster, pair):
    cluster.edit(config_map(pair, "b"), {"metadata": {"labels": {"applyset.kubernetes.io/part-of": None}}})
    cluster.run(one_set("s", pair, *maps(pair, "a")), prune=DELETE).ok()
    assert cluster.find(config_map(pair, "b")) is not None


def test_an_object_of_that_name_made_anew_by_somebody_is_left_alone(cluster, pair):
    cluster.delete(config_map(pair, "b"))
    cluster.admin.create(f"/api/v1/namespaces/{pair}/configmaps", config_map(pair, "b"), "somebody")
    cluster.run(one_set("s", pair, *maps(pair, "a")), prune=DELETE).ok()
    assert cluster.find(config_map(pair, "b")) is not None


@pytest.mark.parametrize(
    ("limits", "said"),
    [({"max_count": 5}, "max_count"), ({"max_count": 50, "max_percent": 50}, "max_percent")],
)
def test_too_many_deletions_are_refused_before_the_first_write(cluster, namespace, limits, said):
    names = [f"m{number}" for number in range(10)]
    cluster.run(one_set("s", namespace, *maps(namespace, *names))).ok()
    refused = cluster.run(one_set("s", namespace, *maps(namespace, "m0", "m1", "new")), prune={**DELETE, **limits})
    assert said in refused.message
    assert refused.writes == []
    assert cluster.find(config_map(namespace, "m9")) is not None


def test_a_namespace_is_kept_until_its_kind_is_named(cluster, namespace):
    doomed = namespace_of(unused_name())
    cluster.run(one_set("s", namespace, config_map(namespace), doomed)).ok()
    wanted = one_set("s", namespace, config_map(namespace))
    kept = cluster.run(wanted, prune=DELETE).ok()
    assert any("it may hold data" in warning and "prune.data" in warning for warning in kept.result["warnings"])
    assert kept.written == set()
    checked = cluster.run(wanted, check=True, prune={**DELETE, "data": ["Namespace"]}).ok()
    assert checked.change(identity(doomed))["impact"] == "destroys_data"
    cluster.run(wanted, prune={**DELETE, "data": ["Namespace"]}).ok()
    assert cluster.find(doomed) is None or cluster.get(doomed)["metadata"].get("deletionTimestamp")


def test_a_definition_is_kept_until_its_kind_is_named(cluster, namespace):
    doomed = definition(unused_group())
    cluster.run(one_set("s", namespace, config_map(namespace), doomed)).ok()
    kept = cluster.run(one_set("s", namespace, config_map(namespace)), prune=DELETE).ok()
    assert cluster.find(doomed) is not None
    assert any("CustomResourceDefinition" in warning for warning in kept.result["warnings"])


def test_a_set_that_nobody_declares_is_named_and_removed_only_by_name(cluster, namespace):
    owner = unused_name("owner")
    cluster.run(
        one_set("old", namespace, config_map(namespace, "old")), one_set("new", namespace, config_map(namespace, "new")), owner=owner
    ).ok()
    wanted = one_set("new", namespace, config_map(namespace, "new"))
    named = cluster.run(wanted, owner=owner, prune=DELETE).ok()
    assert named.result["orphan_sets"] == ["old"]
    assert cluster.find(config_map(namespace, "old")) is not None
    known = cluster.run(wanted, owner=owner, known_sets=["old"]).ok()
    assert known.result["orphan_sets"] == []
    gone = cluster.run(wanted, owner=owner, remove_sets=["old"], parents=[{"name": "old", "namespace": namespace}]).ok()
    assert gone.planned == {f"ConfigMap/{namespace}/old": "delete"}
    assert cluster.find(config_map(namespace, "old")) is None
    assert [record["metadata"]["name"] for record in cluster.parents_in(namespace)] == ["new"]


def test_the_last_object_of_a_set_goes_where_that_was_said_by_name(cluster, namespace):
    cluster.run(one_set("s", namespace, service_account(namespace))).ok()
    empty = {"name": "s", "namespace": namespace, "definition": []}
    refused = cluster.run(empty, prune=DELETE)
    assert "definition holds no object; this would delete ServiceAccount/" in refused.message and "empty_sets" in refused.message
    assert refused.writes == []
    cluster.run(empty, prune=DELETE, empty_sets=["s"]).ok()
    assert cluster.find(service_account(namespace)) is None


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (lambda folder: {"src": [write(folder / "a.yml", "# nothing\n---\n")]}, "a.yml holds no document"),
        (lambda folder: {"src": [write(folder / "b.yml", "kind: List\napiVersion: v1\nitems: []\n")]}, "b.yml holds no document"),
        (lambda folder: {"src": [write(folder / "c" / "notes.txt", "")[: -len("/notes.txt")]]}, "holds no .yml, .yaml or .json file"),
        (lambda folder: {"src": []}, "src names no file"),
        (lambda folder: {"definition": []}, "definition holds no object"),
        (lambda folder: {"definition": ""}, "definition holds no object"),
        (lambda folder: {"definition": [None, []]}, "definition holds no object"),
    ],
)
def test_a_source_that_turns_out_empty_takes_nothing_away(cluster, pair, tmp_path, source, said):
    named = {"name": "s", "namespace": pair}
    given = source(tmp_path)
    for refused in (
        cluster.run({**named, **given}, prune=DELETE),
        cluster.run(apply_set=named, prune=DELETE, **given),
        cluster.run(apply_set=named, prune=DELETE, check=True, **given),
    ):
        assert said in refused.message and "name" in refused.message
        assert refused.writes == []
    assert cluster.find(config_map(pair, "a")) and cluster.find(config_map(pair, "b"))


def test_one_empty_source_among_others_takes_nothing_away_either(cluster, pair, tmp_path):
    given = {"src": [write(tmp_path / "a.yml", "# nothing")], "definition": maps(pair, "a")}
    refused = cluster.run({"name": "s", "namespace": pair, **given}, prune=DELETE)
    assert f"a.yml holds no document; this would delete ConfigMap/{pair}/b" in refused.message
    assert refused.writes == []
    # What deletes nothing needs no name: a template may be there for another environment.
    cluster.run({"name": "s", "namespace": pair, **given, "definition": maps(pair, "a", "b")}, prune=DELETE).ok()
    cluster.run({"name": "s", "namespace": pair, **given}, prune=DELETE, empty_sets=["s"]).ok()
    assert cluster.find(config_map(pair, "b")) is None


def test_a_set_of_a_store_that_became_empty_is_asked_for_by_name(cluster, pair, tmp_path):
    store = tmp_path / "store"
    store.mkdir(mode=0o700)
    content = {"set": "s", "namespace": pair, "role": "r", "documents": []}
    (store / "s.json").write_text(json.dumps(content))
    more = {"store": str(store), "prune": DELETE, "parents": [{"name": "s", "namespace": pair}]}
    refused = cluster.run(**more)
    assert "set s: it declares no object; this would delete" in refused.message and "platform_empty_sets" in refused.message
    assert refused.writes == []
    assert cluster.run(**more, empty_sets=["s"]).ok().planned == {f"ConfigMap/{pair}/{name}": "delete" for name in ("a", "b")}


def test_what_goes_with_its_whole_set_is_part_of_what_is_held(cluster, namespace):
    cluster.run(one_set("big", namespace, *maps(namespace, *"abcdef"))).ok()
    small = one_set("small", namespace, *maps(namespace, "kept"))
    cluster.run(small, known_sets=["big"]).ok()
    options = {"remove_sets": ["big"], "variables": {"prune": "platform_prune"}}
    refused = cluster.run(small, prune={"mode": "delete", "max_percent": 50}, **options)
    assert "would delete 6 of 7 objects, the limit is 50 %" in refused.message
    assert "raise platform_prune.max_percent" in refused.message
    few = cluster.run(small, prune={"mode": "delete", "max_count": 5}, **options)
    assert "raise platform_prune.max_count" in few.message
    assert refused.writes == few.writes == []
    done = cluster.run(small, prune={"mode": "delete", "max_percent": 100}, **options, parents=[]).ok()
    assert done.result["counts"]["delete"] == 6
    assert cluster.list("ConfigMap", namespace) and cluster.find(maps(namespace, "a")[0]) is None


def test_what_is_gone_already_is_not_held(cluster, namespace):
    cluster.run(one_set("s", namespace, *maps(namespace, *"abcdefghijkl"))).ok()
    for name in "ghijkl":
        cluster.delete(config_map(namespace, name))
    refused = cluster.run(one_set("s", namespace), prune={"mode": "delete", "max_percent": 60}, empty_sets=["s"])
    assert "would delete 6 of 6 objects, the limit is 60 %" in refused.message
