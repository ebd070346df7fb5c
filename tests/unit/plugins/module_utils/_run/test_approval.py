# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._run.approval import compare, read_approved
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report, host_digest, make_note, report_digest
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import (
    applied,
    change,
    meta,
    plan_of,
    planned,
    result,
    sealed,
)

NAMESPACE = change("Namespace/-/cortex")
ENGINE = change("Deployment.apps/cortex/engine", "update", "restart", fields=["spec.template.spec.containers[name=engine].image"])


def test_the_same_plan_passes():
    approved = plan_of(a=planned(NAMESPACE, ENGINE), b=planned(unchanged=3))
    now = build_report(
        meta("apply", run="run-2", created="2026-11-24T11:00:00Z"), {"a": planned(NAMESPACE, ENGINE), "b": planned(unchanged=3)}
    )
    assert read_approved(approved, "plan.json", approved["digest"]) is approved
    assert compare(approved, now) is None


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"a": planned(NAMESPACE)}, "a: update Deployment.apps/cortex/engine was approved and is not needed now"),
        (
            {"a": planned(NAMESPACE, ENGINE, change("Secret/cortex/key", "delete", "disruptive", reason="declared no more"))},
            "a: delete Secret/cortex/key [disruptive] was not approved (declared no more)",
        ),
        ({"a": planned(NAMESPACE, {**ENGINE, "action": "replace", "impact": "disruptive"})}, "now replace [disruptive]"),
        ({"a": planned(NAMESPACE, {**ENGINE, "fields": ["spec.strategy"]})}, "now update [restart] spec.strategy"),
        ({"a": planned(NAMESPACE, ENGINE, values="other")}, "the same objects and fields, with other values or a recreated object"),
        ({"a": planned(NAMESPACE, ENGINE, uid="uid-2")}, "another cluster (approved uid uid-1, now uid-2)"),
        ({"a": planned(NAMESPACE, ENGINE), "b": planned()}, "b: in this run, but not approved"),
        ({"b": planned(NAMESPACE, ENGINE)}, "a: approved, but not in this run"),
    ],
)
def test_each_difference_is_refused_by_name(now, words):
    with pytest.raises(RefusedError) as refusal:
        compare(plan_of(a=planned(NAMESPACE, ENGINE)), build_report(meta("apply"), now))
    assert words in refusal.value.message
    assert "nothing was written" in refusal.value.message


@pytest.mark.parametrize(
    ("key", "value", "words"), [("environment", "staging", "now staging"), ("areas", ["workloads"], "approved all areas, now workloads")]
)
def test_another_environment_or_area_is_refused(key, value, words):
    with pytest.raises(RefusedError, match=words):
        compare(plan_of(a=planned(NAMESPACE)), build_report(meta("apply", **{key: value}), {"a": planned(NAMESPACE)}))


def test_many_differences_are_cut_short():
    many = [change(f"ConfigMap/cortex/{number:03}") for number in range(100)]
    with pytest.raises(RefusedError) as refusal:
        compare(plan_of(a=planned()), plan_of(a=planned(*many)))
    assert "a: and 80 more" in refusal.value.message


def test_only_a_whole_untouched_plan_can_be_approved():
    plan = plan_of(a=planned(NAMESPACE))
    edited = copy.deepcopy(plan)
    edited["hosts"]["a"]["digest"] = plan_of(a=planned(ENGINE))["hosts"]["a"]["digest"]
    done = build_report(meta("site", applied=True), {"a": applied(NAMESPACE)})
    drift = build_report(meta("drift"), {"a": [make_note("drift", "1", "", {})]})
    for bad, words in [
        (edited, "was edited after it was made"),
        (sealed(edited), "its digest does not fit what it shows"),
        (done, "has status 'applied'"),
        (build_report(meta("site", process="m-1-b"), {"a": planned(NAMESPACE)}), "has status 'running'"),
        (sealed({**plan, "error": "refused"}), "is no plan that came to its end"),
        (sealed({**plan, "hosts": {"a": {**plan["hosts"]["a"], "status": "failed"}}}), "is no plan that came to its end"),
        (plan_of(a=[]), "has status 'incomplete'"),
        (drift, "is a drift report"),
        ({"schema": "other"}, "is not a plan of this collection"),
        ([], "is not a plan of this collection"),
    ]:
        with pytest.raises(InputError, match=words):
            read_approved(bad, "plan.json")


