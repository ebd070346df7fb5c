# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One run's report over all of its hosts: ``plan.json`` and ``drift.json``, built from what each task noted.

A *note* is what one reconcile or verification of one host came to. A host has several: one per stage and wave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from .._core.canonical import digest
from .._core.change import Action, Impact

SCHEMA = "gantry.platform/run/v1"
STAGES = ("declare", "plan", "apply", "verify", "drift")
_COUNTS = (*(action.value for action in Action), "unchanged")
_ERROR_CHARACTERS = 4000
_SHARED = ("changes", "warnings", "foreign")  # these stand in one list over all hosts
Json = dict[str, Any]


def make_note(stage: str, wave: str, task: str, result: Mapping[str, Any]) -> Json:
    """What a report needs of one task's result; the rest (diffs, invocation) is left behind.

    ``stage`` is one of ``STAGES``, ``wave`` the wave's name or empty. A failed result gives a note with ``error``.
    """
    note: Json = {"stage": stage, "wave": wave, "task": task, "failed": bool(result.get("failed")), "changed": bool(result.get("changed"))}
    if note["failed"]:
        note["error"] = str(result.get("msg") or "the task failed without a message")[:_ERROR_CHARACTERS]
    for key in ("plan", "counts", "warnings", "digest", "cluster_uid", "foreign", "orphan_sets", "requests"):
        if result.get(key):
            note[key] = result[key]
    if "plan" not in note and result.get("refused"):
        note["plan"] = result["refused"]
    if "verdicts" in result:
        failing = [verdict for verdict in result["verdicts"] if not verdict["passed"]]
        note["expectations"] = {"passed": len(result["verdicts"]) - len(failing), "failed": failing}
    return note


def build_report(meta: Mapping[str, Any], hosts: Mapping[str, Iterable[Mapping[str, Any]]]) -> Json:
    """The whole report.

    ``meta`` has ``run, command, environment, areas, revision, created, warnings``, and ``applied`` where the run has had its
    writing half; ``hosts`` every host of the run with its notes in order, none where it was not reached. The report's
    ``digest`` identifies the plan over all hosts.
    """
    rows = {name: _host(list(notes), bool(meta.get("applied"))) for name, notes in sorted(hosts.items())}
    drift = meta["command"] == "drift"
    warnings = [*meta.get("warnings", ()), *_per_host(rows, "warnings")]
    report: Json = {
        "schema": SCHEMA,
        "run": meta["run"],
        "command": meta["command"],
        "status": _status(rows, drift),
        "environment": meta["environment"],
        "areas": list(meta["areas"]),
        "revision": meta["revision"],
        "created": meta["created"],
        "hosts": {name: {key: value for key, value in row.items() if key not in _SHARED} for name, row in rows.items()},
        "changes": [{"host": name, **change} for name, row in rows.items() for change in row["changes"]],
        "counts": {action: sum(row["counts"][action] for row in rows.values()) for action in _COUNTS},
        "warnings": warnings,
    }
    if drift:
        report["foreign"] = [{"host": name, **item} for name, row in rows.items() for item in row["foreign"]]
    report["digest"] = report_digest(report)
    return report


def report_digest(report: Mapping[str, Any]) -> str:
    """Over what an approval is about: environment, areas, and every host's digest. Also proves that a file was not edited."""
    hosts = {name: [host["digest"], host["waves"]] for name, host in report["hosts"].items()}
    return digest({"environment": report["environment"], "areas": report["areas"], "hosts": hosts})


def artifacts(report: Mapping[str, Any]) -> Json:
    """What leaves the run by ``set_stats`` (below 2 KB): an AWX workflow hands it to the job that applies."""
    counts = {action: number for action, number in report["counts"].items() if number}
    return {
        "platform_plan_digest": report["digest"],
        "platform_plan_status": report["status"],
        "platform_plan_revision": report["revision"],
        "platform_plan_counts": counts,
        "platform_plan_environment": report["environment"],
    }


def impact_of(changes: Iterable[Mapping[str, Any]]) -> Impact | None:
    """The dearest impact of the changes, or none where nothing changes."""
    return max((Impact(change["impact"]) for change in changes), key=lambda impact: impact.rank, default=None)


def _host(notes: list[Mapping[str, Any]], writes: bool) -> Json:
    planned = [note for note in notes if note["stage"] in ("plan", "drift")]
    applied = [note for note in notes if note["stage"] == "apply"]
    failed = [note for note in notes if note["failed"]]
    told = planned or applied
    changes = list({(c["id"], c["action"]): c for note in [*told, *failed] for c in note.get("plan", ())}.values())
    waves = {note["wave"]: note["digest"] for note in told if note.get("digest")}
    verified = [note for note in notes if note["stage"] == "verify"]
    row: Json = {
        "status": _host_status(applied if writes else told, applied, failed, changes),
        "digest": next(iter(waves.values())) if len(waves) == 1 else digest(waves) if waves else None,
        "waves": waves,
        "counts": {action: sum((note.get("counts") or {}).get(action, 0) for note in told) for action in _COUNTS},
        "cluster_uid": next((note["cluster_uid"] for note in notes if note.get("cluster_uid")), None),
        "verified": bool(verified) and not any(note["failed"] for note in verified),
        "orphan_sets": sorted({name for note in told for name in note.get("orphan_sets", ())}),
        "requests": dict(sum((Counter(note.get("requests") or {}) for note in notes), Counter())),
        "expectations": {
            "passed": sum(note["expectations"]["passed"] for note in verified if "expectations" in note),
            "failed": [item for note in verified for item in note.get("expectations", {}).get("failed", ())],
        },
        "changes": changes,
        "warnings": list(dict.fromkeys(str(text) for note in notes for text in note.get("warnings", ()))),
        "foreign": [item for note in notes for item in note.get("foreign", ())],
    }
    if row["status"] in ("clean", "changes") and any(note["stage"] == "drift" for note in told):
        row["status"] = "drift" if changes or row["foreign"] else "clean"
    if failed:
        row["error"] = failed[0]["error"]
        row["failed_task"] = failed[0]["task"]
    return row


def _host_status(reached: list[Any], applied: list[Any], failed: list[Any], changes: list[Any]) -> str:
    if failed:
        return "failed"
    if not reached:
        return "not reached"
    if any(note["changed"] for note in applied):
        return "applied"
    return "changes" if changes else "clean"


def _status(rows: Mapping[str, Json], drift: bool) -> str:
    states = {row["status"] for row in rows.values()}
    if "failed" in states:
        return "error" if drift else "failed"
    if "not reached" in states or not states:
        return "error" if drift else "incomplete"
    if drift:
        return "drift" if "drift" in states else "clean"
    return next((state for state in ("applied", "changes") if state in states), "clean")


def _per_host(rows: Mapping[str, Json], key: str) -> list[str]:
    """Each text once: with the hosts that said it, unless all of many did."""
    said: dict[str, list[str]] = {}
    for name, row in rows.items():
        for text in row[key]:
            said.setdefault(text, []).append(name)
    return [text if len(names) == len(rows) else f"{', '.join(names)}: {text}" for text, names in said.items()]
