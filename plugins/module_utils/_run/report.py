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

from .._core.canonical import digest, keyed_digest
from .._core.change import Action, Impact

SCHEMA = "gantry.platform/run/v1"
STAGES = ("declare", "plan", "apply", "verify", "drift")
_COUNTS = (*(action.value for action in Action), "unchanged")
_ERROR_CHARACTERS = 4000
FAILED = frozenset({"failed", "interrupted"})
"""Statuses of a host whose run did not come to its end."""
INTERRUPTED = "the run was interrupted before its end; what it wrote stands, and the next run goes on from there"
_SHARED = ("changes", "warnings", "foreign")  # these stand in one list over all hosts
Json = dict[str, Any]


def make_note(stage: str, wave: str, task: str, result: Mapping[str, Any]) -> Json:
    """What a report needs of one task's result; the rest (diffs, invocation) is left behind.

    ``stage`` is one of ``STAGES``, ``wave`` the wave's name or empty. A failed result gives a note with ``error``.
    """
    note: Json = {"stage": stage, "wave": wave, "task": task, "failed": bool(result.get("failed")), "changed": bool(result.get("changed"))}
    if note["failed"]:
        note["error"] = str(result.get("msg") or "the task failed without a message")[:_ERROR_CHARACTERS]
    for key in ("plan", "counts", "warnings", "digest", "cluster_uid", "foreign", "orphan_sets", "requests", "interrupted", "lock_lost"):
        if result.get(key):
            note[key] = result[key]
    if "plan" not in note and result.get("refused"):
        note["plan"] = result["refused"]
    if "plan" in note:
        note["plan"] = [{key: value for key, value in change.items() if key != "values"} for change in note["plan"]]
    if "verdicts" in result:
        failing = [verdict for verdict in result["verdicts"] if not verdict["passed"]]
        note["expectations"] = {"passed": len(result["verdicts"]) - len(failing), "failed": failing}
    return note


def build_report(meta: Mapping[str, Any], hosts: Mapping[str, Iterable[Mapping[str, Any]]]) -> Json:
    """The whole report.

    ``meta`` has ``run, command, environment, areas, revision, created, warnings``, ``no_clusters`` (the hosts that are none), ``applied``
    where the run has had its writing half, and ``process``, the run's process, where that half is about to begin; ``hosts`` every host
    of the run with its notes in order, none where it was not reached. The report's ``digest`` identifies the plan over all hosts; it is not sealed yet.
    """
    rows = {name: _host(list(notes), bool(meta.get("applied"))) for name, notes in sorted(hosts.items())}
    for name in meta.get("no_clusters", ()):
        rows[name]["cluster"] = False
    drift = meta["command"] == "drift"
    warnings = [*meta.get("warnings", ()), *_per_host(rows, "warnings")]
    report: Json = {
        "schema": SCHEMA,
        "run": meta["run"],
        "command": meta["command"],
        "status": _status(rows, drift),
        "environment": meta["environment"],
        "areas": list(meta["areas"]),
        "take": list(meta.get("take", ())),
        "revision": meta["revision"],
        "created": meta["created"],
        "hosts": {name: {key: value for key, value in row.items() if key not in _SHARED} for name, row in rows.items()},
        "changes": [{"host": name, **change} for name, row in rows.items() for change in row["changes"]],
        "counts": {action: sum(row["counts"][action] for row in rows.values()) for action in _COUNTS},
        "warnings": warnings,
    }
    if drift:
        report["foreign"] = [{"host": name, **item} for name, row in rows.items() for item in row["foreign"]]
    for name, row in report["hosts"].items():
        row["digest"] = host_digest(report, name)
    report["digest"] = report_digest(report)
    if meta.get("process") and report["status"] in ("clean", "changes", "incomplete"):
        report |= {"status": "running", "process": meta["process"]}
    return report


def host_digest(report: Mapping[str, Any], host: str) -> str | None:
    """One host's plan as it is shown, with what its engines say of the values behind; none where it could not be planned.

    Of what its run will only bring, a server that is not there yet, no engine says anything.
    """
    row = report["hosts"][host]
    if not row["waves"] and row["status"] in (*FAILED, "not reached"):
        return None
    shown = [{k: v for k, v in change.items() if k not in ("written", "keep")} for change in report["changes"] if change["host"] == host]
    return digest({"cluster": row["cluster_uid"], "waves": row["waves"], "orphan_sets": row["orphan_sets"], "changes": shown})


def report_digest(report: Mapping[str, Any]) -> str:
    """Over what an approval is about, recomputed from what is shown. Two runs that would do the same have the same."""
    hosts = {name: host_digest(report, name) for name in report["hosts"]}
    return digest({key: report[key] for key in ("environment", "areas", "take", "revision")} | {"hosts": hosts})


def seal_of(report: Mapping[str, Any], key: bytes | None = None) -> str:
    """Over every word of a report, so that none can be edited; with a key nobody who lacks it can make another one."""
    whole = {name: value for name, value in report.items() if name != "seal"}
    return f"hmac-sha256:{keyed_digest(key, whole)}" if key else digest(whole)


