# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the figures were measured on."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path


def describe(root: Path) -> dict[str, str]:
    """Machine, system, load at the start, servers, commit and date, in words."""
    processor = _first(Path("/proc/cpuinfo"), r"^model name\s*:\s*(.+)$") or platform.processor() or platform.machine()
    memory = int(_first(Path("/proc/meminfo"), r"^MemTotal:\s*(\d+)") or 0) / 1024**2
    servers = root / "roles" / "sandbox" / "modules"
    kubernetes = _first(servers / "kubernetes" / "go.mod", r"k8s\.io/kubernetes (v\S+)")
    etcd = _first(servers / "etcd" / "go.mod", r"go\.etcd\.io/etcd/server/v3 (v\S+)")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {processor}, {memory:.0f} GiB, {platform.system()} {platform.release()}",
        "load": f"{os.getloadavg()[0]:.1f}",
        "servers": f"kube-apiserver and kube-controller-manager {kubernetes}, etcd {etcd} without fsync",
        "commit": commit or "unknown",
    }


def _first(path: Path, pattern: str) -> str:
    if not path.is_file():
        return ""
    found = re.search(pattern, path.read_text(), re.MULTILINE)
    return found.group(1) if found else ""
