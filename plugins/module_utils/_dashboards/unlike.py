# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What of a panel's JSON is not drawn as Grafana draws it, and what of it is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .fields import HIDING, MAPPINGS, MATCHERS, SPECIAL, STANDARD, css, pattern
from .reduce import known

Json = Mapping[str, Any]

TYPES = ("stat", "gauge", "bargauge", "timeseries", "table")
"""Types of panels that are drawn by what Prometheus answers."""
_REDUCING = ("stat", "gauge", "bargauge")
_FOR_HANDS = ("links", "actions", "description", "filterable", "custom.filterable", "custom.inspect", "writeable", "path", "fieldMinMax")
"""What is of no weight on a page that nobody can press."""
_COLOUR_MODES = ("thresholds", "fixed", "palette-classic", "palette-classic-by-name")
_PLAIN = {"stacking": ("mode", "none"), "scaleDistribution": ("type", "linear"), "transform": (None, "")}
"""Settings of lines that change what is read of them, and where each has the word by which it changes nothing."""
_TEXTS = ("auto", "value", "value_and_name", "name", "none")


def told(panel: Json) -> Iterator[str]:
    """Each with its place in the panel. The panel is one that ``check`` took."""
    if panel["type"] not in TYPES:
        return
    config, options = panel["fieldConfig"], panel.get("options") or {}
    for key, value in config["defaults"].items():
        place = f"fieldConfig.defaults.{key}"
        if key == "custom":
            yield from _custom(f"{place}.", value or {})
        elif key in STANDARD:
            yield from _setting(place, key, value)
        elif key not in _FOR_HANDS and value is not None:
            yield f"{place} is not followed"
    both = all(config["defaults"].get(key) is not None for key in ("min", "max"))
    for number, rule in enumerate(config.get("overrides") or ()):
        place = f"fieldConfig.overrides[{number}]"
        yield from _matcher(f"{place}.matcher", rule["matcher"])
        for index, one in enumerate(rule["properties"]):
            said = f"{place}.properties[{index}]"
            both = both or one["id"] in ("min", "max")
            if one["id"] in STANDARD:
                yield from _setting(f"{said} ({one['id']})", one["id"], one.get("value"))
            elif one["id"] not in HIDING + _FOR_HANDS:
                yield f"{said}: {one['id']} is not followed"
    if not both and any((found or {}).get("mode") == "percentage" for found in _all_of(config, "thresholds")):
        yield "fieldConfig: thresholds in percent colour nothing without min and max"
    yield from _options(panel["type"], options)
    yield from _transformations(panel)


def _all_of(config: Json, setting: str) -> Iterator[Any]:
    yield config["defaults"].get(setting)
    yield from (one.get("value") for rule in config.get("overrides") or () for one in rule["properties"] if one["id"] == setting)


def _custom(place: str, custom: Json) -> Iterator[str]:
    for key, (inner, word) in _PLAIN.items():
        value = custom.get(key)
        found = value.get(inner) if inner and isinstance(value, Mapping) else value
        if found and found != word:
            yield f"{place}{key} ({found}) is not followed"


def _setting(place: str, key: str, value: Any) -> Iterator[str]:
    if key == "thresholds":
        yield from _colours(place, (step["color"] for step in (value or {}).get("steps") or ()))
        mode = (value or {}).get("mode", "absolute")
        if mode not in ("absolute", "percentage"):
            yield f"{place}: the mode {mode} is not followed"
    elif key == "color" and value:
        mode = value.get("mode")
        if mode == "fixed":
            yield from _colours(place, [value.get("fixedColor") or ""])
        elif mode and mode not in _COLOUR_MODES:
            yield f"{place}: the mode {mode} is not followed"
    elif key == "mappings":
        for number, one in enumerate(value or ()):
            yield from _mapping(f"{place}[{number}]", one)


def _mapping(place: str, one: Json) -> Iterator[str]:
    kind, options = one.get("type"), one.get("options") or {}
    if not isinstance(kind, str) or kind not in MAPPINGS:
        yield f"{place}: the type {kind} is not followed"
        return
    if kind == "special" and options["match"] not in SPECIAL:
        yield f"{place}: the match {options['match']} is not followed"
    if kind == "regex":
        yield from _pattern(place, options["pattern"])
    results = options.values() if kind == "value" else [options.get("result")]
    for result in results:
        yield from _colours(place, [(result or {}).get("color") or ""])
        if (result or {}).get("icon"):
            yield f"{place}: icons are not drawn"


def _colours(place: str, colours: Iterable[str]) -> Iterator[str]:
    yield from (f"{place}: the colour {colour} is not known here" for colour in colours if css(colour) is None)


def _pattern(place: str, said: str) -> Iterator[str]:
    try:
        pattern(said)
    except ValueError as error:
        yield f"{place}: {error}"


def _matcher(place: str, matcher: Json) -> Iterator[str]:
    if matcher["id"] not in MATCHERS:
        yield f"{place}: {matcher['id']} is not followed"
    elif matcher["id"] == "byRegexp":
        yield from _pattern(place, matcher.get("options") or "")


