# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a secret, or what looks like one, is in a text."""

from __future__ import annotations

import base64
import re

SHAPES = re.compile(r"hv[sbr]\.\w{6}|eyJhbGci|ZXlKaGJHY2|PRIVATE KEY|\bv-(kubernet|token|root)")
"""Tokens of Vault, JWTs (as they are and in base64), keys, and the names of logins that Vault makes: nobody knows their passwords
beforehand, but whoever prints one prints the name beside it."""


def forms(value):
    """A text as itself, and as base64 at each of the three places where it may begin in a longer value."""
    yield value
    for shift in range(3):
        encoded = base64.b64encode(b"-" * shift + value.encode()).decode()
        first = -(-shift * 8 // 6)
        yield encoded[first : first + 14]


def traces_of(values, text):
    """Forms of these values that are in a text."""
    return [form for value in values for form in forms(value) if form in text]


def shapes_in(text):
    """What in a text looks like a secret."""
    return sorted({found[0] for found in SHAPES.finditer(text)})
