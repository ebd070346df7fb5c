# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Errors of the kernel: raised anywhere, turned into a task result at one place (the face of a module or action)."""

from __future__ import annotations

from typing import Any

from .words import clean_lines, cleaned


class GantryError(Exception):
    """An error that a person can act on.

    ``details`` becomes further keys of the failed task's result, so it must never hold a secret. What a terminal would obey is an
    escape in both; who puts a server's words into a message cleans them as one line first.
    """

    def __init__(self, message: str, **details: Any) -> None:
        self.message = clean_lines(message)
        super().__init__(self.message)
        self.details: dict[str, Any] = cleaned(details)


class InputError(GantryError):
    """What was asked for cannot be right; found before anything was contacted or written."""


class RefusedError(GantryError):
    """A guard said no before the first write. ``details['refused']`` names each refused change."""


class UnreachableError(GantryError):
    """The server could not be reached, or went away and did not come back within the deadline."""


class LostAnswerError(UnreachableError):
    """What must not be done twice was sent, and no answer came: it may have been done. The caller reads what is there and adopts it."""


class UntrustedError(UnreachableError):
    """Whoever answers has no certificate that counts here. Waiting does not help."""


class ServerError(GantryError):
    """The server answered, and its answer was no."""


class TimeoutExceededError(GantryError):
    """Something did not become true in time."""


class CancelledError(GantryError):
    """The run was stopped from outside (a task timeout, the parent's death); no further request is sent."""
