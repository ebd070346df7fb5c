# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What exists once for an environment: areas of no cluster, on prod's control host, in every kind of run. The judge is Vault's audit log.

The areas are none that is shipped: a copy of this checkout has them, made by `make area ON=environment`. `registry` waits for nothing,
`pages` for the services of all clusters, and no server of the sandbox stands for what `billing` configures. One cluster of prod
is enough: that all of them come up together test_rehearse shows.
"""

from __future__ import annotations

import json
import shutil

import pytest
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES
from ansible_collections.gantry.platform.tests.integration.runs import ROOT, Runs, conforms
from ansible_collections.gantry.platform.tests.integration.vault.conftest import Live
from ansible_collections.gantry.platform.tests.kit.copied import copy_of, make_bare, with_areas

CONTROL, HUB = "prod-control", "prod-euw1"
ROWS = {"registry": {}, "pages": {"after": ["workloads"]}, "billing": {"sandbox": []}}
ONLY_ONCE = {"platform_area": "registry,pages"}
POLICY = "sys/policies/acl/registry"


class OnProd(Runs):
    """Playbooks on a rehearsal of prod that is kept."""

    def __init__(self):
        folder = INSTANCES / "environment"
        shutil.rmtree(folder / "checkout", ignore_errors=True)
        super().__init__(folder, "prod", HUB, checkout=folder / "checkout")

    def prepare(self):
        copy = copy_of(ROOT, self.folder / "checkout")
        with_areas(copy, *((name, "environment") for name in ROWS))
        for name, more in ROWS.items():
            row = copy / "plugins" / "module_utils" / "_model" / "areas" / f"{name}.json"
            row.write_text(json.dumps({**json.loads(row.read_text(encoding="utf-8")), "default": True, **more}), encoding="utf-8")
        make_bare(copy / "inventories")
        # With Ansible's own lines: they say in which order the plays came.
        self.rehearsed = self.limited("rehearse", CONTROL, HUB, loudness=["-v"], platform_rehearsal_keep=True)

    def limited(self, name, *hosts, loudness=(), **variables):
        """A playbook on some of the hosts."""
        code, output = self.command("ansible-playbook", *self.words(name, **variables), *loudness, "--limit", ",".join(hosts))
        return code, output, self.reported()

    def mark(self):
        """Where the logs of all servers stand."""
        self.vault = Live(self.cluster)
        return self.vault.audit.mark(), self.audit.mark()

    def written(self, mark):
        vault, kube = mark
        return [request.path for request in self.audit.changes(kube)] + self.vault.audit.configured(vault)

    def remove(self):
        super().remove()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def prod():
    made = OnProd()
    try:
        made.prepare()
        yield made
    finally:
        made.remove()


def test_a_rehearsal_of_prod_configures_what_exists_once_and_names_what_it_cannot(prod):
    code, output, report = prod.rehearsed
    assert code == 0, output
    assert (conforms(report)["status"], set(report["hosts"])) == ("applied", {CONTROL, HUB})
    assert all(row["verified"] for row in report["hosts"].values())
    mine = {change["id"]: change["action"] for change in report["changes"] if change["host"] == CONTROL}
    assert mine == {POLICY: "create", "sys/policies/acl/pages": "create"}
    assert "billing (no server of the sandbox stands for it)" in output
    assert "1 control plane(s) of their own" in output
    # What waits for nothing was there before any cluster was written to, what waits for the services after the last one.
    order = [
        output.index(f"Apply and verify{words}") for words in (" what comes before the clusters]", "]", " what comes after the clusters]")
    ]
    assert order == sorted(order)


def test_a_second_run_writes_nothing_anywhere(prod):
    mark = prod.mark()
    code, output, report = prod.limited("site", CONTROL, HUB)
    assert code == 0, output
    assert (conforms(report)["status"], set(report["hosts"])) == ("clean", {CONTROL, HUB})
    assert (report["hosts"][CONTROL]["verified"], report["hosts"][CONTROL]["expectations"]["passed"]) == (True, 2)
    assert prod.written(mark) == []


def test_drift_and_verify_name_what_somebody_changed_and_an_approved_plan_mends_it(prod, tmp_path):
    mark = prod.mark()
    prod.vault.api.write(POLICY, {"policy": 'path "secret/*" { capabilities = ["read"] }'})
    by_hand = prod.written(mark)
    code, output, report = prod.play("drift", **ONLY_ONCE)
    assert code != 0
    assert conforms(report, "drift")["status"] == "drift"
    assert [(change["host"], change["id"], change["action"]) for change in report["changes"]] == [(CONTROL, POLICY, "update")]
    code, output, _report = prod.play("verify", **ONLY_ONCE)
    assert code != 0
    assert f"{CONTROL}: not as declared: {POLICY}" in " ".join(output.split())

    _code, output, planned = prod.play("plan", **ONLY_ONCE)
    assert (conforms(planned)["status"], set(planned["hosts"])) == ("changes", {CONTROL}), output
    assert prod.written(mark) == by_hand
    approved = tmp_path / "approved.json"
    shutil.copy(prod.report, approved)
    prod.vault.api.write("sys/policies/acl/pages", {"policy": 'path "secret/*" { capabilities = ["read"] }'})
    code, output, _refused = prod.play("apply", **ONLY_ONCE, platform_plan=str(approved))
    assert code != 0
    assert f"{CONTROL}: update sys/policies/acl/pages [safe] was not approved" in " ".join(output.split())

    _code, output, _planned = prod.play("plan", **ONLY_ONCE)
    shutil.copy(prod.report, approved)
    code, output, done = prod.play("apply", **ONLY_ONCE, platform_plan=str(approved))
    assert code == 0, output
    assert (conforms(done)["status"], done["counts"]["update"]) == ("applied", 2)
    code, output, report = prod.play("drift", **ONLY_ONCE)
    assert (code, report["status"]) == (0, "clean"), output


def test_its_host_has_a_record_of_its_own_in_the_hub(prod):
    code, output, _report = prod.play("status", **ONLY_ONCE)
    assert code == 0, output
    assert f"{CONTROL}: last changed" in output
    assert json.loads(prod.kubectl("-n", "gantry-system", "get", "secret", f"gantry-last-run-{CONTROL}", "-o", "json"))["metadata"]["name"]


def test_a_run_that_is_limited_to_clusters_says_so_and_plans_nothing_of_it(prod):
    code, output, report = prod.limited("plan", HUB)
    assert code == 0, output
    assert set(conforms(report)["hosts"]) == {HUB}
    assert f"{CONTROL} not in this run: nothing of registry, pages was looked at" in report["warnings"]
    code, output, _report = prod.limited("plan", HUB, **ONLY_ONCE)
    assert code != 0
    assert f"platform_area names only what runs on {CONTROL}, which --limit leaves out" in " ".join(output.split())
