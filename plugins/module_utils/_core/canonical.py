# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One byte form for every JSON value, and digests of it."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no white space, so that equal values have equal bytes."""
    return _encode(value).encode()


def digest(value: Any) -> str:
    """``sha256:<hex>`` of the canonical form. Not for secrets: a weak one could be guessed from it."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def keyed_digest(key: bytes, value: Any) -> str:
    """Hex HMAC-SHA256 of the canonical form: says whether a value changed and nothing else to who lacks the key."""
    return hmac.digest(key, canonical(value), "sha256").hex()
