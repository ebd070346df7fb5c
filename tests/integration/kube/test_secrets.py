# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Canaries: a value of a Secret is in the cluster, and in nothing that a run prints, returns, keeps or passes on."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os

import pytest
from ansible_collections.gantry.platform.tests.integration.canaries import traces_of
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    config_map,
    identity,
    one_set,
    policy,
    policy_binding,
    secret,
    unused_name,
)
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import FACES, Face
from ansible_collections.gantry.platform.tests.kit.waiting import until

APPLY = "gantry.platform.kube_apply"
LOUD = ["-vvvv", "--diff"]
CONSOLE = {"ANSIBLE_STDOUT_CALLBACK": "gantry.platform.console"}
# All that Ansible shows, and what the console words itself.
SHOWN = pytest.mark.parametrize(("words", "screen"), [(LOUD, {}), (["--diff"], CONSOLE)], ids=["vvvv", "console"])
CANARIES = {"OLD": "canary-old-5f1c", "NEW": "canary-new-9b2e", "FOREIGN": "canary-foreign-77aa"}


@pytest.fixture(params=FACES)
def face(request, cluster, tmp_path):
    return Face(request.param, tmp_path, cluster.kubeconfig)


def referenced(namespace, name, variable, **more):
    document = secret(namespace, name)
    document["stringData"] = {"password": {"reference": f"env:{variable}"}}
    return {**document, **more}


def task(name, namespace, *documents, **options):
    given = {"owner": "tests", "apply_set": {"name": "s", "namespace": namespace}, "definition": list(documents), **options}
    return {"name": name, APPLY: given}


def traces(text):
    """Canaries that are in a text."""
    return traces_of(CANARIES.values(), text)


def test_a_trace_is_seen_where_there_is_one():
    longer = base64.b64encode(b"user:" + CANARIES["OLD"].encode() + b":rest").decode()
    assert traces(longer) and traces(CANARIES["NEW"]) and not traces("canary")


def assert_silent(cluster, face, played):
    assert traces(played.output) == []
    assert traces(json.dumps(played.results)) == []
    assert any(str(face.folder / "playbook.yml") in line for line in played.command_lines)
    assert [line for line in played.command_lines if traces(line)] == []
    for folder, _folders, names in os.walk(face.folder):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8", errors="replace") as handle:
                assert traces(handle.read()) == [], path


@SHOWN
def test_create_change_and_remove(cluster, face, namespace, words, screen):
    one, other = referenced(namespace, "one", "OLD"), referenced(namespace, "other", "OLD")
    played = face.play(
        {**task("checked", namespace, one, other), "check_mode": True},
        task("made", namespace, one, other, return_objects=True),
        task("again", namespace, one, other),
        task("changed", namespace, referenced(namespace, "one", "NEW"), other, return_objects=True),
        task("removed", namespace, config_map(namespace), prune={"mode": "delete"}),
        words=words,
        environment=CANARIES | screen,
    )
    found = played.results
    assert [found[name]["changed"] for name in ("checked", "made", "again", "changed", "removed")] == [True, True, False, True, True]
    assert [change["fields"] for change in found["changed"]["plan"]] == [["data.password"]]
    assert found["made"]["objects"]
    assert_silent(cluster, face, played)


@SHOWN
def test_refusals_and_errors(cluster, face, namespace, words, screen):
    frozen, edited = referenced(namespace, "frozen", "OLD", immutable=True), referenced(namespace, "edited", "OLD")
    face.play(task("made", namespace, frozen, edited), environment=CANARIES)
    cluster.edit(edited, {"data": {"password": base64.b64encode(CANARIES["FOREIGN"].encode()).decode(), "own": "Zm9v"}})
    key = secret(namespace, "key")
    key["stringData"] = {"not/a/key": {"reference": "env:NEW"}}
    typed = referenced(namespace, "typed", "NEW", type="kubernetes.io/tls")
    played = face.play(
        task("immutable", namespace, referenced(namespace, "frozen", "NEW", immutable=True), edited),
        task("conflict", namespace, frozen, edited),
        task("invalid_key", namespace, frozen, edited, key, force_conflicts=True),
        task("invalid_type", namespace, frozen, edited, typed, force_conflicts=True),
        {**task("found", namespace, frozen, edited, verify="full", foreign="report", force_conflicts=True), "check_mode": True},
        task(
            "replaced",
            namespace,
            referenced(namespace, "frozen", "NEW", immutable=True),
            edited,
            on_immutable="replace",
            force_conflicts=True,
        ),
        task("unknown", namespace, referenced(namespace, "edited", "NO_SUCH_VARIABLE")),
        words=words,
        environment=CANARIES | screen,
    )
    found = played.results
    assert "data cannot be changed in place" in found["immutable"]["msg"]
    assert "data.password changed by 'intruder'" in found["conflict"]["msg"]
    assert all(found[name]["failed"] for name in ("invalid_key", "invalid_type", "unknown"))
    assert {change["id"] for change in found["found"]["plan"]} == {identity(edited)}
    assert ("data.own", "intruder") in {(row["path"], row["manager"]) for row in found["found"]["foreign"]}
    assert found["replaced"]["changed"]
    assert cluster.get(frozen)["data"]["password"] == base64.b64encode(CANARIES["NEW"].encode()).decode()
    assert_silent(cluster, face, played)


def test_a_policy_that_quotes_what_it_refuses_is_not_repeated(cluster, face, namespace):
    """Its message comes from its own words, which the server puts into its answer as they are."""
    name = unused_name()
    lets_in = "!has(object.data) || !('password' in object.data)"
    guard = policy(name, "any", "", lets_in, secret(namespace, "probe", password="p"))
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    guard["spec"]["matchConstraints"] = {"resourceRules": [rule], "namespaceSelector": here}
    guard["spec"]["validations"][0]["messageExpression"] = "'nobody writes ' + object.data['password']"
    cluster.run(one_set("policy", namespace, guard, policy_binding(name))).ok()
    try:
        # A policy reaches the apiserver a while after it was written.
        until(
            lambda: cluster.run(one_set("refused", namespace, secret(namespace, "two", password="p")), check=True).error,
            "the policy to hold",
        )
        played = face.play(
            {**task("checked", namespace, referenced(namespace, "one", "NEW")), "check_mode": True},
            task("refused", namespace, referenced(namespace, "one", "NEW")),
            words=LOUD,
            environment=CANARIES,
        )
    finally:
        cluster.run(one_set("policy", namespace), empty_sets=["policy"], prune={"mode": "delete", "max_percent": 100})
    for found in played.results.values():
        assert found["failed"] and "nobody writes <secret: set>" in found["msg"], found
    assert_silent(cluster, face, played)


def test_the_record_of_a_set_knows_no_value_and_no_plain_digest_of_one(cluster, face, namespace):
    face.play(task("made", namespace, referenced(namespace, "one", "OLD")), environment=CANARIES)
    (record,) = cluster.parents_in(namespace)
    content = gzip.decompress(base64.b64decode(record["data"]["record"])).decode()
    assert identity(secret(namespace, "one")) in content
    assert traces(content + json.dumps(record)) == []
    plain = {hashlib.sha256(value.encode()).hexdigest() for value in CANARIES.values()}
    assert not [digest for digest in plain if digest in content]
