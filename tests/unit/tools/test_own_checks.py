# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of `make lint` that are ours: each finds what it is there for, in a small tree made to be wrong."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
import yaml


@pytest.fixture
def tool(checkout, monkeypatch):
    """Import a check of tests/tools by name."""
    monkeypatch.syspath_prepend(str(checkout / "tests" / "tools"))
    yield importlib.import_module
    for name in ("common", "floors", "role_interfaces", "coverage", "file_length", "action_groups", "trial", "house_rules"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("path", "target", "allowed"),
    [
        ("module_utils/_kube/engine.py", "module_utils._core.plan", True),
        ("module_utils/_kube/engine.py", "module_utils._kube.wait.waiter", True),
        ("module_utils/_kube/engine.py", "module_utils._model.build", False),
        ("module_utils/_kube/plan/planner.py", "module_utils._kube.observe.record", True),
        ("module_utils/_kube/plan/planner.py", "module_utils._kube.plan.examine", True),
        ("module_utils/_kube/observe/record.py", "module_utils._kube.plan.examine", False),
        ("module_utils/_kube/write/writer.py", "module_utils._kube.engine", False),
        ("module_utils/_model/build.py", "module_utils._kube.engine", False),
        ("module_utils/_core/plan.py", "module_utils._kube.engine", False),
        ("module_utils/_aws/secrets.py", "module_utils._core.references", True),
        ("module_utils/_aws/secrets.py", "module_utils._vault.secrets", False),
        ("module_utils/_core/sops.py", "module_utils._aws.secrets", False),
        ("module_utils/_core/plan.py", "ansible.module_utils.basic", False),
        ("module_utils/_core/plan.py", "plugin_utils._files", False),
        ("module_utils/_joined/vault.py", "module_utils._vault.config", True),
        ("module_utils/_joined/vault.py", "module_utils._kube.wire.secrets", True),
        ("module_utils/_joined/process.py", "ansible.module_utils.basic", True),
        ("module_utils/_joined/face.py", "ansible.plugins.action", False),
        ("module_utils/_joined/face.py", "plugin_utils._inprocess", False),
        ("module_utils/_vault/config.py", "module_utils._joined.face", False),
        ("modules/vault_config.py", "module_utils._joined.process", True),
        ("plugin_utils/_files.py", "module_utils._core.errors", True),
        ("plugin_utils/_files.py", "action.declare", False),
        ("modules/kube_apply.py", "module_utils._kube.engine", True),
        ("modules/kube_apply.py", "plugin_utils._files", False),
        ("action/declare.py", "plugin_utils._rendering", True),
    ],
)
def test_imports_go_down_only(tool, path, target, allowed):
    assert (tool("floors").forbidden(Path(path), target) == "") is allowed


def test_relative_imports_are_followed(tool, tmp_path, monkeypatch):
    floors = tool("floors")
    monkeypatch.setattr(floors, "PLUGINS", tmp_path)
    file = tmp_path / "module_utils" / "_core" / "plan.py"
    file.parent.mkdir(parents=True)
    file.write_text("from __future__ import annotations\n\nfrom .._kube import engine\nfrom .errors import Error\n")
    assert floors.problems() == [
        "plugins/module_utils/_core/plan.py:3: imports module_utils._kube: domain and providers know the kernel alone; "
        "_joined, or an action, joins them"
    ]


def write_role(root, defaults, entries):
    role = root / "roles" / "web"
    for folder in ("defaults", "meta", "tasks"):
        (role / folder).mkdir(parents=True)
    (role / "defaults" / "main.yml").write_text(yaml.safe_dump(defaults))
    (role / "meta" / "argument_specs.yml").write_text(yaml.safe_dump({"argument_specs": entries}))
    (role / "tasks" / "main.yml").write_text("---\n")


def test_a_role_whose_interface_fits_has_no_problem(tool, tmp_path, monkeypatch):
    roles = tool("role_interfaces")
    monkeypatch.setattr(roles, "ROOT", tmp_path)
    options = {"web_port": {"type": "int", "description": "Port."}, "web_host": {"required": True, "description": "Host."}}
    write_role(tmp_path, {"web_port": 80}, {"main": {"options": options}})
    assert roles.problems() == []


def test_a_role_whose_interface_does_not_fit_is_told(tool, tmp_path, monkeypatch):
    roles = tool("role_interfaces")
    monkeypatch.setattr(roles, "ROOT", tmp_path)
    options = {"web_port": {"type": "int"}, "host": {"required": True, "description": "Host."}}
    write_role(tmp_path, {"web_old": 1}, {"main": {"options": options}, "stop": {"options": {}}})
    assert roles.problems() == [
        "roles/web: main: web_port has no description",
        "roles/web: entry point stop has no tasks/stop.yml",
        "roles/web: web_old has a default and no entry in argument_specs",
        "roles/web: web_port is optional and has no default",
        "roles/web: host does not begin with web_",
    ]


