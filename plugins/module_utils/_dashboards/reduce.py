# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One value of a series: what Grafana calls a calculation, by the name that it has in a panel's JSON.

What each is: https://grafana.com/docs/grafana/latest/panels-visualizations/query-transform-data/calculation-types/
The rank of a percentile and the percents of a difference are those of the package @grafana/data, 12.2.0. NaN and what is without end count as no value.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

_Numbers = Sequence[float]
_ALIASES = {"current": "lastNotNull", "avg": "mean", "total": "sum"}


def known(calc: str) -> bool:
    """Whether a calculation of this name is reckoned here."""
    return _ALIASES.get(calc, calc) in _OF_ALL | _OF_NUMBERS or _percentile(calc) is not None


def reduced(calc: str, values: Sequence[float]) -> float | bool | None:
    """The value of a series, of which ``values`` are all samples; none where it has none. Raises KeyError for one that is not ``known``."""
    calc = _ALIASES.get(calc, calc)
    numbers = [value for value in values if math.isfinite(value)]
    if calc in _OF_ALL:
        return _OF_ALL[calc](values, numbers)
    if not numbers:
        return None
    share = _percentile(calc)
    found = _OF_NUMBERS[calc](numbers) if share is None else sorted(numbers)[math.floor((len(numbers) - 1) * share + 0.5)]
    return found if math.isfinite(found) else None


def _percentile(calc: str) -> float | None:
    """The share of the values that are at most as great, of ``p1`` to ``p99``."""
    number = calc[1:]
    return int(number) / 100 if calc[:1] == "p" and number.isdecimal() and number[0] != "0" and len(number) <= 2 else None


def _median(numbers: _Numbers) -> float:
    ordered, half = sorted(numbers), len(numbers) // 2
    return ordered[half] if len(numbers) % 2 else ordered[half - 1] / 2 + ordered[half] / 2


def _variance(numbers: _Numbers) -> float:
    mean = sum(numbers) / len(numbers)
    return sum((value - mean) * (value - mean) for value in numbers) / len(numbers)


def _delta(numbers: _Numbers) -> float:
    """How much a counter grew; where it fell it began anew, and what it has at the next rise is what it grew."""
    grown, fell = 0.0, False
    for before, value in itertools.pairwise(numbers):
        if value >= before:
            grown += value if fell else value - before
        fell = value < before
    return grown + (numbers[-1] if fell else 0.0)


def _changes(values: Sequence[float]) -> int:
    """NaN is no change from NaN."""
    return sum(before != value and not (math.isnan(before) and math.isnan(value)) for before, value in itertools.pairwise(values))


def _distinct(values: Sequence[float]) -> int:
    return len({"" if math.isnan(value) else value for value in values})


_OF_ALL: dict[str, Callable[[Sequence[float], _Numbers], float | bool | None]] = {
    # These two are whatever stands there, NaN too.
    "first": lambda values, _numbers: values[0] if values else None,
    "last": lambda values, _numbers: values[-1] if values else None,
    "sum": lambda _values, numbers: sum(numbers),
    "count": lambda _values, numbers: len(numbers),
    "changeCount": lambda values, _numbers: _changes(values),
    "distinctCount": lambda values, _numbers: _distinct(values),
    "allIsZero": lambda _values, numbers: bool(numbers) and not any(numbers),
    "allIsNull": lambda _values, numbers: not numbers,
}
_OF_NUMBERS: dict[str, Callable[[_Numbers], float]] = {
    "lastNotNull": lambda numbers: numbers[-1],
    "firstNotNull": lambda numbers: numbers[0],
    "min": min,
    "max": max,
    "mean": lambda numbers: sum(numbers) / len(numbers),
    "median": _median,
    "variance": _variance,
    "stdDev": lambda numbers: math.sqrt(_variance(numbers)),
    "range": lambda numbers: max(numbers) - min(numbers),
    "diff": lambda numbers: numbers[-1] - numbers[0],
    "diffperc": lambda numbers: (numbers[-1] - numbers[0]) / numbers[0] * 100 if numbers[0] else math.nan,
    "delta": _delta,
    "step": lambda numbers: min((value - before for before, value in itertools.pairwise(numbers)), default=math.nan),
    "logmin": lambda numbers: min((value for value in numbers if value > 0), default=math.nan),
}
