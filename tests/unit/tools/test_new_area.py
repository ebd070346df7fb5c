# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make area` in a copy of this checkout: what it writes passes the static checks and its own tests as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

CHECKS = [
    *("ruff lint", "ruff format", "yamllint", "role interfaces", "floors", "house rules", "file length", "changelog"),
    *("inventory reference", "role echoes", "role pages", "coverage"),
]


def run(folder, *command):
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTEST_", "GIT_"))}
    own["PATH"] = f"{os.path.dirname(sys.executable)}{os.pathsep}{own['PATH']}"
    return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False, timeout=600)


@pytest.fixture(scope="module")
def copy(checkout, tmp_path_factory):
    """The checkout as it lies there, in a folder of its own with a collection path of its own."""
    folder = tmp_path_factory.mktemp("copy") / "platform"
    listed = run(checkout, "git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.splitlines()
    for name in listed:
        if (checkout / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, folder / name)
    collections = folder / ".ansible" / "collections" / "ansible_collections"
    collections.mkdir(parents=True)
    for other in (checkout / ".ansible" / "collections" / "ansible_collections").iterdir():
        if other.name != "gantry":
            (collections / other.name).symlink_to(other)
    (collections / "gantry").mkdir()
    (collections / "gantry" / "platform").symlink_to(folder)
    assert run(folder, "git", "init", "-q").returncode == 0
    return folder


@pytest.fixture(scope="module")
def written(copy):
    """The copy with an area more, and what making it said."""
    done = run(copy, sys.executable, "tests/tools/new_area.py", "sample_area")
    assert done.returncode == 0, done.stdout + done.stderr
    return copy, done.stdout


def test_the_skeleton_passes_the_static_checks(written):
    copy, said = written
    assert "plugins/module_utils/_model/areas/sample_area.json" in said
    done = run(copy, sys.executable, "tests/tools/lint.py", *CHECKS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_skeleton_passes_its_own_tests_and_those_of_all_rows(written):
    copy, _said = written
    tests = ["tests/unit/roles/sample_area", "tests/unit/plugins/module_utils/_model/test_rows.py", "tests/unit/roles/platform"]
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
        (["new_area", "environment"], "no run executes such an area yet"),
    ],
)
def test_a_wrong_name_or_place_writes_nothing(copy, words, answer):
    before = run(copy, "git", "status", "--short").stdout
    done = run(copy, sys.executable, "tests/tools/new_area.py", *words)
    assert done.returncode == 2
    assert answer in done.stdout
    assert run(copy, "git", "status", "--short").stdout == before
