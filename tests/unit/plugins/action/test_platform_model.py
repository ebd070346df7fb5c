# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from unittest.mock import MagicMock

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.action import platform_compare, platform_explain, platform_model
from ansible_collections.gantry.platform.plugins.plugin_utils import _files
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import copy_of_the_inventories, task_vars


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(_files.constants, "CONFIG_FILE", str(tmp_path / "ansible.cfg"))
    copy_of_the_inventories(tmp_path)
    return tmp_path


@pytest.fixture
def screen(monkeypatch):
    """The lines that the actions print."""
    shown = []
    for module in (platform_explain, platform_compare):
        monkeypatch.setattr(module, "Display", lambda: MagicMock(columns=79, display=lambda text: shown.extend(text.splitlines())))
    return shown


def call(module, project, *environments, host="", variables=None, **args):
    task = MagicMock(async_val=0, check_mode=False, args=args)
    templar = MagicMock(template=lambda value: value)
    action = module.ActionModule(task, MagicMock(), MagicMock(), MagicMock(), templar, MagicMock())
    found = task_vars(*(project / "inventories" / f"{environment}.yml" for environment in environments))
    return action.run(None, {**found, "inventory_hostname": host, **(variables or {})})


def test_the_result_has_all_that_the_rest_of_a_run_reads(project):
    answer = call(platform_model, project, "prod", host="prod-euw1")
    part = {"rows", "environment_host", "environment_areas", "left_out", "phases", "run_phases", "hub"}
    assert set(answer) == {"changed", "effective", "store", "sets", "areas", "owner", "model_digest", "read_only", *part}
    assert (answer["phases"], answer["run_phases"], answer["environment_areas"]) == (["clusters"], ["clusters"], [])
    assert [row["here"] for row in answer["rows"]] == [row["on"] == "cluster" for row in answer["rows"]]
    assert answer["changed"] is False
    assert answer["owner"] == "consciousness"
    assert answer["areas"] == ["component", "cluster_baseline", "monitoring", "vault", "alerting", "slo", "workloads"]
    assert answer["sets"][-4:] == ["cluster-baseline", "monitoring", "vault", "workloads"]
    assert os.listdir(answer["store"]) == []


def test_a_plays_own_variables_count_where_the_inventory_says_nothing(project):
    file = project / "inventories" / "group_vars" / "all" / "20_platform.yml"
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.unlink()
    without = call(platform_model, project, "prod", host="prod-euw1")
    assert without["failed"] and "settings" in without["msg"]
    answer = call(platform_model, project, "prod", host="prod-euw1", variables=said)
    assert answer["effective"]["settings"]["product"] == "consciousness"

    said["platform_settings"]["produkt"] = "x"
    wrong = call(platform_model, project, "prod", host="prod-euw1", variables=said)
    assert "the play's own vars: settings.produkt: unknown key" in wrong["msg"]
    both = call(platform_model, project, "prod", host="prod-euw1", variables={**said, "platform_teams": {"nobody": {}}})
    assert "nobody" not in both["msg"]


def test_what_is_wrong_for_all_hosts_is_told_of_the_first_one(project):
    settings = project / "inventories" / "group_vars" / "all" / "20_platform.yml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("product:", "produkt:", 1), encoding="utf-8")
    own = project / "inventories" / "host_vars" / "prod-euc1.yml"
    own.write_text(own.read_text(encoding="utf-8").replace("region:", "regoin:", 1), encoding="utf-8")
    first, second, third = (call(platform_model, project, "prod", host=host) for host in ("prod-euw1", "prod-euc1", "prod-euw1b"))
    shared = [error["path"] for error in first["errors"]]
    assert "settings.produkt" in shared and "errors" in first["msg"].splitlines()[0]
    assert first["msg"].count("\n") == len(shared)
    assert third["errors"] == [] and third["msg"] == (
        f"the inventory of prod-euw1b has {len(shared)} errors, all told of prod-euw1; nothing was contacted"
    )
    paths = [error["path"] for error in second["errors"]]
    assert "cluster.regoin" in paths and not set(paths) & set(shared)
    assert f"has {len(shared) + len(paths)} errors, {len(shared)} of them told of prod-euw1; nothing was contacted\n" in second["msg"]


