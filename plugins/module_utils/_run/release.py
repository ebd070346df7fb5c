# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Releases: what a record remembers of them, which one a run had, what a source has verified, and what of it another environment takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._core.errors import InputError
from .._core.suggest import did_you_mean
from .promotion import make_record

KEPT = 20
"""So many releases before the last one are remembered by a cluster's record."""
_TOLD = ("run", "created", "who", "revision")
Json = Mapping[str, Any]


def remember(record: Json, earlier: Any) -> dict[str, Any]:
    """The record with the releases that the one before it knew, the newest first.

    A release that a later run had again is named once, unless the earlier one verified it and this one, of a part alone, did not.
    """
    again = releases_of(record)[:1]
    proven = bool(again and again[0]["verified"])
    known = [one for one in releases_of(earlier) if one["release"] != record.get("release") or (one["verified"] and not proven)]
    return {**record, "releases": known[:KEPT]}


def releases_of(record: Any) -> list[dict[str, Any]]:
    """Every release that a record knows, the newest first; none of records that were left before releases were kept."""
    if not isinstance(record, Mapping):
        return []
    own = []
    if isinstance(record.get("release"), Mapping) and isinstance(record.get("host"), Mapping):
        verified = bool(record["host"].get("verified")) and not record.get("areas")
        own = [{**{key: record.get(key) for key in _TOLD}, "verified": verified, "release": record["release"]}]
    earlier = [one for one in record.get("releases") or [] if isinstance(one, Mapping) and isinstance(one.get("release"), Mapping)]
    return own + [
        {**{key: one.get(key) for key in _TOLD}, "verified": bool(one.get("verified")), "release": one["release"]} for one in earlier
    ]


def release_of_run(records: Iterable[Any], run: str, environment: str) -> dict[str, Any]:
    """The release that the run had, by any of an environment's records. Raises InputError that lists those there are.

    A run is called verified where it is by every record that knows it.
    """
    known: dict[str, dict[str, Any]] = {}
    for one in (one for record in records for one in releases_of(record)):
        before = known.setdefault(str(one["run"]), one)
        known[str(one["run"])] = {**before, "verified": before["verified"] and one["verified"]}
    if run in known:
        return dict(known[run]["release"])
    listed = sorted(known.values(), key=lambda one: str(one["created"]), reverse=True)
    lines = "".join(
        f"\n  {one['run']}  {one['created']} by {one['who']}{', verified' if one['verified'] else ', not verified'}" for one in listed
    )
    what = f"no run {run!r} is recorded for {environment}{did_you_mean(run, known)}" if run else f"which release of {environment} is meant?"
    raise InputError(f"{what}; recorded are:{lines or ' none: a run that changes a cluster records its release'}")


def proven_by(records: Mapping[str, Any], source: str) -> dict[str, Any] | None:
    """What a source's clusters have verified by their records: a record of promotion of what ran verified on every one of them."""
    by_host = {host: [one for one in releases_of(record) if one["verified"]] for host, record in records.items()}
    if not by_host or not all(by_host.values()):
        return None
    newest = max((runs[0] for runs in by_host.values()), key=lambda one: str(one["created"]))
    report = {"environment": source, "revision": newest["revision"], "created": newest["created"], "hosts": list(by_host)}
    made: dict[str, Any] | None = None
    for runs in by_host.values():
        own: dict[str, Any] | None = None
        for one in reversed(runs):
            own = make_record(report, one["release"], own)
        made = own if made is None or own is None else {**made, "verified": _common(made["verified"], own["verified"])}
    return made


def _common(one: Json, other: Json) -> dict[str, dict[str, list[Any]]]:
    return {
        kind: {name: [value for value in values if value in (other.get(kind) or {}).get(name, [])] for name, values in entries.items()}
        for kind, entries in one.items()
    }


def taken(release: Json, present: Json, only: Iterable[str] = ()) -> dict[str, dict[str, dict[str, str]]]:
    """What of a release an environment takes: the services and components that it has (``present``: their names by kind), or some of them.

    Raises InputError for a name in ``only`` that the release does not have, and for a value that is no text: 1.10 without quotes is 1.1.
    """
    names = list(only)
    known = [name for kind in ("services", "components") for name in release.get(kind) or {}]
    for name in names:
        if name not in known:
            raise InputError(f"{name!r} is no part of that release; allowed: {', '.join(known)}{did_you_mean(name, known)}")
    for kind in ("services", "components"):
        for name, value in (release.get(kind) or {}).items():
            where = f"release.{kind}.{name}"
            if not isinstance(value, Mapping):
                raise InputError(f"{where}: found {value!r}; allowed: texts by name, such as a digest")
            for key, item in value.items():
                if not isinstance(item, str):
                    raise InputError(f"{where}.{key}: found {item!r}, which is no text; write it in quotes")
    return {
        kind: {
            str(name): {str(key): item for key, item in value.items()}
            for name, value in (release.get(kind) or {}).items()
            if name in present[kind] and (not names or name in names)
        }
        for kind in ("services", "components")
    }
