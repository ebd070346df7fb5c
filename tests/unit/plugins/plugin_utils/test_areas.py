# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task declares many areas: what a role's templates see is what they see when the role is included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows

CHECKOUT = Path(__file__).resolve().parents[4]
MODEL = {"name": "Model", "gantry.platform.platform_model": {"read_only": True}, "register": "platform_model"}
STORE = "{{ platform_model.store }}"
AREAS = [row.area for row in rows().values() if row.on == "cluster" and row.area != "component"]
"""Those that declare documents of their own."""


def play(folder, tasks, *words, inventory=CHECKOUT / "inventories" / "sandbox.yml", **variables):
    """(output, sets by name) of a play of these tasks on the sandbox's inventory."""
    book = folder / "book.yml"
    book.write_text(yaml.safe_dump([{"name": "P", "hosts": "all", "gather_facts": False, "tasks": [MODEL, *tasks]}]), encoding="utf-8")
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(book), "-i", str(inventory), *words]
    command += ["-e", json.dumps({"platform_run_folder": f"{folder}/run", **variables})]
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    files = sorted((folder / "run").glob("*/*/*.json"))
    return done.stdout + done.stderr, {path.stem: path.read_text(encoding="utf-8") for path in files}


def including(role, **variables):
    return {"name": role, "ansible.builtin.include_role": {"name": f"gantry.platform.{role}", "tasks_from": "declare"}, "vars": variables}


def declaring(*areas, **variables):
    return {"name": "Declare", "gantry.platform.declare": {"store": STORE, "areas": [*areas]}, "vars": variables}


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """Every area but the components, in one task."""
    output, sets = play(tmp_path_factory.mktemp("together"), [declaring(*AREAS)], platform_areas=",".join(AREAS))
    assert {name for area in AREAS for name in rows()[area].sets if "<" not in name} <= {*sets}, output
    return sets


def test_roles_alone_and_one_task_for_all_write_the_same_files(together, tmp_path):
    """The role's own set alone, by the templates that a run of all of them renders."""
    _output, alone = play(tmp_path, [including(area) for area in AREAS], platform_areas=",".join(AREAS))
    assert alone == together


def test_options_of_a_role_are_those_that_the_task_knows(tmp_path):
    _output, sets = play(tmp_path, [declaring("workloads", workloads_product="other")])
    labels = [document["metadata"]["labels"].get("app.kubernetes.io/part-of") for document in json.loads(sets["workloads"])["documents"]]
    assert "other" in labels and "consciousness" not in labels


def test_the_command_line_ranks_above_a_roles_own_variables(together, tmp_path):
    _output, sets = play(tmp_path, [declaring("workloads")], workloads_templates=["network.yaml.j2"])
    kinds = [{document["kind"] for document in json.loads(one["workloads"])["documents"]} for one in (together, sets)]
    assert kinds[1] == {"NetworkPolicy"} < kinds[0]


def test_an_area_that_does_not_exist_is_refused_with_the_one_that_was_meant(tmp_path):
    output, sets = play(tmp_path, [declaring("workload")])
    assert "there is no area 'workload'; did you mean 'workloads'?" in " ".join(output.split())
    assert sets == {}


def test_an_option_that_is_nothing_is_named_with_its_role(tmp_path):
    output, _sets = play(tmp_path, [declaring("workloads", workloads_templates="{{ nowhere }}")], workloads_templates="{{ nowhere }}")
    assert "workloads_templates of role workloads: 'nowhere' is undefined" in " ".join(output.split())
