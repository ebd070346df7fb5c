# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_PLACE = Path(__file__).resolve().parents[3] / "benchmarks" / "page.py"


@pytest.fixture(scope="module")
def page():
    spec = importlib.util.spec_from_file_location("benchmark_page", _PLACE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(tool, scenario, wall, failed=0, **requests):
    return {
        "tool": tool,
        "scenario": scenario,
        "wall": wall,
        "cpu": wall / 2,
        "memory": 50 * 2**20,
        "failed": failed,
        "requests": requests or {"list": 9},
    }


@pytest.fixture
def found(page):
    ours = {"ours": True, "version": "1", "what": "ours"}
    peer = {"ours": False, "version": "2", "what": "a peer"}
    return {
        "objects": 1000,
        "kinds": 10,
        "repeat": 3,
        "round_trip_ms": 20,
        "machine": {"date": "2026-01-02", "machine": "m", "load": "0", "servers": "s", "commit": "c"},
        "tools": {page.ENGINE: ours, page.PLAYBOOK: ours, "hasty": peer, "thorough": peer, "kubernetes.core.k8s": peer},
        "runs": [
            *(run(page.ENGINE, "cold", wall) for wall in (2.0, 9.0, 1.0)),
            run(page.PLAYBOOK, "cold", 4.0),
            run("hasty", "cold", 1.5, failed=7),
            run("thorough", "cold", 5.0),
            run("kubernetes.core.k8s", "cold", 12.0),
            run(page.ENGINE, "no change", 1.0, list=20, patch=1),
            run("thorough", "no change", 2.0),
        ],
    }


def test_the_median_counts_and_not_the_mean(page, found):
    assert page.median(found, page.ENGINE, "cold") == 2.0
    assert page.median(found, page.ENGINE, "drift") is None


def test_a_peer_that_left_something_undone_is_not_the_fastest(page, found):
    assert page.fastest_peer(found, "cold") == "thorough"
    assert page.ratio(found, page.ENGINE, "cold", "thorough") == pytest.approx(0.4)
    assert page.fastest_peer(found, "drift") == ""


def test_aims_are_met_or_missed_by_the_figures(page, found):
    text = page.render(found)
    assert "| From nothing: ≤ 0.6 × the fastest peer (thorough) | 0.40 × | met |" in text
    assert "| Nothing to do: ≤ 0.25 × the fastest peer (thorough) | 0.50 × | **missed** |" in text
    assert "| Nothing to do: no request of a writing verb, dry runs included | 1 | **missed** |" in text
    assert "| Nothing to do: at most 15 requests + 1 for each of the 10 kinds | 21 | met |" in text
    assert "whole ansible-playbook: ≥ 5 × faster than kubernetes.core.k8s | 3.0 × faster | **missed** |" in text


def test_failed_objects_stand_out_and_scenarios_that_were_not_run_are_left_out(page, found):
    text = page.render(found)
    assert "| hasty | 0.30 | 1.50 | 0.75 | 50 | 9 list | **7** |" in text
    assert "## Drift" not in text


def test_a_missed_aim_says_what_the_engine_waits_for(page, found):
    text = page.render(found)
    assert "From nothing, whole ansible-playbook: ≥ 5 × faster than kubernetes.core.k8s | 3.0 × faster | **missed**" in text
    assert "is 6.0 × faster than kubernetes.core.k8s: of its 2.00 s it computes for\n1.00 s" in text
