# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import jmespath
import promql_parser
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.server import server

TEAMS = {name: {"identity_groups": {"developers": f"{name}-developers", "operators": f"{name}-operators"}} for name in ("cortex", "senses")}
SSO = {
    "name": "Staff", "client": "grafana", "scopes": ["openid", "email"], "groups_claim": "groups",
    "endpoints": {"authorize": "https://id.example/auth", "token": "https://id.example/token", "userinfo": "https://id.example/userinfo"},
    "roles": {"admins": ["sre"], "editors": ["it-writers"], "viewers": ["everybody"]},
}  # fmt: skip
SETTINGS = {"url": "https://grafana.example", "sso": SSO}


def role(claims, sso=SSO, teams=TEAMS):
    """What Grafana makes of claims: a text, or nothing, who does not come in since the mapping is strict."""
    path = server({**SETTINGS, "sso": sso}, teams, {})["environment"]["GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_PATH"]
    found = jmespath.search(path, claims)
    return found if isinstance(found, str) else None


@pytest.mark.parametrize(
    ("groups", "is_to_be"),
    [
        (["cortex-developers"], "Viewer"),
        (["senses-operators"], "Editor"),
        (["it-writers"], "Editor"),
        (["sre"], "Admin"),
        (["everybody"], "Viewer"),
        (["everybody", "cortex-developers", "senses-operators"], "Editor"),
        (["senses-operators", "sre"], "Admin"),
        (["Cortex-Developers"], None),
        (["cortex-developers-of-old"], None),
        (["cortex"], None),
        ([], None),
    ],
)
def test_a_person_is_the_most_that_one_of_its_groups_says(groups, is_to_be):
    assert role({"groups": groups, "sub": "1"}) == is_to_be


@pytest.mark.parametrize("claims", [{}, {"groups": None}, {"groups": "sre"}, {"groups": {"sre": True}}, {"roles": ["sre"]}])
def test_who_says_no_groups_or_says_them_otherwise_does_not_come_in(claims):
    assert role(claims) is None


def test_the_claim_may_have_another_name():
    assert role({"memberships": ["sre"], "groups": []}, {**SSO, "groups_claim": "memberships"}) == "Admin"


def test_a_role_that_no_group_has_is_nobodys():
    alone = {**SSO, "roles": {"admins": [], "editors": [], "viewers": []}}
    assert role({"groups": ["sre"]}, alone) is None and role({"groups": [""]}, alone) is None
    assert role({"groups": ["cortex-operators"]}, alone) == "Editor"


@pytest.mark.parametrize("group", ["o'clock", 'a "b"', "back`tick`", "${HOME}", "$__env{HOME}", "back\\slash\\", "x' || 'y", "żółć"])
def test_a_group_may_be_called_what_it_likes(group):
    hostile = {**SSO, "roles": {"admins": [group], "editors": [], "viewers": []}}
    assert role({"groups": [group]}, hostile) == "Admin"
    assert role({"groups": ["y", group + " ", "HOME", ""]}, hostile) is None
    assert "$" not in server({**SETTINGS, "sso": hostile}, TEAMS, {})["environment"]["GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_PATH"]


def test_secrets_are_files_and_nobody_gets_in_past_the_provider():
    found = server(SETTINGS, TEAMS, {})["environment"]
    assert found["GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET"] == "$__file{/etc/grafana/secrets/client_secret}"
    assert found["GF_SECURITY_ADMIN_PASSWORD"] == "$__file{/etc/grafana/secrets/admin_password}"
    assert found["GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_STRICT"] == "true"
    assert {found[f"GF_{name}"] for name in ("AUTH_ANONYMOUS_ENABLED", "AUTH_BASIC_ENABLED", "USERS_ALLOW_SIGN_UP")} == {"false"}
    assert all(isinstance(value, str) for value in found.values())


def test_a_password_goes_by_the_api_only_where_a_run_says_by_it_who_may_what():
    assert server({**SETTINGS, "api": {}}, TEAMS, {})["environment"]["GF_AUTH_BASIC_ENABLED"] == "true"


def source(kind, **more):
    return {"title": kind.title(), "type": kind, "url": f"http://{kind}.there.svc:1", "namespace": "there", "selector": {"a": "b"}, **more}


def linked(**sources):
    found = server(SETTINGS, TEAMS, {"of": sources})["sources"]["datasources"]
    assert [one["uid"] for one in found] == sorted(sources) and not any(one["editable"] for one in found)
    return {one["uid"]: one["jsonData"] for one in found}


def test_metrics_traces_and_logs_lead_to_each_other_where_they_are():
    found = linked(
        metrics=source("prometheus", default=True, json={"timeInterval": "30s"}), spans=source("jaeger"), logs=source("elasticsearch")
    )
    assert found["metrics"] == {"timeInterval": "30s", "exemplarTraceIdDestinations": [{"name": "trace_id", "datasourceUid": "spans"}]}
    assert found["spans"]["tracesToMetrics"]["datasourceUid"] == "metrics"
    assert found["spans"]["tracesToLogsV2"] == {"datasourceUid": "logs", "filterByTraceID": True}
    assert found["logs"] == {"dataLinks": [{"field": "trace.id", "url": "$${__value.raw}", "datasourceUid": "spans"}]}


def test_what_a_source_keeps_secret_is_a_file_and_the_rest_says_who_asks():
    of = {"logs": source("elasticsearch", user="reader", secrets={"basicAuthPassword": "env:P", "tlsCACert": "env:C"})}
    found = server(SETTINGS, TEAMS, {"of": of})
    (one,) = found["sources"]["datasources"]
    assert (one["basicAuth"], one["basicAuthUser"]) == (True, "reader")
    files = {key: f"$__file{{/etc/grafana/secrets/logs_{key}}}" for key in ("basicAuthPassword", "tlsCACert")}
    assert one["secureJsonData"] == files and found["secrets"] == {"logs_basicAuthPassword": "env:P", "logs_tlsCACert": "env:C"}
    assert "env:" not in str((found["sources"], found["environment"]))


def test_a_source_that_nobody_declares_any_more_goes():
    assert server(SETTINGS, TEAMS, {"of": {"metrics": source("prometheus")}})["sources"]["prune"] is True
    assert server(SETTINGS, TEAMS, {})["sources"] == {"apiVersion": 1, "prune": True, "datasources": []}


def test_nothing_leads_to_what_is_not_there():
    assert linked(metrics=source("prometheus"), alerts=source("alertmanager")) == {"metrics": {}, "alerts": {}}
    assert linked(spans=source("jaeger")) == {"spans": {}}
    assert linked(logs=source("elasticsearch")) == {"logs": {}}


def test_what_a_trace_asks_of_metrics_is_promql_once_grafana_has_read_it():
    (query,) = linked(metrics=source("prometheus"), spans=source("jaeger"))["spans"]["tracesToMetrics"]["queries"]
    assert "$$__tags" in query["query"]
    promql_parser.parse(query["query"].replace("$$__tags", 'job="memory-store"'))
