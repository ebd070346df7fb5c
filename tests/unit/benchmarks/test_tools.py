# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_PLACE = Path(__file__).resolve().parents[3] / "benchmarks"
ASKED = """
from pathlib import Path
import engine, machine, run, tools
print([(one.name, one.version) for one in tools.contenders(Path("bin"))])
print(machine.describe(run.ROOT)["servers"])
"""


def test_every_tool_and_the_servers_are_known_by_the_version_that_is_pinned():
    done = subprocess.run([sys.executable, "-c", ASKED], cwd=_PLACE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tools, servers = done.stdout.splitlines()
    assert all(re.search(rf"\('{name}[^)]*v\d+\.\d+", tools) for name in ("kubectl", "Helm", "Flux")), tools
    assert re.fullmatch(r"kube-apiserver and kube-controller-manager v1\.\S+, etcd v3\.\S+ without fsync", servers)
