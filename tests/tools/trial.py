# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/trial/<letter>.yml name a test for every kind of fault that inputs from outside have shown; each of these tests exists."""

from __future__ import annotations

import yaml
from common import ROOT
from coverage import test_exists

TRIAL = ROOT / "tests" / "trial"


def problems() -> list[str]:
    """One line for each row without words or a test, for each test that is not there, and for each row in another letter's file."""
    found: list[str] = []
    for file in sorted(TRIAL.glob("*.yml")):
        for row, answer in yaml.safe_load(file.read_text()).items():
            where = f"tests/trial/{file.name}: {row}"
            if row[0] != file.stem:
                found.append(f"{where} belongs into {row[0]}.yml")
            if not answer.get("kind"):
                found.append(f"{where} does not say what kind of fault it is")
            tests = answer.get("tests") or []
            if not tests:
                found.append(f"{where} names no test")
            found += [f"{where}: its test {test} does not exist" for test in tests if not test_exists(test)]
    return found
