# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of a process share, started when the first one asks for it and removed in the end, and which tests a process gets.

Servers cost time while nobody asks them anything: what only a folder's tests share is that folder's (its ``conftest.py``), and gone behind
the last of them. Long files come first, so that no worker is left with one of them while the others have nothing to do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.build import ensure, missing
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.data import Definitions
from ansible_collections.gantry.platform.tests.integration.kube.cluster import Cluster
from ansible_collections.gantry.platform.tests.kit import sandboxes
from ansible_collections.gantry.platform.tests.kit.sharing import ByFolder
from xdist.remote import Producer

ROOT = Path(__file__).resolve().parents[2]
INSTANCES = ROOT / ".gantry" / f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
"""Where the servers of this process live; tests run in several at once."""
HERE = Path(__file__).resolve().parent
WHOLE = ("dev", "everything", "bare", "once")
"""The folders whose files share servers, each of them one worker's."""
LAST = ("test_access",)
"""The file that leaves a team in its folder's servers that dev does not have."""
ORDER = (*WHOLE, ".", "vault", "kube")
"""What takes longest comes first: whole playbooks, then what shares a Vault, then what shares a control plane, in many short files."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    return ByFolder(config, log, [f"tests/integration/{folder}" for folder in WHOLE])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """By ``ORDER``."""
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    others = [item for item in items if not item.path.is_relative_to(HERE)]
    items[:] = others + sorted(ours, key=_place)


def _place(item: pytest.Item) -> tuple[int, int]:
    folder = item.path.parent.relative_to(HERE).as_posix()
    return ORDER.index(folder), item.path.stem in LAST


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


def there(name: str) -> bool:
    """Whether a tool is built that takes minutes, or may be: where ``GANTRY_<NAME>`` is ``build``. Where it is not, a test did not run."""
    tool = Definitions([ROOT / "roles" / "sandbox"]).tool(name)
    return os.environ.get(f"GANTRY_{name.upper()}") == "build" or not missing([tool], dict(os.environ))


@pytest.fixture(scope="session")
def helm() -> str:
    """The helm that the sandbox would build."""
    (path,) = built("helm")
    return path


@pytest.fixture(scope="session")
def cluster():
    """A control plane of the tests' own, with nodes and every controller."""
    folder = INSTANCES / "cluster"
    sandboxes.remove(folder)
    run_role("main", folder)
    try:
        yield Cluster(folder)
    finally:
        sandboxes.remove(folder)


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    """A namespace of the test's own. It goes away with the control plane: deleting it would cost each test a second."""
    return cluster.namespace()
