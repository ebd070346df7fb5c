# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from fractions import Fraction

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.exact import duration, number, percent, seconds, text
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("typed", "budget"), [(99.9, "0.001"), (99.95, "0.0005"), (99.99, "0.0001"), ("99.999", "0.00001"), (90, "0.1"), (99.7, "0.003")]
)
def test_a_budget_is_what_was_typed_and_no_float_of_it(typed, budget):
    assert text(1 - number(typed) / 100) == budget


@given(st.decimals(min_value="0.001", max_value="99.999", places=3))
def test_every_objective_of_three_decimals_is_exact_as_a_float_too(objective):
    assert number(float(objective)) == Fraction(objective)


@pytest.mark.parametrize(
    ("value", "words"), [("1/3", "(1 / 3)"), ("7/7500", "(7 / 7500)"), ("3/8", "0.375"), ("14", "14"), ("-1/4", "-0.25")]
)
def test_a_number_that_does_not_end_is_written_as_a_quotient(value, words):
    assert text(Fraction(value)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [("0.9995", "99.95 %"), ("0.9999999", "99.999 %"), ("1", "100 %"), ("-0.0351", "-3.51 %"), ("-0.000001", "-0.001 %")],
)
def test_people_never_read_better_than_it_is(value, words):
    assert percent(Fraction(value)) == words


@given(st.integers(1, 10**6), st.sampled_from(["ms", "s", "m", "h", "d"]))
def test_durations_come_back(count, unit):
    assert seconds(duration(seconds(f"{count}{unit}"))) == seconds(f"{count}{unit}")
