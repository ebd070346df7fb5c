# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._run.problems import Place, annotation, places_of, text_of


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"msg": "no"}, "no"),
        ({}, "the task failed without a message"),
        ({"censored": "hidden"}, "hidden"),
        ({"msg": "a\x1b[2Jb\nc"}, "a\\x1b[2Jb\nc"),
        ({"msg": "rc 1", "rc": 1, "stderr": "x\ny\n"}, "rc 1\n  x\n  y"),
        ({"msg": "rc 1", "rc": 1, "module_stdout": "t\x07"}, "rc 1\n  t\\x07"),
        ({"msg": "no", "stderr": "of something else"}, "no"),
        ({"msg": "items", "results": [{"failed": True, "msg": "a"}, {"msg": "b"}, {"failed": True, "msg": "a"}]}, "a"),
        ({"msg": "items", "results": [{"unreachable": True, "msg": "far"}]}, "far"),
    ],
)
def test_a_failure_in_words(result, text):
    assert text_of(result) == text


def test_of_a_programs_output_the_end_is_shown():
    lines = text_of({"msg": "rc 1", "rc": 1, "stdout": "\n".join(map(str, range(100)))}).splitlines()
    assert lines == ["rc 1", *(f"  {number}" for number in range(90, 100))]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("2 errors\n  a/b.yml:3: x: wrong\n  c.yaml:4:7: more", [Place("a/b.yml", 3, "x: wrong"), Place("c.yaml", 4, "more")]),
        ("/a b/c.yml:5: wrong", [Place("b/c.yml", 5, "wrong")]),
        ("inventory.yml is wrong; see https://x.example:443/y.yml", []),
        ("127.0.0.1:6443: refused", []),
    ],
)
def test_places_are_found_where_a_file_and_a_line_are_named(text, places):
    assert list(places_of(text)) == places


def test_an_annotation_is_one_line_whatever_its_words_are():
    assert annotation("error", Place("/repo/a,b:c.yml", 3, "50% of\r\nall: ::error::"), "/repo") == (
        "::error file=a%2Cb%3Ac.yml,line=3::50%25 of%0D%0Aall: ::error::"
    )
