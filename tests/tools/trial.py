# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/trial.yml names a test for every kind of fault that inputs from outside have shown; each of these tests exists."""

from __future__ import annotations

import yaml
from common import ROOT
from coverage import test_exists

TRIAL = ROOT / "tests" / "trial.yml"


def problems() -> list[str]:
    """One line for each row without words or a test, and for each test that is not there."""
    found: list[str] = []
    for row, answer in yaml.safe_load(TRIAL.read_text()).items():
        if not answer.get("kind"):
            found.append(f"tests/trial.yml: {row} does not say what kind of fault it is")
        tests = answer.get("tests") or []
        if not tests:
            found.append(f"tests/trial.yml: {row} names no test")
        found += [f"tests/trial.yml: {row}: its test {test} does not exist" for test in tests if not test_exists(test)]
    return found
