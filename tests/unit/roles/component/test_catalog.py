# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue: what an entry may hold, what it may rest on, and that what it pins is what the modules say."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
import yaml
from ansible_collections.gantry.platform.plugins.plugin_utils._model_input import catalog as known_components

REQUIRE = re.compile(r"^require (\S+) (\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def catalog(checkout):
    files = sorted((checkout / "roles" / "component" / "catalog").glob("*.yml"))
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in files}


@pytest.fixture(scope="module")
def schema(checkout):
    return jsonschema.Draft202012Validator(json.loads((checkout / "docs" / "catalog.schema.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def enabled(checkout):
    """(file, component) of every component that an inventory names."""
    found = []
    for path in sorted((checkout / "inventories").rglob("*.yml")):
        variables = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for key in ("platform_settings", "platform_environment_overrides", "platform_cluster_overrides"):
            settings = variables.get(key) or {}
            settings = settings if key == "platform_settings" else settings.get("settings") or {}
            found += [(path.name, name) for name in settings.get("components") or {}]
    return found


def circle(name, catalog, trail=()):
    """The components that require each other in a circle, from ``name`` on, or nothing."""
    if name in trail:
        return (*trail[trail.index(name) :], name)
    return next((found for other in catalog[name].get("requires", ()) if (found := circle(other, catalog, (*trail, name)))), ())


def problems(catalog):
    """What no schema can say of a catalogue."""
    found = []
    for name, entry in catalog.items():
        unknown = [other for other in entry.get("requires", ()) if other not in catalog]
        found += [f"{name} requires {other}, which is not in the catalogue" for other in unknown]
        if not unknown:
            found += [
                f"{name} requires {other}, which is at its end" for other in entry.get("requires", ()) if catalog[other]["status"] == "eol"
            ]
        low, high = (tuple(map(int, version.split("."))) for version in entry["kubernetes"])
        if low > high:
            found.append(f"{name}: its range of Kubernetes is empty")
        if entry.get("tested") and not entry["crds"] and not (entry["chart"] or {}).get("digest"):
            found.append(f"{name}: something was tested, and nothing is pinned")
    if not any("not in the catalogue" in problem for problem in found):
        found += [f"{name}: {' → '.join(way)}" for name in catalog if (way := circle(name, catalog)) and way[0] == name]
    return found


def test_the_catalogue_is_as_its_schema_says(catalog, schema):
    assert catalog
    assert [f"{name}: {error.message}" for name, entry in catalog.items() for error in schema.iter_errors(entry)] == []


def test_the_models_reader_has_every_file_of_the_catalogue(catalog):
    assert known_components() == catalog


def test_the_catalogue_has_no_problem(catalog):
    assert problems(catalog) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "old"}, "'old' is not one of"),
        ({"status": "eol"}, "'successor' is a required property"),
        ({"licens": "MIT"}, "'licens' was unexpected"),
        ({"kubernetes": ["1.33"]}, "is too short"),
        ({"chart": {"repository": "https://charts.example", "name": "a", "version": "1", "digest": None}}, "does not match"),
        ({"chart": {"repository": "a", "name": "a", "version": "1", "digest": "1234"}}, "does not match"),
        ({"pod_security": "none"}, "'none' is not one of"),
    ],
)
def test_the_schema_refuses(catalog, schema, change, words):
    assert any(words in error.message for error in schema.iter_errors({**catalog["cert-manager"], **change}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"requires": ["nothing"]}, "not in the catalogue"),
        ({"requires": ["ingress-nginx"]}, "at its end"),
        ({"requires": ["opentelemetry-operator"]}, "cert-manager → opentelemetry-operator → cert-manager"),
        ({"requires": ["cert-manager"]}, "cert-manager → cert-manager"),
        ({"kubernetes": ["1.36", "1.9"]}, "range of Kubernetes is empty"),
        ({"crds": None}, "nothing is pinned"),
    ],
)
def test_a_wrong_catalogue_is_found(catalog, change, words):
    found = problems({**catalog, "cert-manager": {**catalog["cert-manager"], **change}})
    assert any(words in problem for problem in found)


def test_every_definition_is_pinned_and_every_pin_is_used(checkout, catalog):
    modules = checkout / "roles" / "component" / "files" / "modules"
    pinned = {path.parent.name: dict(REQUIRE.findall(path.read_text(encoding="utf-8"))) for path in sorted(modules.glob("*/go.mod"))}
    wanted = {name: {entry["crds"]["module"]: entry["tested"][-1]} for name, entry in catalog.items() if entry["crds"]}
    assert pinned == wanted, "a definition's version stands in its go.mod, and it is the one that was tested"
    for name, versions in pinned.items():
        sums = (modules / name / "go.sum").read_text(encoding="utf-8")
        assert all(f"{module} {version} h1:" in sums for module, version in versions.items())


def test_what_the_inventories_use_is_alive_and_complete(enabled, catalog):
    assert enabled
    names = {name for _file, name in enabled}
    assert [(file, name) for file, name in enabled if catalog[name]["status"] == "eol"] == []
    assert {other for name in names for other in catalog[name].get("requires", ())} <= names


@pytest.mark.parametrize("name", ["ingress-nginx", "jaeger-operator", "promtail", "minio", "grafana-oncall"])
def test_dead_ends_are_known_with_their_successor(catalog, name):
    assert catalog[name]["status"] == "eol"
    assert catalog[name]["successor"]


def test_no_chart_is_bitnamis(catalog):
    assert [name for name, entry in catalog.items() if "bitnami" in json.dumps(entry)] == []
