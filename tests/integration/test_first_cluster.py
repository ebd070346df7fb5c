# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/first-cluster.md, walked by its own commands on a control plane that the project did not make."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.tests.kit.audit import DEPLOYER, KubeAudit
from ansible_collections.gantry.platform.tests.kit.copied import copy_of
from ansible_collections.gantry.platform.tests.kit.foreign import foreign_cluster

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "first-cluster.md"
VENV = Path(sys.prefix)


class Reader:
    """Somebody who types what the page says: one shell after the other, each where the one before it ended."""

    def __init__(self, home: Path, published: Path) -> None:
        self.home = self.folder = home
        words = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANSIBLE_", "MAKE", "PYTEST_", "GIT_", "KUBE", "K8S_"))
        }
        (home / ".gitconfig").write_text(
            f'[url "{published}"]\n  insteadOf = https://github.com/gantry-platform/gantry.platform\n[safe]\n  directory = *\n',
            encoding="utf-8",
        )
        caches = {"XDG_CACHE_HOME": words.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")}
        self._environment = {**words, **caches, "HOME": str(home), "COLUMNS": "80", "NO_COLOR": "1"}

    def types(self, command: str) -> tuple[int, str]:
        place = self.home / "place"
        script = f"{command}\nresult=$?\npwd > {place}\nexit $result\n"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.folder = Path(place.read_text(encoding="utf-8").strip())
        # Both environments are this Python's: what installs them is tested elsewhere, and takes minutes.
        for made in (self.home / "gantry.platform", self.home / "shop"):
            if made.is_dir() and not (made / ".venv").exists():
                (made / ".venv").symlink_to(VENV)
        return done.returncode, done.stdout


def commands() -> list[str]:
    """Those of the page, in its order."""
    return re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


def written(audit: KubeAudit) -> list[tuple[str, str, str]]:
    """What the deployer and the administrator have changed."""
    return [(request.user, request.verb, request.path) for user in (DEPLOYER, "kubernetes-admin") for request in audit.changes(user=user)]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    with foreign_cluster(tmp_path_factory.mktemp("foreign") / "cluster") as found:
        yield found


@pytest.fixture
def reader(foreign, tmp_path):
    published = copy_of(CHECKOUT, tmp_path / "published")
    git = ["git", "-C", str(published), "-c", "user.name=somebody", "-c", "user.email=somebody@shop.example"]
    subprocess.run([*git, "add", "-A"], check=True, capture_output=True)
    subprocess.run([*git, "commit", "-q", "-m", "As it is"], check=True, capture_output=True)
    home = tmp_path / "home"
    (home / ".kube").mkdir(parents=True)
    (home / ".kube" / "config").write_bytes(foreign.kubeconfig.read_bytes())
    return Reader(home, published)


def test_the_page_is_ten_commands():
    assert len(commands()) == 10


def test_the_page_walks_to_a_verified_environment(foreign, reader):
    before = foreign.kubectl("get", "all,clusterroles", "-A", "-o", "name").split()
    told = {}
    for command in commands():
        if command.startswith("make access") and "CHECK=1" in command:
            # Who runs ahead of the page is sent back to it.
            code, output = reader.types("make plan ENV=dev")
            assert code != 0 and "make access ENV=dev" in " ".join(output.split()), output
        code, told[command] = reader.types(command)
        assert code == 0, f"{command}\n{told[command]}"
    check, access, plan, apply, verify = list(told.values())[-5:]
    assert "make apply ENV=dev PLAN=.gantry/plan.json" in plan
    assert "verified" in verify
    report = json.loads((reader.folder / ".gantry" / "plan.json").read_text(encoding="utf-8"))
    assert (report["status"], report["hosts"]["dev-1"]["verified"]) == ("applied", True), apply
    assert json.loads(foreign.kubectl("get", "deployment", "hello", "-n", "first", "-o", "json"))["status"]["readyReplicas"] >= 1
    assert (reader.folder / ".kube" / "dev-1.kubeconfig").stat().st_mode & 0o777 == 0o600
    assert "Namespace/gantry-system" in check and check.count("create") == access.count("create"), check + access

    # What was there is there, and the second run of everything writes nothing.
    assert set(before) <= set(foreign.kubectl("get", "all,clusterroles", "-A", "-o", "name").split())
    audit = KubeAudit(foreign.audit)
    writes = written(audit)
    for command in ("make access ENV=dev KUBECONFIG=~/.kube/config", "make apply ENV=dev", "make drift ENV=dev"):
        code, output = reader.types(command)
        assert code == 0, f"{command}\n{output}"
    assert written(audit) == writes
