# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Access that has to end now: leases by prefix, tokens by accessor, whole entities."""

from __future__ import annotations

from collections.abc import Iterable

from .._core.change import Action, Change, Impact
from .._core.errors import InputError
from .._core.plan import Plan
from .client import Json, VaultClient, VaultError


def revoke(
    client: VaultClient, prefixes: Iterable[str], accessors: Iterable[str], entities: Iterable[str], *, force: bool, check_mode: bool
) -> Json:
    """End what is named and still there; the keys of every reconciling module. Raises GantryError.

    ``force`` forgets leases whose credentials cannot be revoked any more, because the database is gone for example.
    """
    plan = Plan(identity="revoke")
    steps: list[tuple[str, Json]] = []

    def add(identity: str, reason: str, path: str, body: Json) -> None:
        plan.changes.append(Change(identity, Action.DELETE, Impact.DISRUPTIVE, reason=reason, scope="vault", before={}, after={}))
        steps.append((path, body))

    for prefix in prefixes:
        count = _leases(client, prefix.rstrip("/"))
        if count:
            verb = "revoke-force" if force else "revoke-prefix"
            add(
                f"leases/{prefix}",
                f"{count} lease{'s' if count != 1 else ''}",
                f"sys/leases/{verb}/{prefix.rstrip('/')}",
                {} if force else {"sync": True},
            )
    for accessor in accessors:
        name = _token(client, accessor)
        if name is not None:
            add(f"tokens/{accessor}", f"token of {name}", "auth/token/revoke-accessor", {"accessor": accessor})
    for entity in entities:
        found = client.find(f"identity/entity/name/{entity}")
        if found is None:
            raise InputError(f"there is no entity {entity!r} to disable")
        if not found["data"]["disabled"]:
            path = f"identity/entity/name/{entity}"
            plan.changes.append(Change(path, Action.UPDATE, Impact.DISRUPTIVE, ("disabled",), "no token of it is accepted", scope="vault"))
            steps.append((path, {"disabled": True}))
    if not check_mode:
        # Who is disabled first cannot make new what is revoked after.
        for path, body in sorted(steps, key=lambda step: not step[0].startswith("identity/")):
            client.write(path, body)
    return {**plan.as_result(), "requests": dict(client.pool.requests)}


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
