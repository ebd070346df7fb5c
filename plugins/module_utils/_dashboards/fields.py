# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""How a field of a panel is shown: its defaults, what overrides make of them, and the text and colour of a value.

A field is a series, or a column of a table. What each setting means:
https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/, configure-value-mappings/ and
configure-overrides/ beside it. ``told`` in ``unlike.py`` says what is not followed.
"""

from __future__ import annotations

import decimal
import functools
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from .._core.html import escaped
from .series import Found
from .units import say

Json = Mapping[str, Any]
Value = float | bool | str | None

STANDARD = ("unit", "decimals", "displayName", "thresholds", "mappings", "min", "max", "noValue", "color")
"""What defaults and overrides may say of every field."""
HIDING = ("custom.hidden", "custom.hideFrom")
_COLOURS = {
    "green": "var(--ok)", "red": "var(--freeze)", "yellow": "var(--slow_down)", "orange": "#d9730d", "blue": "var(--blue)", "purple": "#805ad5",
}  # fmt: skip
"""Grafana's hues; its shades of a hue are that hue."""
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_PLAIN = ("text", "transparent", "panel-bg", "")
_MOST_DECIMALS = 20
_NO_VALUE = "no value"


class Subject(NamedTuple):
    """What an override may mean: a field's names, the queries of which it comes, and whether it holds ``number`` or ``string``."""

    names: Set[str]
    queries: Set[str]
    kind: str = "number"


class Said(NamedTuple):
    """A value in words, and its colour: a word of Grafana's, or none."""

    text: str
    colour: str = ""


@dataclass(frozen=True)
class Field:
    """The settings of a field, by their names in the JSON."""

    settings: Json

    @property
    def unit(self) -> str:
        """Its unit, as Grafana names it."""
        unit: str = self.settings.get("unit") or "short"
        return unit

    @property
    def ends(self) -> tuple[float | None, float | None]:
        """The least and the greatest value that are drawn, where they are said; Grafana turns around what is the wrong way around."""
        low, top = self.settings.get("min"), self.settings.get("max")
        return (top, low) if low is not None and top is not None and low > top else (low, top)

    @property
    def fixed(self) -> str:
        """Its own colour, where it has one."""
        colour = self.settings.get("color") or {}
        return colour.get("fixedColor") or "" if colour.get("mode") == "fixed" else ""

    def hidden(self, where: str = "viz") -> bool:
        """Whether it is not shown; in the ``legend`` that is said alone."""
        return bool(self.settings.get("custom.hidden") or (self.settings.get("custom.hideFrom") or {}).get(where))

    def plain(self, value: float) -> str:
        """A number in its unit, whatever is put in its place; for axes, whose marks have as many figures as they need."""
        return say(value, self.unit)

    def said(self, value: Value) -> Said:
        """A value as it is shown."""
        result = mapped(self.settings.get("mappings") or (), value)
        text = result.get("text") or self._text(value)
        # A text has a colour where it is mapped to one.
        own = "" if isinstance(value, str) else self.fixed or self._step(value)
        return Said(text, result.get("color") or own)

    def nothing(self, samples: bool) -> str:
        """What is shown where there is no number; ``samples`` says whether there were any. Empty where the panel does not say it."""
        text: str = (
            mapped(self.settings.get("mappings") or (), math.nan if samples else None).get("text") or self.settings.get("noValue") or ""
        )
        return text

    def _text(self, value: Value) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float | int):
            decimals = self.settings.get("decimals")
            return say(value, self.unit, None if decimals is None else max(0, min(_MOST_DECIMALS, int(decimals))))
        return value or self.settings.get("noValue") or (_NO_VALUE if value is None else "")

    def _step(self, value: Value) -> str:
        """The colour of the last step that a value reached."""
        thresholds = self.settings.get("thresholds") or {}
        if isinstance(value, bool | str) or value is None or math.isnan(value):
            return ""
        at: float = value
        if thresholds.get("mode", "absolute") != "absolute":
            # Without both ends the steps are of a range that only Grafana knows.
            low, top = self.ends
            if low is None or top is None or low == top:
                return ""
            at = 100 * (value - low) / (top - low)
        reached = [step["color"] for step in thresholds.get("steps") or () if step.get("value") is None or at >= step["value"]]
        return reached[-1] if reached else ""


