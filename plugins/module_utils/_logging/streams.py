# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The data streams of an environment: whose logs each holds, how many days where, and what that costs.

A service's logs are in the stream of its data class and tier, ``logs-<class>.<tier>-<environment>``: who may keep one line so long may keep all.
Names follow Elastic's scheme of data streams, whose parts have no hyphen.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

KINDS = ("hot", "warm", "cold")
"""Kinds of nodes, in the order in which logs go through them."""
OTHERS = ("platform", "audit", "security")
"""Streams of what is no service: who runs there, who did what, what tells of an attack."""
DAYS = 30
"""Days of a month, for prices."""
_SHARE, _LONGEST = 10, 30 * 24
"""An index is closed after a tenth of its life, and after so many hours: few indices, and none that holds its oldest line much longer."""
_LOOKS = 1
"""Hours in which Elasticsearch has certainly looked whether to close an index and whether to delete it: it looks every ten minutes."""
SWEEP = 1
"""Days until a snapshot that is old enough goes: Elasticsearch looks once a day (``slm.retention_schedule``)."""


def part(name: str) -> str:
    """A name as a part of a stream's."""
    return name.replace("-", "_")


def dataset_of(data_class: str, tier: str) -> str:
    """The dataset of services of this class and tier."""
    return f"{part(data_class)}.{tier}"


def streams(settings: Mapping[str, Any], services: Mapping[str, Json], classes: Mapping[str, int]) -> dict[str, Json]:
    """By dataset ``{data_class?, tier?, redaction, days, rollover, delete, kept, snapshots, gigabytes_per_day, stored, cost?}``.

    ``settings`` are those of the area, ``services`` those of the model, ``classes`` the most days of each data class that has a most. ``days``
    are by kind of node, ``rollover`` hours until an index is closed at the latest, ``delete`` hours from then until it is deleted, ``snapshots``
    the days that a snapshot of it is kept (0: there is none), ``kept`` the hours that a line is there at ``least``, and at ``most``, in
    snapshots as well. ``stored`` are gigabytes by kind of node with all copies, and in ``snapshots``, when as much is deleted as comes in;
    ``cost`` is what that is in a month, by the same names and in ``total``, as text.
    """
    snapshots: Mapping[str, Any] = settings.get("snapshots") or {"keep": 0, "without": ()}
    found: dict[str, Json] = {}
    for _name, service in sorted(services.items()):
        dataset = dataset_of(service["data_class"], service["tier"])
        if dataset not in found:
            kept = 0 if service["data_class"] in snapshots["without"] else snapshots["keep"]
            found[dataset] = {
                "data_class": service["data_class"], "tier": service["tier"],
                "redaction": settings["redaction"]["classes"].get(service["data_class"], "strict"),
                **_hours(settings["retention"][service["tier"]], classes.get(service["data_class"]), kept), "gigabytes_per_day": 0,
            }  # fmt: skip
        found[dataset]["gigabytes_per_day"] += service.get("logging", {}).get("gigabytes_per_day", 0)
    for name in OTHERS:
        found[name] = {
            "redaction": "plain",
            **_hours(settings["retention"][name], None, snapshots["keep"]),
            "gigabytes_per_day": settings["volume"][name],
        }
    for one in found.values():
        stored = {kind: _stored(settings, one, one["days"][kind], settings["copies"][kind]) for kind in KINDS}
        if one["snapshots"]:
            # What snapshots have in common is there once, and as long as one of them has it.
            stored["snapshots"] = _stored(settings, one, sum(one["days"].values()) + one["snapshots"] + SWEEP, 0)
        one["stored"] = {kind: float(size) for kind, size in stored.items()}
        if prices := settings.get("prices"):
            costs = {kind: size * Decimal(prices[kind]) for kind, size in stored.items()}
            one["cost"] = {**{kind: money(cost) for kind, cost in costs.items()}, "total": money(sum(costs.values(), Decimal(0)))}
    return found


def cut(days: Mapping[str, int], most: int | None) -> dict[str, int]:
    """The days by kind of node, where all of them may be ``most`` together: what is last goes first."""
    left = sum(days[kind] for kind in KINDS) if most is None else most
    found = {}
    for kind in KINDS:
        found[kind] = min(days[kind], left)
        left -= found[kind]
    return found


def money(amount: Decimal) -> str:
    """An amount, in hundredths."""
    return f"{amount.quantize(Decimal('0.01'))}"


def _hours(days: Mapping[str, int], most: int | None, snapshots: int) -> Json:
    """An index goes as a whole, and its age counts from when it was closed, by age or by size.

    So its newest line has to have all its days then. Where the data class allows no more than these its oldest line may not outlive them, and
    neither may it in the snapshot that was made of it last.
    """
    beyond = snapshots + SWEEP if snapshots else 0
    most = None if most is None else most - beyond
    days = cut(days, most)
    total = sum(days.values()) * 24
    rollover = max(1, min(days["hot"] * 24 - _LOOKS, total // _SHARE, _LONGEST))
    delete = total if most is None else min(total, most * 24 - rollover - _LOOKS)
    kept = {"least": delete, "most": delete + rollover + _LOOKS + beyond * 24}
    return {"days": days, "rollover": rollover, "delete": delete, "kept": kept, "snapshots": snapshots}


def _stored(settings: Mapping[str, Any], one: Json, days: int, copies: int) -> Decimal:
    return Decimal(str(one["gigabytes_per_day"])) * Decimal(str(settings["volume"]["stored"])) * Decimal(days) * Decimal(1 + copies)
