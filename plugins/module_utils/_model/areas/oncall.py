# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What cannot be right about who is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.schema import Path, Problem
from ..look import entries, mapping

_CALLED = ("t0", "t1")
"""Tiers of which somebody has to hear at once."""


def check(model: Mapping[str, Any], _situation: Any) -> Iterator[Problem]:
    """Every problem; ``model`` has its defaults but may be invalid in form, and nothing derived."""
    teams = entries(model, "teams")
    schedules: dict[str, str] = {}
    for name, team in teams.items():
        schedule = str(mapping(team, "on_call").get("schedule") or name)
        if "on_call" in team and schedules.setdefault(schedule, name) != name:
            yield Problem(
                ("teams", name, "on_call"), f"its schedule {schedule!r} is that of the team {schedules[schedule]!r}; name another one"
            )
        users = mapping(team, "on_call").get("users")
        seen: list[Any] = []
        for number, user in enumerate(users if isinstance(users, list) else ()):
            if user in seen:
                path: Path = ("teams", name, "on_call", "users", number)
                yield Problem(path, f"found {user!r} twice; name each once, in the order of the turns")
            seen.append(user)
    if not mapping(mapping(model, "settings"), "areas").get("oncall"):
        return
    for name, service in entries(model, "services").items():
        team = teams.get(str(service.get("team")), {})
        if service.get("tier") in _CALLED and not team.get("oncall") and not team.get("on_call"):
            yield Problem(
                ("services", name, "team"),
                f"nobody of {service.get('team')!r} is called for a service of tier {service['tier']}; write teams.{service.get('team')}.on_call "
                "with users and starts, or name an escalation policy that is there in oncall",
            )
