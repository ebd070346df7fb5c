# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Whom every kind of alert has to reach, out of tiers and teams alone: what routes are held against, so nothing here knows of routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .notifications import AUTOMATION, DEAD_MAN, NOBODY, SEVERITIES, TIERS, Json, ways

_NO_TEAM = "of no team"
"""With blanks, which no name of a team has."""


def table(settings: Json, teams: Mapping[str, Json], owner: str) -> list[dict[str, Any]]:
    """Rows ``{labels, receivers}`` for ``settings.alerting``: each team, tier and severity once, and what says no team or no tier.

    Receivers are in the order in which Alertmanager comes to them, by the names that ``notifications`` gives.
    """
    return list(_rows(settings, teams, owner))


def _rows(settings: Json, teams: Mapping[str, Json], owner: str) -> Iterator[dict[str, Any]]:
    before = [AUTOMATION] if "automation" in settings["receivers"] else []
    dead_man = DEAD_MAN if "dead_man" in settings["receivers"] else NOBODY
    yield {"labels": {"alertname": "Watchdog", "severity": "none"}, "receivers": [dead_man]}
    for team in sorted({*teams, owner, _NO_TEAM}):
        told = team if team in teams else owner
        yield {"labels": {"team": team, "severity": "none"}, "receivers": [NOBODY]}
        for severity in SEVERITIES:
            for tier in (*TIERS, None):
                vias = ways(settings, tier or settings["platform_tier"], severity)
                labels = {"team": team, "severity": severity, **({"tier": tier} if tier else {})}
                yield {"labels": labels, "receivers": [*before, f"{told}_{'-'.join(vias)}" if vias else NOBODY]}
