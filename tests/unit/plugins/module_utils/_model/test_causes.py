# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One mistake is one error with its cause, whatever follows from it."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory, model

SERVICES = VALUES["platform_services"]
KNOWN = frozenset({"dev", "staging", "prod", "dr"})


def with_engine(**changes):
    return inventory(platform_services={**SERVICES, "engine": {**SERVICES["engine"], **changes}})


def overridden(**content):
    return inventory(platform_environment_overrides=content)


@pytest.mark.parametrize("listed", [["staging", "prodd"], ["prodd"], ["dev", "Prod"]])
def test_an_environment_that_nothing_bears_takes_no_service_away(listed):
    values = with_engine(only_in=listed)
    (found,) = errors(values, known_environments=KNOWN)
    assert f"services.engine.only_in[{len(listed) - 1}]: " in found
    assert "prodd" not in listed or found.endswith("did you mean 'prod'?")


def test_where_no_files_are_at_hand_a_near_miss_of_the_own_name_is_refused():
    assert errors(with_engine(only_in=["prodd"])) != []
    (found,) = errors(with_engine(only_in=["prodd", "dr"]))
    assert found.endswith("found the unknown environment 'prodd'; allowed: prod; did you mean 'prod'?")


def test_a_folder_whose_files_are_not_named_by_environments_says_nothing_of_them():
    assert errors(with_engine(only_in=["prod", "dr"]), known_environments=frozenset({"ansible_inventory"})) == []
    (found,) = errors(with_engine(only_in=["prodd"]), known_environments=frozenset({"ansible_inventory"}))
    assert found.endswith("did you mean 'prod'?")


def test_an_environment_is_named_as_its_inventory():
    values = inventory(platform_environment={**VALUES["platform_environment"], "name": "prodd"})
    assert any("environment.name: found the unknown environment 'prodd'" in one for one in errors(values, known_environments=KNOWN))
    promoted = inventory(platform_environment={**VALUES["platform_environment"], "promotes_from": "stagin"})
    (found,) = errors(promoted, known_environments=KNOWN)
    assert found.endswith("did you mean 'staging'?")


@pytest.mark.parametrize(
    ("values", "where", "cure"),
    [
        (with_engine(databases={"memory": None}), "services.engine.databases.memory", "write {} for an empty one"),
        (with_engine(databases=None), "services.engine.databases", "write {} for an empty one"),
        (with_engine(dependencies=None), "services.engine.dependencies", "write [] for an empty one"),
        (with_engine(config={"A": None}), "services.engine.config.A", "a value, or no key"),
        (inventory(platform_teams={**VALUES["platform_teams"], "new": None}), "teams.new", "write {} for an empty one"),
        (overridden(services={"engine": {"config": {"A": None}}}), "services.engine.config.A", "a value, or no key"),
        ({**inventory(), "platform_slos": None}, "slos", "write {} for an empty one"),
        ({**inventory(), "platform_environment_overrides": None}, "", "write {} for an empty one"),
    ],
)
def test_null_that_removes_nothing_is_refused(values, where, cure):
    (found,) = errors(values)
    assert where in found
    assert "found null" in found and cure in found


def test_null_still_removes_what_a_layer_below_says():
    settings = {**VALUES["platform_settings"], "defaults": {"services": {"config": {"LEVEL": "info"}}}}
    values = inventory(platform_settings=settings, platform_environment_overrides={"services": {"engine": {"config": {"LEVEL": None}}}})
    assert model(values).effective["services"]["engine"]["config"] == {}
    assert errors(overridden(services={"engine": {"probes": None}})) == [], "a default of the schema holds again"


