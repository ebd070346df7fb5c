# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._core.text import decoded, read_text


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
