# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Snapshots of the raft storage: taken, proven whole by their own digests, put back on purpose only."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import time
from pathlib import Path

from .._core.errors import InputError, RefusedError, ServerError
from .client import Json, VaultClient

_NEEDED = ("meta.json", "state.bin", "SHA256SUMS")
_BLOCK = 1 << 20


def verify(path: Path) -> Json:
    """What a snapshot file says of itself, after its digests were recomputed. Raises InputError where it is not whole.

    ``{index, term, size, sha256}``: raft's position, bytes and digest of the file.
    """
    digests: dict[str, str] = {}
    told = ""
    meta: Json = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                handle = archive.extractfile(member)
                if handle is None:
                    continue
                if member.name == "SHA256SUMS":
                    told = handle.read().decode()
                    continue
                content = handle.read() if member.name == "meta.json" else b""
                meta = json.loads(content) if content else meta
                digest = hashlib.sha256(content)
                while block := handle.read(_BLOCK):
                    digest.update(block)
                digests[member.name] = digest.hexdigest()
    except FileNotFoundError:
        raise InputError(f"there is no snapshot {path}") from None
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        raise InputError(f"{path} is no whole snapshot: {error}") from error
    rows = [line.split() for line in told.splitlines() if line.strip()]
    expected = {row[1]: row[0] for row in rows if len(row) == 2}
    missing = [name for name in _NEEDED if name not in digests and name != "SHA256SUMS"] + ([] if expected else ["SHA256SUMS"])
    wrong = [name for name, digest in expected.items() if digests.get(name) != digest]
    if missing or wrong:
        raise InputError(
            f"{path} is no whole snapshot: {', '.join([*(f'{n} is missing' for n in missing), *(f'{n} is damaged' for n in wrong)])}"
        )
    return {"index": meta.get("Index"), "term": meta.get("Term"), "size": path.stat().st_size, "sha256": _digest(path)}


def save(client: VaultClient, path: Path, max_age: float, check_mode: bool) -> tuple[bool, Json | None]:
    """Take a snapshot into ``path`` unless a whole one is there that is younger than ``max_age`` seconds; whether it was, and what it says."""
    if path.is_file() and time.time() - path.stat().st_mtime < max_age:
        return False, verify(path)
    if check_mode:
        return True, None
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(client.download("sys/storage/raft/snapshot"))
            handle.flush()
            os.fsync(handle.fileno())
        try:
            said = verify(temporary)
        except InputError as error:
            raise ServerError(f"what the server sent is damaged, and {path} stays as it was: {error.message}") from error
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    return True, said


def restore(client: VaultClient, path: Path, confirm: str, force: bool, check_mode: bool) -> Json:
    """Put a snapshot back. Everything that the cluster holds is replaced by it, so ``confirm`` must be the cluster's name or id.

    ``force`` is for a snapshot of another cluster: its unseal or recovery keys hold afterwards.
    """
    said = verify(path)
    health = client.health()
    names = [str(health.get(key) or "") for key in ("cluster_name", "cluster_id")]
    if not confirm or confirm not in names:
        raise RefusedError(
            f"a restore replaces all that the cluster {names[0]} holds. If that is meant, say confirm: {names[0]}; found {confirm!r}. "
            "Nothing was written."
        )
    if not check_mode:
        client.upload("sys/storage/raft/snapshot-force" if force else "sys/storage/raft/snapshot", path.read_bytes())
    return said


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
