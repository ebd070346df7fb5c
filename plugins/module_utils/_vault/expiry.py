# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What of a Vault ends by itself: certificates of its authorities, the token in use, the licence."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from .._core.certificate import not_after
from .._core.words import clean
from .client import Json, VaultClient, VaultError


def expiring(client: VaultClient, now: datetime.datetime) -> list[Json]:
    """``{what, expires, days_left}``, the nearest end first; what the token may not see is left out."""

    def read(path: str) -> Json:
        return (client.find(path) or {}).get("data") or {}

    found: list[tuple[str, datetime.datetime]] = []
    for mount, row in _seen(read, "sys/mounts").items():
        if row["type"] == "pki":
            for identity, issuer in _seen(client.rows, f"{mount}issuers").items():
                pem = _seen(read, f"{mount}issuer/{identity}").get("certificate")
                if pem:
                    found.append((f"{mount}issuer/{issuer.get('issuer_name') or identity}", not_after(pem)))
    token = _seen(read, "auth/token/lookup-self")
    if token.get("expire_time"):
        found.append(("the token in use", now + datetime.timedelta(seconds=int(token["ttl"]))))
    licence = (_seen(read, "sys/license/status").get("autoloaded") or {}).get("expiration_time")
    if licence:
        found.append(("the licence", datetime.datetime.fromisoformat(str(licence).replace("Z", "+00:00"))))
    found.sort(key=lambda row: row[1])
    return [{"what": clean(what), "expires": f"{end:%Y-%m-%dT%H:%M:%SZ}", "days_left": (end - now).days} for what, end in found]


def _seen(ask: Callable[[str], Json], path: str) -> Json:
    """What ``ask`` finds at a path; nothing where the token may not see it."""
    try:
        return ask(path)
    except VaultError as error:
        if error.status in (400, 403, 404, 405):
            return {}
        raise