def interrupted(report: Mapping[str, Any], notes: Mapping[str, Iterable[Mapping[str, Any]]] | None = None) -> Json:
    """The report of a run that began to write and did not say that it ended, completed by what its workers have left behind."""
    found: Json = {key: value for key, value in report.items() if key not in ("seal", "process")}
    left = {name: list(rows) for name, rows in (notes or {}).items()}
    for name, row in found["hosts"].items():
        ended = _host(left.get(name, []), True) if left.get(name) else None
        if ended is not None:
            told = {(change["id"], change["action"]): change for change in ended["changes"]}
            others = [change for change in found["changes"] if change["host"] != name or (change["id"], change["action"]) not in told]
            found["changes"] = [*others, *({"host": name, **change} for change in told.values())]
            row |= {key: ended[key] for key in ("status", "counts", "error", "failed_task") if key in ended}
            row["cluster_uid"] = row["cluster_uid"] or ended["cluster_uid"]
        if row["status"] not in ("applied", "failed", "interrupted"):
            row["status"] = "interrupted"
            row["counts"] = {**dict.fromkeys(_COUNTS, 0), "unchanged": row["counts"]["unchanged"]}
    found["status"] = "interrupted"
    found["counts"] = {action: sum(row["counts"][action] for row in found["hosts"].values()) for action in _COUNTS}
    found["error"] = INTERRUPTED
    for name, row in found["hosts"].items():
        row["digest"] = host_digest(found, name)
    found["digest"] = report_digest(found)
    return found


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
    before = {note["wave"]: note.get("digest") for note in planned}
    again = {note["wave"]: note for note in applied if before.get(note["wave"]) and note.get("digest") not in (None, before[note["wave"]])}
    told = [again.get(note["wave"], note) for note in planned] or applied
    changes = list({(c["id"], c["action"]): c for note in [*told, *failed] for c in note.get("plan", ())}.values())
    counts = {action: sum((note.get("counts") or {}).get(action, 0) for note in told) for action in _COUNTS}
    if writes and failed:
        changes = _written(changes, applied)
        done = Counter(change["action"] for change in changes if change.get("written"))
        counts = {action: done[action] for action in _COUNTS} | {"unchanged": counts["unchanged"]}
    waves = {note["wave"]: note["digest"] for note in told if note.get("digest")}
    verified = [note for note in notes if note["stage"] == "verify"]
    row: Json = {
        "status": _host_status(applied if writes else told, applied, failed, changes),
        "digest": None,
        "waves": waves,
        "counts": counts,
        "cluster_uid": next((note["cluster_uid"] for note in notes if note.get("cluster_uid")), None),
        "verified": bool(verified) and not any(note["failed"] for note in verified),
        "orphan_sets": sorted({name for note in told for name in note.get("orphan_sets", ())}),
        "requests": dict(sum((Counter(note.get("requests") or {}) for note in notes), Counter())),
        "expectations": {
            "passed": sum(note["expectations"]["passed"] for note in verified if "expectations" in note),
            "failed": [item for note in verified for item in note.get("expectations", {}).get("failed", ())],
        },
        "changes": changes,
        "warnings": list(dict.fromkeys(str(text) for note in [*notes, *_planned_again(again)] for text in note.get("warnings", ()))),
        "foreign": [item for note in notes for item in note.get("foreign", ())],
    }
    if row["status"] in ("clean", "changes") and any(note["stage"] == "drift" for note in told):
        row["status"] = "drift" if changes or row["foreign"] else "clean"
    if failed:
        row["error"] = failed[0]["error"]
        row["failed_task"] = failed[0]["task"]
    return row


def _planned_again(waves: Mapping[str, Any]) -> list[Json]:
    said = "another run, or somebody, changed what was planned on; it was planned again, and what is shown is what that came to"
    return [{"warnings": [said]}] if waves else []


def _written(changes: list[Json], applied: list[Mapping[str, Any]]) -> list[Json]:
    """The changes of a host whose writing half failed, each with whether it was made; not said where nobody knows."""
    done: dict[tuple[str, str], bool] = {}
    silent = False
    for note in applied:
        for change in note.get("plan", ()):
            done[change["id"], change["action"]] = bool(change.get("written", not note["failed"]))
        silent = silent or (note["failed"] and not note.get("plan"))
    found = []
    for change in changes:
        known = done.get((change["id"], change["action"]), None if silent else False)
        found.append({**change, **({} if known is None else {"written": known})})
    return found


def _host_status(reached: list[Any], applied: list[Any], failed: list[Any], changes: list[Any]) -> str:
    if failed:
        return "interrupted" if all(note.get("interrupted") for note in failed) else "failed"
    if not reached:
        return "not reached"
    if any(note["changed"] for note in applied):
        return "applied"
    # What is left to others by a run that could have written is no change that still waits.
    waiting = [change for change in changes if not applied or change["action"] != Action.CONFLICT]
    return "changes" if waiting else "clean"


def _status(rows: Mapping[str, Json], drift: bool) -> str:
    states = {row["status"] for row in rows.values()}
    if states & FAILED:
        return "error" if drift else "failed" if "failed" in states else "interrupted"
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
