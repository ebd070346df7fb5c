# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.suggest import did_you_mean, nearest


@pytest.mark.parametrize(
    ("word", "words"),
    [("namespce", "; did you mean 'namespace'?"), ("kind", "; did you mean 'kind'?"), ("zzz", ""), ("", "")],
)
def test_the_nearest_word_is_offered_and_nothing_where_none_is_near(word, words):
    assert did_you_mean(word, iter(["kind", "namespace", "name"])) == words


def test_the_best_come_first_and_no_more_than_wanted():
    assert nearest("replica", ["replace", "replicas", "other"], most=2) == ["replicas", "replace"]
    assert nearest("replica", ["replace", "replicas"]) == ["replicas"]
