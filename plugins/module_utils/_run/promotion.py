# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Promotion: an environment takes only what its source has run verified.

A verified run of an environment leaves a record of its release; an environment that says ``promotes_from`` looks for what
it is about to run in its source's record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._core.errors import InputError, RefusedError

SCHEMA = "gantry.platform/promotion/v1"
KEPT = 50
"""So many verified values of each service and component are remembered: the source may be ahead of what is promoted."""
_KINDS = ("services", "components")
Json = Mapping[str, Any]


def make_record(report: Json, release: Json, earlier: Any = None) -> dict[str, Any]:
    """What verified runs over a whole environment have proven, with this one.

    ``release`` is the model's (digests per service, versions per component), ``earlier`` the record so far or none. Under
    ``verified`` stands for each service and component what ran verified, the newest first.
    """
    known = earlier.get("verified") or {} if isinstance(earlier, Mapping) else {}
    verified: dict[str, dict[str, list[Any]]] = {}
    for kind in _KINDS:
        before, now = known.get(kind) or {}, release.get(kind) or {}
        verified[kind] = {name: list(before[name]) for name in before}
        for name, value in now.items():
            others = [other for other in verified[kind].get(name, []) if other != value]
            verified[kind][name] = [value, *others][:KEPT]
    return {
        "schema": SCHEMA,
        "environment": report["environment"],
        "revision": report["revision"],
        "created": report["created"],
        "hosts": sorted(report["hosts"]),
        "verified": verified,
    }


def proves(report: Json) -> bool:
    """Whether the run may leave a record: everything declared, applied and verified on every cluster."""
    return report["status"] in ("clean", "applied") and not report["areas"] and all(host["verified"] for host in report["hosts"].values())


def guard_promotion(environment: str, source: str, release: Json, record: Any, place: str) -> None:
    """Raise unless everything in ``release`` stands in the ``source`` environment's record; ``place`` names where it was looked for."""
    if record is None:
        raise RefusedError(
            f"{environment} promotes from {source}, and {source} has left no record of a verified run in {place}; nothing was written. "
            f"Run site for {source} with the same platform_promotion_records first."
        )
    if not isinstance(record, dict) or record.get("schema") != SCHEMA or record.get("environment") != source:
        raise InputError(f"{place} is not the record of a verified run of {source} (schema {SCHEMA})")
    missing = list(_unverified(release, record.get("verified") or {}))
    if missing:
        raise RefusedError(
            f"{environment} promotes from {source}, which has not verified all of this release (its last verified run: "
            f"{record['created']}, revision {record['revision'] or 'unknown'}); nothing was written.\n" + "\n".join(missing)
        )


def _unverified(release: Json, proven: Json) -> Iterator[str]:
    for kind in _KINDS:
        for name, wanted in sorted((release.get(kind) or {}).items()):
            found = (proven.get(kind) or {}).get(name) or []
            if wanted not in found:
                yield f"  {kind[:-1]} {name}: {_said(wanted)}; verified there last: {_said(found[0]) if found else 'nothing'}"


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in sorted(value.items()))
    return str(value)
