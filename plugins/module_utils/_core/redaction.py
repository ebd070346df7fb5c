# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What may be shown of a secret: that it is set, changed or unset."""

from __future__ import annotations

from typing import Any

from .diff import ABSENT

SET = "<secret: set>"
CHANGED = "<secret: changed>"
UNSET = "<secret: unset>"


def shown_pair(before: Any, after: Any) -> tuple[Any, Any]:
    """Stand-ins for both sides of a changed secret value."""
    if before is ABSENT:
        return ABSENT, SET
    if after is ABSENT:
        return SET, UNSET
    return SET, CHANGED