def test_another_digest_than_the_approved_one_is_refused():
    with pytest.raises(InputError, match="approved was sha256:other"):
        read_approved(plan_of(a=planned(NAMESPACE)), "the store", "sha256:other")


WHOLE = plan_of(
    a=planned(NAMESPACE, ENGINE, unchanged=2, warnings=["beware"], orphan_sets=["old"]),
    b=[make_note("plan", wave, "", result(change(f"ConfigMap/n/{wave}"))) for wave in ("1", "vault")],
)


def leaves(node, path=()):
    """Every place of a document that holds a value, and every map and list that could be emptied."""
    if isinstance(node, (dict, list)):
        yield path
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(value, (*path, key))
    else:
        yield path


def edited(document, path, value):
    found = copy.deepcopy(document)
    here = found
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return found


def other(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, (dict, list)):
        return type(value)() if value else ["x"]
    return value + 1 if isinstance(value, int) else f"{value or ''}x"


def at(document, path):
    for key in path:
        document = document[key]
    return document


@pytest.mark.parametrize("path", [path for path in leaves(WHOLE) if path], ids=lambda path: "/".join(map(str, path)))
def test_no_word_of_a_plan_can_be_edited(path):
    assert read_approved(WHOLE, "plan.json", WHOLE["digest"]) is WHOLE
    with pytest.raises(InputError):
        read_approved(edited(WHOLE, path, other(at(WHOLE, path))), "plan.json")


@pytest.mark.parametrize("path", [path for path in leaves(WHOLE["changes"]) if len(path) > 1], ids=lambda path: "/".join(map(str, path)))
def test_who_seals_an_edited_plan_again_still_gets_no_other_one_approved(path):
    """What is approved must be what the run would do: the words that a reviewer saw are compared, and not only digests of them."""
    changes = edited(WHOLE["changes"], path, other(at(WHOLE["changes"], path)))
    forged = {**WHOLE, "changes": changes, "hosts": {host: dict(row) for host, row in WHOLE["hosts"].items()}}
    for host, row in forged["hosts"].items():
        row["digest"] = host_digest(forged, host)
    forged = sealed({**forged, "digest": report_digest(forged)})
    with pytest.raises(InputError, match="approved was"):
        read_approved(forged, "plan.json", WHOLE["digest"])
    with pytest.raises(RefusedError, match="not what was approved"):
        compare(read_approved(forged, "plan.json"), WHOLE)


def test_a_plan_without_its_changes_approves_nothing():
    emptied = {**WHOLE, "changes": []}
    with pytest.raises(InputError, match="its seal does not fit"):
        read_approved(emptied, "plan.json")
    for host in emptied["hosts"]:
        emptied["hosts"] = {**emptied["hosts"], host: {**emptied["hosts"][host], "digest": host_digest(emptied, host)}}
    emptied["digest"] = report_digest(emptied)
    with pytest.raises(RefusedError, match=r"a: create Namespace/-/cortex \[safe\] was not approved"):
        compare(read_approved(sealed(emptied), "plan.json"), WHOLE)


def test_a_key_lets_only_those_make_a_plan_who_have_it():
    mine = sealed({**WHOLE}, b"key")
    assert mine["seal"].startswith("hmac-sha256:")
    assert read_approved(mine, "plan.json", key=b"key") is mine
    for document, key, words in (
        (mine, b"other", "sealed with another key"),
        (mine, None, "was sealed with a key, and this run has none"),
        (WHOLE, b"key", "was sealed without a key, and this run has one"),
        ({**mine, "warnings": []}, b"key", "was edited after it was made"),
    ):
        with pytest.raises(InputError, match=words):
            read_approved(document, "plan.json", key=key)
