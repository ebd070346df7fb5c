# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.scalars import as_json, as_key, plain, tagged


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22:30", "22:30"),
        ("190:20:30", "190:20:30"),
        ("017", 15),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0b11", -3),
        ("1_000", 1000),
        ("08", 8.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("y", True),
        ("Off", False),
        ("~", None),
        ("2001-01-01", "2001-01-01"),
        ("=", "="),
        ("1e400", "1e400"),
        ("0x" + "f" * 17, "0x" + "f" * 17),
    ],
)
def test_a_scalar_without_quotes(text, value):
    assert (plain(text), type(plain(text))) == (value, type(value))


@pytest.mark.parametrize(
    ("value", "expected"), [(1.0, 1), (-0.0, 0), (1.5, 1.5), (2**63, float(2**63)), (-(2**63), -(2**63)), (True, True)]
)
def test_a_number_becomes_what_json_makes_of_it(value, expected):
    assert (as_json(value), type(as_json(value))) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (8080, "8080"),
        (True, "true"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1e6, "1e+06"),
        (123456.0, "123456"),
        (0.00001, "1e-05"),
        (-2.5, "-2.5"),
        (1e300, ".inf"),
    ],
)
def test_a_key_becomes_text(value, expected):
    assert as_key(value) == expected


@pytest.mark.parametrize(("name", "text"), [("int", "1.5"), ("bool", "1"), ("null", "x"), ("float", "x"), ("timestamp", "x"), ("set", "x")])
def test_a_tag_that_does_not_fit_is_refused(name, text):
    with pytest.raises(ValueError, match=f"is no !!{name}"):
        tagged(f"tag:yaml.org,2002:{name}", text)
