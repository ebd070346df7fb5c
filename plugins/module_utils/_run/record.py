# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The record of the last run that changed a cluster: who, when, from which commit, what, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._core.words import clean

SCHEMA = "gantry.platform/last-run/v1"
_MOST_CHANGES = 500
Json = Mapping[str, Any]


def wrote(notes: Iterable[Json]) -> bool:
    """Whether the run changed the host's cluster, as its notes say."""
    return any(note["stage"] == "apply" and note["changed"] for note in notes)


def last_run(report: Json, host: str, who: str, effective: Json) -> dict[str, Any]:
    """The record for one host's cluster. Names and paths only: a plan holds no values."""
    changes = [{key: value for key, value in change.items() if key != "host"} for change in report["changes"] if change["host"] == host]
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "run": report["run"],
        "command": report["command"],
        "who": who,
        "created": report["created"],
        "environment": report["environment"],
        "areas": report["areas"],
        "take": report["take"],
        "revision": report["revision"],
        "plan_digest": report["digest"],
        "release": effective.get("release") or {},
        "hosts": {name: row["status"] for name, row in report["hosts"].items()},
        "host": {key: report["hosts"][host].get(key) for key in ("status", "counts", "digest", "verified", "error")},
        "changes": changes[:_MOST_CHANGES],
    }
    if len(changes) > _MOST_CHANGES:
        record["changes_left_out"] = len(changes) - _MOST_CHANGES
    return record


def told(record: Any, host: str, lock: Any = None) -> list[str]:
    """The record in lines for people; ``lock`` is what the cluster's lock says of the run that wrote last."""
    known = record.get("run") if isinstance(record, Mapping) else None
    unended = _unended(lock) if isinstance(lock, Mapping) and lock.get("run") not in ("", None, known) else []
    if not isinstance(record, Mapping):
        return [f"{host}: no run has changed this cluster yet" + (" and come to its end" if unended else ""), *unended]
    state = record["host"]
    counts = ", ".join(f"{number} {action}" for action, number in state["counts"].items() if number)
    lines = [
        f"{host}: last changed {record['created']} by {record['who']} ({record['command']}, run {record['run']})",
        f"  revision {record['revision'] or 'unknown'}  plan {record['plan_digest'][:19]}  {counts}",
        f"  ended {state['status']}{', verified' if state['verified'] else ', not verified'}",
    ]
    if record.get("take"):
        lines.append(f"  took back what {', '.join(map(str, record['take']))} changed or added")
    if state.get("error"):
        lines.append(f"  {state['error'].splitlines()[0]}")
    others = {name: status for name, status in record["hosts"].items() if name != host}
    if others:
        lines.append("  in the same run: " + ", ".join(f"{name} {status}" for name, status in sorted(others.items())))
    for other in record.get("beside") or []:
        done = ", ".join(f"{number} {action}" for action, number in other["host"]["counts"].items() if number and action != "unchanged")
        lines.append(
            f"  interrupted beside it: run {other['run']} by {other['who']} of {other['created']}, which wrote {done or 'nothing'}"
        )
    return [clean(line) for line in [*lines, *unended]]


def _unended(lock: Json) -> list[str]:
    """A run that had the lock and left no record did not come to its end."""
    if not lock.get("holder") and str(lock.get("written") or "").startswith("0 of "):
        return []
    who = f" of {lock['holder']}" if lock.get("holder") else ""
    since = f", which began to write {lock['since']}," if lock.get("since") else ""
    state = "is writing now, or was killed" if lock.get("holder") else "was interrupted"
    done = f"; of the part that it was at it wrote {lock['written']}" if lock.get("written") else ""
    return [f"  after that: run {lock['run']}{who}{since} {state}{done}", "  what it wrote stands; the next run goes on from there"]
