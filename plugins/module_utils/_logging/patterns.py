# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Patterns of lines that tell of a fault or an attack: what Fluent Bit counts, and alerts look at.

A line has a pattern where of each group of words one is in it, in small letters. They are words and no expressions: nothing can be slow or wrong.
"""

from __future__ import annotations

from typing import Any

PATTERNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "secret_access_denied": (("permission denied",), ("vault", "secret/")),
    "audit_anonymous": (('"system:anonymous"', '"username":"system:anonymous"'), ('"decision":"allow"', "/decision")),
    "authentication_failed": (
        (
            "authentication fail",
            "failed login",
            "login failed",
            "invalid credential",
            "invalid password",
            "failed password",
            "invalid token",
        ),
    ),
    "access_denied": (("access denied", "permission denied", "forbidden", "not authorized", "unauthorized"),),
    "certificate_rejected": (("certificate has expired", "certificate signed by unknown", "certificate verify failed", "x509:"),),
    "injection_tried": (("union select", "' or '1'='1", "../../", "<script", "${jndi:", "; drop table"),),
    "out_of_memory": (("out of memory", "oomkilled", "outofmemoryerror", "memoryerror", "cannot allocate memory"),),
    "disk_full": (("no space left on device", "disk full", "disk quota exceeded"),),
    "crashed": (("panic:", "fatal error", "segmentation fault", "core dumped", "unhandled exception", "uncaught exception"),),
    "not_reached": (("connection refused", "connection reset", "no such host", "no route to host", "i/o timeout", "deadline exceeded"),),
}
"""By name, the more telling first: a line has one."""


def as_data() -> list[dict[str, Any]]:
    """In their order, as the filter reads them."""
    return [{"name": name, "all": [list(group) for group in groups]} for name, groups in PATTERNS.items()]