@pytest.mark.parametrize(
    ("values", "where"),
    [
        (with_engine(dependencies=5), "services.engine.dependencies: found 5; allowed: a list"),
        (with_engine(dependencies="store"), 'services.engine.dependencies: found "store"; allowed: a list'),
        (with_engine(dependencies=[{"a": 1}, 7, "store"]), "services.engine.dependencies[0]"),
        (with_engine(hosts="a.example"), "services.engine.hosts"),
        (with_engine(hosts=[["a"], ["a"]]), "services.engine.hosts[0]"),
        (with_engine(only_in="prod"), "services.engine.only_in"),
        (with_engine(team=["cortex"]), "services.engine.team"),
        (with_engine(tier={}), "services.engine.tier"),
        (with_engine(replicas=[1, 2]), "services.engine.replicas"),
        (with_engine(resources={"requests": 7}), "services.engine.resources.requests"),
        (with_engine(databases=["memory"]), "services.engine.databases"),
        (inventory(platform_services=["engine"]), "services"),
        (inventory(platform_teams=5), "teams"),
        (inventory(platform_teams={"cortex": 5}), "teams.cortex"),
        (inventory(platform_security={"data_classes": ["internal"]}), "security.data_classes"),
        (inventory(platform_recovery={"tiers": "t0"}), "recovery.tiers"),
        (inventory(platform_release={"services": 5}), "release.services"),
        (inventory(platform_slos={"x": 5}), "slos.x"),
        (inventory(platform_environment="prod"), "environment"),
        (inventory(platform_settings={**VALUES["platform_settings"], "registries": "images.mind.example"}), "settings.registries"),
        (inventory(platform_cluster={**VALUES["platform_cluster"], "network": 5}), "cluster.network"),
    ],
)
def test_a_value_of_the_wrong_form_is_told_as_that_and_nothing_else(values, where):
    found = errors(values)
    assert where in found[0] or any(where in one for one in found)
    places = {one.split(": ")[1].partition("[")[0] for one in found}
    assert all(place.startswith(where.partition(":")[0].partition("[")[0]) for place in places), found


@pytest.mark.parametrize(
    ("variable", "file"),
    [
        ("platform_environment", "inventories/group_vars/prod/00_environment.yml"),
        ("platform_settings", "inventories/group_vars/all/20_platform.yml"),
        ("platform_teams", "inventories/group_vars/all/30_teams.yml"),
        ("platform_services", "inventories/group_vars/all/40_services.yml"),
        ("platform_security", "inventories/group_vars/all/60_security.yml"),
        ("platform_recovery", "inventories/group_vars/all/70_recovery.yml"),
        ("platform_release", "inventories/group_vars/prod/release.yml"),
        ("platform_cluster", "inventories/host_vars/prod-a.yml"),
    ],
)
def test_a_missing_file_is_one_error_that_names_it(variable, file):
    (found,) = errors(inventory(**{variable: None}), folder="inventories", group="prod")
    assert f"nothing sets {variable}, which stands in {file}" in found


@pytest.mark.parametrize(
    ("content", "name", "meant"),
    [
        ({"services": {"engin": {"replicas": {"min": 4}}}}, "services.engin", "engine"),
        ({"teams": {"cortx": {"quota": {"cpu": "1", "memory": "1Gi", "pods": 9}}}}, "teams.cortx", "cortex"),
        ({"slos": {"engine-latencie": {"objective": 98}}}, 'slos."engine-latencie"', "engine-latency"),
        ({"security": {"data_classes": {"internall": {"encrypted": False}}}}, "security.data_classes.internall", "internal"),
    ],
)
@pytest.mark.parametrize("variable", ["platform_environment_overrides", "platform_cluster_overrides"])
def test_a_misspelt_name_in_an_upper_layer_is_one_error(content, name, meant, variable):
    (found,) = errors(inventory(**{variable: content}))
    assert f"{name}: found a name that no layer below {variable} has" in found
    assert f"did you mean {meant!r}?" in found


def test_a_new_entry_that_says_all_it_needs_may_come_in_an_upper_layer():
    assert errors(overridden(security={"data_classes": {"secret": {"description": "Nobody's"}}})) == []


def test_a_name_that_is_looked_for_in_vain_is_told_once_for_all_that_look():
    values = copy.deepcopy(inventory())
    values["platform_recovery"] = {"tiers": {}}
    (found,) = errors(values)
    assert "recovery.tiers: nothing is declared here; it is looked for by services.engine.tier and 1 more" in found
