# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The area slo on the sandbox with every area: real rules over the sandbox's traffic, real alerts, and the report of both."""

from __future__ import annotations

import json

import pytest
import yaml
from ansible_collections.gantry.platform.tests.integration.everything.test_monitoring import ask
from ansible_collections.gantry.platform.tests.kit.waiting import until
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT

BURNING = "language-cortex-quality"


@pytest.fixture
def platform(everything):
    return everything


def alerts(platform):
    """Which burn tiers of the objective that burns are active, and which are kept quiet, as Alertmanager has them."""
    found = ask(platform, "alertmanager", f"/api/v2/alerts?filter=alertname%3D%22ErrorBudgetBurns%22&filter=slo%3D%22{BURNING}%22")
    return {(one["labels"]["slo_burn_tier"], one["status"]["state"]) for one in found}, found


def test_every_service_is_measured(platform):
    services = {"consciousness-engine", "memory-store", "attention-router", "language-cortex", "dream-scheduler"}

    def health():
        targets = ask(platform, "prometheus", "/api/v1/targets?state=active")["data"]["activeTargets"]
        found = {}
        for target in targets:
            found.setdefault(target["labels"].get("service"), set()).add(target["health"])
        return {service: found.get(service) for service in services}

    until(lambda: None not in health().values() and {"unknown"} not in health().values(), "every service to be scraped")
    assert health() == dict.fromkeys(services, {"up"})


def test_what_burns_pages_its_team_once_and_the_slower_alerts_are_quiet(platform):
    def alone():
        found = alerts(platform)[0]
        # Slower ones fire until the four weeks before are known.
        return {("1", "active"), ("2", "suppressed")} <= found <= {("1", "active"), *((tier, "suppressed") for tier in "234")}

    until(alone, "the fast burn alone")
    (fast,) = [one for one in alerts(platform)[1] if one["labels"]["slo_burn_tier"] == "1"]
    assert (fast["labels"]["severity"], fast["labels"]["team"], fast["labels"]["service"]) == ("page", "cortex", "language-cortex")
    file, _hash, anchor = fast["annotations"]["runbook_url"].partition("#")
    page = (CHECKOUT / file).read_text(encoding="utf-8")
    assert anchor in {line.lstrip("# ").strip().lower().replace(" ", "-") for line in page.splitlines() if line.startswith("## ")}


def test_the_report_has_four_weeks_of_every_objective(platform, tmp_path):
    written = tmp_path / "slo-sandbox.json"
    seen = []

    def whole():
        code, output = platform.command("ansible-playbook", *platform.words("slo_report", slo_report_dest=str(tmp_path)))
        assert code == 0, output[-3000:]
        seen[:] = json.loads(written.read_text(encoding="utf-8"))["objectives"]
        return all(row["rolling"]["coverage"] > 0.99 for row in seen)

    until(whole, "the past to be measured")
    assert {row["service"] for row in seen} > {"consciousness-engine", "memory-store", "attention-router"}
    assert all(row["rolling"]["events"] > 0 and row["worst_days"] for row in seen)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".md", ".csv", ".html"}
    assert "consciousness-engine-availability" in (tmp_path / "slo-sandbox.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("policy", "code", "words"),
    [
        ({"slow_down": 0, "freeze": -100}, 0, "ok"),
        ({"slow_down": 100, "freeze": 99.999}, 2, "memory-store-availability: freeze, "),
    ],
)
def test_the_gate_lets_out_what_the_policy_lets_out(platform, tmp_path, policy, code, words):
    role = {"name": "gantry.platform.slo", "tasks_from": "gate"}
    model = {"name": "gantry.platform.platform", "tasks_from": "model"}
    tasks = [
        {"name": "Learn", "ansible.builtin.import_role": model},
        {"name": "Ask", "ansible.builtin.import_role": role, "vars": {"slo_gate_services": ["memory-store"]}},
        {"name": "Say", "ansible.builtin.debug": {"msg": "{{ slo_gated.state }}"}},
    ]
    book = tmp_path / "gate.yml"
    play = {"name": "Gate", "hosts": "sandbox", "gather_facts": False, "vars": {"platform_command": "status"}, "tasks": tasks}
    book.write_text(yaml.safe_dump([play]), encoding="utf-8")
    done, output = platform.command("ansible-playbook", *platform.words(str(book), slo_policies={"standard": policy}))
    assert done == code and words in output, output[-3000:]
