# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import promql_parser
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.grafana import queries
from ansible_collections.gantry.platform.plugins.module_utils._monitoring.cluster import ALERTS, alerts, board
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT

TEAMS = {"cortex": {"namespace": "cortex"}, "senses": {"namespace": "old-senses"}}
RULES = alerts("exporters", TEAMS)


def test_everything_of_a_teams_namespace_is_told_to_the_team_and_all_else_to_the_owner():
    loops = [rule for rule in RULES if rule["alert"] == "PodCrashLoops"]
    assert [rule.get("labels") for rule in loops] == [{"team": "cortex"}, {"team": "senses"}, None]
    assert 'exported_namespace="old-senses"' in loops[1]["expr"]
    assert 'exported_namespace!~"cortex|old-senses"' in loops[2]["expr"]
    assert all("labels" not in rule for rule in RULES if rule["alert"].startswith(("Node", "Cluster")))
    assert {rule["alert"] for rule in RULES} == set(ALERTS)
    assert "exported_namespace" not in [rule for rule in alerts("x", {}) if rule["alert"] == "JobFails"][0]["expr"]


def test_metrics_of_that_name_that_anybody_else_shows_do_not_count():
    for expr in [*(rule["expr"] for rule in RULES), *queries(board("exporters"))]:
        promql_parser.parse(expr)
        assert expr.count('namespace="exporters"') - expr.count('exported_namespace="exporters"') == sum(
            expr.count(f"{start}_") for start in ("kube", "node_filesystem", "node_memory", "node_timex", "node_cpu")
        ), expr


def test_a_cluster_of_one_node_is_not_told_for_ever_that_it_has_no_second():
    (rule,) = [rule for rule in RULES if rule["alert"] == "ClusterWithoutSpareNode"]
    room = promql_parser.parse(rule["expr"]).rhs
    assert str(room.expr.op) == ">" and room.expr.rhs.val == 0, room


def test_every_alert_leads_to_a_page_that_is_there():
    pages = {rule["runbook"].partition("#")[::2] for rule in RULES}
    for file, anchor in pages:
        heads = (line for line in (CHECKOUT / file).read_text(encoding="utf-8").splitlines() if line.startswith("## "))
        assert anchor in {line.removeprefix("## ").lower().replace(" ", "-") for line in heads}
