# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What an inventory's objectives leave to their services and tiers, what cannot be right about them, and their rules as contributions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.schema import Path, Problem
from ..._slo.board import boards
from ..._slo.model import WORKBOOK, read_all
from ..._slo.rules import ALERTS, groups, inhibitions
from ..._slo.windows import known_zone
from ..look import Json, Say, entries, mapping, seconds, unknown

__all__ = ["ALERTS", "RULES", "check", "contributions", "derive"]
RULES: dict[str, str] = {
    "slo_service": "an objective is of its service's team, tier and namespace",
    "slo_objective": "an objective promises what settings.slo.tiers says for the tier, unless it says so itself",
    "slo_ruler": "the whole window is Thanos' to evaluate where there is history and Prometheus keeps less or has shards, else Prometheus'",
    "slo_tier": "who is told of a burning budget is what settings.slo.tiers says for the tier, unless the objective says so itself",
}
_OF_INDICATOR = {
    "threshold": ("latency",),
    "score": ("quality",),
    "errors": ("availability",),
    "parts": ("composite",),
    "total_metric": ("quality",),
    "metric": ("latency", "availability", "quality"),
    "form": ("latency", "availability", "quality"),
}
"""Keys that only some indicators have."""
_FORMS = {
    "latency": ("histogram", "native_histogram"),
    "availability": ("counter", "gauge"),
    "quality": ("counter", "histogram", "native_histogram"),
}
_NEEDED = {
    "latency": ("threshold", "the time that is still good, such as 300ms"),
    "composite": ("parts", "the objectives that it is made of, such as {memory-store-latency: 1}"),
}


def derive(model: Json, say: Say) -> None:
    """What the objectives leave to their services; ``model`` is merged and valid."""
    monitoring = model["settings"]["monitoring"]
    kept, shards = (monitoring["prometheus"][key] for key in ("retention", "shards"))
    for name, slo in model["slos"].items():
        path, by_service = ("slos", name), ("slos", name, "service")
        service = model["services"][slo["service"]]
        for key in ("namespace", "team", "tier", "protocol"):
            say((*path, key), service[key], "slo_service", by_service, ("services", slo["service"], key))
        far = "thanos" in monitoring and (shards > 1 or seconds(slo["window"]) > seconds(kept))
        keys = [("settings", "monitoring", "prometheus", key) for key in ("retention", "shards")]
        say((*path, "ruler"), "thanos" if far else "prometheus", "slo_ruler", *keys, (*path, "window"))
        here: Path = ("settings", "slo", "tiers", service["tier"])
        tier = model["settings"]["slo"]["tiers"][service["tier"]]
        if "objective" not in slo:
            say((*path, "objective"), tier[slo["indicator"]], "slo_objective", (*here, slo["indicator"]))
        if "min_events" not in slo:
            say((*path, "min_events"), tier["min_events"], "slo_tier", (*here, "min_events"))
        if "burn_rates" not in slo:
            rows = [{**row, "severity": row["severity"] if tier["pages"] else "ticket"} for row in WORKBOOK]
            say((*path, "burn_rates"), rows, "slo_tier", (*here, "pages"))


def contributions(model: Json) -> dict[str, Any]:
    """The rules of every objective, by group, and which alert keeps which others quiet."""
    slos = read_all(model["slos"])
    if not slos:
        return {}
    found: dict[str, Any] = {
        "recording_rules": {},
        "alerts": {},
        "dashboards": boards(slos),
        "inhibitions": {"burn-rates": inhibitions(slos)},
    }
    far = {f"{name}-budget" for name, slo in model["slos"].items() if slo["ruler"] == "thanos"}
    for group in groups(slos):
        head = {"namespace": "monitoring", **({"interval": group.interval} if group.interval else {})}
        if group.name in far:
            head["ruler"] = "thanos"
        found["recording_rules"][f"slo-{group.name}"] = {**head, "rules": group.records}
        found["alerts"][f"slo-{group.name}"] = {**head, "rules": group.alerts}
    return found


def check(model: Mapping[str, Any], _situation: Any) -> Iterator[Problem]:
    """Every problem; ``model`` has its defaults but may be invalid in form, and nothing derived."""
    slos, settings = entries(model, "slos"), mapping(model, "settings")
    own = mapping(settings, "slo")
    for name, slo in slos.items():
        path: Path = ("slos", name)
        if f"{name}-budget" in slos:
            yield Problem(("slos", f"{name}-budget"), f"takes the name of the rules of {name}'s budget; name it otherwise", at_key=True)
        yield from unknown((*path, "service"), "service", slo.get("service"), mapping(model, "services"), home=("services",))
        yield from unknown((*path, "policy"), "policy", slo.get("policy"), mapping(own, "policies"), home=("settings", "slo", "policies"))
        yield from _of_indicator(path, slo)
        yield from _parts(path, slo, slos)
        if slo.get("budgeting") == "timeslices" and "slices" not in slo:
            yield Problem((*path, "slices"), "missing; a slice is good from some percent of good events: {objective: 99}", at_key=True)
        if slo.get("budgeting") in ("occurrences", "ratio_timeslices") and "slices" in slo:
            yield Problem((*path, "slices"), f"only budgeting: timeslices has any, and this is {slo['budgeting']}; delete it", at_key=True)
        if slo.get("indicator") == "composite" and "objective" not in slo:
            yield Problem(
                (*path, "objective"), "missing; no tier has one for a composite: percent of good events, such as 99.5", at_key=True
            )
        zone = mapping(slo, "calendar").get("time_zone")
        if isinstance(zone, str) and not known_zone(zone):
            words = "which is no time zone of this machine's"
            yield Problem((*path, "calendar", "time_zone"), f"found {zone!r}, {words}; allowed: one such as Europe/Berlin")
        yield from _burn_rates(path, slo)
    for name, policy in entries(own, "policies").items():
        slow, freeze = policy.get("slow_down"), policy.get("freeze")
        if isinstance(slow, (int, float)) and isinstance(freeze, (int, float)) and freeze > slow:
            here: Path = ("settings", "slo", "policies", name, "freeze")
            yield Problem(here, f"found {freeze}, above slow_down, which is {slow}; allowed: at most that")
    if mapping(settings, "areas").get("slo"):
        yield from _kept_long_enough(slos, mapping(settings, "monitoring"))


