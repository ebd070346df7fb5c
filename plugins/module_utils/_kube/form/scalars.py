# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a scalar without quotes means to Kubernetes. Its reader (sigs.k8s.io/yaml on yaml.v2) knows neither base 60 nor dates as values,
takes ``0o17`` and ``1e3`` for numbers, and hands everything on as JSON. ``kubectl annotate --local`` is the judge in the tests.
"""

from __future__ import annotations

import math
import re
import struct
from typing import Any

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_MAYBE = frozenset("+-.0123456789")
_WHOLE = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]([0-7]+)|0([0-7]*)|([1-9][0-9]*))")
_ODD_BINARY = re.compile(r"0b([-+][01]+)")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_POINT_FIRST = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9:.]+([zZ]|[-+][0-9:]+)?)?")
_SIGNED, _UNSIGNED = 2**63, 2**64
_TAG = "tag:yaml.org,2002:"


def plain(text: str) -> Any:
    """The value of a scalar without quotes or tag: None, bool, int, float or the text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAYBE:
        return text
    if text[0] == ".":
        return _finite(text.replace("_", ""), text) if _POINT_FIRST.fullmatch(text) else text
    digits = text.replace("_", "")
    whole = _whole(digits)
    if whole is not None:
        return whole
    return _finite(digits, text) if _DECIMAL.fullmatch(digits) else text


def tagged(tag: str, text: str) -> Any:
    """The value of a scalar with one of YAML's own tags. Raises ValueError that says why there is none."""
    name = tag.removeprefix(_TAG)
    value = plain(text)
    fits = {
        "null": value is None,
        "bool": isinstance(value, bool),
        "int": isinstance(value, int) and not isinstance(value, bool),
        "float": isinstance(value, (int, float)) and not isinstance(value, bool),
        "timestamp": isinstance(value, str) and bool(_DATE.fullmatch(text)),
    }
    if not fits.get(name, False):
        raise ValueError(f"{text!r} is no !!{name}")
    return float(value) if name == "float" else value


def as_json(value: Any) -> Any:
    """A number as Kubernetes has it after JSON: ``1.0`` is 1, what exceeds 64 bits is a float. Raises ValueError where JSON has none."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("JSON, and so Kubernetes, has no infinity and no NaN")
        return int(value) if value.is_integer() and -_SIGNED <= value < _SIGNED else value
    if isinstance(value, int) and not -_SIGNED <= value < _SIGNED:
        return float(value)
    return value


def as_key(value: Any) -> str:
    """A mapping's key as the text that it becomes. Raises ValueError where it becomes none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _short(value)
    if isinstance(value, int) and value < _SIGNED:
        return str(value)
    raise ValueError(f"a key is a text, not {'null' if value is None else 'a number of more than 63 bits'}")


def _whole(digits: str) -> int | None:
    found = _WHOLE.fullmatch(digits)
    if not found:
        odd = _ODD_BINARY.fullmatch(digits)
        return int(odd.group(1), 2) if odd else None
    sign, *groups = found.groups()
    base, number = next((base, group) for base, group in zip((16, 2, 8, 8, 10), groups, strict=True) if group is not None)
    value = int(number or "0", base) * (-1 if sign == "-" else 1)
    if -_SIGNED <= value < _SIGNED or (not sign and value < _UNSIGNED):
        return value
    return None


def _finite(digits: str, text: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else text


def _short(value: float) -> str:
    """Go's ``FormatFloat(value, 'g', -1, 32)``: the fewest digits that give the same number of 32 bits."""
    if math.isnan(value):
        return ".nan"
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        single = math.copysign(math.inf, value)
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    digits = next(text for places in range(9) if struct.pack("f", float(text := f"{single:.{places}e}")) == struct.pack("f", single))
    mantissa, _e, exponent = digits.partition("e")
    power, places = int(exponent), len(mantissa.lstrip("-").replace(".", "")) - 1
    if not -4 <= power < 6:
        return f"{mantissa}e{power:+03d}"
    return f"{single:.{max(places - power, 0)}f}"
