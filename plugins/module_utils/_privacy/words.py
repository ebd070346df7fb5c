# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The modes of redaction, and the words of names that tell a secret, a person, or what somebody said.

A word of several parts is written with spaces: the parts may be joined by ``.``, ``_``, ``-`` or nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

MODES = ("plain", "personal", "strict")
"""What stays: all but secrets; that but what is about a person; what is known to be technical and nothing else."""
SECRET = (
    "authorization", "cookie", "cookies", "set cookie", "passwd", "password", "secret", "secrets", "credential", "credentials", "token",
    "tokens", "api key", "private key", "session",
)  # fmt: skip
PERSON = ("email", "e mail", "phone", "address", "birth")
CONTENT = ("prompt", "completion", "input", "output", "system instructions")
"""What was said to a model and by it, as OpenTelemetry's conventions for generative systems name it."""


def mode_of(regulations: Container[str]) -> str:
    """The mode of a class of data, where nobody says another, by what governs it."""
    return "strict" if "hipaa" in regulations else "personal" if "gdpr" in regulations else "plain"


def as_words(names: Iterable[str]) -> str:
    """A regular expression for a name, one of whose parts is one of these."""
    return rf"(^|[._-])({'|'.join(name.replace(' ', '[._-]?') for name in names)})([._-]|$)"
