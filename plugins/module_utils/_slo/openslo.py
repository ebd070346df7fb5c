# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""OpenSLO v1 in and out: objectives of the short form as documents that other tools read, and theirs as ours.

The specification is https://github.com/OpenSLO/OpenSLO (enhancements and ``specification.md`` of v1). What one side cannot say is refused by
name of the field and why; nothing is dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from .._core.errors import InputError
from .exact import duration, number, seconds, text
from .indicators import ERRORS, GRPC, HTTP, total_metric
from .model import COUNTER, HISTOGRAM, OCCURRENCES, RATIO_TIMESLICES, SLICE, TIMESLICES, Slo, read

API_VERSION = "openslo/v1"
_METHODS = {OCCURRENCES: "Occurrences", TIMESLICES: "Timeslices", RATIO_TIMESLICES: "RatioTimeslices"}
_CALENDARS = {"week": "1w", "month": "1M", "quarter": "1Q", "year": "1Y"}
_ROLLING = "gantry.dev/window"
"""A document has one window. Where that is the calendar's, this annotation keeps the rolling one."""
_QUERY = re.compile(r"sum\((?:rate|increase)\(([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^{}]*)\}\[[0-9]+[smhd]\]\)\)")
_MATCHER = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)(=~|!~|!=|=)"((?:[^"\\\\]|\\\\.)*)"(?:, ?|$)')
_OPPOSITE = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
_KNOWN = {"description", "service", "indicator", "timeWindow", "budgetingMethod", "objectives", "alertPolicies"}


