# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that the benchmark writes: medians, ratios to the fastest peer that did the whole job, and what was aimed at."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from typing import Any

Results = Mapping[str, Any]
ENGINE = "gantry.platform, engine"
PLAYBOOK = "gantry.platform, whole playbook"
AIMED_AT = 1000
"""The number of objects that the aims are about."""
_HEADINGS = {
    "cold": ("From nothing", "Every object is created, five definitions and their custom resources among them."),
    "no change": ("Nothing to do", "The same run again."),
    "drift": ("Drift", "Somebody changed 1 % of the objects; the run puts them back."),
    "cold, far": ("From nothing, {round_trip_ms} ms away", "As above through a proxy on loopback that delays every round trip."),
    "no change, far": ("Nothing to do, {round_trip_ms} ms away", "The same run again, through the proxy."),
    "cold, large": ("From nothing, 10,000 objects", "Ours and the fastest peer."),
    "no change, large": ("Nothing to do, 10,000 objects", "The same run again."),
}
_WRITES = ("patch", "create", "update", "delete", "dry run")
_CORE = "kubernetes.core.k8s"


def render(found: Results) -> str:
    """The whole page as Markdown."""
    machine = found["machine"]
    runs = "one run" if found["repeat"] == 1 else f"median of {found['repeat']} runs"
    parts = [
        "# Performance",
        "",
        f"<!-- made by `make bench` on {machine['date']}; edit benchmarks/page.py -->",
        "",
        "One list of documents, every tool on an apiserver of its own that is empty before, on the same machine, in turns. Compare the",
        f"ratios, not the seconds. {found['objects']:,} objects, {runs} each.",
        "",
        f"- Machine: {machine['machine']}, load {machine['load']} before. Servers: {machine['servers']}. Commit {machine['commit']}.",
        *(f"- {name} {tool['version']}: {tool['what']}." for name, tool in found["tools"].items()),
        "- Client CPU and memory by the kernel's accounting of the process and its children, requests out of the audit log, failed objects by a",
        "  look at the cluster after the run. The ratio is to the fastest peer that did the whole job.",
        "",
    ]
    if aims := list(_aims(found)) if found["objects"] >= AIMED_AT else []:
        parts += ["## What was aimed at", "", *table(["aim", "measured", ""], aims), "", *_bound(found)]
    for scenario, (heading, what) in _HEADINGS.items():
        rows = list(_rows(found, scenario))
        if rows:
            head = ["tool", "× fastest peer", "wall s", "client CPU s", "peak MiB", "requests", "failed"]
            parts += [f"## {heading.format_map(found)}", "", what, "", *table(head, rows), ""]
    return "\n".join(parts)


def median(found: Results, tool: str, scenario: str, key: str = "wall") -> float | None:
    """The median of a figure, or none where that was not run."""
    values = [run[key] for run in _runs(found, tool, scenario)]
    return statistics.median(values) if values else None


def fastest_peer(found: Results, scenario: str) -> str:
    """The peer with the shortest median wall among those that left nothing undone, or an empty text."""
    whole = {
        name: wall
        for name, tool in found["tools"].items()
        if not tool["ours"] and not _failed(found, name, scenario) and (wall := median(found, name, scenario)) is not None
    }
    return min(whole, key=whole.__getitem__, default="")


def ratio(found: Results, tool: str, scenario: str, to: str) -> float | None:
    """Wall of one tool by the wall of another."""
    own, other = median(found, tool, scenario), median(found, to, scenario)
    return None if own is None or not other else own / other


def _runs(found: Results, tool: str, scenario: str) -> list[Mapping[str, Any]]:
    return [run for run in found["runs"] if run["tool"] == tool and run["scenario"] == scenario]


def _failed(found: Results, tool: str, scenario: str) -> int:
    return max((run["failed"] for run in _runs(found, tool, scenario)), default=0)


def _rows(found: Results, scenario: str) -> Iterable[list[str]]:
    fastest = fastest_peer(found, scenario)
    names = [name for name in found["tools"] if _runs(found, name, scenario)]
    for name in sorted(names, key=lambda tool: median(found, tool, scenario) or 0.0):
        by = ratio(found, name, scenario, fastest)
        last = _runs(found, name, scenario)[-1]
        requests = ", ".join(f"{number} {verb}" for verb, number in sorted(last["requests"].items(), key=lambda item: -item[1]))
        failed = _failed(found, name, scenario)
        yield [
            f"**{name}**" if found["tools"][name]["ours"] else name,
            "" if by is None else f"{by:.2f}",
            f"{median(found, name, scenario):.2f}",
            f"{median(found, name, scenario, 'cpu'):.2f}",
            f"{(median(found, name, scenario, 'memory') or 0) / 2**20:.0f}",
            requests,
            f"**{failed}**" if failed else "0",
        ]


def _aims(found: Results) -> Iterable[list[str]]:
    for scenario, most in (("cold", 0.6), ("no change", 0.25)):
        fastest = fastest_peer(found, scenario)
        by = ratio(found, ENGINE, scenario, fastest)
        if by is not None:
            yield _aim(f"{_HEADINGS[scenario][0]}: ≤ {most} × the fastest peer ({fastest})", f"{by:.2f} ×", by <= most)
    failed = _failed(found, ENGINE, "cold")
    if _runs(found, ENGINE, "cold"):
        yield _aim("From nothing: no failed object, validation strict", f"{failed} failed", failed == 0)
    for run in _runs(found, ENGINE, "no change")[-1:]:
        requests, kinds = run["requests"], found["kinds"]
        writes = sum(requests.get(verb, 0) for verb in _WRITES)
        total = sum(requests.values())
        yield _aim("Nothing to do: no request of a writing verb, dry runs included", str(writes), writes == 0)
        yield _aim(f"Nothing to do: at most 15 requests + 1 for each of the {kinds} kinds", str(total), total <= 15 + kinds)
    for scenario in ("cold", "no change"):
        by = ratio(found, _CORE, scenario, PLAYBOOK)
        if by is not None:
            yield _aim(f"{_HEADINGS[scenario][0]}, whole ansible-playbook: ≥ 5 × faster than {_CORE}", f"{by:.1f} × faster", by >= 5)


def _bound(found: Results) -> Iterable[str]:
    """What stands between a whole playbook and its aim where it was missed."""
    whole, alone = ratio(found, _CORE, "cold", PLAYBOOK), ratio(found, _CORE, "cold", ENGINE)
    if whole is not None and alone is not None and whole < 5:
        wall, own = median(found, ENGINE, "cold") or 0.0, median(found, ENGINE, "cold", "cpu") or 0.0
        yield f"From nothing the engine alone, without Ansible, is {alone:.1f} × faster than {_CORE}: of its {wall:.2f} s it computes for"
        yield f"{own:.2f} s, and waits for the server or a free core in the remainder."
        yield ""


def _aim(text: str, measured: str, met: bool) -> list[str]:
    return [text, measured, "met" if met else "**missed**"]


def table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    """A table in Markdown: the first column to the left, figures to the right."""
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---", *["---:"] * (len(head) - 1)], *rows)]
