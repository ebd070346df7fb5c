# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run puts on the screen: real runs on the kept rehearsal of dev, in a terminal of 80 × 24 and in a pipe."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.tests.integration.runs import ROOT
from ansible_collections.gantry.platform.tests.kit.terminal import in_terminal

SERVICES = Path("group_vars", "all", "40_services.yml")


@pytest.fixture
def edited(dev, tmp_path):
    """Gives the words of a playbook on a copy of the inventories in which one line is another."""

    def words(name, old, new):
        inventories = tmp_path / "inventories"
        shutil.copytree(ROOT / "inventories", inventories, dirs_exist_ok=True)
        text = (inventories / SERVICES).read_text(encoding="utf-8")
        assert old in text
        (inventories / SERVICES).write_text(text.replace(old, new, 1), encoding="utf-8")
        found = dev.words(name)
        found[1] = str(inventories / "dev.yml")
        return found

    return words


def screen(dev, words, columns=80):
    environment = {
        name: value for name, value in dev.environment.items() if name not in ("ANSIBLE_NOCOLOR", "ANSIBLE_FORCE_COLOR", "COLUMNS")
    }
    return in_terminal([Path(sys.executable).parent / "ansible-playbook", *words], ROOT, environment, columns=columns)


def test_the_plan_of_one_line_is_one_screen(dev, edited):
    shown = screen(dev, edited("plan", "cpu: 500m", "cpu: 510m"))
    assert shown.code == 0, shown.wrote
    assert len(shown.lines) <= 24 and max(map(len, shown.lines)) <= 80, shown.lines
    text = "\n".join(shown.lines)
    assert re.findall(r"^  (\S.*?) +\d+\.\d s", text, re.MULTILINE) == ["check the inventory", "declare", "plan"]
    assert "~ update  Deployment/cortex/consciousness-engine restart\n              app requests.cpu 500m → 510m" in text
    assert f"next: make apply ENV=dev PLAN={dev.report.relative_to(ROOT)}\n  applies exactly this" in text
    assert any(re.fullmatch(r"  (declare|plan) \d+ s", line) for line in shown.passed), shown.passed


def test_a_mistake_is_said_once_with_its_place_and_marked_for_github(dev, edited):
    words = edited("plan", "    team:", "    taem:")
    code, output = dev.command("ansible-playbook", *words, GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(Path(words[1]).parents[1]))
    assert code == 2, output
    said = [line for line in output.splitlines() if "did you mean 'team'" in line]
    assert len(said) == 2, output
    assert re.search(r"40_services\.yml:\d+: services\..*\.taem: unknown key", said[0])
    assert re.match(r"::error file=inventories/group_vars/all/40_services\.yml,line=\d+::services\..*\.taem: unknown key", said[1])
    assert "fatal" not in output and "TASK" not in output and "\x1b" not in output
    assert "cannot go on" not in output, "every host said why"


def test_v_is_ansibles_own_output_with_the_table_below(dev):
    code, output = dev.command("ansible-playbook", *dev.words("plan"), "-v")
    assert code == 0, output
    assert output.index("TASK [gantry.platform.platform : Check the inventory") < output.index("PLAY RECAP") < output.index("Plan for dev")
    assert output.count("Plan for dev") == 1


def test_another_stdout_callback_has_the_table_below_its_own_output(dev):
    """As AWX and ansible-runner set one of their own."""
    code, output = dev.command("ansible-playbook", *dev.words("plan"), ANSIBLE_STDOUT_CALLBACK="ansible.builtin.minimal")
    assert code == 0, output
    assert output.count("Plan for dev") == 1


def test_drift_ends_with_what_undoes_it(dev):
    dev.kubectl("-n", "cortex", "delete", "networkpolicy", "default-deny")
    try:
        shown = screen(dev, dev.words("drift"))
        assert shown.code == 2, shown.wrote
        text = "\n".join(shown.lines)
        assert len(shown.lines) <= 24 and max(map(len, shown.lines)) <= 80, shown.lines
        assert text.count("NetworkPolicy/cortex/default-deny") == 1
        assert "next: make apply ENV=dev  makes it as declared again" in text
        assert "as declared; the table below" not in text
    finally:
        code, output, _report = dev.play("site")
        assert code == 0, output
