# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Canned notes and reports that the tests of a run's report share."""

from __future__ import annotations

from typing import Any

from ansible_collections.gantry.platform.plugins.module_utils._core.canonical import digest
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report, make_note, seal_of

ACTIONS = ("create", "update", "replace", "delete", "adopt", "blocked", "conflict")


def change(name: str, action: str = "create", impact: str = "safe", **more: Any) -> dict[str, Any]:
    """A change as kube_apply returns it."""
    fields = {"fields": [], "reason": "", "verified": True, "set": "workloads"} | more
    return {"id": name, "action": action, "impact": impact, **fields}


def result(*changes: dict[str, Any], unchanged: int = 0, uid: str = "uid-1", values: str = "", **more: Any) -> dict[str, Any]:
    """A result as kube_apply returns it. ``values`` stands for what the digest sees and the changes do not show."""
    counts = {action: sum(one["action"] == action for one in changes) for action in ACTIONS} | {"unchanged": unchanged}
    return {
        "changed": bool(changes),
        "plan": list(changes),
        "counts": counts,
        "warnings": [],
        "digest": digest([uid, list(changes), values]),
        "cluster_uid": uid,
        "foreign": [],
        "orphan_sets": [],
        "requests": {"GET": 13},
        **more,
    }


def planned(*changes: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """The notes of a host that was planned."""
    return [make_note("plan", "1", "", result(*changes, **more))]


def applied(*changes: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """The notes of a host that was planned, applied and verified."""
    done = result(*changes, **more)
    holds = make_note("verify", "", "", {"verdicts": [{"name": "ready", "passed": True}]})
    return [make_note("plan", "1", "", done), make_note("apply", "1", "", done), holds]


def meta(command: str = "plan", **more: Any) -> dict[str, Any]:
    """What a run says of itself."""
    said = {
        "run": "run-1",
        "environment": "prod",
        "areas": [],
        "revision": "0123456789ab",
        "created": "2026-11-24T10:00:00Z",
        "warnings": [],
    }
    return said | {"command": command} | more


def sealed(report: dict[str, Any], key: bytes | None = None) -> dict[str, Any]:
    """The report as it is written."""
    return {**report, "seal": seal_of(report, key)}


def plan_of(**hosts: list[dict[str, Any]]) -> dict[str, Any]:
    """The report of planning these hosts."""
    return sealed(build_report(meta(), hosts))
