# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Series as Prometheus answers a query with them, read once: numbers, and native histograms.

https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Query(NamedTuple):
    """One expression, asked for the end alone or over the whole time."""

    expr: str
    instant: bool


class Histogram(NamedTuple):
    """A sample that is a native histogram: when, of how many observations, and their sum."""

    at: float
    observations: float
    total: float


@dataclass(frozen=True)
class Found:
    """A series of an answer: ``metric`` are all its labels, ``samples`` are (seconds since 1970, value), in order."""

    metric: Mapping[str, str]
    samples: Sequence[tuple[float, float]]
    histograms: Sequence[Histogram] = ()

    @functools.cached_property
    def points(self) -> list[tuple[float, float]]:
        """The samples that can be drawn: neither NaN nor without end."""
        return [(at, value) for at, value in self.samples if math.isfinite(value)]

    @property
    def labels(self) -> dict[str, str]:
        """Its labels without the name of the metric."""
        return {key: value for key, value in self.metric.items() if key != "__name__"}


Answers = Mapping[Query, Sequence[Found] | str]
"""Series by query; a text is why there are none."""


def read(result: Sequence[Any]) -> list[Found]:
    """Series of the ``result`` of an answer; a number alone, as ``time()`` is one, is a series. Raises ValueError: why it is not drawn."""
    if result and not isinstance(result[0], Mapping):
        try:
            return [Found({}, [_sample(result)])]
        except (TypeError, ValueError):
            raise ValueError("the answer is a text, which is not drawn") from None
    try:
        return [_series(one) for one in result]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"the answer has a series that is none: {type(error).__name__}: {error}") from error


def _series(one: Mapping[str, Any]) -> Found:
    values = one["values"] if "values" in one else [one["value"]] if "value" in one else []
    histograms = one["histograms"] if "histograms" in one else [one["histogram"]] if "histogram" in one else []
    return Found(
        {str(key): str(value) for key, value in (one.get("metric") or {}).items()},
        list(map(_sample, values)),
        [Histogram(float(at), float(found["count"]), float(found["sum"])) for at, found in histograms],
    )


def _sample(found: Sequence[Any]) -> tuple[float, float]:
    at, value = found
    return float(at), float(value)
