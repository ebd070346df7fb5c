# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import jmespath
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._model.explain import explain, plain_path, table
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import inventory, model


def ask(query, **values):
    return explain(model(inventory(**values)), query, jmespath.search)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("a", ("a",)),
        ('services."memory-store".recovery', ("services", "memory-store", "recovery")),
        ("services.memory-store.recovery", ("services", "memory-store", "recovery")),
        ("a.b-c[0].d", ("a", "b-c", 0, "d")),
        ("a-b == c", None),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ("a[*].b", None),
        ("keys(a)", None),
        ("a b", None),
        ("[0]", None),
        ("a || b", None),
    ],
)
def test_a_plain_path_is_told_from_a_query(query, path):
    assert plain_path(query) == path


def test_every_layer_that_spoke_is_named_and_the_last_one_holds():
    found = ask(
        "services.engine.replicas.min",
        platform_environment_overrides={"services": {"engine": {"replicas": {"min": 4}}}},
        platform_cluster_overrides={"services": {"engine": {"replicas": {"min": 5}}}},
    )
    assert found.value == 5
    (statements,) = found.leaves.values()
    assert [(one.layer, one.value, one.source) for one in statements] == [
        ("profile", 3, "profile standard"),
        ("environment", 4, "platform_environment_overrides:5"),
        ("cluster", 5, "platform_cluster_overrides:5"),
    ]


def test_a_default_of_the_schema_is_named_even_where_it_lost():
    found = ask("services.engine.exposed", platform_cluster_overrides={"services": {"engine": {"exposed": True}}})
    assert [(one.layer, one.value) for one in found.leaves[("services", "engine", "exposed")]] == [("default", False), ("cluster", True)]


def test_a_derived_value_quotes_its_rule_and_what_it_came_from():
    found = ask("services.engine.recovery.rto")
    (statement,) = found.leaves[("services", "engine", "recovery", "rto")]
    assert statement.layer == "rule"
    assert statement.source == "recovery: a service recovers as its tier promises"
    assert statement.origins == ("services.engine.tier at platform_services:4", "recovery.tiers.t0.rto at platform_recovery:5")


def test_a_mapping_is_explained_leaf_by_leaf():
    found = ask("services.engine.recovery")
    assert {path[-1] for path in found.leaves} == {"rto", "rpo", "alert"}


def test_an_item_of_a_list_is_explained_by_the_list():
    assert list(ask("services.engine.dependencies[0]").leaves) == [("services", "engine", "dependencies")]


def test_a_projection_is_traced_and_a_computation_is_not():
    projected = ask("services.*.tier")
    assert sorted(projected.value) == ["t0", "t1"]
    assert set(projected.leaves) == {("services", "engine", "tier"), ("services", "store", "tier")}
    computed = ask("length(services)")
    assert (computed.value, computed.traced) == (2, False)
    assert "The query computes its value" in table(computed, "length(services)")[-1]


def test_a_path_that_leads_nowhere_says_what_there_is():
    with pytest.raises(InputError, match="services has no 'engin'; allowed: engine, store; did you mean 'engine'?"):
        ask("services.engin.tier")


def test_the_table_marks_what_holds_and_what_was_removed():
    lines = table(
        ask("services.engine", platform_cluster_overrides={"services": {"engine": {"resources": {"requests": {"cpu": None}}}}}), "q"
    )
    assert any(line.startswith("  → shared ") and '"t0"' in line for line in lines)
    assert any("removed" in line for line in lines)
