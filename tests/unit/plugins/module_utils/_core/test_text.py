# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError, InputError
from ansible_collections.gantry.platform.plugins.module_utils._core.text import check_place, decoded, read_text, write_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_how_text_is_written(encoding):
    assert decoded("a: Ä\n".encode(encoding), "f") == "a: Ä\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "a: b\nc: Ä\n".encode("latin-1"),
            r"^f\.yml:2: byte 0xc4 is not UTF-8; save the file as UTF-8, or begin it with a byte order mark$",
        ),
        ("a: b\n".encode("utf-16-le"), r"^f\.yml:1: holds NUL bytes: UTF-16 without a byte order mark"),
        (b"\xff\xfea\0\n\0b", r"^f\.yml:2: byte 0x62 is not UTF-16-LE"),
        (b"a\n\nb\0", r"^f\.yml:3: holds NUL bytes"),
    ],
)
def test_what_is_no_text_is_refused_with_place_and_cure(content, words):
    with pytest.raises(InputError, match=words):
        decoded(content, "f.yml")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="none.yml cannot be read: No such file"):
        read_text(str(tmp_path / "none.yml"))


@pytest.mark.parametrize(
    "path", ["", "/", "{folder}", "{file}/x", "{file}/x/y", "{folder}/" + "n" * 300, "{folder}/" + "n" * 300 + "/x", "{folder}/a\0b"]
)
def test_where_no_file_can_be_written_is_known_without_writing(tmp_path, path):
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    file.touch()
    place = path.format(folder=folder, file=file)
    with pytest.raises(GantryError) as before:
        check_place(place)
    with pytest.raises(GantryError) as real:
        write_text(place, "x")
    assert before.value.message == real.value.message and " cannot be written: " in real.value.message
    assert sorted(tmp_path.rglob("*")) == [file, folder]


def test_folders_that_are_not_there_yet_are_made_and_a_file_is_replaced(tmp_path):
    place = tmp_path / "a" / "b" / "file"
    for content in ("one", "two"):
        check_place(str(place))
        write_text(str(place), content)
        assert place.read_text(encoding="utf-8") == content


def test_a_folder_in_which_nobody_may_write_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: str(path) != str(tmp_path))
    with pytest.raises(GantryError, match=r"x cannot be written: Permission denied"):
        check_place(str(tmp_path / "a" / "x"))
