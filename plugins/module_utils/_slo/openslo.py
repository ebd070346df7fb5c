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

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from .._core.errors import InputError
from .._core.exact import duration, number, seconds
from .._core.words import clean
from .indicators import ERRORS, GRPC, HTTP, bound, total_metric
from .model import COUNTER, HISTOGRAM, OCCURRENCES, RATIO_TIMESLICES, SLICE, TIMESLICES, Slo, read
from .windows import known_zone

API_VERSION = "openslo/v1"
_METHODS = {OCCURRENCES: "Occurrences", TIMESLICES: "Timeslices", RATIO_TIMESLICES: "RatioTimeslices"}
_CALENDARS = {"week": "1w", "month": "1M", "quarter": "1Q", "year": "1Y"}
_ROLLING = "gantry.dev/window"
"""A document has one window. Where that is the calendar's, this annotation keeps the rolling one."""
_QUERY = re.compile(r"sum\((?:rate|increase)\(([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^{}]*)\}\[[0-9]+[smhd]\]\)\)")
_MATCHER = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"(?:, ?|$)')
_OPPOSITE = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
_BOUND = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?")
_STARTS = {
    "week": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} 00:00:00"),
    "month": re.compile(r"[0-9]{4}-[0-9]{2}-01 00:00:00"),
    "quarter": re.compile(r"[0-9]{4}-(?:01|04|07|10)-01 00:00:00"),
    "year": re.compile(r"[0-9]{4}-01-01 00:00:00"),
}
"""When a calendar's window begins here, as a document says it; a week on a Monday."""
_LEAVE = "nothing here has a place for it; leave it out"
_CURES = {
    "spec.indicatorRef": "indicators are written out in place, not referred to: spec.indicator",
    "spec.alertPolicies": "who is told follows from burn_rates; leave them out",
    "spec.indicator.spec.thresholdMetric": "a threshold of a metric knows no events; write a ratioMetric",
    **{
        f"spec.objectives.{key}": "only ratios of counters are read"
        for key in ("op", "value", "compositeWeight", "indicatorRef", "indicator")
    },
    **{f"spec.indicator.ratioMetric.{key}": "only ratios of counters are read: good or bad, and total" for key in ("raw", "rawType")},
}
"""What is done about a field that cannot be taken over, by its path."""
_Query = tuple[str, Sequence[tuple[str, str, str]]]


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
        below = _source(slo, f"{metric}_bucket", bound(slo.threshold))
        return {"bad" if slo.indicator == "quality" else "good": below, "total": _source(slo, f"{metric}_count")}
    if slo.indicator == "quality":
        return {"good": _source(slo, slo.metric), "total": _source(slo, total_metric(slo))}
    return {"bad": _source(slo, total_metric(slo), slo.errors or ERRORS[slo.protocol]), "total": _source(slo, total_metric(slo))}


def _source(slo: Slo, metric: str, *matchers: str) -> dict[str, Any]:
    of = ", ".join((f'namespace="{slo.namespace}"', f'service="{slo.service}"', *matchers))
    return {"metricSource": {"type": "Prometheus", "spec": {"query": f"sum(increase({metric}{{{of}}}[5m]))"}}}


def imported(document: Any, namespaces: Mapping[str, str] | None = None) -> tuple[str, dict[str, Any]]:
    """(name, objective in the short form) of a document, whatever that is. Raises InputError with every reason why it cannot be ours.

    ``namespaces``: that of each service, by which queries are checked that name one; an objective here does not say it.
    """
    reader = _Reader(namespaces or {})
    found = reader.document(document)
    if reader.reasons:
        raise InputError("\n".join(clean(f"{reader.name}: {reason}") for reason in dict.fromkeys(reader.reasons)))
    return reader.name, found


