# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What has to be there before what: stages, and within a stage depths. Removal goes the other way. Contacts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

STAGES = (
    "record",
    "plugins",
    "audit",
    "namespaces",
    "mounts",
    "policies",
    "configuration",
    "issuers",
    "intermediates",
    "roles",
    "entities",
    "groups",
    "oidc",
    "quotas",
)
"""The order of writes; within a stage by depth, what has one depth in parallel."""

_OF_KIND = {
    "plugin": "plugins",
    "audit": "audit",
    "namespace": "namespaces",
    "mount": "mounts",
    "auth": "mounts",
    "policy": "policies",
    "password_policy": "policies",
    "connection": "configuration",
    "transit_key": "configuration",
    "once": "configuration",
    "issuer": "issuers",
    "entity": "entities",
    "group": "groups",
}
_OIDC = ("config", "key", "scope", "assignment", "role", "client", "provider")
"""Clients name keys and assignments, providers name scopes and clients."""
_OIDC_DEPTH = {"role": 1, "client": 1, "provider": 2}


def place(kind: str, path: str) -> tuple[int, int]:
    """When a path is written, as (stage, depth), told from the path alone: of what is only in the record nothing else is known."""
    stage = _OF_KIND.get(kind) or ("oidc" if path.startswith("identity/oidc/") else "quotas" if path.startswith("sys/quotas/") else "roles")
    return STAGES.index(stage), _OIDC_DEPTH.get(path.split("/")[2], 0) if stage == "oidc" else path.count(
        "/"
    ) if stage == "namespaces" else 0


def depths(needs: Mapping[str, Iterable[str]]) -> tuple[dict[str, int], list[str]]:
    """How deep each name lies above what it needs, and the first circle; names that nobody declares need nothing."""
    found: dict[str, int] = {}
    for first in needs:
        open_: list[tuple[str, list[str]]] = [(first, [name for name in needs[first] if name in needs])]
        while open_ and first not in found:
            name, left = open_[-1]
            if left:
                below = left.pop()
                path = [row[0] for row in open_]
                if below in path:
                    return found, [*path[path.index(below) :], below]
                if below not in found:
                    open_.append((below, [one for one in needs[below] if one in needs]))
            else:
                found[name] = 1 + max((found[one] for one in needs[name] if one in found), default=-1)
                open_.pop()
    return found, []
