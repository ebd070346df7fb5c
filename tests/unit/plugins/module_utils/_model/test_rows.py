# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import importlib.util
import json
from pathlib import Path

import jsonschema
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._core.schema import show_path
from ansible_collections.gantry.platform.plugins.module_utils._model import contract
from ansible_collections.gantry.platform.plugins.module_utils._model import rows as module
from ansible_collections.gantry.platform.plugins.module_utils._model.contract import schema
from ansible_collections.gantry.platform.plugins.module_utils._model.contributions import KINDS
from ansible_collections.gantry.platform.plugins.module_utils._model.derive import area_rows, components_by_area, set_names
from ansible_collections.gantry.platform.plugins.module_utils._model.layers import Layer
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import (
    CLUSTER,
    EVERY_COMPONENT,
    Row,
    hooks,
    joined,
    phases,
    read_rows,
    rows,
    waves,
)
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, inventory, model

COLLECTION = Path(module.__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path):
    """Writes rows: ``folder(area={..})``."""

    def write(**areas):
        for area, content in areas.items():
            (tmp_path / f"{area}.json").write_text(json.dumps({"description": "Sample.", "sets": [area], **content}), encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def other_rows(folder, monkeypatch):
    """Puts other rows in the place of the shipped ones."""

    def put(**areas):
        found = read_rows(folder(**areas))
        monkeypatch.setattr(module, "rows", lambda: found)
        return found

    return put


def test_the_order_of_a_run_comes_from_what_the_rows_wait_for():
    order = list(rows())
    assert order
    for area, row in rows().items():
        assert all(order.index(one) < order.index(area) for one in row.before), area


def test_every_row_has_its_role_its_templates_and_its_module():
    for row in rows().values():
        role = COLLECTION / "roles" / row.role
        assert (role / "tasks" / "declare.yml").is_file() == (row.on == CLUSTER), row.area
        assert not row.prepare or (role / "tasks" / f"{row.prepare}.yml").is_file(), row.area
        for one in (*row.configures, *row.renews, *row.verifies):
            assert (role / "templates" / one["template"]).is_file(), row.area
            assert (COLLECTION / "plugins" / "modules" / f"{one['module']}.py").is_file(), row.area


def test_no_two_rows_own_the_same_and_one_has_all_components_that_nobody_owns():
    for key in ("components", "namespaces"):
        owned = [one for row in rows().values() for one in getattr(row, key)]
        assert len(owned) == len(set(owned)), key
    assert [row.area for row in rows().values() if EVERY_COMPONENT in row.components] == ["component"]


def test_every_python_file_beside_the_rows_belongs_to_one_and_has_something_to_say():
    files = sorted(path.stem for path in Path(module.__file__).with_name("areas").glob("*.py") if path.stem != "__init__")
    assert set(files) <= set(rows())
    for area in files:
        own = hooks(area)
        assert own.rules or own.derive or own.check, area


def test_a_wave_is_cut_only_behind_what_configures(other_rows):
    other_rows(
        base={}, left={"after": ["base"], "configures": [{"part": "left"}]}, right={"after": ["left"], "configures": [{"part": "right"}]},
        beside={"requires": ["left"]}, last={"after": ["right", "beside"]},
    )  # fmt: skip
    assert waves({"base", "left", "right", "beside", "last"}) == {"base": 1, "left": 1, "right": 2, "beside": 2, "last": 3}


def test_what_nobody_waits_for_cuts_no_wave(other_rows):
    other_rows(first={"configures": [{"part": "first", "awaited": False}]}, last={"after": ["first"], "configures": [{"part": "last"}]})
    assert waves({"first", "last"}) == {"first": 1, "last": 1}


def test_an_area_that_is_off_cuts_no_wave_and_still_hands_on_its_order(other_rows):
    other_rows(
        first={"configures": [{"part": "first"}]}, middle={"after": ["first"], "configures": [{"part": "m"}]}, last={"after": ["middle"]}
    )
    assert waves({"first", "last"}) == {"first": 1, "middle": 2, "last": 2}
    assert waves({"last"}) == {"first": 1, "middle": 1, "last": 1}


def test_what_exists_once_is_switched_for_the_environment_and_by_no_cluster(other_rows, monkeypatch):
    other_rows(zone=once("zone"), base={})
    for cached in ("schema", "variables", "files"):
        monkeypatch.setattr(contract, cached, getattr(contract, cached).__wrapped__)
    said = {"settings": {"areas": {"zone": True, "base": True}}}

    def problems(layer, variable):
        return [str(show_path(one.path)) + ": " + one.message for one in contract.check_layer(Layer(layer, variable, (), said))]

    assert problems("environment", "platform_environment_overrides") == []
    assert problems("cluster", "platform_cluster_overrides") == [
        "settings.areas.zone: may not be set by the layer cluster (platform_cluster_overrides); allowed: shared, environment, that is platform_settings"
    ]


def once(part, **more):
    """A row of what exists once."""
    return {"on": "environment", "sets": [], "configures": [{"module": "vault_config", "part": part, "template": "t.yaml.j2"}], **more}


def test_what_exists_once_comes_before_the_clusters_unless_it_waits_for_one(other_rows):
    other_rows(
        zone=once("zone"), hosts=once("hosts", requires=["zone"]), base={"after": ["zone"]}, top={"requires": ["base"]},
        pages=once("pages", after=["top"]), more=once("more", after=["pages"]),
    )  # fmt: skip
    assert phases() == {"zone": "before", "hosts": "before", "base": "clusters", "top": "clusters", "pages": "after", "more": "after"}


def test_each_part_of_a_run_counts_its_own_waves(other_rows):
    found = other_rows(
        zone=once("zone"), hosts=once("hosts", requires=["zone"]), vault={"after": ["hosts"], "configures": [{"part": "vault"}]},
        top={"after": ["vault"]}, pages=once("pages", after=["top"]), more=once("more", after=["pages"]),
    )  # fmt: skip
    assert waves(found) == {"zone": 1, "hosts": 2, "vault": 1, "top": 2, "pages": 1, "more": 2}


def test_a_cluster_that_waits_for_what_comes_after_all_clusters_is_refused(folder):
    with pytest.raises(InputError) as error:
        read_rows(folder(base={}, pages=once("pages", after=["base"]), late={"after": ["pages"]}))
    assert "late.json: is on: cluster and comes after pages, which runs when all clusters are done, since it comes after base" in str(
        error.value
    )


def test_many_layers_that_all_wait_for_each_other_are_ordered_at_once(other_rows):
    layers = [[f"a{layer}x{number}" for number in range(6)] for layer in range(30)]
    after = {area: {"after": layers[index - 1] if index else []} for index, layer in enumerate(layers) for area in layer}
    other_rows(**after)
    assert set(waves(set()).values()) == {1}


@pytest.mark.parametrize(
    ("areas", "words"),
    [
        ({"one": {"aftr": []}}, "one.json: unknown key 'aftr', did you mean 'after'?"),
        ({"one": {"on": "moon"}}, "one.json: on: found 'moon'; allowed: cluster, environment"),
        ({"one": {**once("one"), "sets": ["one"]}}, "one.json: sets: only an area on: cluster has any; leave it out"),
        ({"one": once("one", components=["velero"])}, "one.json: components: only an area on: cluster has any"),
        ({"one": {"on": "environment", "sets": []}}, "one.json: configures is missing"),
        (
            {"one": {"on": "environment", "sets": [], "configures": []}},
            "one.json: configures is empty; an area on: environment is the systems",
        ),
        ({"one": once("one-<cluster>")}, "one.json: the part 'one-<cluster>' is one for each cluster; an area on: environment exists once"),
        ({"one": once("same"), "two": {"configures": [{"part": "same"}]}}, "two.json: the part 'same' is one of one already"),
        ({"one": {"requires": ["tow"]}, "two": {}}, "one.json: unknown area 'tow', did you mean 'two'?"),
    ],
)
def test_a_row_that_says_what_nobody_knows_is_refused_with_a_cure(folder, areas, words):
    with pytest.raises(InputError) as error:
        read_rows(folder(**areas))
    assert words in str(error.value).replace("; did you", ", did you")


def test_rows_that_wait_for_each_other_are_refused_with_the_circle(other_rows):
    other_rows(one={"after": ["two"]}, two={"requires": ["one"]})
    with pytest.raises(InputError, match="one → two → one"):
        waves(set())


def test_a_piece_adds_to_the_schema_and_changes_nothing_of_it(other_rows):
    common = {"$defs": {"settings": {"properties": {"areas": {"properties": {}}}}, "part": {"type": "object"}}}
    other_rows(
        one={"default": True, "schema": {"$defs": {"mine": {"type": "string"}, "part": {"properties": {"mine": {"type": "integer"}}}}}}
    )
    document = joined(json.loads(json.dumps(common)))
    assert document["$defs"]["settings"]["properties"]["areas"]["properties"]["one"]["default"] is True
    assert document["$defs"]["part"] == {"type": "object", "properties": {"mine": {"type": "integer"}}}
    other_rows(one={"schema": {"$defs": {"part": {"type": "array"}}}})
    with pytest.raises(InputError, match=r"areas/one.json: schema.\$defs.part.type is said already"):
        joined(json.loads(json.dumps(common)))


def test_the_common_part_of_the_schema_names_no_area():
    common = json.loads(Path(module.__file__).with_name("schema.json").read_text(encoding="utf-8"))
    assert common["$defs"]["settings"]["properties"]["areas"]["properties"] == {}
    assert list(schema().document["$defs"]["settings"]["properties"]["areas"]["properties"]) == list(rows())


def test_a_component_is_declared_by_the_area_that_owns_it_where_its_chart_is_wanted():
    def found(source, on):
        settings = {**VALUES["platform_settings"], "areas": {"vault": on}, "components": {"vault": {"source": source}, "velero": {}}}
        return model(inventory(platform_settings=settings)).effective

    def chosen(*wanted):
        return {area: names for area, names in components_by_area(found(*wanted)).items() if names}

    assert chosen("upstream", True) == {"component": ["velero"], "vault": ["vault"]}
    assert chosen("upstream", False) == chosen("crds", True) == {"component": ["vault", "velero"]}
    assert set_names(found("upstream", True)) == ["component-velero", "cluster-baseline", "vault", "component-vault", "workloads"]


def test_the_rows_of_a_run_say_when_and_by_whom():
    on = {**VALUES["platform_settings"], "areas": {"vault": True}}
    told = {
        row["area"]: (row["role"], row["wave"], bool(row["configures"]))
        for row in area_rows(model(inventory(platform_settings=on)).effective)
    }
    assert (
        told.items()
        >= {
            "component": ("component", "1", False),
            "cluster_baseline": ("cluster_baseline", "1", False),
            "vault": ("vault", "1", True),
            "workloads": ("workloads", "2", False),
        }.items()
    )
    assert {row["wave"] for row in area_rows(model().effective) if row["on"] == CLUSTER} == {"1"}


def test_no_module_ever_needs_the_model_on_another_machine():
    modules = sorted((COLLECTION / "plugins" / "modules").glob("*.py"))
    assert modules
    assert not [path.name for path in modules if "module_utils._model" in path.read_text(encoding="utf-8")]
    assert importlib.util.find_spec(f"{module.__package__}.areas") is not None


def test_every_row_is_as_its_schema_says_and_the_schema_knows_every_kind_of_contribution():
    document = json.loads((COLLECTION / "docs" / "area.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(document)
    files = sorted(Path(module.__file__).with_name("areas").glob("*.json"))
    assert files
    found = {path.name: [error.message for error in validator.iter_errors(json.loads(path.read_text(encoding="utf-8")))] for path in files}
    assert not {name: errors for name, errors in found.items() if errors}
    assert list(document["$defs"]["kind"]["enum"]) == list(document["properties"]["contributes"]["properties"]) == list(KINDS)
    assert set(document["properties"]) == {one.name for one in dataclasses.fields(Row)} - {"area"}
