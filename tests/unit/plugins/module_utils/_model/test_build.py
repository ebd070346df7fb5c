# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import jsonschema
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._model.build import InventoryError
from ansible_collections.gantry.platform.plugins.module_utils._model.contract import profiles, schema
from ansible_collections.gantry.platform.plugins.module_utils._model.derive import enabled_areas, rules, set_names
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import (
    ACCESS,
    DIGEST,
    VALUES,
    errors,
    inventory,
    model,
)


def test_the_schema_is_a_valid_schema_of_its_draft_and_names_only_rules_that_exist():
    jsonschema.Draft202012Validator.check_schema(schema().document)
    text = str(schema().document)
    named = {part.split("'")[2] for key in ("x-derived", "x-rule") for part in text.split(f"'{key}")[1:]}
    assert named
    assert named <= set(rules())


def test_every_profile_is_known():
    assert set(profiles()) == set(schema().resolve(schema().document["$defs"]["environment"]["properties"]["profile"])["enum"])


def test_a_service_joins_everything():
    service = model(inventory(platform_secret_references={"services": {"engine": {"KEY": "env:KEY"}}})).effective["services"]["engine"]
    assert service["namespace"] == "cortex"
    assert service["cost_center"] == "cognition"
    assert service["priority_class"] == "tier-t0"
    assert service["recovery"] == {"rto": "15m", "rpo": "1m", "alert": "ticket"}
    assert service["image"] == "images.mind.example/cortex/engine"
    assert service["digest"] == DIGEST
    assert service["secrets"] == {"KEY": "env:KEY"}
    assert service["slos"] == ["engine-latency"]
    assert service["dependents"] == []
    assert service["hosts"] == []
    assert service["replicas"] == {"min": 3, "max": 8, "cpu_target_percent": 70}


def test_a_renamed_team_keeps_the_namespace_in_which_everything_of_it_runs():
    values = inventory()
    values["platform_teams"] = {"mind": {**values["platform_teams"]["cortex"], "renamed_from": "cortex"}}
    values["platform_services"] = {name: {**entry, "team": "mind"} for name, entry in values["platform_services"].items()}
    found = model(values).effective
    assert (found["teams"]["mind"]["namespace"], found["services"]["engine"]["namespace"]) == ("cortex", "cortex")
    values["platform_teams"]["mind"]["namespace"] = "mind"
    assert model(values).effective["services"]["engine"]["namespace"] == "mind"


def test_dependents_are_the_other_side_of_dependencies():
    assert model().effective["services"]["store"]["dependents"] == ["engine"]


def test_what_only_merging_needs_is_gone_from_the_model():
    effective = model().effective
    assert "secret_references" not in effective
    assert "defaults" not in effective["settings"]
    assert set(effective) == {
        "environment", "cluster", "settings", "teams", "services", "slos", "security", "recovery", "foundation", "finops", "release", "contributions",
    }  # fmt: skip


def test_an_exposed_service_has_a_host_of_its_own():
    services = {**VALUES["platform_services"], "engine": {**VALUES["platform_services"]["engine"], "exposed": True}}
    assert model(inventory(platform_services=services)).effective["services"]["engine"]["hosts"] == ["engine.mind.example"]


def test_layers_win_in_their_order():
    replicas = {"services": {"engine": {"replicas": {"min": 4}}}}
    assert model(inventory(platform_environment_overrides=replicas)).effective["services"]["engine"]["replicas"]["min"] == 4
    both = inventory(platform_environment_overrides=replicas, platform_cluster_overrides={"services": {"engine": {"replicas": {"min": 5}}}})
    assert model(both).effective["services"]["engine"]["replicas"] == {"min": 5, "max": 8, "cpu_target_percent": 70}


def test_defaults_of_the_settings_lie_above_the_profile_and_below_the_service():
    settings = {**VALUES["platform_settings"], "defaults": {"services": {"replicas": {"min": 5}, "config": {"LEVEL": "info"}}}}
    services = {**VALUES["platform_services"], "store": {**VALUES["platform_services"]["store"], "replicas": {"min": 6}}}
    found = model(inventory(platform_settings=settings, platform_services=services)).effective["services"]
    assert (found["engine"]["replicas"]["min"], found["store"]["replicas"]["min"]) == (5, 6)
    assert found["store"]["config"] == {"LEVEL": "info"}


def test_null_takes_away_what_a_layer_below_said():
    settings = {**VALUES["platform_settings"], "defaults": {"services": {"config": {"LEVEL": "info"}}}}
    values = inventory(platform_settings=settings, platform_cluster_overrides={"services": {"engine": {"config": {"LEVEL": None}}}})
    assert model(values).effective["services"]["engine"]["config"] == {}


def test_a_service_lives_only_where_it_is_meant_to():
    lab = {"team": "cortex", "tier": "t1", "data_class": "internal", "description": "Tries", "only_in": ["dev"]}
    slos = {"lab-quality": {"service": "lab", "indicator": "quality", "metric": "m", "objective": 90}}
    effective = model(inventory(platform_services={**VALUES["platform_services"], "lab": lab}, platform_slos=slos)).effective
    assert set(effective["services"]) == {"engine", "store"}
    assert effective["slos"] == {}


