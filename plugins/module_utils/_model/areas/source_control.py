# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What cannot be right about where code is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.schema import Problem
from ..look import entries, mapping, unknown

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MINE = ("settings", "source_control")
_REVIEWERS = 6
"""That many an environment of GitHub may have."""


def check(model: Mapping[str, Any], _situation: Any) -> Iterator[Problem]:
    """Every problem; ``model`` has its defaults but may be invalid in form, and nothing derived."""
    if not mapping(mapping(model, "settings"), "areas").get("source_control"):
        return
    said = mapping(mapping(model, "settings"), "source_control")
    teams = entries(model, "teams")
    yield from unknown((*_MINE, "team"), "team", said.get("team"), teams, home=("teams",))
    for name, environment in entries(said, "environments").items():
        reviewers = _listed(environment.get("reviewers"))
        if len(reviewers) > _REVIEWERS:
            path = (*_MINE, "environments", name, "reviewers")
            yield Problem(path, f"found {len(reviewers)} teams, and GitHub asks at most {_REVIEWERS}; name fewer")
        for number, team in enumerate(reviewers):
            yield from unknown((*_MINE, "environments", name, "reviewers", number), "team", team, teams, home=("teams",))
    if not said.get("owner"):
        yield Problem((*_MINE, "owner"), "is missing; name the organization, or switch the area source_control off")
    if said.get("repository") and not said.get("team"):
        yield Problem((*_MINE, "team"), "is missing; name the team that owns the repository of this inventory")
    for name in teams:
        if not _SLUG.fullmatch(name):
            yield Problem(
                ("teams", name), "GitHub has no team of that name; allowed: small letters and digits, with single - between them", True
            )
    yield from _repositories(entries(model, "services"), said)


def _repositories(services: Mapping[str, dict[str, Any]], said: Mapping[str, Any]) -> Iterator[Problem]:
    """What services say of repositories that they may share."""
    spelt: dict[str, str] = {}
    teams: dict[str, set[Any]] = {}
    checks: dict[str, list[Any]] = {}
    for name, service in services.items():
        path = ("services", name, "repository")
        mine = mapping(service, "repository")
        repository = mine.get("name")
        if not isinstance(repository, str):
            continue
        same = repository.lower()
        if same == str(said.get("repository")).lower():
            yield Problem((*path, "name"), f"{repository!r} is the repository of this inventory; name another one")
        if spelt.setdefault(same, repository) != repository:
            yield Problem((*path, "name"), f"{repository!r} is {spelt[same]!r} to GitHub; spell it the same everywhere")
        teams.setdefault(same, set()).add(service.get("team"))
        if len(teams[same]) > _REVIEWERS:
            text = f"is shared by {len(teams[same])} teams, and GitHub asks at most {_REVIEWERS}; share it among fewer"
            yield Problem(path, text)
        known = checks.setdefault(same, list(_listed(said.get("checks"))))
        for number, one in enumerate(_listed(mine.get("checks"))):
            if one in known:
                yield Problem((*path, "checks", number), f"found {one!r}, which is asked of {repository!r} already; name it once")
            known.append(one)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
