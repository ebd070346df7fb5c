# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The repository that a team gets, written by the real playbook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import CHECKOUT

# A checkout has its collections below it; a collection that is installed, or copied for ansible-test, lies among them.
COLLECTIONS = CHECKOUT.parents[2] if CHECKOUT.parent.parent.name == "ansible_collections" else CHECKOUT / ".ansible" / "collections"


def playbook(folder: Path, *arguments: str, cwd: Path = CHECKOUT) -> str:
    """Run the playbook; gives its output."""
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", *arguments]
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
    }
    (folder / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST).stdout


def new_platform(folder: Path, *arguments: str) -> str:
    """Write a team's repository."""
    variables = [f"new_platform_dest={folder}/ours", *arguments]
    return playbook(folder, "playbooks/new_platform.yml", *(word for one in variables for word in ("-e", one)))


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = tmp_path_factory.mktemp("team")
    output = new_platform(folder, "new_platform_code_owner=@team/us", "new_platform_example=true")
    assert "failed=0" in output, output
    return folder / "ours"


def test_every_playbook_of_the_collection_has_a_wrapper_of_one_line(repository):
    ours = {path.name for path in (CHECKOUT / "playbooks").glob("*.yml")} - {"new_platform.yml"}
    assert {path.name for path in (repository / "playbooks").iterdir()} == ours
    for path in (repository / "playbooks").iterdir():
        (play,) = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert play["import_playbook"] == f"gantry.platform.{path.stem}"


def test_it_pins_the_collection_and_names_who_reviews(repository):
    (row,) = yaml.safe_load((repository / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    if (CHECKOUT / ".git").exists():
        head = subprocess.run(["git", "-C", str(CHECKOUT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        assert row == {"name": f"git+file://{CHECKOUT}", "type": "git", "version": head}
    else:
        version = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
        assert row == {"name": "gantry.platform", "version": version}
    assert "@team/us" in (repository / "CODEOWNERS").read_text(encoding="utf-8")


def test_its_ci_checks_every_environment(repository):
    jobs = yaml.safe_load((repository / ".github/workflows/platform.yml").read_text(encoding="utf-8"))["jobs"]
    assert "make lint" in jobs["lint"]["steps"][-1]["run"]  # which goes through all inventories that are there
    for job in ("plan", "apply"):
        assert {row["environment"] for row in jobs[job]["strategy"]["matrix"]["include"]} == {"dev", "staging", "prod", "dr"}


def test_its_inventories_are_the_examples(repository):
    def files(folder):
        return {path.relative_to(folder): path.read_text(encoding="utf-8") for path in folder.rglob("*.yml")}

    assert files(repository / "inventories") == files(CHECKOUT / "inventories")


def test_a_second_run_touches_nothing_that_the_team_has_written(repository):
    (repository / "README.md").write_text("ours\n", encoding="utf-8")
    output = new_platform(repository.parent, "new_platform_example=true")
    assert "changed=0" in output and "failed=0" in output, output
    assert (repository / "README.md").read_text(encoding="utf-8") == "ours\n"


def test_it_does_not_write_into_the_collection(repository):
    output = playbook(repository.parent, "playbooks/new_platform.yml", "-e", "new_platform_dest=.")
    assert "is the collection's own folder" in output.replace("\\'", "'")
