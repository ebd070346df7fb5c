# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every text of the model has a form and every number a range; whatever stands in an inventory is accepted or told, never a crash."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.schema import Path, Schema
from ansible_collections.gantry.platform.plugins.module_utils._model.build import InventoryError
from ansible_collections.gantry.platform.plugins.module_utils._model.contract import schema
from ansible_collections.gantry.platform.plugins.module_utils._vault.schema import DOCUMENT
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory, model

SERVICES = VALUES["platform_services"]
TEAM = VALUES["platform_teams"]["cortex"]
SETTINGS = VALUES["platform_settings"]


def parts(raw: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every part of a schema by its place, names of keys among them; what only a rule may set is none of it."""
    part = schema().resolve(raw)
    if "x-derived" in part:
        return
    yield path, part
    for key, child in part.get("properties", {}).items():
        yield from parts(child, f"{path}.{key}")
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(part.get(key), dict):
            yield from parts(part[key], f"{path}.<{key}>")


def test_no_text_is_without_a_form_and_no_number_without_a_range():
    loose = []
    for path, part in parts(schema().document):
        kinds = part.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if "string" in kinds and not {"pattern", "enum", "format", "const"} & set(part):
            loose.append(path)
        if "string" in kinds and "format" in part and "maxLength" not in part:
            loose.append(f"{path} has no end")
        if {"integer", "number"} & set(kinds) and not (
            {"minimum", "exclusiveMinimum"} & set(part) and {"maximum", "exclusiveMaximum"} & set(part)
        ):
            loose.append(path)
        if isinstance(part.get("additionalProperties"), dict) and "propertyNames" not in part:
            loose.append(f"{path}: names of its keys")
    assert loose == []


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n", "\u2028", "\x00", " \n"])
@pytest.mark.parametrize("name", ["name", "digest", "variable_name", "duration", "cpu", "memory", "cidr", "domain", "line", "reference"])
def test_what_ends_in_a_line_break_fits_no_form(name, ending):
    good = {
        "name": "mind",
        "digest": "sha256:" + "0" * 64,
        "variable_name": "A",
        "duration": "1h",
        "cpu": "1",
        "memory": "1Gi",
        "cidr": "10.0.0.0/8",
        "domain": "a.example",
        "line": "Thinks",
        "reference": "env:A",
    }[name]
    one = Schema({"$ref": f"#/$defs/{name}", "$defs": schema().document["$defs"]})
    assert one.check(good) == []
    assert len(one.check(good + ending)) == 1


def test_a_document_of_vault_takes_no_name_that_ends_in_a_line_break():
    assert Schema(DOCUMENT).check({"policies": {"a": "path x {}"}}) == []
    assert len(Schema(DOCUMENT).check({"policies": {"a\n": "path x {}"}})) == 1
    assert len(Schema(DOCUMENT).check({"engines": {"kv\n": {"type": "kv"}}})) == 1


@pytest.mark.parametrize("pattern", ["^/", "[a-z]+", "[a-z]+$"])
def test_a_pattern_that_is_not_about_the_whole_text_is_refused(pattern):
    with pytest.raises(ValueError, match="is not about the whole text"):
        Schema({"type": "string", "pattern": pattern})


def with_engine(**changes):
    return inventory(platform_services={**SERVICES, "engine": {**SERVICES["engine"], **changes}})


def with_team(**changes):
    return inventory(platform_teams={"cortex": {**TEAM, **changes}})


@pytest.mark.parametrize(
    ("values", "path"),
    [
        (inventory(platform_settings={**SETTINGS, "product": "mind\n"}), "settings.product"),
        (inventory(platform_settings={**SETTINGS, "domain": "-.-"}), "settings.domain"),
        (inventory(platform_settings={**SETTINGS, "registries": ["images.mind.example", "a b"]}), "settings.registries[1]"),
        (with_engine(hosts=["perception .example"]), "services.engine.hosts[0]"),
        (with_engine(hosts=["a..example"]), "services.engine.hosts[0]"),
        (with_engine(hosts=["x" * 64 + ".example"]), "services.engine.hosts[0]"),
        (with_engine(replicas={"min": 1, "max": 999999999999}), "services.engine.replicas.max"),
        (with_engine(replicas={"min": -1, "max": 2}), "services.engine.replicas.min"),
        (with_engine(databases={"memory": {"ttl": "48h", "max_ttl": "1h"}}), "services.engine.databases.memory.ttl"),
        (with_engine(databases={"memory": {"ttl": "0s"}}), "services.engine.databases.memory.ttl"),
        (with_engine(databases={"memory": {"ttl": "99999999999d"}}), "services.engine.databases.memory.ttl"),
        (with_engine(image="images.mind.example/a b"), "services.engine.image"),
        (with_engine(description='x\n  "*": [sudo]'), "services.engine.description"),
        (with_engine(description="x\u202ey"), "services.engine.description"),
        (with_engine(description="x" * 501), "services.engine.description"),
        (with_engine(probes={"liveness": {"period_seconds": 10**9}}), "services.engine.probes.liveness.period_seconds"),
        (with_engine(config={"A": "a\x00b"}), "services.engine.config.A"),
        (with_team(namespace="vault"), "teams.cortex.namespace"),
        (with_team(namespace="kube-node-lease"), "teams.cortex.namespace"),
        (with_team(namespace="gantry-system"), "teams.cortex.namespace"),
        (with_team(limits={"default": {"memory": "32Gi"}}), "teams.cortex.limits.default.memory"),
        (with_team(limits={"default_request": {"cpu": "9"}}), "teams.cortex.limits.default_request.cpu"),
        (with_team(quota={"cpu": "64", "memory": "128Gi", "pods": 10**8}), "teams.cortex.quota.pods"),
        (
            inventory(platform_slos={"s": {"service": "engine", "indicator": "quality", "metric": "m", "objective": 9, "threshold": "1s"}}),
            "slos.s.threshold",
        ),
        (
            inventory(platform_foundation={"databases": {"m": {"host": "m", "password": "env:P", "cidr": "10.0.0.1/8"}}}),
            "foundation.databases.m.cidr",
        ),
        (
            inventory(platform_foundation={"databases": {"m": {"host": "m/x?sslmode=disable", "password": "env:P"}}}),
            "foundation.databases.m.host",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_path_and_a_cure(values, path):
    (found,) = errors(values)
    assert f": {path}: found " in found or f": {path}: only " in found
    assert "allowed: " in found or "above " in found or "delete it" in found


def test_a_team_may_not_have_the_namespace_of_a_component_or_of_somebody_else():
    catalog = {"argocd": {"namespace": "argo"}, "metrics": {}}
    for name in ("argo", "metrics"):
        (found,) = errors(with_team(namespace=name), catalog=catalog)
        assert f"found '{name}', which is the namespace of the component" in found
    theirs = inventory(platform_settings={**SETTINGS, "external_namespaces": ["cortex"]})
    assert "settings.external_namespaces" in errors(theirs)[0]


def test_a_host_whose_name_is_no_name_of_a_cluster_is_refused():
    (found,) = errors(inventory(), host="prod $(id)")
    assert "cluster.name: found" in found and "as the host's name" in found


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from leaves(item, (*path, key))


WRONG = [
    None,
    "",
    "x",
    "a: b",
    "x" * 3000,
    "-1",
    "é\x00\u2028{{ x }}",
    5,
    -1,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    True,
    [],
    [[]],
    ["x", 5],
    {},
    {"x": 1},
]
WRONG += [{"x": {"y": None}}, {5: 5}, ["a", "a"]]


def replaced(values: dict[str, Any], path: Path, item: Any) -> dict[str, Any]:
    found = copy.deepcopy(values)
    holder: Any = found
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = copy.deepcopy(item)
    return found


def test_every_wrong_value_in_every_place_is_accepted_or_told_in_few_words():
    whole = inventory(
        platform_settings={
            **SETTINGS,
            "areas": {"vault": True},
            "components": {"vault": {"values": {"a": 1}}},
            "external_namespaces": ["x"],
        },
        platform_finops={"cost_centers": {"cognition": {"monthly_budget": 5}}},
        platform_foundation={
            "databases": {"memory": {"host": "m", "password": "env:P"}},
            "accounts": {"a": {"provider": "aws", "id": "1"}},
        },
        platform_secret_references={"services": {"store": {"KEY": "vault:prod/store#key"}}},
        platform_environment_overrides={"services": {"store": {"replicas": {"min": 2, "max": 3}}}},
    )
    whole["platform_services"]["store"] |= {"databases": {"memory": {}}, "hosts": ["a.example"], "only_in": ["prod"], "config": {"A": "b"}}
    whole["platform_security"] |= {
        "exceptions": {"e": {"rule": "r", "service": "store", "reason": "y", "expires": "2027-01-31"}},
        "vault": {"seal": {"type": "transit", "config": {"address": "a"}, "environment": {"VAULT_TOKEN": "env:T"}}, "policy_tests": {}},
    }
    places = [path for path in leaves(whole) if path]
    seed = 12
    chosen = random.Random(seed)
    for path, item in [(path, item) for path in places for item in chosen.sample(WRONG, 5)]:
        try:
            model(replaced(whole, path, item), known_environments=frozenset({"prod", "dev"}), catalog={"vault": {}})
        except InventoryError as error:
            assert len(error.findings) <= 20, f"seed {seed}: {path} = {item!r:.60}: {error}"
            assert len(str(error)) < 12_000, f"{path} = {item!r:.60} is told in {len(str(error))} characters"
