# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What calls of slo_report and slo_gate do: ask a Prometheus or Thanos, and have the pure domain judge the answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .._core.errors import InputError
from .._core.suggest import did_you_mean
from .._core.text import check_place, write_text
from .._slo import render
from .._slo.budget import FREEZE, HOUR, SLOW_DOWN, STALE, UNKNOWN, History, worst
from .._slo.model import Slo, read_all
from .._slo.page import as_html
from .._slo.report import SAYS, day_of, histories, newest_queries, queries, report, span
from .face import Call, Face, Result
from .prometheus import OPTIONS, Prometheus, length, moment

_ASKING: dict[str, Any] = {
    **OPTIONS,
    "labels": {"type": "dict", "default": {}},
    "slos": {"type": "dict", "required": True},
    "policies": {"type": "dict", "default": {"standard": {"slow_down": 25, "freeze": 0}}},
    "max_age": {"type": "str", "default": "15m"},
}
_FORMS: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "json": ("json", render.as_json),
    "markdown": ("md", render.as_markdown),
    "csv": ("csv", render.as_csv),
    "html": ("html", as_html),
    "slack": ("slack.json", lambda found: json.dumps(render.as_slack(found), indent=1, ensure_ascii=False) + "\n"),
}
_MOST = 10_000
"""Points of one answer: Prometheus gives 11,000 at most for each series."""
_DECISIONS = ["pass", "warn", "fail"]


def _slos(params: Mapping[str, Any]) -> list[Slo]:
    try:
        found = read_all(params["slos"])
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise InputError(
            f"slos: {type(error).__name__}: {error}; allowed: those of an effective model, platform_model.effective.slos"
        ) from error
    for slo in found:
        if slo.policy not in params["policies"]:
            raise InputError(f"slos: {slo.name} has the unknown policy {slo.policy!r}{did_you_mean(slo.policy, params['policies'])}")
    return found


def _histories(call: Call, slos: list[Slo], now: int, max_age: int) -> tuple[dict[str, History], list[str]]:
    """The past of every objective in hours, the last one as far as it is."""
    prometheus = Prometheus(call)
    warnings: list[str] = []
    answers: dict[str, list[dict[str, Any]]] = {}
    newest: dict[str, list[dict[str, Any]]] = {}
    lengths: dict[int, int] = {}
    with contextlib.closing(prometheus):
        last = now // HOUR * HOUR
        first = last - span(slos, now) // HOUR * HOUR
        for key, query in queries(HOUR, call.params["labels"]).items():
            answers[key] = []
            for begin in range(first, last + 1, _MOST * HOUR):
                upto = min(begin + (_MOST - 1) * HOUR, last)
                found, said = prometheus.ask("query_range", query=query, start=begin, end=upto, step=HOUR)
                answers[key] += found
                warnings += said
        lengths |= dict.fromkeys(range(first, last + 1, HOUR), HOUR)
        if now > last:
            for key, query in queries(now - last, call.params["labels"]).items():
                found, said = prometheus.ask("query", query=query, time=now)
                answers[key] = answers[key] + [{"metric": one["metric"], "values": [one["value"]]} for one in found]
                warnings += said
            lengths[now] = now - last
        for key, query in newest_queries(max_age, call.params["labels"]).items():
            newest[key], said = prometheus.ask("query", query=query, time=now)
            warnings += said
    return histories(answers, lengths, newest), sorted(set(warnings))


def _reported(call: Call, title: str) -> tuple[dict[str, Any], list[str]]:
    slos, now, max_age = _slos(call.params), moment(call.params["at"]), length("max_age", call.params["max_age"], 300, 7 * 24 * HOUR)
    found, warnings = _histories(call, slos, now, max_age)
    return report(slos, call.params["policies"], found, now, title, max_age), warnings


def _report(call: Call) -> Result:
    unknown = [one for one in call.params["formats"] if one not in _FORMS]
    if unknown:
        raise InputError(f"formats: found {unknown[0]!r}{did_you_mean(unknown[0], _FORMS)}; allowed: {', '.join(_FORMS)}")
    folder = call.params["dest"]
    files = {form: str(Path(folder) / f"{call.params['name']}.{_FORMS[form][0]}") for form in call.params["formats"]} if folder else {}
    for path in files.values():
        check_place(path)
    found, warnings = _reported(call, call.params["title"])
    if not call.check_mode:
        for form, path in files.items():
            write_text(path, _FORMS[form][1](found))
    return {"changed": bool(files), "report": found, "summary": render.summary(found), "files": files, "warnings": warnings}


def _gate(call: Call) -> Result:
    found, warnings = _reported(call, "gate")
    wanted = call.params["services"]
    known = sorted({row["service"] for row in found["objectives"]})
    for name in wanted:
        if name not in known:
            raise InputError(f"services: no objective is of {name!r}{did_you_mean(name, known)}; allowed: {', '.join(known)}")
    rows = [row for row in found["objectives"] if not wanted or row["service"] in wanted]
    state = worst([row["state"] for row in rows])
    decisions = {one: call.params[one] for one in (FREEZE, SLOW_DOWN, UNKNOWN, STALE)}
    lines = [f"{row['name']}: {render.WORDS[row['state']]}, {_why(row, found['max_age'])}" for row in rows if _states(row) & set(decisions)]
    kept = ("name", "service", "state", "left", "says", "exhausted_at", "newest", "age", "stale")
    result: Result = {
        "changed": False,
        "state": state,
        "says": SAYS[state],
        "objectives": [{key: row[key] for key in kept} for row in rows],
        "warnings": warnings,
    }
    failing = [one for row in rows for one in _states(row) if decisions.get(one) == "fail"]
    if failing:
        return {
            **result,
            "failed": True,
            "msg": "\n  ".join([f"the error budget says no. {SAYS[worst(failing)]}", *lines]),
        }
    if any(decisions.get(one) == "warn" for row in rows for one in _states(row)):
        result["warnings"] = [*warnings, "; ".join([f"the error budget asks for care. {SAYS[state]}", *lines])]
    return result


def _states(row: Mapping[str, Any]) -> set[str]:
    """What is decided of an objective: a budget that is spent may be out of date as well."""
    return {row["state"], STALE} if row["stale"] else {row["state"]}


def _why(row: Mapping[str, Any], max_age: int) -> str:
    left = "nothing was measured" if row["rolling"]["attained"] is None else f"{render.left(row)} of the budget left"
    if not row["stale"]:
        return left
    return (
        f"{left} when it was measured last, {day_of(row['newest'])} UTC, {render.ago(row['age'])} ago, more than {render.ago(max_age)}: "
        "look whether Prometheus scrapes the service and evaluates its rules"
    )


REPORT = Face(
    "slo_report",
    {
        **_ASKING,
        "title": {"type": "str", "default": "Error budgets"},
        "dest": {"type": "path"},
        "name": {"type": "str", "default": "slo-report"},
        "formats": {"type": "list", "elements": "str", "default": list(_FORMS)},
    },
    _report,
)
GATE = Face(
    "slo_gate",
    {
        **_ASKING,
        "services": {"type": "list", "elements": "str", "default": []},
        "freeze": {"type": "str", "choices": _DECISIONS, "default": "fail"},
        "slow_down": {"type": "str", "choices": _DECISIONS, "default": "warn"},
        "unknown": {"type": "str", "choices": _DECISIONS, "default": "warn"},
        "stale": {"type": "str", "choices": _DECISIONS, "default": "fail"},
    },
    _gate,
)
