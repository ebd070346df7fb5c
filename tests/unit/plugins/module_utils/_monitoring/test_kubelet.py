# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import promql_parser
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.grafana import queries
from ansible_collections.gantry.platform.plugins.module_utils._monitoring.kubelet import ALERTS, JOBS, alerts, board
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT

TEAMS = {"cortex": {"namespace": "cortex"}, "senses": {"namespace": "old-senses"}}
RULES = alerts(TEAMS)
ASKED = yaml.safe_load((CHECKOUT / "roles/monitoring/vars/main.yml").read_text(encoding="utf-8"))["monitoring_kubelet_asked"]


def test_everything_of_a_teams_namespace_is_told_to_the_team_and_all_else_to_the_owner():
    held = [rule for rule in RULES if rule["alert"] == "ContainerThrottled"]
    assert [rule.get("labels") for rule in held] == [{"team": "cortex"}, {"team": "senses"}, None]
    assert 'namespace="old-senses"' in held[1]["expr"] and 'namespace!~"cortex|old-senses"' in held[2]["expr"]
    assert all("labels" not in rule for rule in RULES if rule["alert"].startswith("Kubelet"))
    assert {rule["alert"] for rule in RULES} == set(ALERTS)
    assert 'namespace!=""' in next(rule for rule in alerts({}) if rule["alert"] == "VolumeFills")["expr"]


def test_what_rules_and_the_board_look_at_is_what_is_kept_of_its_job_and_nothing_is_kept_for_nobody():
    assert tuple(ASKED) == JOBS
    seen = set()
    for expr in [*(rule["expr"] for rule in RULES), *queries(board())]:
        promql_parser.parse(expr)
        for metric, labels in re.findall(r"\b(kubelet_\w+|container_\w+)\{([^}]*)\}", expr):
            (job,) = re.findall(r'job="([^"]+)"', labels)
            kept = [pattern for pattern in ASKED[job]["metrics"] if re.fullmatch(pattern, metric)]
            assert kept, f"{metric} of {job} is not kept"
            seen |= {*kept}
    assert seen == {pattern for one in ASKED.values() for pattern in one["metrics"]}


def test_every_alert_leads_to_a_page_that_is_there():
    for file, anchor in {rule["runbook"].partition("#")[::2] for rule in RULES}:
        heads = (line for line in (CHECKOUT / file).read_text(encoding="utf-8").splitlines() if line.startswith("## "))
        assert anchor in {line.removeprefix("## ").lower().replace(" ", "-") for line in heads}
