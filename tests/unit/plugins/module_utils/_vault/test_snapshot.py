# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError, ServerError
from ansible_collections.gantry.platform.plugins.module_utils._vault.snapshot import restore, save, verify


def archive(files, sums=None):
    """A snapshot as Vault makes one."""
    told = sums if sums is not None else "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in {**files, "SHA256SUMS": told.encode()}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


FILES = {"meta.json": json.dumps({"Index": 7, "Term": 2}).encode(), "state.bin": b"s" * 3_000_000}
WHOLE = archive(FILES)


class Vault:
    """A server that gives one snapshot and remembers what it got."""

    def __init__(self, content=WHOLE):
        self.content = content
        self.got = []

    def download(self, path):
        return self.content

    def upload(self, path, content):
        self.got.append((path, content))

    def health(self):
        return {"cluster_name": "vault-cluster-1", "cluster_id": "id-1"}


def test_a_snapshot_is_kept_for_its_owner_alone_and_not_taken_twice(tmp_path):
    path = tmp_path / "a" / "vault.snap"
    assert save(Vault(), path, 60.0, True) == (True, None) and not path.exists()
    changed, said = save(Vault(), path, 60.0, False)
    assert (changed, said["index"], said["term"], said["size"]) == (True, 7, 2, len(WHOLE)) and path.stat().st_mode & 0o777 == 0o600
    assert save(Vault(b""), path, 60.0, False) == (False, said)
    os.utime(path, (0, 0))
    assert save(Vault(), path, 60.0, False)[0] is True


def test_a_damaged_one_never_replaces_a_whole_one(tmp_path):
    path = tmp_path / "vault.snap"
    save(Vault(), path, 0.0, False)
    with pytest.raises(ServerError, match="stays as it was"):
        save(Vault(WHOLE[:1000]), path, 0.0, False)
    assert path.read_bytes() == WHOLE and [one.name for one in tmp_path.iterdir()] == ["vault.snap"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"nothing", "is no whole snapshot"),
        (WHOLE[: len(WHOLE) // 2], "is no whole snapshot"),
        (
            archive({**FILES, "state.bin": b"other"}, "".join(f"{hashlib.sha256(c).hexdigest()}  {n}\n" for n, c in FILES.items())),
            "state.bin is damaged",
        ),
        (archive({"meta.json": FILES["meta.json"]}), "state.bin is missing"),
        (archive(FILES, ""), "SHA256SUMS is missing"),
    ],
)
def test_what_is_not_whole_is_told(tmp_path, content, words):
    path = tmp_path / "vault.snap"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        verify(path)


def test_there_is_none(tmp_path):
    with pytest.raises(InputError, match="there is no snapshot"):
        verify(tmp_path / "none")


@pytest.mark.parametrize("confirm", ["", "another"])
def test_a_restore_needs_the_clusters_name(tmp_path, confirm):
    path, vault = tmp_path / "vault.snap", Vault()
    path.write_bytes(WHOLE)
    with pytest.raises(RefusedError, match="say confirm: vault-cluster-1"):
        restore(vault, path, confirm, False, False)
    assert vault.got == []


@pytest.mark.parametrize(("force", "place"), [(False, "sys/storage/raft/snapshot"), (True, "sys/storage/raft/snapshot-force")])
def test_a_restore_sends_what_was_proven(tmp_path, force, place):
    path, vault = tmp_path / "vault.snap", Vault()
    path.write_bytes(WHOLE)
    restore(vault, path, "id-1", force, True)
    assert vault.got == []
    restore(vault, path, "vault-cluster-1", force, False)
    assert vault.got == [(place, WHOLE)]