def _of_indicator(path: Path, slo: Mapping[str, Any]) -> Iterator[Problem]:
    indicator = slo.get("indicator")
    if indicator not in ("latency", "availability", "quality", "composite"):
        return
    for key, allowed in _OF_INDICATOR.items():
        if key in slo and indicator not in allowed:
            words = " or ".join(allowed)
            yield Problem((*path, key), f"only {_a(words)} objective has one, and this is {indicator}; delete it", at_key=True)
    if indicator in _NEEDED and _NEEDED[indicator][0] not in slo:
        key, words = _NEEDED[indicator]
        yield Problem((*path, key), f"missing; a {indicator} objective needs {words}", at_key=True)
    if slo.get("form") and slo["form"] not in _FORMS.get(indicator, (slo["form"],)):
        allowed_forms = ", ".join(_FORMS[indicator])
        yield Problem((*path, "form"), f"found {slo['form']!r}; allowed for {indicator}: {allowed_forms}")
    needs_metric = (indicator == "quality", slo.get("form") == "gauge")
    if any(needs_metric) and "metric" not in slo:
        kind = "a quality objective" if needs_metric[0] else "a gauge"
        yield Problem((*path, "metric"), f"missing; {kind} has no standard metric: name its own", at_key=True)
    if slo.get("form") in ("histogram", "native_histogram") and indicator == "quality" and "score" not in slo:
        yield Problem((*path, "score"), "missing; of a histogram of scores: the score above which an answer is good", at_key=True)


def _a(words: str) -> str:
    return f"an {words}" if words[0] == "a" else f"a {words}"


def _parts(path: Path, slo: Mapping[str, Any], slos: Mapping[str, Any]) -> Iterator[Problem]:
    for part in mapping(slo, "parts"):
        here: Path = (*path, "parts", part)
        yield from unknown(here, "objective", part, slos, at_key=True, home=("slos",))
        if mapping(slos, part).get("indicator") == "composite":
            yield Problem(here, "found a composite, as which this is one; allowed: what is measured itself", at_key=True)


def _burn_rates(path: Path, slo: Mapping[str, Any]) -> Iterator[Problem]:
    rates = slo.get("burn_rates")
    for index, row in enumerate(rates if isinstance(rates, list) else ()):
        if not isinstance(row, Mapping):
            continue
        short, long, window = seconds(row.get("short")), seconds(row.get("long")), seconds(slo.get("window"))
        here: Path = (*path, "burn_rates", index)
        if short >= long > 0:
            yield Problem((*here, "short"), f"found {row['short']!r}, not below the long window, which is {row['long']!r}")
        if long >= window > 0:
            yield Problem((*here, "long"), f"found {row['long']!r}, not below the budget's window, which is {slo['window']!r}")
        for key, length in (("short", short), ("long", long)):
            if length and (length < 300 or length % 60):
                yield Problem((*here, key), f"found {row[key]!r}; allowed: whole minutes, at least 5m, which is what is recorded")


def _kept_long_enough(slos: Mapping[str, Any], monitoring: Mapping[str, Any]) -> Iterator[Problem]:
    """A budget of four weeks of which two are forgotten is another budget: Prometheus has to keep the window, or the bucket as it was measured.

    What tells fast that a budget burns is Prometheus' in any case.
    """
    longest = max(slos, key=lambda name: seconds(slos[name].get("window")), default="")
    if not longest:
        return
    window, kept = slos[longest].get("window"), mapping(monitoring, "prometheus").get("retention")
    thanos: Path = ("settings", "monitoring", "thanos", "retention", "raw")
    prometheus: Path = ("settings", "monitoring", "prometheus", "retention")
    history = isinstance(monitoring.get("thanos"), Mapping)
    here, found = (thanos, mapping(mapping(monitoring, "thanos"), "retention").get("raw")) if history else (prometheus, kept)
    if 0 < seconds(found) < seconds(window):
        words = f"found {found!r}, shorter than the window of the objective {longest}, which is {window!r}; allowed: at least that"
        yield Problem(here, words if history else f"{words}, or history in a bucket, settings.monitoring.thanos")
    if history:
        rates = {name: slo.get("burn_rates", WORKBOOK) for name, slo in slos.items()}
        burns = [
            (name, row["long"])
            for name, rows in rates.items()
            for row in (rows if isinstance(rows, (list, tuple)) else ())
            if isinstance(row, Mapping) and "long" in row
        ]
        name, long = max(burns, key=lambda burn: seconds(burn[1]), default=("", ""))
        if 0 < seconds(kept) < seconds(long):
            yield Problem(prometheus, f"found {kept!r}, shorter than {long}, in which a fast burn of {name} shows; allowed: at least that")
