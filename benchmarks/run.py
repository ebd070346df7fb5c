# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the engine with its peers on a real apiserver, and writes docs/performance.md.

Every tool gets an empty cluster for each repetition; the order of the tools rotates. Figures are medians. Nothing here judges a
time: the page says what was measured, beside what is aimed at.
"""

from __future__ import annotations

import argparse
import compileall
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / ".ansible" / "collections"))

import machine
import objects
import page
from cluster import HERE, ROOT, Cluster
from tools import Contender, Job, contenders, environment

ROUND_TRIP_MS = 20
LARGE = 10_000
_DRIFT_PERCENT = 1.0
_WORK = ROOT / ".gantry" / "bench"
_PAGE = ROOT / "docs" / "performance.md"
_MOST_SECONDS = 1800


def main() -> None:
    """Measure, keep the figures, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--large", action="store_true", help=f"also {LARGE} objects, ours and the fastest peer")
    parser.add_argument("--only", action="append", default=[], help="part of a tool's name; may be given more than once")
    parser.add_argument("--page", type=Path, help=f"where to write the page; by default {_PAGE.name} for a whole run, else nowhere")
    parser.add_argument("--page-only", action="store_true", help="write the page again from the figures of the last run")
    options = parser.parse_args()
    results = _WORK / "results.json"
    if not options.page_only:
        results.parent.mkdir(parents=True, exist_ok=True)
        for found in measure(options):
            results.write_text(json.dumps(found, indent=1, sort_keys=True))
    found = json.loads(results.read_text())
    text = page.render(found)
    print(text)
    whole = found["objects"] >= 1000 and not found["only"]
    target = options.page or (_PAGE if whole else None)
    if target is not None:
        target.write_text(text, encoding="utf-8")
        say(f"written: {target}")


def measure(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every scenario of every tool; what was found so far after each, so that an hour's figures outlive a failure."""
    # Collections are compiled once, as packages are when they are installed: no tool pays for it in each of its runs.
    for folder in (ROOT / "plugins", ROOT / "benchmarks", ROOT / ".ansible" / "collections"):
        compileall.compile_dir(folder, quiet=2)
    cluster = Cluster(_WORK / "instance")
    tools = contenders(cluster.bin)
    chosen = [tool for tool in tools if not options.only or any(word in tool.name for word in options.only)]
    found: dict[str, Any] = {
        "objects": options.objects,
        "repeat": options.repeat,
        "only": options.only,
        "kinds": len({document["kind"] for document in objects.documents(options.objects, "near")}),
        "round_trip_ms": ROUND_TRIP_MS,
        "machine": machine.describe(ROOT),
        "tools": {tool.name: {"what": tool.what, "version": tool.version, "ours": tool.ours} for tool in chosen},
        "runs": [],
    }
    for repetition in range(options.repeat):
        turn = repetition % len(chosen)
        for tool in [*chosen[turn:], *chosen[:turn]]:
            found["runs"] += _one(tool, cluster, options.objects)
            yield found
    if options.large:
        fastest = page.fastest_peer(found, "no change")
        large = [tool for tool in chosen if tool.name == fastest or (tool.ours and "engine" in tool.name)]
        for tool in large:
            found["runs"] += _large(tool, cluster)
            yield found


def _one(tool: Contender, cluster: Cluster, count: int) -> list[dict[str, Any]]:
    """A tool on an empty cluster: near and far, each from nothing to nothing left to do."""
    rows = []
    with cluster.fresh():
        job = _job(tool, "near", count)
        rows.append(_run(tool, cluster, job, "cold", cluster.kubeconfig))
        rows.append(_run(tool, cluster, job, "no change", cluster.kubeconfig))
        drifts = objects.drifts(list(job.documents), _DRIFT_PERCENT)
        made = cluster.inject(drifts)
        rows.append(_run(tool, cluster, job, "drift", cluster.kubeconfig, drifts) | {"injected": made})
        job = _job(tool, "far", count)
        with cluster.far(ROUND_TRIP_MS) as far:
            rows.append(_run(tool, cluster, job, "cold, far", far))
            rows.append(_run(tool, cluster, job, "no change, far", far))
    return rows


def _large(tool: Contender, cluster: Cluster) -> list[dict[str, Any]]:
    with cluster.fresh():
        job = _job(tool, "large", LARGE)
        return [_run(tool, cluster, job, f"{scenario}, large", cluster.kubeconfig) for scenario in ("cold", "no change")]


def _job(tool: Contender, name: str, count: int) -> Job:
    folder = _WORK / "work" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    job = Job(folder, name, objects.documents(count, name))
    tool.prepare(job)
    return job


def _run(
    tool: Contender, cluster: Cluster, job: Job, scenario: str, kubeconfig: Path, drifts: Sequence[objects.Drift] = ()
) -> dict[str, Any]:
    """One run, measured from outside: its cost by the kernel, its requests by the audit log, its outcome by a look at the cluster."""
    cluster.settle()
    place = cluster.mark()
    cost_file, log = job.folder / "cost.json", job.folder / f"{scenario}.log"
    with log.open("wb") as output:
        subprocess.run(
            [sys.executable, "-I", "-S", str(HERE / "measure.py"), str(cost_file), *tool.command(job, kubeconfig)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(job),
            timeout=_MOST_SECONDS,
            check=True,
        )
    cost = json.loads(cost_file.read_text())
    seen = cluster.seen_since(place)
    failed = cluster.standing(drifts) if drifts else cluster.absent(job.documents)
    row = {
        "tool": tool.name,
        "scenario": scenario,
        **cost,
        "requests": dict(seen.requests),
        "refused": {str(status): number for status, number in seen.refused.items()},
        "failed": failed,
        "objects": len(job.documents),
    }
    say(
        f"{tool.name:32} {scenario:16} {cost['wall']:7.2f} s  CPU {cost['cpu']:6.2f} s  exit {cost['code']}  failed {failed}  {dict(seen.requests)}"
    )
    return row


def say(text: str) -> None:
    """Progress goes to the error stream; the page alone to the output."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
