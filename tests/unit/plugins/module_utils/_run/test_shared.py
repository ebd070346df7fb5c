# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._run.shared import shared_clusters

ONE, OTHER = [{"stage": "declare"}, {"cluster_uid": "u1"}], [{"cluster_uid": "u2"}]


@pytest.mark.parametrize(
    ("notes", "same_as", "said"),
    [
        ({"a": ONE, "b": OTHER}, {}, []),
        ({"a": ONE, "b": [], "c": [{"cluster_uid": ""}]}, {}, []),
        ({"b": ONE, "a": ONE, "c": OTHER}, {}, ["a, b are one cluster (uid u1)"]),
        ({"a": ONE, "b": ONE}, {"b": "a"}, []),
        ({"a": ONE, "b": ONE}, {"b": "z"}, ["a, b are one cluster (uid u1)"]),
        ({"a": ONE, "b": ONE, "c": ONE}, {"b": "a"}, ["a, b, c are one cluster (uid u1)"]),
        ({"a": ONE, "b": ONE, "c": ONE}, {"b": "a", "c": "a"}, []),
    ],
)
def test_two_hosts_are_one_cluster_only_where_the_inventory_says_so(notes, same_as, said):
    found = shared_clusters(notes, same_as)
    assert [line.partition(":")[0] for line in found] == said
