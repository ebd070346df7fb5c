# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others changed: how it is named, and what the end of a run says of it."""

from __future__ import annotations

import shlex

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._run.next_steps import next_steps
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report, make_note, report_digest
from ansible_collections.gantry.platform.plugins.module_utils._run.table import plain, render
from ansible_collections.gantry.platform.plugins.module_utils._run.taking import as_argument, names_of, taken_by
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import change, meta, plan_of, planned, result
from hypothesis import given
from hypothesis import strategies as st

STORE = "Deployment.apps/memory/memory-store"
CPU = "spec.template.spec.containers[name=app].resources.requests.cpu"
KEPT = {"key": "services.memory-store.resources.requests.cpu", "file": "group_vars/all/40_services.yml"}

PROD = {"environment": "prod", "changes": []}


def held(action, manager="kubectl-patch", **more):
    holder = {"manager": manager, "time": "2026-11-24T09:00:00Z", "fields": [CPU]}
    reason = f"{CPU} changed by {manager!r} at 2026-11-24T09:00:00Z"
    return change(STORE, action, "restart", fields=[CPU], held_by=[holder], reason=reason, **more)


def said(report, place=".gantry/plan.json"):
    return list(next_steps(report, place, 100))


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("kubectl-edit, helm", ["helm", "kubectl-edit"]),
        (["helm"], ["helm"]),
        ("", []),
        (None, []),
        (
            "Service/shop/web spec.ports[port=80,protocol=TCP],helm",
            ["Service/shop/web spec.ports[port=80,protocol=TCP]", "helm"],
        ),
        ('ConfigMap/shop/a data."b,c"', ['ConfigMap/shop/a data."b,c"']),
        ('it"s, a]b,[,],c[d', ["[,]", "a]b", "c[d", 'it"s']),
        (',"', ['"']),
    ],
)
def test_what_is_taken_is_a_list_or_a_text_with_commas(typed, names):
    assert names_of(typed) == names


@given(st.text())
def test_of_what_is_typed_nothing_is_dropped_but_commas_and_space(text):
    assert {char for char in text if not char.isspace()} - {","} <= set("".join(names_of(text)))


@pytest.mark.parametrize("typed", [True, {"a": 1}, [1], 5])
def test_anything_else_is_refused_with_its_name(typed):
    with pytest.raises(InputError, match="platform_take is a list"):
        names_of(typed)


def test_the_argument_survives_a_shell_and_make():
    names = ["kubectl edit; rm -rf $HOME", "Service/a/b spec.ports[port=80,protocol=TCP]"]
    (word,) = shlex.split(as_argument(names))
    assert names_of(word.removeprefix("TAKE=")) == sorted(names)


def test_a_plan_ends_with_who_can_be_taken_from_what_else_can_be_done_and_where_it_is_kept():
    report = plan_of(prod=planned(held("conflict"), change("ConfigMap/n/new")))
    report["changes"][0] |= {"keep": {CPU: KEPT}, "values": {CPU: ["600m", "500m"]}}
    assert said(report) == [
        "next: make plan ENV=prod TAKE=kubectl-patch  takes back what others changed",
        "next: make apply ENV=prod CONFLICTS=leave  does the rest and leaves those objects",
        "to keep what others changed, write it into the inventory instead:",
        "  services.memory-store.resources.requests.cpu: 600m  (group_vars/all/40_services.yml)",
    ]
    text = plain(render(report, columns=100))
    assert "≠ conflict" in text and "2026-11-24T09:00:00Z" in text and "restart" in text and "1 conflict" in text


def test_the_end_of_drift_gives_the_command_that_undoes_all_of_it():
    added = {"id": STORE, "path": "spec.template.spec.containers[name=side]", "manager": "kubectl-edit", "time": "t"}
    hidden = {"id": "ConfigMap/memory/a", "path": "data.hidden", "manager": "not recorded in managedFields", "time": ""}
    found = result(held("update", keep={CPU: KEPT}), foreign=[added, hidden])
    report = build_report(meta("drift"), {"prod": [make_note("drift", "1", "", found)]})
    assert taken_by(report) == ["ConfigMap/memory/a data.hidden", "kubectl-edit", "kubectl-patch"]
    assert said(report)[:2] == [
        "next: make apply ENV=prod TAKE='ConfigMap/memory/a data.hidden,kubectl-edit,kubectl-patch'",
        "  makes it as declared again",
    ]
    assert said(report)[-1].startswith("  services.memory-store.resources.requests.cpu: <what is there now>")


