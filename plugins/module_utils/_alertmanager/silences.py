# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Silences of Alertmanager, whose API makes another one of each POST: ours bear a name, and are found by it. Contacts nothing."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._core.errors import InputError
from .._core.forms import seconds
from .._core.mark import marked, owner_of

Json = dict[str, Any]

_NAME = re.compile(r"[^\s\[\]]([^\[\]\n]*[^\s\[\]])?")
_OVER = "expired"


@dataclass(frozen=True)
class Silence:
    """One as it is wanted. ``ends`` is a moment, or none where only its length is said: then one that is there keeps its own end."""

    name: str
    matchers: tuple[Mapping[str, Any], ...]
    comment: str
    created_by: str
    starts: datetime.datetime | None
    ends: datetime.datetime | None
    length: datetime.timedelta


@dataclass(frozen=True)
class Step:
    """One request: what it does, to which silence (empty for a new one), and with what body."""

    action: str
    id: str
    body: Json | None = None


def read(params: Mapping[str, Any]) -> Silence:
    """The options of a task. Raises InputError that names the option and a cure."""
    if not _NAME.fullmatch(params["name"]):
        raise InputError(f"name: found {params['name']!r}; allowed: a text of one line without [ and ]")
    if not params["matchers"]:
        raise InputError("matchers is empty: such a silence would keep every alert quiet")
    matchers = tuple(map(_matcher, params["matchers"]))
    if all(one["isRegex"] and re.fullmatch(one["value"], "") for one in matchers):
        raise InputError("matchers: every one also fits alerts without its label; name one that has to be there")
    length = seconds(params["duration"])
    if not isinstance(length, (int, float)) or length < 60:
        raise InputError(f"duration is a time of at least 1m such as 2h or 3d, found {params['duration']!r}")
    starts, ends = (_moment(name, params[name]) for name in ("starts_at", "ends_at"))
    if starts and ends and ends <= starts:
        raise InputError("ends_at is not after starts_at")
    return Silence(
        params["name"], matchers, params["comment"], params["created_by"], starts, ends, datetime.timedelta(seconds=float(length))
    )


def steps(wanted: Silence, there: Sequence[Json], now: datetime.datetime, absent: bool) -> Iterator[Step]:
    """What makes it so; nothing where it is so. Of several that bear the name the one that ends last stays."""
    alive = sorted(
        (one for one in there if owner_of(one.get("comment")) == wanted.name and one["status"]["state"] != _OVER),
        key=lambda one: str(one["endsAt"]),
    )
    if absent:
        yield from (Step("expire", one["id"]) for one in alive)
        return
    yield from (Step("expire", one["id"]) for one in alive[:-1])
    starts = wanted.starts or now
    ends = wanted.ends or (wanted.starts + wanted.length if wanted.starts else None)
    body = {
        "matchers": list(wanted.matchers),
        "startsAt": starts.isoformat(),
        "endsAt": (ends or starts + wanted.length).isoformat(),
        "createdBy": wanted.created_by,
        "comment": marked(wanted.comment, wanted.name),
    }
    if not alive:
        if ends is None or ends > now:
            yield Step("create", "", body)
        return
    (kept,) = alive[-1:]
    if ends is None:
        body["endsAt"] = kept["endsAt"]
    if wanted.starts is None or kept["status"]["state"] == "active":
        body["startsAt"] = kept["startsAt"]  # what has begun, has
    if _said(kept) != _said(body):
        yield Step("update", kept["id"], {**body, "id": kept["id"]})


def _said(silence: Json) -> Any:
    matchers = sorted((one["name"], one["value"], one["isRegex"], one.get("isEqual", True)) for one in silence["matchers"])
    return matchers, silence["comment"], silence["createdBy"], _instant(silence["startsAt"]), _instant(silence["endsAt"])


def _instant(text: str) -> float:
    """A moment to the second: Alertmanager keeps fewer digits than it is sent."""
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def _matcher(said: Any) -> Json:
    """``name=value``, ``!=``, ``=~`` or ``!~``, as amtool takes them."""
    found = re.fullmatch(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*\"?(.*?)\"?\s*", str(said))
    if found is None:
        raise InputError(f'matchers: {said!r} is none; write name="value", or !=, =~, !~ in place of =')
    regex = found[2].endswith("~")
    if regex:
        try:
            re.compile(found[3])
        except re.error as error:
            raise InputError(f"matchers: {said!r}: {error}") from error
    return {"name": found[1], "value": found[3], "isRegex": regex, "isEqual": not found[2].startswith("!")}


def _moment(name: str, said: str | None) -> datetime.datetime | None:
    if not said:
        return None
    try:
        found = datetime.datetime.fromisoformat(said.replace("Z", "+00:00"))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InputError(f"{name} is a moment with its offset such as 2026-12-01T09:00:00+01:00, found {said!r}")
    return found
