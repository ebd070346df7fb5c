# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Kubernetes' quantities: ``0.5`` and ``500m`` are the same amount."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

_QUANTITY = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?)([numkMGTPE]|[KMGTPE]i)?")
_SCALES = {suffix: Fraction(1000) ** power for power, suffix in enumerate("num kMGTPE", start=-3)}
_SCALES |= {f"{suffix}i": Fraction(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)}


def amount(value: Any) -> Fraction | None:
    """What a quantity (``0.5``, ``500m``, ``1Gi``) amounts to; none where it is none."""
    found = _QUANTITY.fullmatch(str(value)) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    return Fraction(found[1]) * _SCALES[found[2] or " "] if found else None