def test_a_run_that_was_refused_for_it_ends_with_the_same_commands():
    note = make_note(
        "apply", "1", "", {"failed": True, "msg": "1 object(s) have declared fields that others changed", **result(held("conflict"))}
    )
    report = build_report(meta("site", applied=True), {"prod": [note]})
    assert report["status"] == "failed"
    assert said(report)[0] == "next: make apply ENV=prod TAKE=kubectl-patch  takes back what others changed"


def test_a_run_that_left_it_to_others_is_done():
    left = {**result(held("conflict"), unchanged=3), "changed": False}
    notes = [make_note("plan", "1", "", left), make_note("apply", "1", "", left)]
    report = build_report(meta("site", applied=True), {"prod": notes})
    assert (report["status"], report["counts"]["conflict"]) == ("clean", 1)
    assert build_report(meta(), {"prod": notes[:1]})["status"] == "changes"


def test_what_is_taken_back_is_not_offered_to_be_kept():
    report = plan_of(prod=planned(held("update", keep={CPU: KEPT})))
    assert said(report) == ["next: make apply ENV=prod PLAN=.gantry/plan.json  applies exactly this"]


def test_values_are_for_the_screen_and_where_a_value_is_kept_is_no_part_of_what_is_approved():
    notes = planned(held("update", values={CPU: ["500m", "600m"]}, verified=True))
    report = plan_of(prod=notes)
    assert "values" not in report["changes"][0]
    report["changes"][0]["keep"] = {CPU: KEPT}
    assert report_digest(report) == report["digest"]
    assert build_report(meta(take=["helm"]), {"prod": notes})["digest"] != report["digest"]


def test_a_changed_amount_stands_in_its_row_with_both_sides():
    report = plan_of(prod=planned(change("Deployment.apps/shop/web", "update", "restart", fields=[CPU])))
    report["changes"][0]["values"] = {CPU: ["500m", "600m"]}
    text = plain(render(report, columns=80)).splitlines()
    (row,) = [number for number, line in enumerate(text) if "Deployment/shop/web" in line]
    assert "app requests.cpu 500m → 600m" in text[row] + text[row + 1]
    assert max(map(len, text)) <= 80
    wide = plain(render(report, columns=100))
    assert [line for line in wide.splitlines() if "update  Deployment/shop/web" in line and "app requests.cpu 500m → 600m" in line]


@pytest.mark.parametrize(
    ("command", "status", "lines"),
    [
        ("plan", "changes", ["next: make apply ENV=prod PLAN=.gantry/plan.json  applies exactly this"]),
        ("drift", "drift", ["next: make apply ENV=prod  makes it as declared again"]),
        ("plan", "clean", []),
        ("site", "applied", []),
    ],
)
def test_what_comes_next(command, status, lines):
    assert list(next_steps({"command": command, "status": status, **PROD}, ".gantry/plan.json", 80)) == lines


def test_without_a_report_nothing_can_be_approved():
    assert list(next_steps({"command": "plan", "status": "changes", **PROD}, "", 80)) == []


def test_what_a_command_does_stands_below_it_where_it_does_not_fit():
    lines = list(next_steps({"command": "plan", "status": "changes", **PROD}, ".gantry/prod/plan.json", 80))
    assert lines == ["next: make apply ENV=prod PLAN=.gantry/prod/plan.json  applies exactly this"]
    lines = list(next_steps({"command": "plan", "status": "changes", **PROD}, f"{'x' * 70}.json", 80))
    assert lines == [f"next: make apply ENV=prod PLAN={'x' * 70}.json", "  applies exactly this"]
