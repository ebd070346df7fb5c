# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What objectives cost, and writes docs/performance-slo.md: rules of a thousand, promtool's check of them, a report, evaluation beside sloth's rules.

CPU seconds of one process each, but for evaluation (sloth.py); nothing here judges a time.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / ".ansible" / "collections"))

import machine
import sloth
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.build import ensure
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.data import Definitions
from ansible_collections.gantry.platform.plugins.module_utils._slo.budget import HOUR, History, Hour
from ansible_collections.gantry.platform.plugins.module_utils._slo.model import read_all
from ansible_collections.gantry.platform.plugins.module_utils._slo.page import as_html
from ansible_collections.gantry.platform.plugins.module_utils._slo.report import report
from ansible_collections.gantry.platform.plugins.module_utils._slo.rules import split

ROOT = Path(__file__).resolve().parent.parent
_WORK = ROOT / ".gantry" / "bench-slo"
_PAGE = ROOT / "docs" / "performance-slo.md"
_KINDS: tuple[dict[str, Any], ...] = (
    {"indicator": "availability", "objective": 99.95},
    {"indicator": "latency", "threshold": "250ms", "objective": 99},
    {"indicator": "quality", "metric": "right_total", "total_metric": "answers_total", "objective": 98},
)
_NOW = 1_795_000_000 // HOUR * HOUR


def said(count: int) -> dict[str, dict[str, Any]]:
    """So many objectives of as many services, of the three indicators in turn."""
    of = {"namespace": "cortex", "team": "cortex", "tier": "t0", "protocol": "http", "window": "28d", "min_events": 20}
    return {f"slo-{number:04}": {**of, "service": f"service-{number:04}", **_KINDS[number % 3]} for number in range(count)}


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    """(CPU seconds, outcome)."""
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def main() -> None:
    """Measure and write the page."""
    shutil.rmtree(_WORK, ignore_errors=True)
    _WORK.mkdir(parents=True)
    about = machine.describe(ROOT)
    seconds, files = cpu(lambda: split(read_all(said(1000))))
    rules = [rule for file in files for group in file["groups"] for rule in group["rules"]]
    path = _WORK / "rules.json"
    # JSON is YAML, and promtool reads it.
    path.write_text(json.dumps({"groups": [group for file in files for group in file["groups"]]}), encoding="utf-8")
    definitions = Definitions([ROOT / "roles" / "sandbox", ROOT / "benchmarks"])
    tools = ensure([definitions.tool(name) for name in ("promtool", "prometheus", "sloth")], dict(os.environ), print)
    programs = {name: tool.path for name, tool in tools.items()}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([programs["promtool"], "check", "rules", path], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    checked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    slos = read_all(said(100))
    history = History(Hour(_NOW - (hour + 1) * HOUR, HOUR, 2.0, 1000.0) for hour in range(56 * 24))
    policies = {"standard": {"slow_down": 25, "freeze": 0}}
    reported, found = cpu(lambda: report(slos, policies, {slo.name: history for slo in slos}, _NOW, "Budgets"))
    drawn, page = cpu(lambda: as_html(found))
    compared = sloth.compare(_WORK, programs, [group for file in split(read_all(sloth.said())) for group in file["groups"]])
    version = re.search(r"github.com/slok/sloth (v\S+)", (ROOT / "benchmarks/modules/sloth/go.mod").read_text(encoding="utf-8"))[1]
    _PAGE.write_text(
        "\n".join(
            [
                "# Performance: objectives",
                "",
                f"<!-- made by `make bench-slo` on {about['date']}; edit benchmarks/slo.py -->",
                "",
                f"- Machine: {about['machine']}, load {about['load']} before. Commit {about['commit']}.",
                "",
                "| what | CPU s | size |",
                "| --- | ---: | ---: |",
                f"| rules of 1,000 objectives ({len(rules):,} rules) | {seconds:.2f} | {path.stat().st_size / 1e6:.1f} MB |",
                f"| `promtool check rules` of them | {checked:.2f} | |",
                f"| report of 100 objectives over 56 days, without the queries | {reported:.2f} | |",
                f"| its page of HTML | {drawn:.2f} | {len(page) / 1e6:.1f} MB |",
                "",
                f"Rules of {sloth.SERVICES} objectives of availability over 28 days, all of them evaluated once by one Prometheus that has the four weeks of",
                "both: what its engine spent (`evalTotalTime`), the cheapest of some answers for each rule. sloth's rules are what its program writes with",
                "its defaults; its budget is a mean of ratios, ours is made of sums.",
                "",
                "| rules of | how many | ms | ratio |",
                "| --- | ---: | ---: | ---: |",
                *(
                    f"| {name} | {count} | {spent:.0f} | {spent / compared['ours'][1]:.2f} |"
                    for name, (count, spent) in (("gantry.platform", compared["ours"]), (f"sloth {version}", compared["sloth"]))
                ),
                "",
            ]
        ),
        encoding="utf-8",
    )
    print(f"{_PAGE.relative_to(ROOT)} is written")


if __name__ == "__main__":
    main()
