# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import EVERY_COMPONENT, rows

ROOT = Path(__file__).resolve().parents[4]
ROLE = ROOT / "roles" / "platform"
GENERAL = (
    *(f"plugins/{kind}/*.py" for kind in ("action", "callback", "filter", "plugin_utils")),
    *(f"plugins/module_utils/_{floor}/**/*.py" for floor in ("aws", "chart", "core", "joined", "kube", "rest", "run", "sandbox")),
    "plugins/module_utils/_model/*",
    "playbooks/*.yml",
    "roles/platform/**/*.*",
    *(f"roles/sandbox/{folder}/**/*.*" for folder in ("defaults", "meta", "tasks", "templates", "vars")),
)
"""Where nothing may depend on which areas there are."""
ORDINARY = {"workloads"}
"""Areas whose name is Kubernetes' own word."""
NAMED_ALL_THE_SAME = {
    ("vault", "a scheme of references, which are read before and without any area"): [
        "plugins/module_utils/_joined/kube.py",
        "plugins/module_utils/_joined/references.py",
        "plugins/module_utils/_joined/rest.py",
        "plugins/module_utils/_kube/options.py",
        "plugins/module_utils/_model/schema.json",
        "plugins/module_utils/_rest/schema.py",
    ],
    ("vault", "the form of its tokens, found wherever somebody left one"): ["plugins/module_utils/_core/credentials.py"],
    ("vault", "a kind of contributions"): ["plugins/module_utils/_model/contributions.py"],
    ("vault", "Ansible's own"): [
        "plugins/module_utils/_kube/form/yaml.py",
        "plugins/plugin_utils/_places.py",
        "plugins/plugin_utils/_rendering.py",
    ],
    ("vault", "an option for each binary that a machine may have"): [
        f"roles/sandbox/{folder}.yml" for folder in ("defaults/main", "meta/argument_specs", "vars/main")
    ],
    ("cluster_baseline", "what the deployer may do follows from the sets of all areas"): ["roles/platform/tasks/declare.yml"],
    ("workloads", "a stage of Kubernetes' kinds"): ["plugins/module_utils/_kube/form/stages.py"],
}
"""(area, why it is no special case of that area's) → where it is named."""


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


@pytest.mark.parametrize("name", ["site", "plan", "apply", "drift", "verify", "access", "rehearse", "rotate", "status"])
def test_a_run_asks_for_its_hosts_in_one_way_and_gathers_nothing(name):
    for play in plays(ROOT / "playbooks" / f"{name}.yml"):
        assert "groups | gantry.platform.run_hosts" in play["hosts"]
        assert play["gather_facts"] is False


def test_the_role_knows_what_each_playbook_is_for():
    said = {
        play["vars"]["platform_command"]
        for path in (ROOT / "playbooks").glob("*.yml")
        for play in read(path)
        if "platform_command" in play.get("vars", {})
    }
    known = read(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["plan"]["options"]["platform_command"]["choices"]
    files = [read(path) for path in (ROLE / "tasks").glob("*.yml")]
    inside = {task["vars"]["platform_command"] for tasks in files for task in tasks if "platform_command" in task.get("vars", {})}
    assert said | inside | {read(ROLE / "defaults" / "main.yml")["platform_command"]} == set(known)


def test_a_role_that_runs_alone_reads_no_plan_that_was_never_made():
    """What a run has planned is in its report; a role alone has neither."""
    writing = [task for task in read(ROLE / "tasks" / "alone.yml") if task.get("vars", {}).get("platform_stage", "verify") != "verify"]
    assert [task["vars"]["platform_planned_waves"] for task in writing] == [{}]


def test_explain_without_a_query_explains_everything_as_make_does():
    (play,) = read(ROOT / "playbooks" / "explain.yml")
    (task,) = play["tasks"]
    assert task["gantry.platform.platform_explain"]["query"] == "{{ platform_explain_query | default('@') }}"
    assert "playbooks/explain.yml $(LIMIT) $(call said,QUERY,platform_explain_query)\n" in (ROOT / "Makefile").read_text(encoding="utf-8")


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


def named_in(path):
    """The rows of which a file names the area, the role or a module, unless the file is an area's own by its name."""
    if path.stem.startswith(tuple(rows())):
        return
    text = path.read_text(encoding="utf-8").lower()
    for row in rows().values():
        if EVERY_COMPONENT in row.components:
            continue  # its name is the word for what it holds, which the model knows
        words = {row.area, row.role, *(one["module"] for one in row.configures)}
        # What others say as well is a name where it is a text of its own, or a role.
        form = r"""(["'.]({})["']|gantry\.platform\.({})\b)""" if row.area in ORDINARY else r"(?<![a-z])({})(?![a-z])"
        if re.search(form.replace("{}", "|".join(sorted(words))), text):
            yield row.area


def test_general_code_knows_no_area_by_its_name():
    """What is done for an area, by which module, and how its system is reached: the rows say it, their roles, and the sandbox's servers."""
    files = sorted({path for room in GENERAL for path in ROOT.glob(room) if path.is_file() and "__pycache__" not in path.parts})
    assert len(files) > 100
    found = {(path.relative_to(ROOT).as_posix(), area) for path in files for area in named_in(path)}
    allowed = {(name, area) for (area, _why), names in NAMED_ALL_THE_SAME.items() for name in names}
    assert (sorted(found - allowed), sorted(allowed - found)) == ([], [])


def test_a_role_writes_templates_and_leaves_the_calling_of_modules_to_the_flow():
    configuring = [row for row in rows().values() if row.configures]
    assert configuring
    for row in configuring:
        files = (ROOT / "roles" / row.role / "tasks").glob("*.yml")
        # What is renewed is the playbook's, another day.
        tasks = {path.name: path.read_text(encoding="utf-8") for path in files if path.stem != "rotate"}
        called = {one["module"] for one in (*row.configures, *row.verifies)}
        assert [(name, module) for name, text in tasks.items() for module in called if f"gantry.platform.{module}:" in text] == [], row.area
