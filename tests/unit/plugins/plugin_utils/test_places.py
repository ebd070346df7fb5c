# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.gantry.platform.plugins.plugin_utils._places import scan

TEXT = """---
a:
  b: 1
  c:
    - x
    - y: 2
s: !vault |
  text
"""


def test_every_key_and_item_has_its_line():
    found = {path: place.line for path, place in scan(TEXT, "f").places.items()}
    assert found == {("a",): 2, ("a", "b"): 3, ("a", "c"): 4, ("a", "c", 0): 5, ("a", "c", 1): 6, ("a", "c", 1, "y"): 6, ("s",): 7}


def test_places_below_a_variable_are_given_by_the_path_in_the_model():
    assert {path: str(place) for path, place in scan(TEXT, "f").under("a", ("settings",)).items()}[("settings", "b")] == "f:3"


def test_a_key_that_comes_again_is_told_once_however_much_lies_below_it():
    (twice,) = scan("a: {x: 1}\nb: 2\na: {x: 2}\n", "f").twice
    assert (twice[0], twice[1].line, twice[2].line) == (("a",), 1, 3)


def test_what_cannot_be_read_says_why():
    assert "expected" in scan("a: [", "f").unreadable
    assert scan("", "f").places == {}