def exported(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """The document of an objective of an effective model. Raises InputError for what OpenSLO has no words for."""
    slo = read(name, said)
    if slo.parts:
        raise InputError(f"{name}: a composite of objectives: OpenSLO weighs indicators, not objectives")
    if slo.form not in (COUNTER, HISTOGRAM):
        raise InputError(f"{name}: form {slo.form}: a ratio of OpenSLO is of counters")
    if len(name) > 63:
        raise InputError(f"{name}: longer than the 63 characters of a name in OpenSLO")
    objective: dict[str, Any] = {"displayName": name, "target": float(slo.objective)}
    if slo.budgeting == TIMESLICES:
        objective["timeSliceTarget"] = float(slo.slice_objective)
    if slo.budgeting != OCCURRENCES:
        objective["timeSliceWindow"] = duration(SLICE)
    annotations = {_ROLLING: duration(slo.window)} if slo.calendar else {}
    return {
        "apiVersion": API_VERSION,
        "kind": "SLO",
        "metadata": {"name": name, **({"annotations": annotations} if annotations else {})},
        "spec": {
            "description": slo.description,
            "service": slo.service,
            "indicator": {"metadata": {"name": name}, "spec": {"ratioMetric": {"counter": True, **_ratio(slo)}}},
            "timeWindow": [_window(slo)],
            "budgetingMethod": _METHODS[slo.budgeting],
            "objectives": [objective],
        },
    }


def _window(slo: Slo) -> dict[str, Any]:
    if not slo.calendar:
        return {"duration": duration(slo.window), "isRolling": True}
    start = {"startTime": "2026-01-05 00:00:00" if slo.calendar == "week" else "2026-01-01 00:00:00", "timeZone": slo.time_zone}
    return {"duration": _CALENDARS[slo.calendar], "isRolling": False, "calendar": start}


def _ratio(slo: Slo) -> dict[str, Any]:
    """Which of good, bad and total the indicator has as counters."""
    if slo.form == HISTOGRAM:
        metric = slo.metric or (GRPC if slo.protocol == "grpc" else HTTP)
        below = _source(slo, f"{metric}_bucket", f'le="{text(slo.threshold)}"')
        return {"bad" if slo.indicator == "quality" else "good": below, "total": _source(slo, f"{metric}_count")}
    if slo.indicator == "quality":
        return {"good": _source(slo, slo.metric), "total": _source(slo, total_metric(slo))}
    return {"bad": _source(slo, total_metric(slo), slo.errors or ERRORS[slo.protocol]), "total": _source(slo, total_metric(slo))}


def _source(slo: Slo, metric: str, *matchers: str) -> dict[str, Any]:
    of = ", ".join((f'namespace="{slo.namespace}"', f'service="{slo.service}"', *matchers))
    return {"metricSource": {"type": "Prometheus", "spec": {"query": f"sum(increase({metric}{{{of}}}[5m]))"}}}


def imported(document: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """(name, objective in the short form) of a document. Raises InputError with every reason why it cannot be ours."""
    name = str((document.get("metadata") or {}).get("name") or "a document without a name")
    reasons = list(_refused(document))
    if not reasons:
        try:
            return name, _short(document)
        except InputError as error:
            reasons = [error.message]
    raise InputError("\n".join(f"{name}: {reason}" for reason in reasons))


def _refused(document: Mapping[str, Any]) -> Iterator[str]:
    if document.get("apiVersion") != API_VERSION or document.get("kind") != "SLO":
        yield f"apiVersion {document.get('apiVersion')}, kind {document.get('kind')}: only SLO of {API_VERSION} is read"
        return
    spec = document.get("spec") or {}
    for key in sorted(set(spec) - _KNOWN):
        yield (
            f"spec.{key}: not known; indicators are written out in place, not referred to"
            if key == "indicatorRef"
            else f"spec.{key}: not known"
        )
    if spec.get("alertPolicies"):
        yield "spec.alertPolicies: who is told follows from burn_rates; leave them out"
    windows, objectives = spec.get("timeWindow") or [], spec.get("objectives") or []
    if len(windows) != 1:
        yield f"spec.timeWindow: {len(windows)} windows; exactly one"
    if len(objectives) != 1:
        yield f"spec.objectives: {len(objectives)} objectives; one, the others as objectives of their own"
    for objective in objectives:
        for key in sorted(set(objective) & {"op", "value", "compositeWeight", "indicatorRef", "indicator"}):
            yield f"spec.objectives.{key}: only ratios of counters are read"
        if objective.get("timeSliceWindow") not in (None, duration(SLICE)):
            yield f"spec.objectives.timeSliceWindow: {objective['timeSliceWindow']}; slices have {duration(SLICE)}, which is what is recorded"
    ratio = ((spec.get("indicator") or {}).get("spec") or {}).get("ratioMetric")
    if not isinstance(ratio, Mapping):
        yield "spec.indicator: no ratioMetric; a threshold of a metric knows no events"
    elif ratio.get("counter") is not True:
        yield "spec.indicator.ratioMetric.counter: not true; events are counted"
    if spec.get("budgetingMethod") not in _METHODS.values():
        yield f"spec.budgetingMethod: {spec.get('budgetingMethod')}; one of {', '.join(_METHODS.values())}"


def _short(document: Mapping[str, Any]) -> dict[str, Any]:
    spec, annotations = document["spec"], (document.get("metadata") or {}).get("annotations") or {}
    (window,), (objective,) = spec["timeWindow"], spec["objectives"]
    method = next(key for key, word in _METHODS.items() if word == spec["budgetingMethod"])
    found: dict[str, Any] = {"service": spec["service"], **_indicator(spec["indicator"]["spec"]["ratioMetric"], str(spec["service"]))}
    found["objective"] = _percent(objective)
    if method != OCCURRENCES:
        found["budgeting"] = method
    if method == TIMESLICES:
        found["slices"] = {"objective": _plain(number(objective["timeSliceTarget"]) * 100)}
    if spec.get("description"):
        found["description"] = spec["description"]
    if window.get("isRolling"):
        return {**found, "window": _rolling(str(window.get("duration")))}
    calendars = {word: every for every, word in _CALENDARS.items()}
    if window.get("duration") not in calendars:
        raise InputError(f"spec.timeWindow.duration: {window.get('duration')}; of a calendar one of {', '.join(calendars)}")
    found["calendar"] = {"every": calendars[window["duration"]], "time_zone": (window.get("calendar") or {}).get("timeZone", "UTC")}
    return {**found, "window": _rolling(annotations.get(_ROLLING, "28d"))}


def _rolling(said: str) -> str:
    weeks = re.fullmatch(r"([0-9]+)w", said)
    said = f"{int(weeks[1]) * 7}d" if weeks else said
    if not re.fullmatch(r"[1-9][0-9]*[mhd]", said):
        raise InputError(f"spec.timeWindow.duration: {said}; minutes, hours, days or weeks such as 28d")
    return duration(seconds(said))


def _percent(objective: Mapping[str, Any]) -> float | int:
    if "targetPercent" in objective:
        return _plain(number(objective["targetPercent"]))
    if "target" not in objective:
        raise InputError("spec.objectives.target: missing")
    return _plain(number(objective["target"]) * 100)


def _plain(value: Fraction) -> float | int:
    return int(value) if value.denominator == 1 else float(value)


def _indicator(ratio: Mapping[str, Any], service: str) -> dict[str, Any]:
    """What is measured, out of the queries of a ratio."""
    if "total" not in ratio or ("good" in ratio) == ("bad" in ratio):
        raise InputError("spec.indicator.ratioMetric: total, and either good or bad")
    total, total_rest = _query(ratio["total"], "total", service)
    which = "good" if "good" in ratio else "bad"
    part, rest = _query(ratio[which], which, service)
    if total_rest:
        raise InputError("spec.indicator.ratioMetric.total: matchers besides namespace and service: all requests of a service count")
    bounds = [value for name, operator, value in rest if name == "le" and operator == "="]
    if part.endswith("_bucket") and total == f"{part.removesuffix('_bucket')}_count" and len(bounds) == len(rest) == 1:
        metric, bound = part.removesuffix("_bucket"), number(bounds[0])
        if which == "bad":
            return {"indicator": "quality", "metric": metric, "score": _plain(bound)}
        return {"indicator": "latency", "metric": metric, "threshold": duration(bound)}
    if part == total and rest and (which == "bad" or len(rest) == 1):
        turned = rest if which == "bad" else [(name, _OPPOSITE[operator], value) for name, operator, value in rest]
        return {"indicator": "availability", "metric": total, "errors": ", ".join(f'{a}{b}"{c}"' for a, b, c in turned)}
    if which == "good" and not rest and part != total:
        return {"indicator": "quality", "metric": part, "total_metric": total}
    raise InputError(
        f"spec.indicator.ratioMetric.{which}: neither a bucket of the total's histogram, a part of it by its labels, nor a counter of its own"
    )


def _query(said: Any, where: str, service: str) -> tuple[str, Sequence[tuple[str, str, str]]]:
    """(metric, matchers besides those of the service) of a query."""
    source = (said or {}).get("metricSource") or {}
    query = (source.get("spec") or {}).get("query")
    here = f"spec.indicator.ratioMetric.{where}"
    if source.get("type") not in ("Prometheus", "prometheus", None):
        raise InputError(f"{here}.metricSource.type: {source['type']}; Prometheus alone is asked")
    match = _QUERY.fullmatch(query.strip()) if isinstance(query, str) else None
    if not match:
        raise InputError(f"{here}: found {query!r}; sum(increase(metric{{matchers}}[5m])) alone is understood")
    matchers = _MATCHER.findall(match[2])
    if _MATCHER.sub("", match[2]).strip():
        raise InputError(f"{here}: {match[2]!r} are no matchers of labels")
    of = {name: value for name, operator, value in matchers if name in ("namespace", "service") and operator == "="}
    if of.get("service", service) != service:
        raise InputError(f"{here}: is about the service {of['service']!r}, and the objective about {service!r}")
    return match[1], [one for one in matchers if one[0] not in of]
