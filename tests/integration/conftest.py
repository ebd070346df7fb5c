# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of a process share, each started when the first one asks for it and removed in the end: a control plane, a rehearsal of dev.

And in which order: long files come first, so that no worker is left with one of them while the other has nothing to do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.build import ensure
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.data import Definitions
from ansible_collections.gantry.platform.tests.integration.kube.cluster import Cluster
from ansible_collections.gantry.platform.tests.integration.runs import Runs, conforms
from ansible_collections.gantry.platform.tests.kit.audit import VaultAudit

ROOT = Path(__file__).resolve().parents[2]
INSTANCES = ROOT / ".gantry" / f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
"""Where the servers of this process live; tests run in two at once."""
HERE = Path(__file__).resolve().parent
ON_DEV = ("test_runs", "test_interrupted", "test_access")
"""The files that share the rehearsal of dev, in this order: the last one leaves a team in it that dev does not have."""
ON_EVERYTHING = ("test_every_area", "test_monitoring")
"""The files that share the sandbox with every area."""
SANDBOX = "sandbox"
"""The sandbox's only host."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole playbooks first, then what shares a Vault, then what shares a control plane: its files are many and short."""
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    others = [item for item in items if not item.path.is_relative_to(HERE)]
    items[:] = others + sorted(ours, key=_place)


def _place(item: pytest.Item) -> tuple[int, int]:
    folder = item.path.parent.relative_to(HERE).as_posix()
    first = [*ON_DEV, *ON_EVERYTHING]
    return (".", "vault", "kube").index(folder), first.index(item.path.stem) if item.path.stem in first else len(first)


def run_role(tasks: str, folder: Path, areas: Sequence[str] = ("core",)) -> str:
    """Tasks of the role sandbox on the instance in ``folder``; what they printed."""
    command = [str(Path(sys.executable).parent / "ansible"), "localhost", "-m", "ansible.builtin.include_role"]
    words = [
        "-a",
        f"name=gantry.platform.sandbox tasks_from={tasks}",
        "-e",
        json.dumps({"sandbox_root": str(folder), "sandbox_areas": [*areas]}),
    ]
    done = subprocess.run([*command, *words], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"role sandbox, {tasks}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def built(*names: str) -> list[str]:
    """Paths of tools that the sandbox would build, such as ``helm``."""
    definitions = Definitions([ROOT / "roles" / "sandbox"])
    found = ensure([definitions.tool(name) for name in names], dict(os.environ), lambda text: None)
    return [str(found[name].path) for name in names]


@pytest.fixture(scope="session")
def helm() -> str:
    """The helm that the sandbox would build."""
    (path,) = built("helm")
    return path


@pytest.fixture(scope="session")
def cluster():
    """A control plane of the tests' own, with nodes and every controller."""
    folder = INSTANCES / "cluster"
    run_role("clean", folder)
    run_role("main", folder)
    try:
        yield Cluster(folder)
    finally:
        run_role("clean", folder)


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    """A namespace of the test's own. It goes away with the control plane: deleting it would cost each test a second."""
    return cluster.namespace()


@pytest.fixture(scope="session")
def dev():
    """Playbooks on a rehearsal of dev that is kept; ``rehearsed`` is its report. A test leaves what it declares as it found it."""
    made = Runs(INSTANCES / "dev", "dev", "dev-euw1")
    made.remove()
    code, output, made.rehearsed = made.play("rehearse", platform_rehearsal_keep=True)
    try:
        assert code == 0, output
        assert conforms(made.rehearsed)["status"] == "applied", output
        yield made
    finally:
        made.remove()


class Everything(Runs):
    """Playbooks on a sandbox with every area and all their servers."""

    def __init__(self) -> None:
        folder = INSTANCES / "everything"
        root = {"sandbox_root": str(folder / SANDBOX), "platform_run_folder": str(folder / "run")}
        areas = [row.area for row in rows().values() if row.on == "cluster"]
        super().__init__(folder, SANDBOX, SANDBOX, **root, platform_areas=",".join(areas))
        self.vault = VaultAudit.of(self.cluster)
        self.planned = self.first = self.written_by_the_plan = None

    def mark(self) -> tuple[int, int]:
        """Where the servers' logs stand."""
        return self.audit.mark(), self.vault.mark()

    def written(self, mark: tuple[int, int]) -> list[str]:
        """What the platform has written since to any server, as paths."""
        kube, vault = mark
        return [request.path for request in self.audit.changes(kube)] + self.vault.configured(vault)


@pytest.fixture(scope="session")
def everything():
    """A sandbox with every area: ``planned`` while it was empty, then after one run, ``first``."""
    made = Everything()
    made.remove()
    try:
        code, output = made.command("ansible-playbook", *made.words("molecule/shared/prepare.yml"))
        assert code == 0, output
        since = made.mark()
        code, output, made.planned = made.play("plan")
        assert code == 0, output[-3000:]
        made.written_by_the_plan = made.written(since)
        code, output, made.first = made.play("site")
        assert code == 0, output[-3000:]
        yield made
    finally:
        made.remove()