class _Reader:
    """Reads one document. What is odd becomes a reason, and is read on as if it were not there."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self.name = "a document without a name"
        self.reasons: list[str] = []
        self._namespaces = namespaces

    def refuse(self, path: str, why: str) -> None:
        self.reasons.append(f"{path}: {why}")

    def mapping(self, value: Any, path: str, known: Sequence[str], wanted: bool = True) -> Mapping[str, Any]:
        """A mapping with no other keys than these; an empty one where it is none."""
        if not isinstance(value, Mapping) or (wanted and not value):
            if value is not None or wanted:
                self.refuse(path, "missing" if value is None or value == {} else f"found {_shown(value)}; a mapping")
            return {}
        for key in value:
            if key not in known:
                here = f"{path}.{key}" if path else str(key)
                cure = _CURES.get(here) or (f"not known; {_LEAVE}")
                if value[key] or key != "alertPolicies":
                    self.refuse(here, cure)
        return value

    def text(self, within: Mapping[str, Any], key: str, path: str, wanted: bool = True) -> str:
        """A text; an empty one where it is none."""
        value = within.get(key)
        if isinstance(value, str) and (value or not wanted):
            return str(value)
        if value is not None or wanted:
            self.refuse(f"{path}.{key}", "missing" if value in (None, "") else f"found {_shown(value)}; a text")
        return ""

    def part(self, within: Mapping[str, Any], key: str, path: str, whole: int = 1) -> Fraction | None:
        """A number between nothing and ``whole``; none where it is none."""
        value = within.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 < value < whole:
            self.refuse(f"{path}.{key}", "missing" if value is None else f"found {_shown(value)}; a number between 0 and {whole}")
            return None
        return number(value)

    def single(self, within: Mapping[str, Any], key: str, known: Sequence[str], many: str) -> Mapping[str, Any]:
        """The one mapping of a list that has no other."""
        value, path = within.get(key), f"spec.{key}"
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            self.refuse(path, "missing" if value is None else f"found {_shown(value)}; a list with one mapping")
            return {}
        if len(value) != 1:
            self.refuse(path, f"{len(value)} {many}")
            return {}
        return self.mapping(value[0], path, known)

    def document(self, document: Any) -> dict[str, Any]:
        if not isinstance(document, Mapping):
            self.reasons.append(f"found {_shown(document)}; a document of kind SLO")
            return {}
        metadata = document.get("metadata")
        if isinstance(metadata, Mapping) and isinstance(metadata.get("name"), str) and metadata["name"]:
            self.name = metadata["name"]
        if (document.get("apiVersion"), document.get("kind")) != (API_VERSION, "SLO"):
            said = " and ".join(f"{key} {_shown(document.get(key))}" for key in ("apiVersion", "kind"))
            self.reasons.append(f"{said}: only SLO of {API_VERSION} is read")
            return {}
        self.mapping(document, "", ("apiVersion", "kind", "metadata", "spec"))
        metadata = self.mapping(metadata, "metadata", ("name", "annotations"))
        self.text(metadata, "name", "metadata")
        annotations = self.mapping(metadata.get("annotations"), "metadata.annotations", (_ROLLING,), wanted=False)
        known = ("description", "service", "indicator", "timeWindow", "budgetingMethod", "objectives")
        return self.spec(self.mapping(document.get("spec"), "spec", known), annotations)

    def spec(self, spec: Mapping[str, Any], annotations: Mapping[str, Any]) -> dict[str, Any]:
        service = self.text(spec, "service", "spec")
        found: dict[str, Any] = {"service": service, **self.indicator(spec.get("indicator"), service), **self.objective(spec)}
        if description := self.text(spec, "description", "spec", wanted=False):
            found["description"] = description
        return {**found, **self.window(spec, annotations)}

    def objective(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        keys = ("displayName", "target", "targetPercent", "timeSliceTarget", "timeSliceWindow")
        path, method = "spec.objectives", spec.get("budgetingMethod")
        objective = self.single(spec, "objectives", keys, "objectives; one, the others as objectives of their own")
        if objective.get("displayName") not in (None, "", self.name):
            self.refuse(
                f"{path}.displayName", f"found {_shown(objective['displayName'])}; an objective has one name, metadata.name; leave it out"
            )
        if method not in _METHODS.values():
            self.refuse("spec.budgetingMethod", f"found {_shown(method)}; one of {', '.join(_METHODS.values())}")
        found: dict[str, Any] = {}
        wanted = [(key, whole) for key, whole in (("target", 1), ("targetPercent", 100)) if key in objective]
        if objective and len(wanted) != 1:
            self.refuse(f"{path}.target", "missing" if not wanted else "and targetPercent: one of both")
        for key, whole in wanted[:1]:
            target = self.part(objective, key, path, whole)
            found["objective"] = None if target is None else _plain(target * 100 / whole)
        sliced = method in (_METHODS[TIMESLICES], _METHODS[RATIO_TIMESLICES])
        if "timeSliceWindow" in objective and objective["timeSliceWindow"] != duration(SLICE):
            said = _shown(objective["timeSliceWindow"])
            self.refuse(f"{path}.timeSliceWindow", f"found {said}; slices have {duration(SLICE)}, which is what is recorded")
        elif "timeSliceWindow" in objective and not sliced:
            self.refuse(f"{path}.timeSliceWindow", f"{_shown(method)} has no slices; leave it out")
        if method == _METHODS[TIMESLICES]:
            good = self.part(objective, "timeSliceTarget", path)
            found["slices"] = {"objective": None if good is None else _plain(good * 100)}
        elif "timeSliceTarget" in objective:
            self.refuse(f"{path}.timeSliceTarget", f"{_shown(method)} has none; leave it out")
        if sliced:
            found["budgeting"] = next(key for key, word in _METHODS.items() if word == method)
        return found

    def window(self, spec: Mapping[str, Any], annotations: Mapping[str, Any]) -> dict[str, Any]:
        path = "spec.timeWindow"
        window = self.single(spec, "timeWindow", ("duration", "isRolling", "calendar"), "windows; exactly one")
        if not window:
            return {}
        length, own = self.text(window, "duration", path), f"metadata.annotations.{_ROLLING}"
        if not isinstance(window.get("isRolling"), bool):
            self.refuse(f"{path}.isRolling", "missing" if window.get("isRolling") is None else "true or false")
            return {}
        if window["isRolling"]:
            if window.get("calendar") is not None:
                self.refuse(f"{path}.calendar", "a rolling window has none; leave it out")
            if annotations.get(_ROLLING) is not None:
                self.refuse(own, f"is for the window of a calendar; the rolling one is {path}.duration")
            return {"window": self.rolling(length, f"{path}.duration")}
        every = next((every for every, word in _CALENDARS.items() if word == length), "")
        if not every:
            self.refuse(f"{path}.duration", f"found {_shown(length)}; of a calendar one of {', '.join(_CALENDARS.values())}")
        calendar = self.mapping(window.get("calendar"), f"{path}.calendar", ("startTime", "timeZone"), wanted=False)
        zone = self.text(calendar, "timeZone", f"{path}.calendar", wanted=False) or "UTC"
        if not known_zone(zone):
            self.refuse(f"{path}.calendar.timeZone", f"found {_shown(zone)}; a time zone such as Europe/Berlin")
        if every and calendar.get("startTime") is not None:
            self.start(every, calendar["startTime"], f"{path}.calendar.startTime")
        rolling = "28d" if annotations.get(_ROLLING) is None else self.rolling(annotations[_ROLLING], own)
        return {"calendar": {"every": every, "time_zone": zone}, "window": rolling}

    def start(self, every: str, said: Any, path: str) -> None:
        """A window begins where the calendar's does, and nowhere else."""
        try:
            at = datetime.datetime.strptime(said, "%Y-%m-%d %H:%M:%S") if isinstance(said, str) and _STARTS[every].fullmatch(said) else None
        except ValueError:
            at = None
        if at is None or (every == "week" and at.weekday() != 0):
            first = {
                "week": "a Monday",
                "month": "the first of a month",
                "quarter": "the first of a quarter",
                "year": "the first of January",
            }
            self.refuse(path, f"found {_shown(said)}; a {every} begins on {first[every]} at 00:00:00, written as 2026-06-01 00:00:00")

    def rolling(self, said: Any, path: str) -> str:
        weeks = re.fullmatch(r"([0-9]{1,4})w", said) if isinstance(said, str) else None
        days = f"{int(weeks[1]) * 7}d" if weeks else said
        if not isinstance(days, str) or not re.fullmatch(r"[1-9][0-9]{0,5}[mhd]", days):
            self.refuse(path, f"found {_shown(said)}; minutes, hours, days or weeks such as 28d")
            return ""
        return duration(seconds(days))

    def indicator(self, said: Any, service: str) -> dict[str, Any]:
        """What is measured, out of the queries of a ratio."""
        path = "spec.indicator"
        indicator = self.mapping(said, path, ("metadata", "spec"))
        self.mapping(indicator.get("metadata"), f"{path}.metadata", ("name",), wanted=False)
        within = self.mapping(indicator.get("spec"), f"{path}.spec", ("ratioMetric",)) if indicator else {}
        if indicator and "ratioMetric" not in within:
            self.refuse(path, "no ratioMetric; a threshold of a metric knows no events")
        keys = ("counter", "good", "bad", "total")
        ratio = self.mapping(within.get("ratioMetric"), f"{path}.ratioMetric", keys, wanted="ratioMetric" in within)
        if not ratio:
            return {}
        path += ".ratioMetric"
        if ratio.get("counter") is not True:
            self.refuse(f"{path}.counter", "not true; events are counted")
        if "total" not in ratio or ("good" in ratio) == ("bad" in ratio):
            self.refuse(path, "total, and either good or bad")
            return {}
        which = "good" if "good" in ratio else "bad"
        total, part = self.query(ratio["total"], f"{path}.total", service), self.query(ratio[which], f"{path}.{which}", service)
        if total is None or part is None:
            return {}
        if total[1]:
            self.refuse(f"{path}.total", "matchers besides namespace and service: all requests of a service count")
            return {}
        return self.measured(which, part, total[0], f"{path}.{which}")

    def measured(self, which: str, part: _Query, total: str, path: str) -> dict[str, Any]:
        metric, rest = part
        if metric.endswith("_bucket") and total == f"{metric.removesuffix('_bucket')}_count" and [name for name, *_more in rest] == ["le"]:
            limit = _limit(*rest[0][1:])
            histogram = metric.removesuffix("_bucket")
            if limit is not None and which == "bad":
                return {"indicator": "quality", "metric": histogram, "score": _plain(limit)}
            if limit is not None and limit > 0 and (limit * 1000).denominator == 1:
                return {"indicator": "latency", "metric": histogram, "threshold": duration(limit)}
            said = "".join(rest[0])
            self.refuse(path, f'found {_shown(said)}; one bound such as le="0.25", of a latency in whole milliseconds')
            return {}
        if metric == total and rest and (which == "bad" or len(rest) == 1):
            turned = rest if which == "bad" else [(name, _OPPOSITE[operator], value) for name, operator, value in rest]
            return {"indicator": "availability", "metric": total, "errors": ", ".join(f'{a}{b}"{c}"' for a, b, c in turned)}
        if which == "good" and not rest and metric != total:
            return {"indicator": "quality", "metric": metric, "total_metric": total}
        self.refuse(path, "neither a bucket of the total's histogram, a part of it by its labels, nor a counter of its own")
        return {}

    def query(self, said: Any, path: str, service: str) -> _Query | None:
        """(metric, matchers besides those of the service) of a query."""
        within = self.mapping(said, path, ("metricSource",))
        source = self.mapping(within.get("metricSource"), f"{path}.metricSource", ("type", "spec")) if within else {}
        spec = self.mapping(source.get("spec"), f"{path}.metricSource.spec", ("query",)) if source else {}
        if source.get("type") not in ("Prometheus", "prometheus", None):
            self.refuse(f"{path}.metricSource.type", f"found {_shown(source['type'])}; Prometheus alone is asked")
        query = spec.get("query")
        match = _QUERY.fullmatch(query.strip()) if isinstance(query, str) else None
        if not match:
            if spec:
                self.refuse(path, f"found {_shown(query)}; sum(increase(metric{{matchers}}[5m])) alone is understood")
            return None
        matchers = _MATCHER.findall(match[2])
        if _MATCHER.sub("", match[2]).strip():
            self.refuse(path, f"{_shown(match[2])} are no matchers of labels")
            return None
        of = {name: {value for other, operator, value in matchers if (other, operator) == (name, "=")} for name in ("namespace", "service")}
        if of["service"] != {service}:
            whose = " and ".join(repr(one) for one in sorted(of["service"])) or "every service"
            self.refuse(
                path, f'is about {"the service " if of["service"] else ""}{whose}, and the objective about {service!r}; service="{service}"'
            )
        for namespace in of["namespace"]:
            if self._namespaces.get(service) != namespace:
                self.refuse(
                    path,
                    f"is about the namespace {namespace!r}, which an objective does not say: it is that of the service's team. Where that is the "
                    f"same give the filter namespaces={{{service!r}: {namespace!r}}}, else leave it out",
                )
        return match[1], [one for one in matchers if one[0] not in of or one[1] != "="]


def _limit(operator: str, value: str) -> Fraction | None:
    """The bound that a matcher of ``le`` means: one number, in all the forms in which programs write it."""
    forms = value.replace("\\\\", "\\").replace("\\.", ".").replace("\\+", "+").split("|") if operator == "=~" else [value]
    if operator not in ("=", "=~") or not all(_BOUND.fullmatch(form) for form in forms):
        return None
    numbers = {number(form) for form in forms}
    return numbers.pop() if len(numbers) == 1 else None


def _plain(value: Fraction) -> float | int:
    return int(value) if value.denominator == 1 else float(value)


def _shown(value: Any) -> str:
    """A value in a message: what it is where it is large."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple | set):
        return "a list"
    said = repr(value) if not isinstance(value, int) or abs(value) < 10**20 else "a number"
    return said if len(said) <= 120 else f"{said[:119]}…"
