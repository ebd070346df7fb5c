# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""An approved plan against what the run would do now: by environment, areas, hosts, and then object by object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.errors import InputError, RefusedError
from .report import SCHEMA, host_digest, report_digest, seal_of

_LINES_PER_HOST = 20
_WHOLE = ("changes", "clean")
"""States of a plan that can be approved: made to its end, and not carried out."""
Json = Mapping[str, Any]


def read_approved(report: Any, source: str, expected_digest: str | None = None, key: bytes | None = None) -> dict[str, Any]:
    """The report as an approved plan, or InputError with the cure: ``source`` names where it came from.

    ``expected_digest`` is what an approver saw; another plan at the same place is refused. With a ``key`` only a plan is taken that
    was sealed with it.
    """
    again = "make a new plan and approve that one"
    if not isinstance(report, dict) or report.get("schema") != SCHEMA or not isinstance(report.get("hosts"), dict):
        raise InputError(f"{source} is not a plan of this collection (schema {SCHEMA}); {again}")
    if report.get("command") == "drift":
        raise InputError(f"{source} is a drift report and approves nothing; {again}")
    if report.get("status") not in _WHOLE:
        state = report.get("status")
        raise InputError(f"{source} has status {state!r}: only a complete plan that was not yet applied can be approved; {again}")
    if report.get("seal") != seal_of(report, key):
        keyed = str(report.get("seal") or "").startswith("hmac-")
        if keyed is bool(key):
            raise InputError(
                f"{source} was edited after it was made, or sealed with another key: its seal does not fit its content; {again}"
            )
        said = "with a key, and this run has none" if keyed else "without a key, and this run has one"
        raise InputError(f"{source} was sealed {said} (platform_digest_key); give both the same, or {again}")
    unfit = [name for name, row in report["hosts"].items() if row["status"] not in _WHOLE or row.get("error") or row["digest"] is None]
    if unfit or report.get("error"):
        raise InputError(f"{source} is no plan that came to its end ({', '.join(unfit) or report['error']}); {again}")
    if report_digest(report) != report.get("digest") or any(
        host_digest(report, name) != row["digest"] for name, row in report["hosts"].items()
    ):
        raise InputError(f"{source} was edited after it was made: its digest does not fit what it shows; {again}")
    if expected_digest and expected_digest != report["digest"]:
        raise InputError(f"{source} holds the plan {report['digest']}, approved was {expected_digest}; {again}")
    return report


def compare(approved: Json, now: Json) -> None:
    """Raise RefusedError unless ``now`` (a report of the same run's planning) is exactly the approved plan, word for word as shown."""
    lines: list[str] = []
    for key in ("environment", "areas", "take"):
        if approved[key] != now[key]:
            none = "all areas" if key == "areas" else "nothing"
            lines.append(f"  {key}: approved {_said(approved[key], none)}, now {_said(now[key], none)}")
    lines += [f"  {host}: approved, but not in this run" for host in approved["hosts"] if host not in now["hosts"]]
    lines += [f"  {host}: in this run, but not approved" for host in now["hosts"] if host not in approved["hosts"]]
    for host, mine in now["hosts"].items():
        theirs = approved["hosts"].get(host)
        if theirs is not None and host_digest(approved, host) != host_digest(now, host):
            lines += _of_host(host, theirs, mine, approved, now)
    if lines:
        raise RefusedError(
            "What the run would do now is not what was approved; nothing was written. "
            "Make a new plan, look at it and approve that one.\n" + "\n".join(lines),
            approved_digest=approved["digest"],
            digest=now["digest"],
        )


def _of_host(host: str, theirs: Json, mine: Json, approved: Json, now: Json) -> list[str]:
    if theirs["cluster_uid"] != mine["cluster_uid"]:
        return [f"  {host}: another cluster (approved uid {theirs['cluster_uid']}, now {mine['cluster_uid']})"]
    before, after = _changes(approved, host), _changes(now, host)
    lines = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if new is None and old is not None:
            lines.append(f"  {host}: {old['action']} {name} was approved and is not needed now")
        elif old is None and new is not None:
            lines.append(f"  {host}: {new['action']} {name} [{new['impact']}] was not approved{_because(new)}")
        elif old is not None and new is not None and _essence(old) != _essence(new):
            lines.append(f"  {host}: {name}: approved {_shown(old)}, now {_shown(new)}")
    if not lines:
        return [f"  {host}: the same objects and fields, with other values or a recreated object"]
    if len(lines) > _LINES_PER_HOST:
        return [*lines[:_LINES_PER_HOST], f"  {host}: and {len(lines) - _LINES_PER_HOST} more"]
    return lines


def _changes(report: Json, host: str) -> dict[str, Json]:
    return {change["id"]: change for change in report["changes"] if change["host"] == host}


def _essence(change: Json) -> tuple[Any, ...]:
    return change["action"], change["impact"], sorted(change["fields"])


def _shown(change: Json) -> str:
    fields = ", ".join(change["fields"][:3]) + (f" (+{len(change['fields']) - 3})" if len(change["fields"]) > 3 else "")
    return f"{change['action']} [{change['impact']}] {fields}".rstrip()


def _because(change: Json) -> str:
    return f" ({change['reason']})" if change["reason"] else ""


def _said(value: Any, none: str) -> str:
    return ", ".join(value) or none if isinstance(value, list) else str(value)
