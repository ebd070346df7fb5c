# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of argument specifications that are made from the model's schema."""

from __future__ import annotations

import importlib
import sys

import pytest
import yaml

SPECIFICATION = """---
argument_specs:
  declare:
    short_description: Declare
    options: &options
      mine_teams:
        description: Old words.
        type: str
      mine_own:
        description: Its own words.
        type: int
  verify:
    options: *options
"""


@pytest.fixture
def tool(checkout, monkeypatch):
    monkeypatch.syspath_prepend(str(checkout / "tests" / "tools"))
    yield importlib.import_module("role_echoes")
    for name in ("common", "role_echoes"):
        sys.modules.pop(name, None)


def test_only_a_default_that_is_a_part_of_the_model_and_no_more_is_an_echo(tool):
    defaults = {
        "a_teams": "{{ platform_model.effective.teams }}",
        "a_name": "{{ platform_model.effective.environment.name }}",
        "a_first": "{{ platform_model.effective.settings.registries | first }}",
        "a_text": "platform_model.effective.teams",
        "a_number": 1,
    }
    assert tool.echoes(defaults) == {"a_teams": "teams", "a_name": "environment.name"}


def test_an_entry_is_replaced_or_put_behind_the_others_and_nothing_else_moves(tool):
    text = tool.with_entry(SPECIFICATION, "mine_teams", tool.entry("mine_teams", "teams"))
    text = tool.with_entry(text, "mine_zones", tool.entry("mine_zones", "cluster.zones"))
    options = yaml.safe_load(text)["argument_specs"]["verify"]["options"]
    assert list(options) == ["mine_teams", "mine_own", "mine_zones"]
    assert options["mine_teams"] == {
        "description": "The teams, by name. A team owns one namespace in every cluster. C(teams) of the model.",
        "type": "dict",
    }
    assert options["mine_own"] == {"description": "Its own words.", "type": "int"}
    assert options["mine_zones"]["elements"] == "str"
    assert tool.with_entry(text, "mine_teams", tool.entry("mine_teams", "teams")) == text


def test_a_default_that_names_nothing_of_the_model_is_refused(tool):
    with pytest.raises(SystemExit, match=r"the default of mine_teems names teems, which the model does not have"):
        tool.entry("mine_teems", "teems")


def test_every_shipped_specification_is_up_to_date(tool):
    assert tool.files()
    assert tool.problems() == []


def test_one_that_is_not_is_named(tool, monkeypatch, tmp_path):
    role = tmp_path / "roles" / "mine"
    (role / "defaults").mkdir(parents=True)
    (role / "meta").mkdir()
    (role / "defaults" / "main.yml").write_text('---\nmine_teams: "{{ platform_model.effective.teams }}"\n', encoding="utf-8")
    (role / "meta" / "argument_specs.yml").write_text(SPECIFICATION, encoding="utf-8")
    tool.schema()
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    assert tool.problems() == ["roles/mine/meta/argument_specs.yml is not what the schema says of the model; run make docs"]
