# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Panels with what was answered to them: each series named and with its settings, once, for the page and for what is said of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from .fields import Field, Said, Subject, Value, field_of, filled, searches
from .reduce import known, reduced
from .series import Answers, Found, Query
from .unlike import TYPES, told

Json = Mapping[str, Any]
_ROWS = 25
"""How many values of their own a panel shows that does not say how many (``reduceOptions.limit``), as in Grafana."""


@dataclass(frozen=True)
class Shown:
    """A series of a panel: of which query, its name by the legend, how it is shown, its names, and in which column of a table its value is."""

    found: Found
    query: str
    legend: str
    field: Field
    names: Set[str]
    column: str

    def called(self, calc: str = "") -> str:
        """Its name; ``calc`` is how its value was reckoned."""
        given = self.field.settings.get("displayName")
        return filled(given, self.found, self.legend, calc)[0] if given else self.legend

    def reduced(self, calc: str) -> Value:
        """One value of it."""
        return reduced(calc, [value for _at, value in self.found.samples])


class Item(NamedTuple):
    """One value of a panel that shows values: its name, itself, in words, and of which series."""

    name: str
    value: Value
    said: Said
    series: Shown


@dataclass(frozen=True)
class Panel:
    """A panel of a dashboard, and what was answered to it."""

    json: Json
    asked: list[Query]
    refused: list[tuple[str, str]]
    """(expression, why) of each query that has no answer."""
    series: list[Shown]
    """Those that have a number, hidden ones too."""
    histograms: list[Shown]
    """Those that have native histograms."""
    nothing: str
    """What stands in the place of numbers where there are none."""
    unlike: list[str]
    """What is not drawn as Grafana draws it, each with its place."""

    @property
    def options(self) -> Json:
        """What its type alone has."""
        return self.json.get("options") or {}

    @property
    def silent(self) -> bool:
        """Whether its queries were answered, and there is nothing to show."""
        return bool(self.asked) and not (self.refused or self.series or self.histograms)

    @property
    def visible(self) -> list[Shown]:
        """The series that are shown."""
        return [one for one in self.series if not one.field.hidden()]

    def items(self) -> list[Item]:
        """The values of a panel that shows values: one for each calculation of each series, or all that it has (``reduceOptions``)."""
        said = self.options.get("reduceOptions") or {}
        series = [one for one in self.visible if _chosen(said.get("fields") or "", one)]
        if said.get("values"):
            found = [Item(one.called(), value, one.field.said(value), one) for one in series for _at, value in one.found.points]
            return found[: max(0, int(said.get("limit") or _ROWS))]
        calcs = said.get("calcs")
        # Nothing said is what Grafana begins a panel with; an empty list is another thing.
        calcs = ["lastNotNull"] if calcs is None else [calc for calc in calcs or ["last"] if known(calc)]
        return [_item(one, calc, len(calcs) > 1) for one in series for calc in calcs]


def _item(one: Shown, calc: str, several: bool) -> Item:
    value = one.reduced(calc)
    prefix = f"{calc} " if several and not one.field.settings.get("displayName") else ""
    return Item(prefix + one.called(calc), value, one.field.said(value), one)


def _chosen(fields: str, one: Shown) -> bool:
    return not fields or any(searches(fields, name) for name in one.names)


def queries(panel: Json) -> Iterator[tuple[Query, Json]]:
    """What a panel asks, each with its target."""
    if panel["type"] not in ("row", "text"):
        shown = (one for one in panel.get("targets") or () if "expr" in one and not one.get("hide"))
        yield from ((Query(one["expr"], bool(one.get("instant"))), one) for one in shown)


def read(dashboards: Mapping[str, Json], answers: Answers) -> dict[str, list[Panel]]:
    """The panels of each dashboard, which are such as ``unlike.check`` took."""
    return {name: [_panel(panel, answers) for panel in board["panels"]] for name, board in dashboards.items()}


def _panel(panel: Json, answers: Answers) -> Panel:
    asked = list(queries(panel))
    config = panel["fieldConfig"] if panel["type"] in TYPES else {"defaults": {}}
    refused, series, renamed = [], [], organized(panel)[1]
    for query, target in asked:
        found = answers[query]
        if isinstance(found, str):
            refused.append((query.expr, found))
            continue
        ref = target.get("refId") or ""
        name = "Value" if len(asked) == 1 else f"Value #{ref}"
        column = renamed.get(name, name)
        for one in found:
            legend = _legend(one, target.get("legendFormat") or "__auto")
            names = frozenset({legend, column if panel["type"] == "table" else "Value"})
            series.append(Shown(one, ref, legend, field_of(config, Subject(names, {ref})), names, column))
    refs = {target.get("refId") or "" for _query, target in asked}
    nothing = field_of(config, Subject({"Value"}, refs)).nothing(any(one.found.samples for one in series))
    shown = [one for one in series if one.found.points]
    return Panel(
        panel,
        [query for query, _target in asked],
        refused,
        shown,
        [one for one in series if one.found.histograms],
        nothing or "No data",
        [*told(panel), *dict.fromkeys(_told_of(panel, shown))],
    )


def _told_of(panel: Json, series: list[Shown]) -> Iterator[str]:
    """What is seen only where there are series."""
    for one in series:
        for variable in filled(one.field.settings.get("displayName") or "", one.found, "")[1]:
            yield f"fieldConfig: displayName: {variable} is not replaced"
    fields = ((panel.get("options") or {}).get("reduceOptions") or {}).get("fields") or ""
    if series and not any(_chosen(fields, one) for one in series):
        yield f"options.reduceOptions.fields: {fields} means none of the series; texts are not shown"


def organized(panel: Json) -> tuple[set[str], dict[str, str]]:
    """Which columns a table's transformations take out, and what they call others."""
    excluded: set[str] = set()
    renamed: dict[str, str] = {}
    for one in (panel.get("transformations") or ()) if panel["type"] == "table" else ():
        if one["id"] == "organize" and not one.get("disabled"):
            said = one.get("options") or {}
            excluded |= {name for name, out in (said.get("excludeByName") or {}).items() if out}
            renamed |= {name: given for name, given in (said.get("renameByName") or {}).items() if given}
    return excluded, renamed


def _legend(found: Found, legend: str) -> str:
    if legend == "__auto":
        return ", ".join(f"{key}={value}" for key, value in found.labels.items()) or found.metric.get("__name__", "value")
    return re.sub(r"\{\{\s*(.+?)\s*\}\}", lambda name: found.metric.get(name[1], ""), legend)