def field_of(config: Json, subject: Subject) -> Field:
    """The field of a ``fieldConfig``: its defaults, and over them every override that means it, the last of which counts."""
    defaults = config["defaults"]
    custom = defaults.get("custom") or {}
    settings = {key: defaults.get(key) for key in STANDARD} | {f"custom.{key}": custom.get(key) for key in ("hidden", "hideFrom")}
    # It goes by the name that the defaults give it as well.
    subject = subject._replace(names={*subject.names, *([settings["displayName"]] if settings["displayName"] else [])})
    for rule in config.get("overrides") or ():
        if _means(rule["matcher"], subject):
            settings |= {one["id"]: one.get("value") for one in rule["properties"]}
    return Field(settings)


def _means(matcher: Json, subject: Subject) -> bool:
    found = MATCHERS.get(matcher["id"])
    return found is not None and found(matcher.get("options"), subject)


def _by_names(options: Any, subject: Subject) -> bool:
    given = options or {}
    return bool(subject.names & set(given.get("names") or ())) is not (given.get("mode") == "exclude")


def _by_regexp(options: Any, subject: Subject) -> bool:
    return bool(options) and any(searches(options, name) for name in subject.names)


MATCHERS: dict[str, Callable[[Any, Subject], bool]] = {
    "byName": lambda options, subject: options in subject.names,
    "byNames": _by_names,
    "byRegexp": _by_regexp,
    "byFrameRefID": lambda options, subject: options in subject.queries,
    "byType": lambda options, subject: options == subject.kind,
}
"""Which fields an override means, by the id of its matcher."""


@functools.cache
def pattern(said: str) -> re.Pattern[str]:
    """A regular expression as Grafana reads it: ``/in slashes/i`` searches, anything else is the whole. Raises ValueError where it is none."""
    whole, flags = said, ""
    if said.startswith("/"):
        body, slash, flags = said[1:].rpartition("/")
        if not slash or not set(flags) <= set("gimsyu"):
            raise ValueError(f"{said!r} is no regular expression")
        whole = body
    elif said:
        whole = f"^{said}$"
    # JavaScript's letters of the other flags change nothing of whether something is found.
    chosen = functools.reduce(operator.or_, (_FLAGS[flag] for flag in flags if flag in _FLAGS), re.NOFLAG)
    try:
        # Named groups of JavaScript are written otherwise.
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", whole), chosen)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{said!r} is no regular expression that is understood here: {error}") from error


def searches(said: str, text: str) -> bool:
    """Whether a text has what a regular expression of Grafana's says; one that is not understood means nothing, which is told elsewhere."""
    try:
        return pattern(said).search(text) is not None
    except ValueError:
        return False


def mapped(mappings: Iterable[Json], value: Value) -> Json:
    """What the first of ``mappings`` that fits puts in a value's place: ``text`` and ``color``, each where it is said."""
    for one in mappings:
        fits = MAPPINGS.get(one["type"]) if isinstance(one.get("type"), str) else None
        result = fits(one.get("options") or {}, value) if fits else None
        if result:
            return result
    return {}


def _of_value(options: Json, value: Value) -> Json | None:
    key = _written(value)
    found: Json | None = options.get(key) if key is not None else None
    return found


