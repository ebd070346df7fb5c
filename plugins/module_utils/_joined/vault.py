# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The modules of the action group ``vault``: what a call of each does."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._core.guards import Guards, guards_of
from .._core.lock import holder_name
from .._kube.wire.secrets import cluster_secrets
from .._vault.client import AUTH_SPEC, VaultAccess, VaultClient, resolve_vault
from .._vault.config import configure, plan_of_absent
from .._vault.expiry import expiring
from .._vault.lifecycle import Delivery, bring_up, health, is_absent, token_of
from .._vault.lifecycle import cluster as cluster_of
from .._vault.options import CONFIG_SPEC, REVOKE_SPEC, ROTATE_SPEC, VERIFY_SPEC, config_request, of_today, verification
from .._vault.revocation import revoke as end_access
from .._vault.rotation import rotate as renew
from .._vault.secrets import SecretReader
from .._vault.snapshot import restore, save
from .._vault.snapshot import verify as verified
from .._vault.store import record_of
from .face import Call, Face, Result
from .references import references_for

INFO_SPEC: dict[str, Any] = {**AUTH_SPEC, "expiring": {"type": "bool", "default": False}}
INIT_SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    "keys_file": {"type": "path", "required": True, "no_log": False},
    "shares": {"type": "int", "default": 5},
    "threshold": {"type": "int", "default": 3},
    "pgp_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "root_token_pgp_key": {"type": "str", "default": "", "no_log": False},
    "unseal": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 60},
}
SNAPSHOT_SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    "state": {"type": "str", "default": "saved", "choices": ["saved", "verified", "restored"]},
    "path": {"type": "path", "required": True},
    "max_age": {"type": "int", "default": 0},
    "confirm": {"type": "str", "default": ""},
    "force": {"type": "bool", "default": False},
}


def access_of(call: Call) -> VaultAccess:
    """How to reach the Vault that the options name. Raises InputError."""
    access = resolve_vault(call.params, call.environment)
    call.secrets.add(access.token)
    return access


@contextlib.contextmanager
def vault(call: Call, name: str, access: VaultAccess | None = None) -> Iterator[VaultClient]:
    """That Vault, for as long as it is needed."""
    client = VaultClient(access or access_of(call), name, call.gate)
    try:
        yield client
    finally:
        client.close()


def config(call: Call) -> Result:
    """``vault_config``."""
    request = config_request(call.params, call.check_mode)
    access = access_of(call)
    if call.params["may_be_absent"] and call.check_mode and is_absent(access, call.gate):
        return plan_of_absent(request)
    secrets_of_cluster = cluster_secrets(call.params, call.environment, call.gate)
    with vault(call, "vault_config", access) as client:
        references = references_for(
            call.environment, call.folder, secrets=call.secrets, vault=SecretReader(client), kube=secrets_of_cluster, gate=call.gate
        )
        return configure(client, request, references, holder_name(call.environment), call.tell)


def rotate(call: Call) -> Result:
    """``vault_rotate``."""
    params = call.params
    with vault(call, "vault_rotate") as client:
        return renew(
            client,
            params["rotate"],
            record_of(client, params["record_mount"], params["owner"]),
            call.check_mode,
            datetime.datetime.now(datetime.UTC),
            params["whole"],
            Guards(**guards_of(params, ROTATE_SPEC)),
            holder_name(call.environment),
            float(params["wait_timeout"]),
            call.tell,
        )


def revoke(call: Call) -> Result:
    """``vault_revoke``."""
    given = call.params
    with vault(call, "vault_revoke") as client:
        guards = Guards(**guards_of(given, REVOKE_SPEC))
        named = (given["leases"], given["accessors"], given["entities"])
        return end_access(client, *named, force=given["force"], check_mode=call.check_mode, guards=guards)


def verify(call: Call) -> Result:
    """``vault_verify``. A token that was made is revoked whatever happens: those requests ask no gate."""
    mint = cluster_secrets(call.params, call.environment, call.gate)
    return verification(call.params, access_of(call), mint.token_of if mint else None)


def info(call: Call) -> Result:
    """``vault_info``."""
    access = access_of(call)
    with vault(call, "vault_info", access) as client:
        found = health(client)
        serves = found["initialized"] and not found["sealed"]
        result = {
            "changed": False,
            "health": found,
            "cluster": cluster_of(client) if serves else None,
            "token": token_of(client) if serves and access.token else None,
        }
        if call.params["expiring"] and serves:
            result["expiring"] = expiring(client, datetime.datetime.now(datetime.UTC))
        return result


def init(call: Call) -> Result:
    """``vault_init``."""
    given = call.params
    with vault(call, "vault_init") as client:
        delivery = Delivery(given["keys_file"], given["shares"], given["threshold"], tuple(given["pgp_keys"]), given["root_token_pgp_key"])
        done = bring_up(client, delivery, call.check_mode, float(given["wait_timeout"]), given["unseal"])
        result = {"changed": bool(done.steps), "steps": done.steps, "health": health(client)}
        return {**result, "keys_file": given["keys_file"]} if done.initialised else result


def snapshot(call: Call) -> Result:
    """``vault_snapshot``."""
    given, path = call.params, Path(call.params["path"])
    if given["state"] == "verified":
        return {"changed": False, "snapshot": verified(path)}
    with vault(call, "vault_snapshot") as client:
        if given["state"] == "saved":
            changed, said = save(client, path, float(given["max_age"]), call.check_mode)
        else:
            changed, said = True, restore(client, path, given["confirm"], given["force"], call.check_mode)
    return {"changed": changed, "snapshot": said}


CONFIG = Face("vault_config", CONFIG_SPEC, config, of_today=of_today)
ROTATE = Face("vault_rotate", ROTATE_SPEC, rotate)
REVOKE = Face("vault_revoke", REVOKE_SPEC, revoke)
VERIFY = Face("vault_verify", VERIFY_SPEC, verify, check_mode=False)
INFO = Face("vault_info", INFO_SPEC, info)
INIT = Face("vault_init", INIT_SPEC, init)
SNAPSHOT = Face("vault_snapshot", SNAPSHOT_SPEC, snapshot)
