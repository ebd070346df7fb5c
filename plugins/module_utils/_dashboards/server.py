# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a server of Grafana is told: who comes in as what, by the groups of an identity provider, and where its boards read.

Settings are variables of its environment, which need no quoting: https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

SECRETS = "/etc/grafana/secrets"
"""Where files with what is secret lie: in a variable it would stand in every list of processes' environments."""
PAGE = 3000
_METRICS, _LOGS, _TRACES = "prometheus", "elasticsearch", "jaeger"
"""Types of data sources that know of each other."""
_REQUESTS = '{__name__=~"http_server_request_duration_seconds_count|grpc_server_handled_total", $__tags}'
"""What a service counts, in Grafana's words for the one that a span is of."""


def server(settings: Mapping[str, Any], teams: Mapping[str, Json], sources: Mapping[str, Mapping[str, Json]]) -> Json:
    """``environment``: its settings as variables; ``sources``: the file from which it takes its data sources.

    ``settings`` are ``settings.monitoring.grafana`` of the model, ``sources`` what areas contribute by area and name.
    Secrets are in neither; ``secrets`` are the references of those that a source names, by the file in which each is.
    A source that came by this file and is no longer in it goes (``prune``, since Grafana 11.1); those of people stay.
    """
    secrets = {
        f"{name}_{key}": reference
        for given in sources.values()
        for name, source in given.items()
        for key, reference in source.get("secrets", {}).items()
    }
    return {
        "environment": environment(settings, teams),
        "sources": {"apiVersion": 1, "prune": True, "datasources": _linked(sources)},
        "secrets": secrets,
    }


def role_path(sso: Mapping[str, Any], teams: Mapping[str, Json]) -> str:
    """The JMESPath by which a person's claims say what that person is: Admin, Editor, Viewer, or nothing, who does not come in.

    Operators of every team edit, developers look. No claim of groups is no error: a filter over nothing is nothing.
    """
    extra, claim = sso["roles"], sso["groups_claim"]
    by_role = {
        "Admin": extra["admins"],
        "Editor": [*(team["identity_groups"]["operators"] for team in teams.values()), *extra["editors"]],
        "Viewer": [*(team["identity_groups"]["developers"] for team in teams.values()), *extra["viewers"]],
    }
    return " || ".join(f"{claim}[?{_any(groups)}] && '{role}'" for role, groups in by_role.items() if groups)


def _any(groups: Iterable[str]) -> str:
    return " || ".join(f"@ == {_literal(group)}" for group in groups)


def _literal(group: str) -> str:
    """A text of JMESPath in which neither it nor Grafana, which replaces variables, finds words of its own."""
    return "`" + json.dumps(group).replace("`", "\\u0060").replace("$", "\\u0024") + "`"


def environment(settings: Mapping[str, Any], teams: Mapping[str, Json]) -> dict[str, str]:
    """Its settings, ``GF_<section>_<key>``."""
    sso = settings["sso"]
    login = {
        "ENABLED": "true",
        "NAME": sso["name"],
        "CLIENT_ID": sso["client"],
        "CLIENT_SECRET": f"$__file{{{SECRETS}/client_secret}}",
        "SCOPES": " ".join(sso["scopes"]),
        "AUTH_URL": sso["endpoints"]["authorize"],
        "TOKEN_URL": sso["endpoints"]["token"],
        "API_URL": sso["endpoints"]["userinfo"],
        "LOGIN_ATTRIBUTE_PATH": "preferred_username",
        "NAME_ATTRIBUTE_PATH": "name",
        "EMAIL_ATTRIBUTE_PATH": "email",
        "GROUPS_ATTRIBUTE_PATH": sso["groups_claim"],
        "ROLE_ATTRIBUTE_PATH": role_path(sso, teams),
        # Who has none of the roles does not come in, and who loses one loses it at the next login.
        "ROLE_ATTRIBUTE_STRICT": "true",
        "SKIP_ORG_ROLE_SYNC": "false",
        "ALLOW_ASSIGN_GRAFANA_ADMIN": "false",
        "ALLOW_SIGN_UP": "true",
        "AUTO_LOGIN": "true",
        "USE_PKCE": "true",
        "USE_REFRESH_TOKEN": "true",
    }
    return {
        "GF_SERVER_ROOT_URL": settings["url"],
        "GF_SERVER_HTTP_PORT": str(PAGE),
        "GF_SECURITY_ADMIN_PASSWORD": f"$__file{{{SECRETS}/admin_password}}",
        "GF_SECURITY_COOKIE_SECURE": "true",
        "GF_SECURITY_STRICT_TRANSPORT_SECURITY": "true",
        "GF_SECURITY_DISABLE_GRAVATAR": "true",
        "GF_AUTH_ANONYMOUS_ENABLED": "false",
        # By it a run says who may do what, where it does.
        "GF_AUTH_BASIC_ENABLED": "true" if "api" in settings else "false",
        # Who opens the page goes to the provider; the first user comes in at /login?disableAutoLogin.
        "GF_AUTH_DISABLE_LOGIN_FORM": "false",
        **{f"GF_AUTH_GENERIC_OAUTH_{key}": value for key, value in login.items()},
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_USERS_ALLOW_ORG_CREATE": "false",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
        "GF_PATHS_PROVISIONING": "/etc/grafana/provisioning",
    }


def _linked(contributed: Mapping[str, Mapping[str, Json]]) -> list[Json]:
    """Every data source by its name, which is its uid; metrics lead to traces, traces to metrics and logs, logs to traces, where they are."""
    given = {name: source for found in contributed.values() for name, source in found.items()}
    of_type = {kind: sorted(name for name, source in given.items() if source["type"] == kind) for kind in (_METRICS, _LOGS, _TRACES)}
    found = []
    for name, source in sorted(given.items()):
        links: Json = {}
        if source["type"] == _METRICS and of_type[_TRACES]:
            links["exemplarTraceIdDestinations"] = [{"name": "trace_id", "datasourceUid": traces} for traces in of_type[_TRACES]]
        if source["type"] == _LOGS and of_type[_TRACES]:
            links["dataLinks"] = [{"field": "trace.id", "url": "${__value.raw}", "datasourceUid": traces} for traces in of_type[_TRACES]]
        if source["type"] == _TRACES and of_type[_METRICS]:
            links["tracesToMetrics"] = {
                "datasourceUid": of_type[_METRICS][0],
                "tags": [{"key": "service.name", "value": "job"}],
                "queries": [{"name": "Requests", "query": f"sum(rate({_REQUESTS}[5m]))"}],
            }
        if source["type"] == _TRACES and of_type[_LOGS]:
            links["tracesToLogsV2"] = {"datasourceUid": of_type[_LOGS][0], "filterByTraceID": True}
        found.append(
            {
                "name": source["title"],
                "uid": name,
                "type": source["type"],
                "access": "proxy",
                "url": source["url"],
                "isDefault": source.get("default", False),
                "editable": False,
                # Provisioning replaces variables in this file.
                "jsonData": _plain({**source.get("json", {}), **links}),
                **({"basicAuth": True, "basicAuthUser": _plain(source["user"])} if "user" in source else {}),
                **(
                    {"secureJsonData": {key: f"$__file{{{SECRETS}/{name}_{key}}}" for key in source["secrets"]}}
                    if "secrets" in source
                    else {}
                ),
            }
        )
    return found


def _plain(value: Any) -> Any:
    """The same, of which Grafana's reading of the file replaces nothing."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value
