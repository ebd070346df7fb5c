# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow over rows: what a wave does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[4]
BOOK = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.include_role": {"name": "gantry.platform.platform", "tasks_from": "waves", "rolespec_validate": False}}
        ],
    }
]


def test_a_wave_without_kubernetes_sets_configures(tmp_path):
    # The row of an area that has no set; its role is the flow itself, whose own `configure` is what a role without one of its own gets.
    row = {
        "area": "sample",
        "role": "platform",
        "wave": "1",
        "served_by": "",
        "configures": [{"module": "vault_config", "part": "sample-<cluster>", "template": "unused"}],
    }
    given = {
        "platform_waves": ["1"],
        "platform_chosen": [],
        "platform_declared": {"sets": []},
        "platform_configuring": [row],
        "platform_stage": "plan",
        "platform_command": "plan",
        # Nobody listens there: a Vault that this run would bring is planned as absent.
        "platform_document_options": {
            "url": "http://127.0.0.1:1",
            "token": "none",
            "owner": "sample",
            "may_be_absent": True,
            "config": {"policies": {"reader": {"kv/data/*": ["read"]}}},
        },
    }
    (tmp_path / "book.yml").write_text(json.dumps(BOOK))
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "ansible-playbook"),
            "-i",
            "here,",
            "-c",
            "local",
            "-e",
            json.dumps(given),
            "--check",
            str(tmp_path / "book.yml"),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "sys/policies/acl/reader" in done.stdout, done.stdout + done.stderr