@pytest.mark.parametrize(
    ("cluster", "access", "kubeconfig", "context"),
    [
        ({}, ACCESS, "/home/me/.kube/config", "prod-a"),
        ({"context": "other"}, ACCESS, "/home/me/.kube/config", "other"),
        ({"kubeconfig": ".gantry/x"}, ACCESS, "/project/.gantry/x", None),
        ({"kubeconfig": "~/x", "context": "c"}, ACCESS, "/home/me/x", "c"),
        ({"kubeconfig": "/etc/x"}, ACCESS, "/etc/x", None),
        ({"kubeconfig": "/etc/x", "context": "c"}, replace(ACCESS, rehearsal_root="/r"), "/r/prod-a/deployer.kubeconfig", None),
    ],
)
def test_access_to_the_cluster(cluster, access, kubeconfig, context):
    found = model(inventory(platform_cluster={**VALUES["platform_cluster"], **cluster}), access)
    assert (found.effective["cluster"]["kubeconfig"], found.effective["cluster"]["context"]) == (kubeconfig, context)


def test_the_digest_is_the_same_on_every_machine_and_in_a_rehearsal():
    one, two = model(), model(access=replace(ACCESS, home="/somewhere", rehearsal_root="/r"))
    assert one.digest == two.digest
    assert one.digest != model(inventory(platform_cluster_overrides={"settings": {"domain": "other.example"}})).digest


def test_the_sets_of_a_run_follow_areas_and_components():
    settings = {**VALUES["platform_settings"], "components": {"b": {}, "a": {}, "c": {"enabled": False}}, "areas": {"workloads": False}}
    effective = model(inventory(platform_settings=settings)).effective
    assert enabled_areas(effective) == ["component", "cluster_baseline"]
    assert set_names(effective) == ["component-a", "component-b", "cluster-baseline"]


def test_a_component_comes_as_the_settings_say_and_as_the_release_pins_it():
    settings = {**VALUES["platform_settings"], "components": {"a": {}, "b": {"source": "upstream"}}}
    release = {**VALUES["platform_release"], "components": {"a": {"version": "1.2.3", "digest": DIGEST}}}
    found = model(inventory(platform_settings=settings, platform_release=release)).effective["settings"]["components"]
    assert found["a"] == {"enabled": True, "values": {}, "source": "crds", "delivery": "direct", "version": "1.2.3", "digest": DIGEST}
    assert found["b"]["source"] == "upstream"


def test_a_control_host_needs_no_cluster():
    assert "cluster" not in model(inventory(platform_cluster=None), control=True).effective
    assert errors(inventory(platform_cluster=None)) == [
        "cluster: missing: nothing sets platform_cluster, which stands in host_vars/prod-a.yml"
    ]


def test_all_errors_of_all_layers_come_at_once_with_their_places():
    values = inventory(
        platform_services={**VALUES["platform_services"], "store": {**VALUES["platform_services"]["store"], "porrt": 1, "port": 80}},
        platform_environment={"name": "prod", "stage": "production", "profile": "hug"},
        platform_cluster_overrides={"slos": {"engine-latency": {"objective": 100}}},
    )
    assert errors(values) == [
        'platform_cluster_overrides:4: slos."engine-latency".objective: found 100; allowed: less than 100',
        'platform_environment:3: environment.profile: found "hug"; allowed: small, standard, ha',
        "platform_services:4: services.store.porrt: unknown key; allowed: team, tier, data_class, description, image, port, protocol, exposed, "
        "hosts, replicas, resources, probes, dependencies, config, only_in, renamed_from, repository, logging, probed, metrics, tracing, "
        "generated_secrets, databases; did you mean 'port'?",
        "platform_services:4: services.store.port: found 80; allowed: at least 1024",
    ]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            {"services": {"engine": {"team": "cortex"}}},
            "may not be set by the layer environment (platform_environment_overrides); allowed: shared, ",
        ),
        ({"services": {"engine": {"dependencies": []}}}, "may not be set by the layer environment"),
        ({"services": {"engine": {"namespace": "x"}}}, "is derived by the rule 'namespace' and may not be set; delete it"),
        (
            {"environment": {"protected": True}},
            "may not be set in platform_environment_overrides; it has the variable platform_environment",
        ),
        ({"cluster": {"size": "large"}}, "may not be set in platform_environment_overrides; it has the variable platform_cluster"),
    ],
)
def test_a_key_is_set_only_by_a_layer_that_may(overrides, message):
    found = errors(inventory(platform_environment_overrides=overrides))
    assert len(found) == 1
    assert message in found[0]


def test_an_error_is_told_once_and_as_data():
    with pytest.raises(InventoryError) as caught:
        model(inventory(platform_environment={"name": "prod", "stage": "x", "profile": "ha"}))
    assert caught.value.details["errors"] == [
        {
            "file": "platform_environment",
            "line": 3,
            "path": "environment.stage",
            "message": 'found "x"; allowed: sandbox, development, staging, production, recovery',
        }
    ]
    assert "has 1 error; nothing was contacted" in caught.value.message
