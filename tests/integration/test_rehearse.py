# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every cluster of an environment on a control plane of its own, where there are three, and where nothing runs until it must.

dev is rehearsed, and kept, by the tests of its folder; staging has nothing that prod has not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[2]
CLUSTERS = {
    "prod": {"prod-euw1", "prod-euw1b", "prod-euc1"},
    "dr": {"dr-eun1"},
}


@pytest.mark.parametrize("environment", CLUSTERS)
def test_every_cluster_is_made_true_verified_and_removed(environment, tmp_path):
    report = tmp_path / "report.json"
    given = {
        "platform_rehearsal_root": str(tmp_path / "clusters"),
        "platform_plan_file": str(report),
        "platform_wait_timeout": LONGEST,
        "platform_verify_timeout": LONGEST,
    }
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("ansible-playbook")), "-i", f"inventories/{environment}.yml"),
            *("playbooks/rehearse.yml", "-e", json.dumps(given)),
        ],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found = json.loads(report.read_text(encoding="utf-8"))
    assert (found["status"], set(found["hosts"])) == ("applied", CLUSTERS[environment])
    for name, host in found["hosts"].items():
        assert host["verified"] is True, name
        assert host["counts"]["create"] > 100, name
    assert [path.name for path in (tmp_path / "clusters").rglob("*.kubeconfig")] == []
