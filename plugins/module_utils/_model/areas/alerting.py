# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Who is told of alerts, as a contribution to whoever sends them, and what cannot be right about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._alertmanager.notifications import SEVERITIES, TIERS, VIAS, notifications, ways
from ..._alertmanager.table import table
from ..._core.schema import Path, Problem
from ..look import Json, mapping, seconds, unknown

_WEEK = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
"""As Alertmanager and the operator count the days."""
_HERE: Path = ("settings", "alerting")


def contributions(model: Json) -> dict[str, Any]:
    """Routes and receivers, and what they are held against. In a trial their secrets are those of what stands for the receivers."""
    given = (model["settings"]["alerting"], model["teams"], model["settings"]["owner"])
    found = {**notifications(*given), "table": table(*given)}
    # What exists once has no cluster of its own.
    folder = mapping(model, "cluster").get("simulated_in")
    if folder is not None:
        found["secrets"] = {key: f"file:{folder}/receivers/{key}" for key in found["secrets"]}
    return {"notifications": {"people": found}}


def check(model: Mapping[str, Any], _situation: Any) -> Iterator[Problem]:
    """Every problem; ``model`` has its defaults but may be invalid in form, and nothing derived."""
    from ..rows import alerts  # which has read this file before it knows them

    settings = mapping(model, "settings")
    alerting = mapping(settings, "alerting")
    receivers = mapping(alerting, "receivers")
    if not mapping(settings, "areas").get("alerting"):
        return
    for tier in TIERS:
        if any(not isinstance(mapping(mapping(alerting, "tiers"), tier).get(severity), list) for severity in SEVERITIES):
            return
    for tier in ("t0", "t1"):
        if not ways(alerting, tier, "page"):
            known = ", ".join(via for via in VIAS if via in receivers) or "none is declared"
            yield Problem(
                (*_HERE, "tiers", tier, "page"),
                f"reaches nobody: none of its ways is among settings.alerting.receivers ({known}); declare one of them there, or name one that is",
            )
    for index, quiet in enumerate(alerting.get("quiet_hours") or ()):
        if isinstance(quiet, Mapping) and ("from" in quiet) is not ("to" in quiet):
            yield Problem((*_HERE, "quiet_hours", index), "has one of from and to; both say hours, neither says the whole day")
        elif isinstance(quiet, Mapping) and str(quiet.get("from", "")) >= str(quiet.get("to", "24:01")):
            yield Problem(
                (*_HERE, "quiet_hours", index, "to"), f"found {quiet['to']!r}, not after {quiet['from']!r}; a night is two entries"
            )
        for day, said in enumerate(mapping({"quiet": quiet}, "quiet").get("weekdays") or ()):
            first, _colon, last = str(said).partition(":")
            if last and first in _WEEK and last in _WEEK and _WEEK.index(first) > _WEEK.index(last):
                words = f"found {said!r}, which ends before it begins: a week begins on sunday"
                yield Problem((*_HERE, "quiet_hours", index, "weekdays", day), f"{words}; name its days one by one")
    for alert in mapping(mapping(receivers, "automation"), "jobs"):
        yield from unknown((*_HERE, "receivers", "automation", "jobs", alert), "alert", alert, sorted(alerts()), at_key=True)
    for severity, repeat in mapping(alerting, "repeat").items():
        if 0 < seconds(repeat) < 60:
            yield Problem((*_HERE, "repeat", severity), f"found {repeat!r}; allowed: at least 1m")
