# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is typed with half of its words is answered with the whole of them, before anything starts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["compare"], "A= is missing, as in make compare A=staging B=prod"),
        (["compare", "A=staging"], "B= is missing, as in make compare A=staging B=prod"),
        (["promote", "TO=prod"], "FROM= is missing, as in make promote FROM=staging TO=prod"),
        (["release", "DIGEST=x"], "SERVICE= is missing, as in make release SERVICE=memory-store"),
        (["plan", "ENV=prodd"], 'There is no environment "prodd"; there are '),
        (["new-platform"], "DEST= is missing, as in make new-platform DEST=../our-platform"),
    ],
)
def test_a_missing_word_is_named_with_an_example(words, told):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(["make", "-n", *words], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and told in done.stderr
