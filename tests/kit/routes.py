# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alertmanager's walk through its routes, told apart from what makes them; amtool is its judge."""

from __future__ import annotations

import re


def receiver_of(routes, labels, root="nobody"):
    """Which receivers an alert with these labels reaches, as Alertmanager walks its routes: the first that fits, on where it continues."""
    found = []
    for route in routes:
        if all(_fits(matcher, labels) for matcher in route["matchers"]):
            found += receiver_of(route.get("routes", ()), labels, route["receiver"])
            if not route.get("continue"):
                return found
    return found or [root]


def _fits(matcher, labels):
    value = labels.get(matcher["name"], "")
    return bool(re.fullmatch(matcher["value"], value)) if matcher["matchType"] == "=~" else value == matcher["value"]
