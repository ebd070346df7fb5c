# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One document against one Vault, by the loop of every API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .._core import reconcile
from .._core.references import References
from .client import Json, VaultClient
from .provider import VaultProvider
from .store import record_of


@dataclass(frozen=True)
class Request(reconcile.Request):
    """What is wanted. ``prune.data`` names mounts (``auth/<path>`` for auth methods) and whatever else holds data that may be removed."""

    record_mount: str = "gantry"
    known_policies: frozenset[str] = frozenset()


def plan_of_absent(request: Request) -> Json:
    """The result of check mode for a Vault that the same run brings."""
    return reconcile.plan_of_absent(request, VaultProvider.scope, "there is no Vault yet")


def configure(
    client: VaultClient, request: Request, references: References, holder: str = "", tell: Callable[[str], None] = lambda text: None
) -> Json:
    """Make it so, or say what that would take; the keys of every reconciling module. Raises GantryError."""
    provider = VaultProvider(client, request.record_mount, request.known_policies)
    record = record_of(client, request.record_mount, request.owner)
    return reconcile.reconcile(provider, request, references, record, holder, tell)
