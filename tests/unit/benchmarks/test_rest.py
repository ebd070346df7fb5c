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
    spec = importlib.util.spec_from_file_location("benchmark_rest", _FOLDER / "rest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_says_ratios_writes_and_what_failed(benchmark):
    def row(tool, scenario, wall, failed=0, **verbs):
        return {"tool": tool, "scenario": scenario, "wall": wall, "cpu": wall, "failed": failed, "requests": verbs}

    ours, peer = "pagerduty_config, cloudflare_config", "ansible.builtin.uri (loops)"
    rows = [row(ours, name, 2.0, GET=6) for name in ("cold", "no change", "drift")]
    rows += [row(peer, name, 50.0, 1, GET=4, POST=200) for name in ("cold", "no change", "drift")]
    about = {"machine": "2 cores", "load": "0.1", "commit": "abc", "date": "2026-11-29"}
    text = benchmark.render({"things": 200, "rows": rows, "machine": about})
    assert text.count(f"| **{ours}** | 25.0 × | 2.00 | 2.00 | 0 | 6 | 0 |") == 3
    assert text.count(f"| {peer} | 1.0 × | 50.00 | 50.00 | 200 | 204 | 1 |") == 3
