# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What the baseline of a cluster would refuse later, object by object, said of the model for all at once."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.schema import Problem, show_path
from ..look import amount, entries, mapping


def check(model: Mapping[str, Any], _situation: Any) -> Iterator[Problem]:
    """Every problem; ``model`` has its defaults but may be invalid in form, and nothing derived."""
    for look in (_admission, _limits, _exceptions, _capacity):
        yield from look(model)


def _admission(model: Mapping[str, Any]) -> Iterator[Problem]:
    """What the API server would refuse later, object by object, said for all at once."""
    actions = mapping(mapping(model, "security"), "admission").get("actions")
    if isinstance(actions, list) and {"Deny", "Warn"} <= set(actions):
        yield Problem(("security", "admission", "actions"), "found Deny and Warn; allowed: one of them, alone or with Audit")
    registries = [one.rstrip("/") for one in mapping(model, "settings").get("registries") or () if isinstance(one, str)]
    for name, entry in entries(model, "services").items():
        image = entry.get("image")
        if isinstance(image, str) and not any(image.startswith(f"{registry}/") for registry in registries):
            yield Problem(
                ("services", name, "image"), f"found {image!r}, which is in none of settings.registries; allowed: {', '.join(registries)}"
            )


def _limits(model: Mapping[str, Any]) -> Iterator[Problem]:
    """No container may ask for more than its team's limit range lets in: its pods would be refused."""
    teams = mapping(model, "teams")
    for name, entry in entries(model, "services").items():
        team = entry.get("team")
        most = mapping(mapping(mapping(teams, team), "limits"), "max") if isinstance(team, str) else {}
        for part in ("requests", "limits"):
            for key, given in mapping(mapping(entry, "resources"), part).items():
                if amount(given) > amount(most.get(key)) > 0:
                    yield Problem(
                        ("services", name, "resources", part, key),
                        f"found {given!r}, above teams.{team}.limits.max, which is {most[key]!r}",
                    )


def _exceptions(model: Mapping[str, Any]) -> Iterator[Problem]:
    for name, exception in entries(mapping(model, "security"), "exceptions").items():
        expires = exception.get("expires")
        if isinstance(expires, str):
            try:
                datetime.date.fromisoformat(expires)
            except ValueError:
                yield Problem(
                    ("security", "exceptions", name, "expires"), f"found {expires!r}, which is no day; allowed: a day of the calendar"
                )


def _capacity(model: Mapping[str, Any]) -> Iterator[Problem]:
    """What a team's services ask for at least must fit into its quota, or pods would wait for ever."""
    asked: dict[str, dict[str, float]] = {}
    for entry in entries(model, "services").values():
        least = mapping(entry, "replicas").get("min")
        requests = mapping(mapping(entry, "resources"), "requests")
        team = entry.get("team")
        if isinstance(least, int) and isinstance(team, str):
            sums = asked.setdefault(team, {"cpu": 0.0, "memory": 0.0, "pods": 0.0})
            sums["cpu"] += least * amount(requests.get("cpu"))
            sums["memory"] += least * amount(requests.get("memory"))
            sums["pods"] += least
    for name, team_entry in entries(model, "teams").items():
        for key, given in mapping(team_entry, "quota").items():
            needed = asked.get(name, {}).get(key, 0.0)
            if needed > amount(given):
                words = f"{needed / 1024**2:g}Mi" if key == "memory" else f"{needed:g}"
                yield Problem(
                    ("teams", name, "quota", key), f"found {given!r}, but the team's services ask for {words} at least ({_sources(name)})"
                )


def _sources(team: str) -> str:
    return f"replicas.min × resources.requests of the services of {show_path((team,))}"
