# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `plan` costs with nothing to do, on a sandbox with its own areas and with thirty more; writes docs/performance-areas.md.

The thirty are what `make area` writes, in a copy of this checkout: a set of documents each for the cluster, or a document each for a system
that exists once. CPU seconds are those of ansible-playbook and its workers. Nothing here judges a time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / ".ansible" / "collections"))

import machine
import page
from ansible_collections.gantry.platform.tests.kit.copied import copy_of, run, with_areas

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
_WORK = ROOT / ".gantry" / "bench-areas"
_PAGE = ROOT / "docs" / "performance-areas.md"
_SHOWN = 8
_DECLARING = ("Declare the documents", "Check the sets", "Declare the rights", "Declare the deployer")
_BUDGET = {"wall": 10.0, "cpu": 12.0, "declare": 3.0}
"""Seconds, of the issue that asked for room for thirty areas."""


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clusters", type=int, default=25, help="areas of the cluster")
    parser.add_argument("--systems", type=int, default=5, help="areas of a system")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    shutil.rmtree(_WORK, ignore_errors=True)
    _WORK.mkdir(parents=True)
    copy = copy_of(ROOT, _WORK / "checkout")
    try:
        text = render(measure(copy, options), options)
    finally:
        run(copy, "make", "clean")
    print(text)
    _PAGE.write_text(text, encoding="utf-8")


def measure(copy: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The cheapest of some plans, before the areas come and after."""
    found: dict[str, Any] = {"machine": machine.describe(ROOT), "rows": {}}
    names = [(f"area_{number:02}", "cluster") for number in range(options.clusters)]
    names += [(f"system_{number:02}", "environment") for number in range(options.systems)]
    for label, more in (("its own", []), ("thirty more", names)):
        with_areas(copy, *more)
        areas = ",".join(name for name, _where in more)
        book = ["ansible-playbook", "-i", "inventories/sandbox.yml"]
        given = ["-e", f"platform_areas={areas}"]
        done = run(copy, *book, "playbooks/up.yml", *given)
        if done.returncode:
            sys.exit(done.stdout[-3000:] + done.stderr)
        plans = [plan(copy, [*book, "playbooks/plan.yml", *given]) for _one in range(options.repeat)]
        found["rows"][label] = min(plans, key=lambda one: one["cpu"])
        print(label, {key: found["rows"][label][key] for key in ("wall", "cpu", "tasks")}, file=sys.stderr, flush=True)
    return found


def plan(copy: Path, command: list[str]) -> dict[str, Any]:
    """One plan: seconds, and where they went."""
    file = _WORK / "tasks.json"
    settings = {"ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"), "ANSIBLE_CALLBACKS_ENABLED": "gantry.platform.plan,seconds"}
    words = [f"{name}={value}" for name, value in {**settings, "GANTRY_SECONDS": str(file)}.items()]
    began = time.monotonic()
    done = run(copy, "env", *words, *command)
    wall = time.monotonic() - began
    if done.returncode:
        sys.exit(done.stdout[-3000:] + done.stderr)
    report = json.loads((copy / ".gantry" / "plan.json").read_text(encoding="utf-8"))
    if report["status"] != "clean":
        sys.exit(f"there was something to do: {report['counts']}")
    rows = json.loads(file.read_text(encoding="utf-8"))
    return {"wall": wall, "cpu": sum(row["cpu"] for row in rows), "tasks": len(rows), "rows": rows}


def render(found: dict[str, Any], options: argparse.Namespace) -> str:
    """The page as Markdown."""
    about, rows = found["machine"], found["rows"]
    own, more = rows["its own"], rows["thirty more"]
    many = f"{options.clusters + options.systems} more"
    costs = {label: by_task(row["rows"]) for label, row in (("own", own), ("more", more))}
    declare = sum(seconds for task, seconds in costs["more"].items() if task.startswith(_DECLARING))
    measured = {"wall": more["wall"], "cpu": more["cpu"], "declare": declare}
    aims = {
        "wall": "wall of the plan",
        "cpu": "CPU of the plan",
        "declare": "CPU of declaring, the check of all sets and the deployer's rights included",
    }
    parts = [
        "# Performance: what an area costs",
        "",
        f"<!-- made by `make bench-areas` on {about['date']}; edit benchmarks/areas.py -->",
        "",
        f"`plan` on the sandbox with nothing to do: with its own areas, and with {many} as `make area` writes them, {options.clusters} of the cluster",
        f"and {options.systems} documents of a system that exists once. The cheapest of {options.repeat} runs each; seconds depend on the machine.",
        "",
        f"- Machine: {about['machine']}, load {about['load']} before. Commit {about['commit']}.",
        "",
        *page.table(
            ["areas", "wall s", "CPU s", "tasks"],
            [
                ["its own", f"{own['wall']:.1f}", f"{own['cpu']:.1f}", str(own["tasks"])],
                [many, f"{more['wall']:.1f}", f"{more['cpu']:.1f}", str(more["tasks"])],
            ],
        ),
        "",
        f"| aim with {many} | measured |  |",
        "| --- | ---: | ---: |",
        *(
            f"| {aims[key]} ≤ {limit:.0f} s | {measured[key]:.1f} s | {'met' if measured[key] <= limit else '**missed**'} |"
            for key, limit in _BUDGET.items()
        ),
        "",
        f"Where the CPU goes with {many}, and before. What a worker spent is counted when it has ended, which may be in the task after its own.",
        "",
        *page.table(
            ["task", many, "its own"],
            [[task, f"{seconds:.2f}", f"{costs['own'].get(task, 0.0):.2f}"] for task, seconds in dearest(costs["more"])],
        ),
        "",
    ]
    return "\n".join(parts)


def by_task(rows: list[dict[str, Any]]) -> dict[str, float]:
    """CPU seconds by a task's name, its role left out."""
    found: dict[str, float] = {}
    for row in rows:
        name = row["task"].rpartition(" : ")[2]
        found[name] = found.get(name, 0.0) + row["cpu"]
    return found


def dearest(costs: dict[str, float]) -> list[tuple[str, float]]:
    """The tasks that cost most, most first."""
    return sorted(costs.items(), key=lambda row: -row[1])[:_SHOWN]


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
