# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path

import yaml
from ansible_collections.gantry.platform.plugins.module_utils._run.report import artifacts
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import change, plan_of, planned

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "awx.md").read_text(encoding="utf-8")
TEMPLATES = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.S)[0])
SPECIFICATION = yaml.safe_load((ROOT / "roles" / "platform" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))


def test_survey_variables_are_role_variables():
    known = set(SPECIFICATION["argument_specs"]["plan"]["options"])
    used = {name for one in TEMPLATES["job_templates"] for name in [*one["survey"], *one.get("extra_vars", {})]}
    assert used
    assert used <= known


def test_every_playbook_of_a_job_exists_and_every_node_has_one():
    for one in TEMPLATES["job_templates"]:
        assert (ROOT / one["playbook"]).is_file()
    names = {one["name"] for one in TEMPLATES["job_templates"]}
    assert {node["job_template"] for node in TEMPLATES["workflow"] if "job_template" in node} <= names


def test_the_page_names_exactly_what_leaves_a_plan():
    handed = set(artifacts(plan_of(a=planned(change("Namespace/-/x")))))
    row = next(line for line in PAGE.splitlines() if line.startswith("| `set_stats`"))
    assert set(re.findall(r"`(platform_\w+)`", row)) == handed
