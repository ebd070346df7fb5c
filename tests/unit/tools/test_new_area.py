# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make area` in a copy of this checkout: what it writes passes the static checks and its own tests as it is."""

from __future__ import annotations

import sys

import pytest
from ansible_collections.gantry.platform.tests.kit.copied import copy_of, run, with_areas

CHECKS = [
    *("ruff lint", "ruff format", "yamllint", "role interfaces", "floors", "house rules", "file length", "changelog"),
    *("inventory reference", "role echoes", "role pages", "coverage"),
]


@pytest.fixture(scope="module")
def copy(checkout, tmp_path_factory):
    return copy_of(checkout, tmp_path_factory.mktemp("copy") / "platform")


@pytest.fixture(scope="module")
def written(copy):
    """The copy with two areas more, one on clusters and one that exists once, and what making them said."""
    return copy, with_areas(copy, ("sample_area", "cluster"), ("sample_once", "environment"))


def test_the_skeleton_passes_the_static_checks(written):
    copy, said = written
    assert {f"plugins/module_utils/_model/areas/{name}.json" for name in ("sample_area", "sample_once")} <= set(said.split())
    done = run(copy, sys.executable, "tests/tools/lint.py", *CHECKS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_skeleton_passes_its_own_tests_and_those_of_all_rows(written):
    copy, _said = written
    tests = [
        "tests/unit/roles/sample_area",
        "tests/unit/roles/sample_once",
        "tests/unit/plugins/module_utils/_model/test_rows.py",
        "tests/unit/roles/platform",
    ]
    done = run(copy, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def test_what_is_there_is_not_touched(written):
    copy, _said = written
    row = copy / "plugins" / "module_utils" / "_model" / "areas" / "sample_area.json"
    before = row.read_bytes()
    done = run(copy, sys.executable, "tests/tools/new_area.py", "sample_area")
    assert done.returncode == 2
    assert "is there already; nothing was written" in done.stdout
    assert row.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["../elsewhere"], "names no role"),
        (["Monitoring"], "names no role"),
        (["new_area", "moon"], "is neither cluster nor environment"),
    ],
)
def test_a_wrong_name_or_place_writes_nothing(copy, words, answer):
    before = run(copy, "git", "status", "--short").stdout
    done = run(copy, sys.executable, "tests/tools/new_area.py", *words)
    assert done.returncode == 2
    assert answer in done.stdout
    assert run(copy, "git", "status", "--short").stdout == before
