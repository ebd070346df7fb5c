# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Values in Grafana's units, as people read them.

Identifiers and what they mean: https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts
"""

from __future__ import annotations

import math

_DECIMAL = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_BINARY = ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))
_TIME = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SCALED = {
    "short": (_DECIMAL, ""),
    "ops": (_DECIMAL, "/s"),
    "reqps": (_DECIMAL, "req/s"),
    "cps": (_DECIMAL, "/s"),
    "bytes": (_BINARY, "B"),
    "decbytes": (_DECIMAL, "B"),
    "binBps": (_BINARY, "B/s"),
    "Bps": (_DECIMAL, "B/s"),
}
_WRITTEN = 1e15
"""What is greater has more figures than a number holds, and is written with a power of ten."""
_SECONDS = {"s": 1.0, "ms": 1e-3, "m": 60.0, "h": 3600.0, "d": 86400.0}


def say(value: float, unit: str, decimals: int | None = None) -> str:
    """The value with its unit, with so many ``decimals`` as are said; a unit that is not known here stands behind it as it is."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    if unit in ("percentunit", "percent"):
        share = value * (100 if unit == "percentunit" else 1)
        # Of what is kept nearly always it is the rest that counts.
        said = f"{share:.{6 if 99 < abs(share) < 100 else 4}g}" if decimals is None else _figures(share, decimals)
        return f"{said} %"
    if unit in _SECONDS:
        seconds = value * _SECONDS[unit]
        size, word = next((one for one in _TIME if abs(seconds) >= one[0]), _TIME[3])
        return f"{_figures(seconds / size, decimals)} {word}"
    scale, word = _SCALED.get(unit, (_DECIMAL, "" if unit == "none" else unit))
    size, prefix = next((one for one in scale if abs(value) >= one[0]), (1, ""))
    number = _figures(value / size, decimals)
    if word.startswith("B"):
        return f"{number} {prefix}{word}"
    return f"{number}{prefix}{word}" if word.startswith("/") else f"{number}{prefix} {word}".rstrip()


def _figures(value: float, decimals: int | None) -> str:
    """So many decimals, or three figures; up to a million there is no power of ten."""
    if decimals is not None and abs(value) < _WRITTEN:
        return f"{value:.{decimals}f}"
    return f"{value:.0f}" if 999.5 <= abs(value) < 1e6 else f"{value:.3g}"
