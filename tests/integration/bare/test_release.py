# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daily change: a release is written, applied, promoted by the cluster's own record, and taken back. The inventory is a copy."""

from __future__ import annotations

import json
import shutil

import pytest
from ansible_collections.gantry.platform.tests.integration.runs import conforms

SERVICE = "memory-store"
DIGEST = "sha256:" + "ab" * 32


@pytest.fixture
def runs(dev):
    return dev


def test_a_release_goes_out_is_promoted_and_comes_back(runs, inventories):
    mine, theirs = (inventories / "group_vars" / environment / "release.yml" for environment in ("dev", "staging"))
    before, there = mine.read_text(encoding="utf-8"), theirs.read_text(encoding="utf-8")
    _code, output = runs.command("ansible-playbook", *runs.words("rollback"))
    first = output.partition("recorded are:")[2].split()[0]

    code, output = runs.command(
        "ansible-playbook", *runs.words("release", platform_release_service=SERVICE, platform_release_digest=DIGEST)
    )
    assert code == 0, output
    assert f"{mine} changed:" in output.replace("\n", " ") and f"→ {DIGEST[:19]}" in output
    code, output, report = runs.play("site")
    assert (code, [change["id"] for change in report["changes"]]) == (0, ["Deployment.apps/memory/memory-store"]), output
    writes = runs.audited()

    words = ["-i", str(inventories / "staging.yml"), "-e", "platform_promote_from=dev", "-e", "platform_promote_to=staging"]
    code, output = runs.command("ansible-playbook", *runs.words("promote", platform_promote_only=SERVICE), *words)
    assert code == 0, output
    assert set(theirs.read_text(encoding="utf-8").splitlines()) - set(there.splitlines()) == {f"      digest: {DIGEST}"}

    code, output = runs.command("ansible-playbook", *runs.words("rollback", platform_rollback_run=f"{first}x"))
    assert code != 0 and f"did you mean '{first}'?" in " ".join(output.split()), output
    code, output = runs.command("ansible-playbook", *runs.words("rollback", platform_rollback_run=first))
    assert code == 0, output
    plan = conforms(json.loads(runs.report.read_text(encoding="utf-8")))
    assert (plan["status"], [change["id"] for change in plan["changes"]]) == ("changes", ["Deployment.apps/memory/memory-store"])
    assert mine.read_text(encoding="utf-8") == before
    assert runs.audited() == writes

    approved = runs.folder / "approved.json"
    shutil.copy(runs.report, approved)
    code, output, done = runs.play("apply", platform_plan=str(approved))
    assert (code, done["status"]) == (0, "applied"), output
    code, output, after = runs.play("site")
    assert (code, after["status"]) == (0, "clean"), output
