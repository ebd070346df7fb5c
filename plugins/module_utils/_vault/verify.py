# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What must be true of a Vault that was configured: who gets in, what that lets them read, and what it does not."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._core.concurrency import map_threads
from .._core.errors import GantryError
from .._core.words import clean
from .client import Json, VaultAccess, VaultClient, VaultError
from .lifecycle import cluster, health

_THREADS = 8
_SHORT = "120s"
Mint = Callable[[str, str, str], str]
"""Makes a token of a ServiceAccount: (namespace, name, audience) → JWT."""


@dataclass(frozen=True)
class Verdict:
    """Whether something holds, with what was expected and found in words."""

    name: str
    meaning: str
    passed: bool
    expected: str
    found: str

    def as_result(self) -> Json:
        """A row of the task result."""
        return {
            "name": clean(self.name),
            "meaning": clean(self.meaning),
            "passed": self.passed,
            "expected": clean(self.expected),
            "found": clean(self.found),
            "source": "",
        }


def verify(access: VaultAccess, wanted: Mapping[str, Any], mint: Mint | None) -> list[Verdict]:
    """Every verdict, those of the server first. ``wanted`` has ``peers``, ``policies`` and ``logins`` as the module documents them.

    Tokens and leases that it needs are short and revoked before it ends. Raises GantryError where the server cannot be asked.
    """
    client = VaultClient(access, "vault_verify")
    try:
        found = _server(client, int(wanted.get("peers") or 0))
        if not all(verdict.passed for verdict in found):
            return found
        rows = sorted((wanted.get("policies") or {}).items())
        for verdicts in map_threads(lambda row: list(_policies(client, *row)), rows, _THREADS):
            found += verdicts
        logins = sorted((wanted.get("logins") or {}).items())
        if mint is not None:
            for verdicts in map_threads(functools.partial(_login, access, mint), logins, _THREADS):
                found += verdicts
        return found
    finally:
        client.close()


def _server(client: VaultClient, peers: int) -> list[Verdict]:
    state = health(client)
    words = "not initialised" if not state["initialized"] else "sealed" if state["sealed"] else "unsealed"
    found = [Verdict("vault-unsealed", "Vault serves", words == "unsealed", "unsealed", words)]
    if peers and words == "unsealed":
        seen = cluster(client)
        voters = [row["node_id"] for row in seen["peers"] or [] if row["voter"]]
        healthy = (seen["autopilot"] or {}).get("healthy", False)
        told = f"{len(voters)} voting, {'healthy' if healthy else 'not healthy'}"
        meaning = f"Vault may lose {(peers - 1) // 2} of {peers} nodes"
        found.append(Verdict("vault-peers", meaning, len(voters) == peers and healthy, f"{peers} voting, healthy", told))
    return found


def _policies(client: VaultClient, name: str, case: Mapping[str, Any]) -> Iterable[Verdict]:
    """The server's own judgement of a token with these policies. A batch token is stored nowhere."""
    body = {"policies": list(case["policies"]), "type": "batch", "ttl": _SHORT, "no_default_policy": True, "no_parent": True}
    token = client.write("auth/token/create", body)["auth"]["client_token"]
    wanted = {key: case.get(key) or {} for key in ("may", "may_not")}
    paths = sorted({*wanted["may"], *wanted["may_not"]})
    granted = client.write("sys/capabilities", {"token": token, "paths": paths})["data"]
    holders = ", ".join(case["policies"])
    for key, expected in wanted.items():
        for path, capabilities in sorted(expected.items()):
            has = set(granted[path])
            held = [one for one in capabilities if one in has or "root" in has]
            passed = len(held) == len(capabilities) if key == "may" else not held
            words = f"a token with {holders} {'may' if key == 'may' else 'may not'} {', '.join(capabilities)} {path}"
            yield Verdict(f"policy-{name}", words, passed, words, f"it may {', '.join(sorted(has))}")


def _login(access: VaultAccess, mint: Mint, row: tuple[str, Mapping[str, Any]]) -> list[Verdict]:
    """A ServiceAccount's own way in, and what it opens."""
    name, case = row
    account = f"{case['namespace']}/{case['service_account']}"
    words = f"{account} logs in as {case['role']}"
    holder = VaultClient(replace(access, token=""), "vault_verify")
    try:
        jwt = mint(case["namespace"], case["service_account"], case.get("audience") or "vault")
        answer = holder.write(f"auth/{case.get('mount') or 'kubernetes'}/login", {"role": case["role"], "jwt": jwt})
    except GantryError as error:
        return [Verdict(f"login-{name}", words, False, "a token", error.message)]
    finally:
        holder.close()
    found = [Verdict(f"login-{name}", words, True, "a token", "a token")]
    holder = VaultClient(replace(access, token=answer["auth"]["client_token"]), "vault_verify")
    try:
        found += [_reads(holder, name, account, path, wanted=True) for path in case.get("may_read") or ()]
        found += [_reads(holder, name, account, path, wanted=False) for path in case.get("may_not_read") or ()]
        found += [_credentials(holder, access, name, account, path) for path in case.get("credentials") or ()]
    finally:
        holder.write("auth/token/revoke-self", {})
        holder.close()
    return found


def _reads(holder: VaultClient, name: str, account: str, path: str, *, wanted: bool) -> Verdict:
    expected = "it is read" if wanted else "it is refused"
    try:
        found = "it is read" if holder.find(path) is not None else "there is nothing"
    except VaultError as error:
        found = "it is refused" if error.status == 403 else error.message
    words = f"{account} {'reads' if wanted else 'is refused'} {path}"
    return Verdict(f"{'reads' if wanted else 'refused'}-{name}", words, found == expected, expected, found)


def _credentials(holder: VaultClient, access: VaultAccess, name: str, account: str, path: str) -> Verdict:
    """A dynamic login: made at the database, and gone from it once its lease is revoked."""
    words = f"{account} gets a login from {path}, which ends with its lease"
    expected = "made and revoked"
    client = VaultClient(access, "vault_verify")
    try:
        lease = holder.read(path)["lease_id"]
        client.write("sys/leases/revoke", {"lease_id": lease, "sync": True})
        left = client.names(f"sys/leases/lookup/{path}")
        found = expected if lease.rpartition("/")[2] not in left else "the lease is still there"
    except GantryError as error:
        found = error.message
    finally:
        client.close()
    return Verdict(f"credentials-{name}", words, found == expected, expected, found)