def _written(value: Value) -> str | None:
    """A value as JavaScript writes it, which is how keys of mappings are written."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        found = format(decimal.Decimal(repr(float(value))), "f")
        return (found.rstrip("0").rstrip(".") if "." in found else found) if value else "0"
    return re.sub(r"e([+-])0", r"e\1", repr(float(value))).replace(".0e", "e")


def _of_range(options: Json, value: Value) -> Json | None:
    try:
        number = math.nan if value is None or isinstance(value, bool) else float(value)
    except ValueError:
        return None
    low, high = options.get("from"), options.get("to")
    inside = not math.isnan(number) and (low is None or number >= low) and (high is None or number <= high)
    return options["result"] if inside else None


def _of_regexp(options: Json, value: Value) -> Json | None:
    """Of texts alone: a number fits none."""
    if not isinstance(value, str) or not searches(options["pattern"], value):
        return None
    result = dict(options["result"])
    if result.get("text"):
        found = pattern(options["pattern"])
        groups = re.compile(r"\$(?:(\$)|(&)|([1-9]\d?)|<(\w+)>)")

        def filled(match: re.Match[str]) -> str:
            def of(one: re.Match[str]) -> str:
                if one[3] and int(one[3]) > found.groups or one[4] and one[4] not in found.groupindex:
                    return one[0]
                return "$" if one[1] else match[0] if one[2] else match[int(one[3]) if one[3] else one[4]] or ""

            return groups.sub(of, result["text"])

        result["text"] = found.sub(filled, value, count=0 if options["pattern"].rpartition("/")[2].count("g") else 1)
    return result


SPECIAL: dict[str, Callable[[Value], bool]] = {
    "null": lambda value: value is None,
    "nan": lambda value: isinstance(value, float) and math.isnan(value),
    "null+nan": lambda value: value is None or (isinstance(value, float) and math.isnan(value)),
    "true": lambda value: value is True or value == "true",
    "false": lambda value: value is False or value == "false",
    "empty": lambda value: value == "",
}


def _of_special(options: Json, value: Value) -> Json | None:
    fits = SPECIAL.get(options["match"])
    return options["result"] if fits and fits(value) else None


MAPPINGS: dict[str, Callable[[Json, Value], Json | None]] = {
    "value": _of_value,
    "range": _of_range,
    "regex": _of_regexp,
    "special": _of_special,
}
"""What a mapping puts in a value's place, by its type."""

_VARIABLE = re.compile(r"\$\{(__[^}]*)\}|\$(__\w+(?:\.\w+)*)")


def filled(name: str, found: Found, series: str, calc: str = "") -> tuple[str, list[str]]:
    """A ``displayName`` with its variables replaced, and those that are not known here, which stay."""
    unknown: list[str] = []
    of_labels = ", ".join(f'{key}="{value}"' for key, value in found.labels.items())

    def of(match: re.Match[str]) -> str:
        variable = match[1] or match[2]
        if variable.startswith("__field.labels."):
            return found.metric.get(variable.removeprefix("__field.labels."), "")
        if variable.startswith("__field.labels["):
            return found.metric.get(variable.removeprefix("__field.labels[").strip("]\"'"), "")
        known = {"__field.labels": f"{{{of_labels}}}", "__calc": calc} | dict.fromkeys(
            ("__field.name", "__field.displayName", "__series.name"), series
        )
        if variable not in known:
            unknown.append(match[0])
        return known.get(variable, match[0])

    return _VARIABLE.sub(of, name), unknown


def css(colour: str) -> str | None:
    """A colour of Grafana's as one of the page: empty where it is that of the text, none where it is none that is known here."""
    hue = re.sub(r"^(?:super-light|semi-dark|light|dark)-", "", colour)
    if hue in _COLOURS:
        return _COLOURS[hue]
    if colour in _PLAIN:
        return ""
    return colour if re.fullmatch(r"#[0-9a-fA-F]{3,8}|rgba?\([0-9., %]{3,40}\)", colour) else None


def coloured(said: Said) -> str:
    """The markup of a value in its colour."""
    if said.colour in ("green", "red"):
        return f"<span class={said.colour}>{escaped(said.text)}</span>"
    known = css(said.colour)
    style = f" style='color:{known}'" if known else ""
    return f"<span{style}>{escaped(said.text)}</span>"
