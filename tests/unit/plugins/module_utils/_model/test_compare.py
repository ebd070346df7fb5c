# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.gantry.platform.plugins.module_utils._model.compare import compare, table
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, inventory, model


def effective(**changes):
    return model(inventory(**changes)).effective


def test_equal_models_have_no_difference():
    assert compare(effective(), effective()) == []
    assert table([], "a", "b") == ["a and b are the same."]


def test_only_differences_are_shown_with_both_sides():
    other = effective(platform_environment_overrides={"services": {"engine": {"replicas": {"min": 4}, "config": {"A": "1"}}}})
    found = compare(effective(), other)
    assert found == [{"path": "services.engine.config.A", "b": "1"}, {"path": "services.engine.replicas.min", "a": 3, "b": 4}]
    assert table(found, "one", "two") == [
        "                              one  two",
        "services.engine.config.A      –    1",
        "services.engine.replicas.min  3    4",
        "",
        "2 differences",
    ]


def test_clusters_count_only_when_they_are_compared():
    other = effective(platform_cluster={**VALUES["platform_cluster"], "size": "large", "kubeconfig": "/elsewhere"})
    assert compare(effective(), other) == [{"path": "cluster.size", "a": "small", "b": "large"}]
    assert compare(effective(), other, clusters=False) == []


def test_what_one_side_lacks_as_a_whole_is_one_difference():
    found = compare({"teams": {}}, {"teams": {"more": {"namespace": "more", "quota": {"pods": 3}}}})
    assert found == [{"path": "teams.more", "b": {"namespace": "more", "quota": {"pods": 3}}}]
    assert table(found, "one", "two")[1] == "teams.more  –    {namespace, quota}"


def test_where_columns_do_not_fit_the_sides_stand_below_each_other():
    found = [{"path": "services.engine.description", "a": "x" * 50, "b": "y"}, {"path": "p" * 90, "b": 1}]
    lines = table(found, "staging", "prod", 80)
    assert lines[:3] == ["services.engine.description", f"  staging  {'x' * 39}…", "  prod     y"]
    assert max(map(len, lines)) <= 80


def test_a_new_digest_is_told_once():
    digests = {"services": {name: {"digest": "sha256:" + "1" * 64} for name in ("engine", "store")}}
    assert [one["path"] for one in compare(effective(), effective(platform_release=digests))] == [
        "services.engine.digest",
        "services.store.digest",
    ]


def test_a_long_value_is_cut_on_the_screen_alone():
    found = [{"path": "a", "a": "x" * 50, "b": [1]}]
    assert table(found, "one", "two")[1] == f"a  {'x' * 39}…  [1]"
