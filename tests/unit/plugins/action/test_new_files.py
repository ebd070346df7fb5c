# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from unittest.mock import MagicMock

import pytest
from ansible_collections.gantry.platform.plugins.action.new_files import ActionModule


def call(check_mode=False, **args):
    task = MagicMock(
        async_val=0, check_mode=check_mode, args={name: str(value) if name == "dest" else value for name, value in args.items()}
    )
    return ActionModule(task, MagicMock(), MagicMock(), MagicMock(), MagicMock(), MagicMock()).run(None, {})


def held(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.yml").write_bytes(b"a: \xff\n")
    (folder / "deep" / ".hidden").write_bytes(b"")
    return folder


def test_folders_and_files_are_written_as_they_are(tmp_path, source):
    dest = tmp_path / "new" / "ours"
    answer = call(dest=dest, folders={"inventories": str(source)}, files={"x/y.md": "ü\r\n"})
    assert answer == {"changed": True, "written": ["inventories/a.yml", "inventories/deep/.hidden", "x/y.md"]}
    assert held(dest) == {"inventories/a.yml": b"a: \xff\n", "inventories/deep/.hidden": b"", "x/y.md": "ü\r\n".encode()}
    assert {path.stat().st_mode & 0o777 for path in dest.rglob("*") if path.is_file()} == {0o644}


def test_what_is_there_stays_whatever_it_is(tmp_path, source):
    dest = tmp_path / "ours"
    (dest / "inventories").mkdir(parents=True)
    (dest / "inventories" / "a.yml").write_text("ours\n")
    (dest / "link").symlink_to("nowhere")
    (dest / "folder").mkdir()
    words = {"dest": dest, "folders": {"inventories": str(source)}, "files": {"link": "new", "folder": "new"}}
    assert call(**words)["written"] == ["inventories/deep/.hidden"]
    assert ((dest / "inventories" / "a.yml").read_text(), (dest / "link").is_symlink(), (dest / "folder").is_dir()) == (
        "ours\n",
        True,
        True,
    )
    assert call(**words) == {"changed": False, "written": []}


def test_check_mode_says_what_would_be_written_and_writes_nothing(tmp_path, source):
    dest = tmp_path / "ours"
    answer = call(check_mode=True, dest=dest, folders={"inventories": str(source)})
    assert answer == {"changed": True, "written": ["inventories/a.yml", "inventories/deep/.hidden"]}
    assert not dest.exists()


@pytest.mark.parametrize("name", ["../outside", "a/../../outside", "/outside"])
def test_nothing_is_written_outside(tmp_path, name):
    answer = call(dest=tmp_path / "ours", files={name: "x", "a": "x"})
    assert answer["failed"] and answer["msg"] == f"{name} is not below {tmp_path / 'ours'}"
    assert held(tmp_path) == {}


def test_a_folder_that_is_not_there_and_a_file_in_the_way_of_a_folder_are_told(tmp_path):
    missing = call(dest=tmp_path / "ours", folders={"x": str(tmp_path / "nowhere")})
    assert missing["failed"] and missing["msg"] == f"{tmp_path / 'nowhere'} is no folder"
    (tmp_path / "a").write_text("")
    blocked = call(dest=tmp_path, files={"a/b": "x"})
    assert blocked["failed"] and blocked["msg"].startswith(f"{tmp_path / 'a/b'} cannot be written: ")
    assert held(tmp_path) == {"a": b""}
