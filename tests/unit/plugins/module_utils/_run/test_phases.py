# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._run import phases
from ansible_collections.gantry.platform.plugins.module_utils._run.phases import phase_of
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import CHECKOUT

FLOW = "gantry.platform.platform"


@pytest.mark.parametrize(
    ("action", "variables", "phase"),
    [
        ("gantry.platform.platform_model", {"platform_stage": "plan"}, "check the inventory"),
        ("gantry.platform.declare", {"platform_stage": "drift"}, "declare"),
        ("gantry.platform.kube_apply", {"platform_stage": "plan"}, "plan"),
        ("gantry.platform.kube_apply", {"platform_stage": "apply", "platform_wave": "access"}, "grant access"),
        ("gantry.platform.configure", {"platform_stage": "verify"}, "verify"),
        ("gantry.platform.kube_verify", {}, "verify"),
        ("gantry.platform.kube_apply", {}, ""),
        ("gantry.platform.run_report", {"platform_stage": "plan"}, ""),
        ("ansible.builtin.assert", {"platform_stage": "plan"}, ""),
    ],
)
def test_the_flow_says_where_it_is(action, variables, phase):
    assert phase_of(action, FLOW, "plan", variables) == phase


def test_the_files_of_the_sandbox_have_phases_and_others_of_that_name_none():
    assert phase_of("ansible.builtin.file", "gantry.platform.sandbox", "clean", {}) == "remove the servers"
    assert phase_of("ansible.builtin.file", "somebody.elses.sandbox", "clean", {}) == ""


def test_every_stage_of_the_flow_has_words():
    named = {
        stage
        for path in [*(CHECKOUT / "roles" / "platform" / "tasks").glob("*.yml"), *(CHECKOUT / "playbooks").glob("*.yml")]
        for stage in re.findall(r"^ +platform_stage: (\w+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named == set(phases._STAGES), "one without words, or words without one"


def test_every_file_of_the_sandbox_that_a_playbook_calls_has_words():
    assert {path.stem for path in (CHECKOUT / "roles" / "sandbox" / "tasks").glob("*.yml")} == set(phases._OF_SERVERS)
