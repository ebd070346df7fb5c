# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""From nothing to an unsealed Vault: its state, its initialisation, its unsealing."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._core.errors import InputError, TimeoutExceededError, UnreachableError, UntrustedError
from .._core.http import Retry
from .._core.words import cleaned
from .client import Json, VaultAccess, VaultClient, VaultError

_PAUSE = 0.1


@dataclass(frozen=True)
class Delivery:
    """How the keys of a new Vault are split and who gets them.

    ``file`` is made by us for the owner alone. With ``pgp_keys`` (base64, one per share) every share is encrypted by the server
    before it leaves it, and ``root_token_pgp_key`` does the same for the root token.
    """

    file: str
    shares: int = 5
    threshold: int = 3
    pgp_keys: tuple[str, ...] = ()
    root_token_pgp_key: str = ""

    def checked(self) -> Delivery:
        """Itself. Raises InputError where the server would refuse it, or the keys would be lost."""
        if not 1 <= self.threshold <= self.shares:
            raise InputError(f"threshold is between 1 and the number of shares ({self.shares}), found {self.threshold}")
        if self.shares > 1 and self.threshold == 1:
            raise InputError("threshold 1 of several shares protects nothing; the server refuses it. Take one share, or a higher threshold")
        if self.pgp_keys and len(self.pgp_keys) != self.shares:
            raise InputError(f"pgp_keys has {len(self.pgp_keys)} keys for {self.shares} shares; every share needs one")
        return self


@dataclass
class Progress:
    """What was done, or would be, in words; ``initialised`` where there are new keys."""

    initialised: bool = False
    steps: list[str] = field(default_factory=list)


def health(client: VaultClient) -> Json:
    """``sys/health`` and the seal's kind, whatever state the server is in. Needs no token."""
    found = client.health()
    seal = client.read("sys/seal-status")
    state: Json = {
        "initialized": bool(found["initialized"]),
        "sealed": bool(found["sealed"]),
        "standby": bool(found.get("standby")),
        "version": found.get("version") or seal.get("version") or "",
        "cluster_name": found.get("cluster_name") or "",
        "cluster_id": found.get("cluster_id") or "",
        "seal_type": seal.get("type") or "",
        "recovery_seal": bool(seal.get("recovery_seal")),
        "storage_type": seal.get("storage_type") or "",
        "unseal_progress": int(seal.get("progress") or 0),
        "unseal_threshold": int(seal.get("t") or 0),
    }
    return dict(cleaned(state))


def is_absent(access: VaultAccess, gate: Callable[[], None] = lambda: None) -> bool:
    """Whether nothing answers there, or a server that was never initialised. A sealed Vault is there, and who is not trusted is somebody."""
    client = VaultClient(access, "vault_config", gate, retry=Retry(attempts=2, seconds=5.0))
    try:
        return not client.health()["initialized"]
    except UntrustedError:
        raise
    except UnreachableError:
        return True
    finally:
        client.close()


def cluster(client: VaultClient) -> Json:
    """Leader, raft peers and autopilot's judgement, of an unsealed server.

    Peers and autopilot are none where the token may not see them (403) or the storage is not raft.
    """
    leader = client.read("sys/leader")
    found: Json = {
        "leader": {"is_self": bool(leader.get("is_self")), "address": leader.get("leader_address") or ""},
        "peers": None,
        "autopilot": None,
    }
    configuration = _visible(client, "sys/storage/raft/configuration")
    if configuration is not None:
        found["peers"] = [
            {"node_id": row["node_id"], "address": row["address"], "leader": bool(row["leader"]), "voter": bool(row["voter"])}
            for row in sorted(configuration["config"]["servers"], key=lambda row: str(row["node_id"]))
        ]
    autopilot = _visible(client, "sys/storage/raft/autopilot/state")
    if autopilot is not None:
        found["autopilot"] = {"healthy": bool(autopilot.get("healthy")), "failure_tolerance": int(autopilot.get("failure_tolerance") or 0)}
    return dict(cleaned(found))


def token_of(client: VaultClient) -> Json | None:
    """Who the token is and when it ends; none without a valid one. Never the token itself."""
    try:
        found = client.read("auth/token/lookup-self")["data"]
    except VaultError as error:
        if error.status == 403:
            return None
        raise
    token: Json = {
        "accessor": found.get("accessor") or "",
        "display_name": found.get("display_name") or "",
        "policies": sorted(found.get("policies") or []),
        "ttl_seconds": int(found.get("ttl") or 0),
        "renewable": bool(found.get("renewable")),
        "expires": found.get("expire_time"),
    }
    return dict(cleaned(token))


