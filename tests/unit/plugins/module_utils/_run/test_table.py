# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan import pending
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report, make_note
from ansible_collections.gantry.platform.plugins.module_utils._run.table import LONG, WIDTH, counted, plain, render, shortened, wrapped
from ansible_collections.gantry.platform.plugins.plugin_utils import _run_table
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import (
    applied,
    change,
    meta,
    plan_of,
    planned,
    result,
    sealed,
)
from hypothesis import given
from hypothesis import strategies as st


def shown(report, place=""):
    for columns in (WIDTH, 80):
        text = plain(render(report, place, columns))
        assert all(len(line) <= columns for line in text.splitlines()), text
    return plain(render(report, place))


@pytest.mark.parametrize(("columns", "widest"), [(500, 160), (120, 120), (90, 90), (20, 80)])
def test_a_table_is_as_wide_as_the_terminal_within_bounds(columns, widest):
    report = plan_of(prod=planned(*(change("ConfigMap/cortex/x", "update", reason="word " * number) for number in range(1, 80))))
    assert max(len(line) for line in plain(render(report, "", columns)).splitlines()) in range(widest - 5, widest + 1)


@pytest.mark.parametrize(
    ("hosts", "others", "title"),
    [
        (("a", "b"), (), "2 clusters"),
        (("a", "b", "control"), ("control",), "2 clusters and control"),
        (("a", "control"), ("control",), "1 cluster and control"),
        (("control",), ("control",), "control"),
    ],
)
def test_the_title_counts_clusters_and_names_the_host_that_is_none(hosts, others, title):
    report = build_report({**meta(), "no_clusters": others}, {host: planned() for host in hosts})
    assert shown(report).splitlines()[0] == f"Plan for prod  {title}  revision 0123456789ab"


def test_a_short_plan_shows_every_change_with_what_where_impact_and_why():
    text = shown(
        plan_of(
            prod=planned(
                change("Namespace/-/cortex", set="cluster-baseline"),
                change(
                    "Deployment.apps/cortex/engine", "update", "restart", fields=["spec.template.spec.containers[name=engine].image", "x"]
                ),
                change("ConfigMap/cortex/old", "delete", reason="declared no more"),
                change("Certificate.cert-manager.io/cortex/web", verified=False, reason="crd_pending"),
                unchanged=1200,
            )
        ),
        ".gantry/plan.json",
    )
    lines = text.splitlines()
    assert lines[0] == "Plan for prod  1 cluster  revision 0123456789ab"
    assert "prod  changes  2 create, 1 update, 1 delete, 1,200 unchanged" in lines
    assert any(line.startswith("  cluster-baseline  1 create") for line in lines)
    assert any("+ create  Namespace/cortex " in line and "safe" in line for line in lines)
    assert any("~ update  Deployment/cortex/engine " in line and "restart" in line and "image +1" in line for line in lines)
    assert any("- delete" in line and "declared no more" in line for line in lines)
    assert any("unverified: this run brings its kind" in line for line in lines)
    assert lines[-2] == "changes  2 create, 1 update, 1 delete, 1,200 unchanged  impact up to restart  1 not yet verifiable"
    assert lines[-1] == ".gantry/plan.json"


def test_a_long_set_is_counted_by_kind_and_its_dear_changes_stay_named():
    many = [change(f"ConfigMap/cortex/{number}") for number in range(LONG)] + [
        change(f"Role.rbac.authorization.k8s.io/cortex/{n}") for n in range(5)
    ]
    text = shown(plan_of(prod=planned(*many, change("Deployment.apps/cortex/engine", "update", "restart", fields=["spec.x"]))))
    assert f"+ create: ConfigMap {LONG}, Role 5" in text
    assert "ConfigMap/cortex/3" not in text
    assert "Deployment/cortex/engine" in text


def test_clean_says_so():
    text = shown(plan_of(a=planned(unchanged=10), b=planned(unchanged=11)))
    assert text.splitlines()[-1] == "clean  21 unchanged"


def test_applied_and_verified():
    text = shown(build_report(meta("site", applied=True), {"a": applied(change("Namespace/-/cortex"))}))
    assert text.startswith("Run on prod")
    assert "a  applied  1 create  verified" in text


