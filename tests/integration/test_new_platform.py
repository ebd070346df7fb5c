# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A team's live repository runs the built and installed collection: site, plan and drift on a sandbox of its own."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.tests.integration.conftest import built
from ansible_collections.gantry.platform.tests.kit.terminal import in_terminal
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST

CHECKOUT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
DIGEST = "sha256:" + "cd" * 32


def surroundings() -> dict[str, str]:
    """This process' environment with nothing of the checkout's Ansible settings."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "MAKE"))}
    return found | {"PATH": f"{BIN}{os.pathsep}{found.get('PATH', '')}", "ANSIBLE_NOCOLOR": "1"}


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of this Python's environment in ``folder``."""
    return subprocess.run(
        command, cwd=folder, env=surroundings() | variables, capture_output=True, text=True, check=False, timeout=2 * LONGEST
    )


def make(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A target of the repository's own Makefile, on what is installed already."""
    return run(folder, "make", "--no-print-directory", "-o", ".ansible/installed", *words, **variables)


def succeeded(answer: subprocess.CompletedProcess[str]) -> str:
    assert answer.returncode == 0, f"{answer.stdout}\n{answer.stderr}"
    return answer.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """The repository with the collection installed in it; its sandbox is stopped in the end."""
    folder = tmp_path_factory.mktemp("team")
    ours, built = folder / "ours", folder / "built"
    words = ["-e", f"new_platform_dest={ours}", "-e", "new_platform_product=shop", "-e", "new_platform_domain=shop.example"]
    told = succeeded(run(CHECKOUT, "ansible-playbook", "playbooks/new_platform.yml", *words))
    assert "make access ENV=dev KUBECONFIG=" in told and "make release ENV=dev SERVICE=hello" in told
    assert all(len(line) <= 80 for line in told.splitlines() if str(ours) not in line)
    succeeded(run(CHECKOUT, "ansible-galaxy", "collection", "build", "--output-path", str(built)))
    (archive,) = built.iterdir()
    succeeded(run(ours, "ansible-galaxy", "collection", "install", str(archive), "-p", ".ansible/collections", "--no-deps", "--offline"))
    try:
        yield ours
    finally:
        run(ours, "ansible-playbook", "playbooks/down.yml")
        shutil.rmtree(ours / ".gantry", ignore_errors=True)


@pytest.fixture(scope="module")
def example(repository):
    """The whole example beside it, by the same installed collection."""
    folder = repository.parent / "example"
    succeeded(
        run(
            CHECKOUT,
            "ansible-playbook",
            "playbooks/new_platform.yml",
            "-e",
            f"new_platform_dest={folder}",
            "-e",
            "new_platform_example=true",
        )
    )
    (folder / ".ansible").symlink_to(repository / ".ansible")
    return folder


def environment_of(folder: Path, environment: str) -> subprocess.CompletedProcess[str]:
    words = ["-i", f"inventories/{environment}.yml", "playbooks/explain.yml", "-e", "platform_explain_query=environment.name"]
    return run(folder, "ansible-playbook", *words)


def test_it_runs_the_installed_collection_and_not_the_checkout(repository):
    output = succeeded(run(repository, "ansible-galaxy", "collection", "list", "gantry.platform", "-p", ".ansible/collections"))
    assert str(repository) in output
    assert str(CHECKOUT) not in output


@pytest.mark.parametrize("environment", ["sandbox", "dev", "staging", "prod", "dr"])
def test_every_inventory_of_the_example_is_right(example, environment):
    assert f'environment.name = "{environment}"' in succeeded(environment_of(example, environment))
    assert filecmp.cmp(CHECKOUT / "inventories" / f"{environment}.yml", example / "inventories" / f"{environment}.yml", shallow=False)


def test_a_skeleton_has_one_team_and_one_service_and_wants_its_first_release(repository):
    shared = repository / "inventories" / "group_vars" / "all"
    teams, services = (yaml.safe_load((shared / name).read_text()) for name in ("30_teams.yml", "40_services.yml"))
    assert ([*teams["platform_teams"]], [*services["platform_services"]]) == (["first"], ["hello"])
    assert "consciousness" not in "".join(path.read_text() for path in (repository / "inventories").rglob("*.yml"))
    refused = environment_of(repository, "dev")
    assert refused.returncode != 0
    assert "make release ENV=dev SERVICE=hello DIGEST=sha256:" in " ".join((refused.stdout + refused.stderr).split())
    succeeded(make(repository, "release", "ENV=dev", "SERVICE=hello", f"DIGEST={DIGEST}", LC_ALL="C"))
    assert yaml.safe_load((repository / "inventories/group_vars/dev/release.yml").read_text())["platform_release"]["services"] == {
        "hello": {"digest": DIGEST}
    }
    for environment in ("dev", "prod", "sandbox"):
        assert f'environment.name = "{environment}"' in succeeded(environment_of(repository, environment))


def test_a_skeleton_passes_ansible_lints_production_profile(repository):
    # The other playbooks differ in one word, and each costs as much as all inventories.
    assert succeeded(run(repository, "ansible-lint", "--nocolor", "-q", "playbooks/plan.yml", "inventories")) == ""


def test_its_workflow_plans_pull_requests_and_applies_what_was_approved(repository):
    workflow = yaml.safe_load((repository / ".github" / "workflows" / "platform.yml").read_text())
    jobs = workflow["jobs"]
    assert {row["environment"]: row["kubeconfig"] for row in jobs["plan"]["strategy"]["matrix"]["include"]} == {
        "dev": "KUBECONFIG_DEV",
        "prod": "KUBECONFIG_PROD",
    }
    assert jobs["apply"]["needs"] == ["lint", "plan"] and jobs["apply"]["environment"] == "${{ matrix.environment }}"
    assert [step["run"] for step in jobs["apply"]["steps"] if "PLAN=" in step.get("run", "")] == [
        'make apply ENV="$ENVIRONMENT" PLAN=approved/plan.json'
    ]
    assert "gh pr comment" in jobs["comment"]["steps"][-1]["run"]


def test_its_workflow_and_that_of_the_collection_are_what_github_takes(repository):
    """By the linter of workflows, since no GitHub is here: expressions, contexts, permissions, inputs of actions."""
    (actionlint,) = built("actionlint")
    folder = repository / ".github" / "workflows"
    files = [folder / "platform.yml", CHECKOUT / ".github" / "workflows" / "ci.yml"]
    assert succeeded(run(repository, actionlint, *map(str, files))) == ""
    for right, wrong in [("matrix.environment", "matrix.enviroment"), ("needs: plan", "needs: plans"), ("name: Plan", "nam: Plan")]:
        slip = folder.parent / "slip.yml"
        slip.write_text(files[0].read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")
        refused = run(repository, actionlint, str(slip))
        slip.unlink()
        assert (refused.returncode, wrong.split(" ")[-1].split(".")[-1] in refused.stdout) == (1, True), refused.stdout


def test_a_second_time_writes_nothing_and_half_of_the_words_are_refused(repository):
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file() and ".ansible" not in path.parts}
    words = ["-e", f"new_platform_dest={repository}"]
    refused = run(CHECKOUT, "ansible-playbook", "playbooks/new_platform.yml", *words)
    assert refused.returncode != 0 and "PRODUCT=shop DOMAIN=shop.example" in " ".join((refused.stdout + refused.stderr).split())
    words += ["-e", "new_platform_product=shop", "-e", "new_platform_domain=shop.example"]
    assert ": 0 files written" in succeeded(run(CHECKOUT, "ansible-playbook", "playbooks/new_platform.yml", *words))
    assert {path: path.read_bytes() for path in repository.rglob("*") if path.is_file() and ".ansible" not in path.parts} == before


def test_what_make_up_applied_a_plan_finds_unchanged(repository):
    up = in_terminal(["make", "--no-print-directory", "-o", ".ansible/installed", "up"], repository, surroundings())
    assert up.code == 0, up.wrote
    assert sum(-(-max(1, len(line)) // 80) for line in up.lines) <= 2 * 24, "\n".join(up.lines)
    succeeded(make(repository, "plan"))
    plan = json.loads((repository / ".gantry" / "plan.json").read_text(encoding="utf-8"))
    assert plan["changes"] == []


def test_what_needs_the_sandbox_says_how_to_start_it(repository):
    assert "stopped" in succeeded(make(repository, "down")) + succeeded(make(repository, "status"))
    refused = make(repository, "plan")
    said = " ".join((refused.stdout + refused.stderr).split())
    assert refused.returncode != 0 and "sandbox: its sandbox does not run; start it with make up; nothing was contacted" in said