def bring_up(client: VaultClient, delivery: Delivery, check_mode: bool, seconds: float, unseal: bool = True) -> Progress:
    """Initialise where that was never done, unseal where it is sealed and the keys are in the delivered file, wait until it serves.

    The file is made before the server is asked: keys that have nowhere to go are never made. Raises InputError, VaultError or
    TimeoutExceededError; no message holds a key.
    """
    delivery.checked()
    done = Progress()
    status = _answer(client, 0.0 if check_mode else seconds)
    automatic = bool(status.get("recovery_seal"))
    if not status["initialized"]:
        done.initialised = True
        done.steps.append(f"initialise with {delivery.shares} {'recovery' if automatic else 'unseal'} keys, {delivery.threshold} needed")
        if check_mode:
            return done
        with _kept(Path(delivery.file).expanduser()) as keep:
            keep(_initialise(client, delivery, automatic))
        status = client.read("sys/seal-status")
    if status["sealed"] and automatic:
        # With automatic unsealing somebody else holds the key: the server opens itself, or says why not in its log.
        if not check_mode:
            _until(client, lambda now: not now["sealed"], seconds, "the server to unseal itself; look at its log for the seal's error")
    elif status["sealed"] and unseal:
        done.steps.append("unseal")
        if not check_mode:
            _unseal(client, Path(delivery.file).expanduser())
    if not check_mode and (unseal or automatic):
        _until(client, lambda now: not now["sealed"], seconds, "the server to be unsealed")
        _serving(client, seconds)
    return done


def _initialise(client: VaultClient, delivery: Delivery, automatic: bool) -> Json:
    prefix = "recovery" if automatic else "secret"
    body: Json = {f"{prefix}_shares": delivery.shares, f"{prefix}_threshold": delivery.threshold}
    if delivery.pgp_keys:
        body["recovery_pgp_keys" if automatic else "pgp_keys"] = list(delivery.pgp_keys)
    if delivery.root_token_pgp_key:
        body["root_token_pgp_key"] = delivery.root_token_pgp_key
    answer = client.write("sys/init", body)
    kind = "recovery_keys" if automatic else "keys"
    return {
        "encrypted": bool(delivery.pgp_keys),
        "kind": "recovery" if automatic else "unseal",
        "threshold": delivery.threshold,
        "keys": answer.get(f"{kind}_base64") or answer.get(kind) or [],
        "root_token": answer.get("root_token") or "",
        "root_token_encrypted": bool(delivery.root_token_pgp_key),
    }


@contextlib.contextmanager
def _kept(path: Path) -> Iterator[Callable[[Json], None]]:
    """A function that writes what was delivered to ``path``; the place is taken, and proven writable, before the block begins."""
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, mode=0o700)
        # O_EXCL: the keys of another Vault, or a link of somebody else's, are never overwritten.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        if error.filename != str(path):
            raise InputError(f"keys_file: {path} cannot be made: {error.filename} is no folder") from error
        raise InputError(
            f"keys_file: {path} exists, and this Vault was never initialised: the file is another Vault's. Move it away, or name another"
        ) from None
    except OSError as error:
        raise InputError(f"keys_file: {path} cannot be made: {error.strerror}") from error
    kept = False

    def keep(content: Json) -> None:
        nonlocal kept
        with os.fdopen(descriptor, "w", encoding="utf-8", closefd=False) as handle:
            handle.write(json.dumps(content, indent=1) + "\n")
            handle.flush()
            os.fsync(descriptor)
        kept = True

    try:
        yield keep
    finally:
        os.close(descriptor)
        if not kept:
            path.unlink(missing_ok=True)


def _unseal(client: VaultClient, path: Path) -> None:
    try:
        delivered = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"the server is sealed, and its keys are not in keys_file ({path}): {error.strerror}") from error
    except ValueError:
        raise InputError(f"keys_file: {path} is not what vault_init delivers") from None
    if delivered.get("encrypted") or delivered.get("kind") != "unseal":
        raise InputError(f"the server is sealed, and the keys in {path} are encrypted for their holders, who must unseal it by hand")
    client.write("sys/unseal", {"reset": True})
    for key in delivered["keys"][: int(delivered["threshold"])]:
        client.write("sys/unseal", {"key": key})


def _answer(client: VaultClient, seconds: float) -> Json:
    """The seal's state. A server that the same run brought up may still have to fetch its image."""
    end = time.monotonic() + seconds
    while True:
        try:
            return client.read("sys/seal-status")
        except UnreachableError as error:
            if isinstance(error, UntrustedError) or time.monotonic() > end:
                raise
        time.sleep(_PAUSE)


def _until(client: VaultClient, met: Callable[[Json], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not met(client.read("sys/seal-status")):
        if time.monotonic() > end:
            raise TimeoutExceededError(f"waited {seconds:.0f} s for {what}")
        time.sleep(_PAUSE)


def _serving(client: VaultClient, seconds: float) -> None:
    """Unsealed is not yet ready: a leader must have been elected."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(VaultError, UnreachableError):
            if client.read("sys/leader").get("leader_address"):
                return
        if time.monotonic() > end:
            raise TimeoutExceededError(f"waited {seconds:.0f} s for the cluster to have a leader")
        time.sleep(_PAUSE)


def _visible(client: VaultClient, path: str) -> Any:
    try:
        found = client.find(path)
    except VaultError as error:
        if error.status in (400, 403) or error.unsupported:
            return None
        raise
    return found["data"] if found else None