def test_drift_names_the_other_manager_and_time():
    item = {
        "id": "Deployment.apps/cortex/engine",
        "path": "spec.template.spec.containers[name=sidecar]",
        "manager": "kubectl-edit",
        "time": "2026-11-24T09:00:00Z",
    }
    text = shown(build_report(meta("drift"), {"a": [make_note("drift", "1", "", result(foreign=[item]))]}))
    assert "Drift of prod" in text
    assert "containers[name=sidecar] (kubectl-edit, 2026-11-24T09:00:00Z)" in text
    assert "a  drift" in text
    assert text.splitlines()[-1] == "drift  nothing  1 addition to 1 object by others"


def test_a_failure_shows_task_and_message():
    note = make_note("plan", "1", "Reconcile the wave's sets", {"failed": True, "msg": "first line\n  second " + "word " * 60})
    text = shown(plan_of(a=[note]))
    assert "stopped at: Reconcile the wave's sets" in text
    assert "    first line\n      second word" in text


def test_warnings_orphans_and_areas_are_said():
    report = build_report(
        meta(areas=["workloads"], warnings=["a warning that is " + "very " * 40 + "long"]), {"a": planned(orphan_sets=["old"])}
    )
    text = shown(report)
    assert "only workloads" in text
    assert "set old is declared by nobody; platform_remove_sets removes it" in text
    assert "warning: a warning" in text


def test_styles_are_known_to_the_callback():
    changes = [
        change(f"Namespace/-/{a}{i}", a, i)
        for a in ("create", "update", "replace", "delete", "adopt", "blocked", "conflict")
        for i in ("safe", "destroys_data")
    ]
    failing = make_note("plan", "1", "x", {"failed": True, "msg": "no"})
    reports = [plan_of(a=planned(*changes), b=[failing], c=[]), build_report(meta("site", applied=True), {"a": applied(*changes)})]
    styles = {style for report in reports for line in render(report) for _text, style in line if style}
    assert styles <= set(_run_table.COLOURS)


def test_counts_in_words():
    assert counted({"create": 1200, "delete": 0, "unchanged": 3}) == "1,200 create, 3 unchanged"
    assert counted({}) == "nothing"


@given(st.text(), st.integers(min_value=3, max_value=60))
def test_shortened_fits_and_keeps_both_ends(text, width):
    short = shortened(text, width)
    assert len(short) <= width
    assert short == text or (short[0] == text[0] and short[-1] == text[-1])


@given(st.text(alphabet="ab \n", max_size=200), st.integers(min_value=8, max_value=40))
def test_wrapped_fits_and_loses_no_word(text, width):
    lines = wrapped(text, width, hanging="  ")
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_clusters_to_which_the_same_happens_stand_together():
    one, other = change("Namespace/-/cortex"), change("Namespace/-/other")
    text = shown(plan_of(**{f"a-rather-long-cluster-name-{n}": planned(one) for n in range(6)}, z=planned(other)))
    assert text.count("Namespace/cortex") == 1
    assert "z  changes  1 create" in text
    assert all(f"a-rather-long-cluster-name-{n}" in text for n in range(6))


def test_a_refused_plan_says_why():
    text = shown({**plan_of(a=planned(unchanged=1)), "status": "failed", "error": "not what was approved\n  a: create Namespace/-/x"})
    assert "refused: not what was approved\n  a: create Namespace/-/x" in text


def test_what_was_applied_is_no_longer_unverified():
    pending = change("ConfigMap/cortex/a", verified=False, reason="namespace_pending")
    assert "unverified" in shown(plan_of(a=planned(pending)))
    assert "pending" not in shown(build_report(meta("site", applied=True), {"a": applied(pending)}))


def test_a_long_reason_is_never_cut():
    reason = "spec.template.spec.containers[name=engine].image changed by 'kubectl-edit' at 2026-11-24T09:00:00Z"
    text = shown(plan_of(a=planned(change("Deployment.apps/cortex/engine", "update", "restart", reason=reason))))
    assert reason.split()[0] in text and reason.split()[-1] in text


