# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows

ROOT = Path(__file__).resolve().parents[4]
ROLE = ROOT / "roles" / "platform"


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def plays(path):
    """Every play that a playbook comes to, with what it imports."""
    for play in read(path):
        imported = play.get("ansible.builtin.import_playbook")
        yield from plays(path.parent / imported) if imported else [play]


def test_no_playbook_is_about_one_area_alone():
    books = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").glob("*.yml")}
    assert books
    assert not set(books) & set(rows())
    assert not [name for name, text in books.items() if "platform_area:" in text]


@pytest.mark.parametrize("name", ["site", "plan", "apply", "drift", "verify", "access", "rehearse", "status"])
def test_a_run_asks_for_its_hosts_in_one_way_and_gathers_nothing(name):
    for play in plays(ROOT / "playbooks" / f"{name}.yml"):
        assert "groups | gantry.platform.run_hosts" in play["hosts"]
        assert play["gather_facts"] is False


def test_explain_without_a_query_explains_everything_as_make_does():
    (play,) = read(ROOT / "playbooks" / "explain.yml")
    (task,) = play["tasks"]
    assert task["gantry.platform.platform_explain"]["query"] == "{{ platform_explain_query | default('@') }}"
    assert '$(if $(QUERY),"$(subst ",\\",$(QUERY))","@")' in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_clean_leaves_nothing_of_a_sandbox_and_touches_no_other_environment():
    (play,) = read(ROOT / "playbooks" / "clean.yml")
    assert [task["when"] for task in play["tasks"]] == ["platform_cluster.provider == 'sandbox'"] * 2
    assert play["tasks"][1]["gantry.platform.run_report"] == {"state": "cleared"}


def test_the_plan_goes_over_all_hosts_at_once_and_only_the_clusters_are_written_in_batches():
    found = list(plays(ROOT / "playbooks" / "site.yml"))
    phases = [play["hosts"].removeprefix("{{ groups | gantry.platform.run_hosts").removesuffix(" }}") for play in found]
    assert phases == ["", "('before')", "('clusters')", "('after')"]
    assert ["serial" in play for play in found] == [False, False, True, False]
    # Each play of the writing half says which part it is, and nothing else of what it does differs.
    said = [play["tasks"][-1] for play in found[1:]]
    assert [task["vars"]["platform_phases"] for task in said] == [["before"], ["clusters"], ["after"]]


def test_defaults_are_the_specified_options():
    options = set(read(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["plan"]["options"])
    assert set(read(ROLE / "defaults" / "main.yml")) == options


def test_the_flow_of_a_run_knows_no_system_by_its_name():
    """What is configured, by which module and how it is reached: the rows and their roles say it."""
    flow = [*(path for path in ROLE.rglob("*") if path.is_file()), *(ROOT / "plugins" / "module_utils" / "_run").glob("*.py")]
    flow += [*(ROOT / "plugins" / "callback").glob("*.py"), *(path for path in (ROOT / "playbooks").glob("*.yml") if path.stem != "rotate")]
    systems = {name for row in rows().values() if row.configures for name in (row.area, *(one["module"] for one in row.configures))}
    assert systems
    found = [(path.name, name) for path in flow for name in systems if name in path.read_text(encoding="utf-8").lower()]
    assert found == []


def test_a_role_writes_templates_and_leaves_the_calling_of_modules_to_the_flow():
    configuring = [row for row in rows().values() if row.configures]
    assert configuring
    for row in configuring:
        files = (ROOT / "roles" / row.role / "tasks").glob("*.yml")
        # What is renewed is the playbook's, another day.
        tasks = {path.name: path.read_text(encoding="utf-8") for path in files if path.stem != "rotate"}
        called = {one["module"] for one in (*row.configures, *row.verifies)}
        assert [(name, module) for name, text in tasks.items() for module in called if f"gantry.platform.{module}:" in text] == [], row.area