def test_options_come_from_the_task_or_from_variables_of_the_run(project):
    by_variable = call(
        platform_model, project, "prod", host="prod-euw1",
        variables={"platform_model_read_only": "true", "platform_rehearsal_root": "r", "platform_run_folder": "f"},
    )  # fmt: skip
    by_task = call(platform_model, project, "prod", host="prod-euw1", read_only=True, rehearsal_root="r", run_folder="f")
    assert by_variable == by_task
    assert by_task["read_only"] is True
    assert by_task["store"].startswith(str(project / "f"))
    assert by_task["effective"]["cluster"]["kubeconfig"] == str(project / "r/prod-euw1/deployer.kubeconfig")


def test_a_wrong_inventory_is_a_failed_result_that_made_no_store(project):
    (project / "inventories/group_vars/prod/00_environment.yml").write_text("---\nplatform_environment: {name: prod}\n", encoding="utf-8")
    answer = call(platform_model, project, "prod", host="prod-euw1")
    assert answer["failed"] is True
    assert [error["path"] for error in answer["errors"]] == ["environment.profile", "environment.stage"]
    assert {error["file"] for error in answer["errors"]} == {"inventories/group_vars/prod/00_environment.yml"}
    assert not (project / ".gantry").exists()


def test_explain_shows_and_returns_every_layer_that_spoke(project, screen):
    answer = call(platform_explain, project, "prod", host="prod-euc1", query='services."perception-gateway".replicas.min')
    assert answer["value"] == 6
    assert [(one["layer"], one["value"]) for one in answer["said"]] == [("profile", 6), ("environment", 9), ("cluster", 6)]
    assert screen[0] == "prod-euc1"
    assert any("→ cluster" in line and "inventories/host_vars/prod-euc1.yml:" in line for line in screen)


def test_explain_gives_one_answer_of_hosts_that_agree(project, screen):
    hosts = ["prod-euw1", "prod-euc1", "prod-euw1b"]
    answer = call(platform_explain, project, "prod", host=hosts[0], query="services.memory-store.tier", hosts=hosts)
    assert (answer["hosts"], answer["value"]) == ([hosts], "t0")
    assert screen[0] == "prod-euw1, prod-euc1, prod-euw1b"
    assert sum("services.memory-store.tier =" in line for line in screen) == 1
    answer = call(platform_explain, project, "prod", host=hosts[0], query="cluster.region", hosts=hosts)
    assert answer["hosts"] == [[host] for host in hosts], "each has it from a file of its own"


def test_explain_says_which_of_many_has_no_such_thing_and_fails_where_none_has(project, screen):
    answer = call(platform_explain, project, "prod", host="prod-euw1", query="cluster.name", hosts=["prod-euw1", "prod-control"])
    assert answer["hosts"] == [["prod-euw1"]]
    assert any("the query 'cluster.name' finds nothing" in line for line in screen)
    answer = call(platform_explain, project, "prod", host="prod-euw1", query="clutser", hosts=["prod-euw1", "prod-euc1"])
    assert answer["failed"] and "did you mean 'cluster'" in answer["msg"]


def test_explain_refuses_a_query_that_is_none(project, screen):
    answer = call(platform_explain, project, "prod", host="prod-euc1", query="services[")
    assert answer["failed"] is True
    assert "the query 'services[' is not right" in answer["msg"]
    assert screen == []


def test_compare_shows_only_what_differs(project, screen):
    answer = call(platform_compare, project, "staging", "prod", a="staging", b="prod")
    paths = [one["path"] for one in answer["differences"]]
    assert answer["hosts"] == ["staging-euw1", "prod-euc1"]
    assert "environment.profile" in paths
    assert not any(path.startswith(("cluster", "teams.cortex.slack")) for path in paths)
    assert screen[-1] == f"{len(paths)} differences"
    assert screen[0] == "staging (staging-euw1) and prod (prod-euc1)"
    assert max(map(len, screen)) <= 80


def test_compare_of_two_clusters_takes_them_whole(project, screen):
    answer = call(platform_compare, project, "prod", a="prod-euw1", b="prod-euc1")
    assert {"path": "cluster.region", "a": "eu-west-1", "b": "eu-central-1"} in answer["differences"]


def test_compare_refuses_a_name_that_nobody_has(project, screen):
    answer = call(platform_compare, project, "prod", a="prod", b="staging")
    assert answer["failed"] is True
    assert "no environment or cluster 'staging'" in answer["msg"]