def _options(kind: str, options: Json) -> Iterator[str]:
    if kind in _REDUCING:
        reduce = options.get("reduceOptions") or {}
        yield from _calcs("options.reduceOptions.calcs", reduce.get("calcs") or ())
        yield from _pattern("options.reduceOptions.fields", reduce.get("fields") or "")
        if (options.get("textMode") or "auto") not in _TEXTS:
            yield f"options.textMode: {options['textMode']} is not followed"
        if options.get("showPercentChange"):
            yield "options.showPercentChange is not followed"
    elif kind == "timeseries":
        yield from _calcs("options.legend.calcs", (options.get("legend") or {}).get("calcs") or ())
    else:
        if options.get("sortBy"):
            yield "options.sortBy is not followed"
        if (options.get("footer") or {}).get("show"):
            yield "options.footer is not drawn"


def _calcs(place: str, calcs: Iterable[str]) -> Iterator[str]:
    yield from (f"{place}: {calc} is not reckoned" for calc in calcs if not known(calc))


def _transformations(panel: Json) -> Iterator[str]:
    for number, one in enumerate(panel.get("transformations") or ()):
        place = f"transformations[{number}]"
        if one.get("disabled"):
            continue
        if panel["type"] != "table" or one["id"] not in ("organize", "merge"):
            yield f"{place}: {one['id']} is not followed"
        elif one["id"] == "organize":
            said = one.get("options") or {}
            yield from (f"{place}: {key} is not followed" for key in said if said[key] and key not in ("excludeByName", "renameByName"))


def check(panel: Json) -> None:
    """Raises what says what is wrong with a panel: KeyError, TypeError, ValueError, AttributeError."""
    _texts(panel["type"], panel["title"])
    x, wide, _y = _numbers(*(panel["gridPos"][key] for key in ("x", "w", "y")))
    if not (x >= 0 and wide >= 1 and x + wide <= 24):
        raise ValueError(f"found {wide:g} columns from {x:g} on, of which there are 24")
    if panel["type"] == "text":
        _texts(panel["options"]["content"])
    elif panel["type"] in TYPES:
        for one in panel.get("targets") or ():
            _texts(one["expr"], one.get("legendFormat") or "", one.get("refId") or "")
        config, options = panel["fieldConfig"], panel.get("options") or {}
        for key, value in config["defaults"].items():
            _check_setting(key, value)
        for key, value in (config["defaults"].get("custom") or {}).items():
            _check_setting(f"custom.{key}", value)
        for rule in config.get("overrides") or ():
            _check_rule(rule)
        reduce = options.get("reduceOptions") or {}
        _texts(*(reduce.get("calcs") or ()), reduce.get("fields") or "", *((options.get("legend") or {}).get("calcs") or ()))
        _numbers(*([] if reduce.get("limit") is None else [reduce["limit"]]))
        for one in panel.get("transformations") or ():
            _texts(one["id"])
            if one["id"] == "organize":
                said = one.get("options") or {}
                _texts(*(said.get("excludeByName") or {}), *(said.get("renameByName") or {}).values())


def _check_rule(rule: Json) -> None:
    kind, options = rule["matcher"]["id"], rule["matcher"].get("options")
    _texts(kind)
    if kind == "byNames":
        _texts(*((options or {}).get("names") or ()))
    elif kind in MATCHERS:
        _texts(options or "")
    for one in rule["properties"]:
        _texts(one["id"])
        _check_setting(one["id"], one.get("value"))


def _check_setting(key: str, value: Any) -> None:
    if value is not None and key in _CHECKS:
        _CHECKS[key](value)


def _check_thresholds(value: Any) -> None:
    for step in value.get("steps") or ():
        _texts(step["color"])
        _numbers(0 if step.get("value") is None else step["value"])


def _check_mappings(value: Any) -> None:
    for one in value:
        kind, options = one.get("type"), one.get("options") or {}
        results: Iterable[Any] = ()
        if kind == "value":
            results = options.values()
        elif kind in ("range", "regex", "special"):
            results = [options["result"]]
        if kind == "range":
            _numbers(*(options[key] for key in ("from", "to") if options.get(key) is not None))
        elif kind in ("regex", "special"):
            _texts(options["pattern" if kind == "regex" else "match"])
        for result in results:
            _texts(*((result or {}).get(key) or "" for key in ("text", "color")))


def _texts(*found: Any) -> None:
    for one in found:
        if not isinstance(one, str):
            raise TypeError(f"found {one!r}, which is no text")


def _numbers(*found: Any) -> tuple[float, ...]:
    for one in found:
        if isinstance(one, bool) or not isinstance(one, (int, float)) or not math.isfinite(one):
            raise TypeError(f"found {one!r}, which is no number")
    return found


_CHECKS: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(("unit", "displayName", "noValue"), _texts),
    **dict.fromkeys(("decimals", "min", "max"), _numbers),
    "thresholds": _check_thresholds,
    "mappings": _check_mappings,
    "color": lambda value: _texts(value.get("mode") or "", value.get("fixedColor") or ""),
    "custom.hideFrom": lambda value: value.get("viz"),
}
