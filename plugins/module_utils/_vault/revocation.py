# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Access that has to end now: leases by prefix, tokens by accessor, whole entities."""

from __future__ import annotations

from collections.abc import Iterable

from .._core.canonical import digest
from .._core.change import Action, Change, Impact
from .._core.errors import GantryError, InputError
from .._core.guards import Guards
from .._core.plan import Plan
from .._core.show import as_diff, as_json
from .._core.words import amount
from .client import Json, VaultClient, VaultError


def revoke(
    client: VaultClient,
    prefixes: Iterable[str],
    accessors: Iterable[str],
    entities: Iterable[str],
    *,
    force: bool,
    check_mode: bool,
    guards: Guards,
) -> Json:
    """End what is named and still there; the keys of every reconciling module. Raises GantryError.

    ``force`` forgets leases whose credentials cannot be revoked any more, because the database is gone for example.
    """
    plan = Plan(identity=["revoke", client.health().get("cluster_id") or ""])
    steps: list[tuple[str, Json]] = []

    def add(change: Change, path: str, body: Json) -> None:
        plan.changes.append(change)
        steps.append((path, body))

    # Who is disabled first cannot make new what is revoked after.
    for entity in entities:
        path = f"identity/entity/name/{entity}"
        found = client.find(path)
        if found is None:
            raise InputError(f"there is no entity {entity!r} to disable")
        if found["data"]["disabled"]:
            plan.unchanged += 1
            continue
        before, after = {"disabled": False}, {"disabled": True}
        reason = "no token of it is accepted"
        fingerprint = digest(["disable", found["data"]["id"]])
        fields = ("disabled",)
        add(
            Change(path, Action.UPDATE, Impact.DISRUPTIVE, fields, reason, before, after, scope="vault", fingerprint=fingerprint),
            path,
            after,
        )
    verb = "revoke-force" if force else "revoke-prefix"
    for prefix in prefixes:
        count = _leases(client, prefix.rstrip("/"))
        if count:
            # How many there are changes by the minute; what is approved is that all below the prefix end, and whether by force.
            change = _end(f"leases/{prefix}", amount(count, "lease"), verb)
            add(change, f"sys/leases/{verb}/{prefix.rstrip('/')}", {} if force else {"sync": True})
        else:
            plan.unchanged += 1
    for accessor in accessors:
        name = _token(client, accessor)
        if name is None:
            plan.unchanged += 1
        else:
            add(_end(f"tokens/{accessor}", f"token of {name}", "revoke"), "auth/token/revoke-accessor", {"accessor": accessor})
    guards.judge(plan)
    if not check_mode:
        done: list[str] = []
        try:
            for change, (path, body) in zip(plan.changes, steps, strict=True):
                answer = client.write(path, body)
                plan.warnings += [f"{change.id}: {text}" for text in answer.get("warnings") or ()]
                done.append(change.id)
        except GantryError as error:
            error.details = plan.as_far_as(done) | {"requests": dict(client.pool.requests)} | error.details
            raise
    return plan.as_result() | {"diff": as_diff(plan.changes, as_json), "requests": dict(client.pool.requests)}


def _end(identity: str, reason: str, how: str) -> Change:
    return Change(identity, Action.DELETE, Impact.DISRUPTIVE, reason=reason, scope="vault", before={}, after={}, fingerprint=digest([how]))


def _leases(client: VaultClient, prefix: str) -> int:
    """Leases below a prefix."""
    names = client.names(f"sys/leases/lookup/{prefix}")
    return sum(_leases(client, f"{prefix}/{name.rstrip('/')}") if name.endswith("/") else 1 for name in names)


def _token(client: VaultClient, accessor: str) -> str | None:
    try:
        found = client.write("auth/token/lookup-accessor", {"accessor": accessor})["data"]
    except VaultError as error:
        if error.status in (400, 403, 404) and any("invalid accessor" in text for text in error.errors):
            return None
        raise
    return str(found.get("display_name") or accessor)