def test_drift_says_what_it_found_and_not_what_a_run_would_do():
    found = [
        change("ConfigMap/cortex/a"),
        change("ConfigMap/cortex/b", "update", fields=["data.x"]),
        change("ConfigMap/cortex/c", "delete"),
    ]
    text = shown(build_report(meta("drift"), {"a": [make_note("drift", "1", "", result(*found, unchanged=4))]}))
    assert "+ missing ConfigMap/cortex/a" in text
    assert "~ changed ConfigMap/cortex/b" in text
    assert "- surplus ConfigMap/cortex/c" in text
    assert text.splitlines()[-1].startswith("drift  1 missing, 1 changed, 1 surplus, 4 unchanged")


@pytest.mark.parametrize(
    ("path", "shown_as"),
    [
        ("spec.template.spec.containers[name=engine].image", "image"),
        ("config.crls[=https://x.example/crl]", "crls[=https://x.example/crl]"),
        ("issuing_certificates[=https://x.example:8200/v1/pki/ca]", "issuing_certificates[…]"),
        ('a[="https://x.example:8200/v1/pki/ca"].b', "b"),
        ('a[="https://x.example:8200/v1/pki/ca"].b[0]', "b[0]"),
        ("creation_statements[=SELECT a[1].b FROM c.d]", "creation_statements[…]"),
        ('metadata.annotations."cert-manager.io/a]b.c"', '"cert-manager.io/a]b.c"'),
        ('metadata.annotations."a\\".b"[0].c.d', "d"),
        ("spec.versions[name=v1.1][order]", "versions[name=v1.1][order]"),
    ],
)
def test_a_changed_field_is_named_by_its_last_member_whatever_is_in_its_brackets(path, shown_as):
    for fields, why in (([path], shown_as), ([path, "x"], f"{shown_as} +1")):
        text = shown(plan_of(prod=planned(change("pki/config/urls", "update", fields=fields))))
        assert [line for line in text.splitlines() if line.split()[-len(why.split()) :] == why.split()], text


@pytest.mark.parametrize(("key", "words"), [(None, "secrets by name and reference"), (b"key", "those of secrets by a key")])
def test_a_plan_says_what_its_approval_covers(key, words):
    report = sealed(build_report(meta(), {"a": planned(change("Secret/cortex/key"))}), key)
    assert f"an approval covers every value; {words}" in plain(render(report))
    assert "an approval covers" not in plain(render(sealed(build_report(meta(), {"a": planned(unchanged=1)}), key)))


def test_a_run_that_did_not_come_to_its_end_says_what_is_written_and_what_is_left():
    made, left = change("ConfigMap/n/made", written=True), change("ConfigMap/n/left", "update", written=False)
    note = make_note("apply", "1", "Reconcile", {**result(made, left), "failed": True, "msg": "stopped", "interrupted": True})
    text = plain(render(build_report(meta("site", applied=True), {"a": [note]})))
    assert "interrupted" in text and "written: 1 create; not written: 1" in text
    assert "left: ConfigMap/n/left" in text and "the next run goes on from there" in " ".join(text.split())


@pytest.mark.parametrize(
    "reason", sorted(value for name, value in vars(pending).items() if name.endswith("_PENDING") or name == "ALLOCATED")
)
def test_what_could_not_be_verified_says_why_in_words(reason):
    text = shown(plan_of(a=planned(change("ConfigMap/cortex/a", verified=False, reason=reason))))
    assert "unverified: " in text and reason not in text


def test_what_was_made_is_counted_sooner_than_what_is_planned():
    rows = [change(f"ConfigMap/cortex/x-{number}") for number in range(30)] + [change("Deployment.apps/cortex/engine", "update", "restart")]
    plan, run = shown(plan_of(prod=planned(*rows))), shown(build_report(meta("site", applied=True), {"prod": applied(*rows)}))
    assert plan.count("ConfigMap/cortex/x-") == 30
    assert "+ create: ConfigMap 30" in run and "ConfigMap/cortex" not in run
    assert "Deployment/cortex/engine" in run
