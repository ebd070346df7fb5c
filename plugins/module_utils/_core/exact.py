# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Exact numbers: 99.9 % leaves 1/1000, and never 0.0010000000000000009."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

_UNITS = {"ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "h": Fraction(3600), "d": Fraction(86400)}


def number(value: Any) -> Fraction:
    """What somebody typed. YAML made a float of it, whose shortest form is what stands in the file (Steele and White 1990)."""
    return Fraction(Decimal(str(value)))


def text(value: Fraction) -> str:
    """The number as PromQL and JSON read it: its decimals where they end, else as a quotient."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest > 1:
        return f"({value.numerator} / {value.denominator})"
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


def percent(value: Fraction, digits: int = 3) -> str:
    """A ratio for people, such as ``99.95 %``. It is cut towards what is worse, so that 99.9996 % never reads as 100 %."""
    scaled = math.floor(value * 100 * 10**digits)
    shown = f"{Decimal(scaled).scaleb(-digits):f}"
    return f"{shown.rstrip('0').rstrip('.') if '.' in shown else shown} %"


def seconds(duration: str) -> Fraction:
    """A duration such as ``250ms`` or ``28d``, exactly."""
    unit = duration.lstrip("0123456789")
    return int(duration[: len(duration) - len(unit)]) * _UNITS[unit]


def duration(length: Fraction) -> str:
    """Seconds as PromQL writes them, in the largest unit that fits."""
    for unit in ("d", "h", "m", "s", "ms"):
        if (length / _UNITS[unit]).denominator == 1:
            return f"{length / _UNITS[unit]}{unit}"
    raise ValueError(f"{length} s is no whole number of milliseconds")