@pytest.fixture
def coverage(tool, tmp_path, monkeypatch):
    """The coverage check over a tree of its own, with every point open."""
    module = tool("coverage")
    points = {
        f"{area}.{task}.{point}": {"title": "Something", "role": "web", "judge": "not yet"}
        for area, tasks in module.SUBTASKS.items()
        for task in range(1, tasks + 1)
        for point in range(1, 6)
    }
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "COVERAGE", tmp_path / "coverage.yml")
    monkeypatch.setattr(module, "README", tmp_path / "README.md")
    (tmp_path / "README.md").write_text("<!-- coverage: made by make docs -->\n<!-- /coverage -->\n")

    def problems(**changed):
        (tmp_path / "coverage.yml").write_text(yaml.safe_dump({"areas": {1: "First"}, "points": points | changed}))
        (tmp_path / "README.md").write_text(module.with_counts((tmp_path / "README.md").read_text()))
        return module.problems()

    return problems


def test_the_list_has_145_points_and_the_readme_counts_them(coverage, tmp_path):
    assert coverage() == []
    text = (tmp_path / "README.md").read_text()
    assert "| 1 First | 20 | 0 | 0 | 0 | 0 | 0 | 20 |\n| all | 145 |" in text


def test_a_done_point_needs_a_test_that_exists(coverage, tmp_path):
    (tmp_path / "test_web.py").write_text("def test_it():\n    assert 1\n")
    done = {"title": "Something", "role": "web", "judge": "real"}
    assert coverage(**{"1.1.1": done | {"test": "test_web.py::test_it"}}) == []
    assert coverage(**{"1.1.1": done}) == ["docs/coverage.yml: 1.1.1: is called done and names no test"]
    assert coverage(**{"1.1.1": done | {"test": "test_web.py::test_other"}}) == [
        "docs/coverage.yml: 1.1.1: its test test_web.py::test_other does not exist"
    ]


def test_points_and_judges_are_those_of_the_list(coverage):
    found = coverage(
        **{"1.1.9": {"title": "More", "role": "web", "judge": "not yet"}, "1.1.1": {"title": "It", "role": "web", "judge": "done"}}
    )
    assert found[0] == "docs/coverage.yml: 1.1.9 is no point of the owner's list"
    assert found[1].startswith("docs/coverage.yml: 1.1.1: judge is 'done', allowed are real")


def test_long_files_say_why(tool, tmp_path, monkeypatch):
    check = tool("file_length")
    short, long, reasoned = (tmp_path / name for name in ("short.py", "long.py", "reasoned.py"))
    short.write_text("x = 1\n" * 500)
    long.write_text("x = 1\n" * 501)
    reasoned.write_text("# Longer than 500 lines because the table is one.\n" + "x = 1\n" * 501)
    monkeypatch.setattr(check, "our_files", lambda *suffixes: [short, long, reasoned])
    assert check.problems() == [f"long.py: 501 lines ({tmp_path})"]


def test_each_row_of_the_trial_names_tests_that_exist(tool, tmp_path, monkeypatch):
    trial = tool("trial")
    monkeypatch.setattr(tool("coverage"), "ROOT", tmp_path)
    monkeypatch.setattr(trial, "TRIAL", tmp_path)
    (tmp_path / "test_web.py").write_text("def test_it():\n    assert 1\n")
    good = {"kind": "a value is read wrong", "tests": ["test_web.py::test_it"]}
    rows = {"A1": good, "A2": good | {"tests": []}, "A3": good | {"tests": ["test_web.py::test_other"]}, "A4": {"tests": good["tests"]}}
    (tmp_path / "A.yml").write_text(yaml.safe_dump(rows))
    (tmp_path / "B.yml").write_text(yaml.safe_dump({"C1": good}))
    assert trial.problems() == [
        "tests/trial/A.yml: A2 names no test",
        "tests/trial/A.yml: A3: its test test_web.py::test_other does not exist",
        "tests/trial/A.yml: A4 does not say what kind of fault it is",
        "tests/trial/B.yml: C1 belongs into C.yml",
    ]


@pytest.mark.parametrize(
    ("file", "line", "why"),
    [
        ("unit/test_a.py", "time_sleep(0.05)", "a test waits for a condition, not for seconds"),
        ("integration/runs.py", "threading_Timer(0.6, work)", "a test waits for a condition, not for seconds"),
        ("unit/test_a.py", "thread_join(20)", "a test waits as long as all do"),
        ("unit/test_a.py", "clock_sleep(5)", ""),
        ("kit/waiting.py", "time_sleep(0.05)", ""),
    ],
)
def test_no_test_takes_a_time_for_something_that_happened(tool, tmp_path, monkeypatch, file, line, why):
    rules, path = tool("house_rules"), tmp_path / "tests" / file
    path.parent.mkdir(parents=True)
    path.write_text(line.replace("_", "."))  # here it would be one itself
    for name, value in {"ROOT": tmp_path, "TESTS": (tmp_path / "tests",), "KIT": tmp_path / "tests" / "kit"}.items():
        monkeypatch.setattr(rules, name, value)
    monkeypatch.setattr(rules, "our_files", lambda *_endings: [path])
    found = rules.problems()
    assert [problem.startswith(f"tests/{file}:1: {why}") for problem in found] == [True] * bool(why)
