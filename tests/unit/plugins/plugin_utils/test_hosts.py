# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.filter import run_hosts as filter_module
from ansible_collections.gantry.platform.plugins.filter.hub import FilterModule as Hub
from ansible_collections.gantry.platform.plugins.filter.run_hosts import FilterModule as RunHosts
from ansible_collections.gantry.platform.plugins.plugin_utils._hosts import environment_host

GROUPS = {"all": ["control", "a", "b"], "control": ["control"], "hub": ["b"]}


@pytest.mark.parametrize(
    ("hosts", "groups", "found"),
    [(["control", "a", "b"], GROUPS, "b"), (["control", "a"], GROUPS, "a"), (["control"], GROUPS, ""), (["a", "b"], {}, "a")],
)
def test_the_hub_is_a_cluster(hosts, groups, found):
    assert Hub().filters()["hub"](hosts, groups) == found


@pytest.mark.parametrize(
    ("hosts", "groups", "found"),
    [
        (["control", "a", "b"], GROUPS, "control"),
        (["a", "b"], GROUPS, "b"),
        (["a"], {}, "a"),
        (["a", "b"], {}, ""),
        (["mine"], {"control": ["theirs"], "hub": []}, "mine"),
    ],
)
def test_what_exists_once_runs_on_control_else_on_the_hub_else_on_the_only_host(hosts, groups, found):
    assert environment_host(hosts, groups) == found


def test_without_an_area_that_exists_once_every_play_is_for_the_clusters_alone(monkeypatch):
    monkeypatch.setattr(filter_module, "phases", lambda: {"base": "clusters"})
    monkeypatch.setattr(filter_module, "has_environment_rows", lambda: False)
    pattern = RunHosts().filters()["run_hosts"]
    assert [pattern(GROUPS, phase) for phase in ("", "before", "clusters", "after")] == [
        "all:!control",
        "all:!all",
        "all:!control",
        "all:!all",
    ]
    assert pattern({"all": ["a"]}) == pattern({"all": ["a"]}, "clusters") == "all"


def test_with_one_the_plan_is_for_all_and_a_part_of_the_writing_half_for_whom_it_concerns(monkeypatch):
    monkeypatch.setattr(filter_module, "phases", lambda: {"zone": "before", "base": "clusters"})
    monkeypatch.setattr(filter_module, "has_environment_rows", lambda: True)
    pattern = RunHosts().filters()["run_hosts"]
    assert [pattern(GROUPS, phase) for phase in ("", "before", "clusters", "after")] == ["all", "control", "all:!control", "all:!all"]
    assert [pattern({"all": ["a", "b"], "hub": ["b"]}, "before"), pattern({"all": ["a"]}, "before")] == ["hub", "all"]
