# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_FOLDER = Path(__file__).resolve().parents[3] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(_FOLDER), *sys.path])
    spec = importlib.util.spec_from_file_location("benchmark_vault", _FOLDER / "vault.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_says_ratios_writes_and_what_failed(benchmark):
    def row(tool, scenario, wall, failed=0, **operations):
        return {"tool": tool, "scenario": scenario, "wall": wall, "cpu": wall, "failed": failed, "requests": operations}

    ours, peer = "gantry.platform.vault_config", "community.hashi_vault.vault_write (loop)"
    rows = [row(ours, name, 1.0, read=500) for name in ("cold", "no change", "drift")]
    rows += [row(peer, name, 50.0, failed=3, update=500) for name in ("cold", "no change", "drift")]
    about = {"date": "2026-11-24", "machine": "2 cores", "load": "0.1", "commit": "abc"}
    text = benchmark.render({"paths": 500, "rows": rows, "machine": about})
    assert text.count(f"| **{ours}** | 50 × | 1.00 | 1.00 | 0 | 500 | 0 |") == 3
    assert text.count(f"| {peer} | 1 × | 50.00 | 50.00 | 500 | 500 | 3 |") == 3
