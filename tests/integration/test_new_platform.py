# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A team's live repository runs the built and installed collection: site, plan and drift on a sandbox of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of this Python's environment in ``folder``, with nothing of the checkout's Ansible settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment["PATH"] = f"{BIN}{os.pathsep}{environment.get('PATH', '')}"
    environment["ANSIBLE_NOCOLOR"] = "1"
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=1200)


def succeeded(answer: subprocess.CompletedProcess[str]) -> str:
    assert answer.returncode == 0, f"{answer.stdout}\n{answer.stderr}"
    return answer.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """The repository with the collection installed in it, and its sandbox up; it is stopped in the end."""
    folder = tmp_path_factory.mktemp("team")
    ours, built = folder / "ours", folder / "built"
    succeeded(run(CHECKOUT, "ansible-playbook", "playbooks/new_platform.yml", "-e", f"new_platform_dest={ours}"))
    succeeded(run(CHECKOUT, "ansible-galaxy", "collection", "build", "--output-path", str(built)))
    (archive,) = built.iterdir()
    succeeded(run(ours, "ansible-galaxy", "collection", "install", str(archive), "-p", ".ansible/collections", "--no-deps", "--offline"))
    try:
        yield ours
    finally:
        run(ours, "ansible-playbook", "playbooks/down.yml")
        shutil.rmtree(ours / ".gantry", ignore_errors=True)


def test_it_runs_the_installed_collection_and_not_the_checkout(repository):
    output = succeeded(run(repository, "ansible-galaxy", "collection", "list", "gantry.platform", "-p", ".ansible/collections"))
    assert str(repository) in output
    assert str(CHECKOUT) not in output


@pytest.mark.parametrize("environment", ["sandbox", "dev", "staging", "prod", "dr"])
def test_every_inventory_is_right(repository, environment):
    output = succeeded(
        run(
            repository,
            "ansible-playbook",
            "-i",
            f"inventories/{environment}.yml",
            "playbooks/explain.yml",
            "-e",
            "platform_explain_query=environment.name",
        )
    )
    assert f'environment.name = "{environment}"' in output


def test_site_plan_and_drift(repository):
    succeeded(run(repository, "ansible-playbook", "playbooks/up.yml"))
    succeeded(run(repository, "ansible-playbook", "playbooks/site.yml"))
    succeeded(run(repository, "ansible-playbook", "playbooks/plan.yml"))
    plan = json.loads((repository / ".gantry" / "plan.json").read_text(encoding="utf-8"))
    assert plan["changes"] == []
    succeeded(run(repository, "ansible-playbook", "playbooks/drift.yml"))
    drift = json.loads((repository / ".gantry" / "drift.json").read_text(encoding="utf-8"))
    assert drift["status"] == "clean"
