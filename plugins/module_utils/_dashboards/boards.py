# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The boards of a platform: itself, each service, each team, and what the product measures of its own.

Metrics of requests are those of OpenTelemetry's semantic conventions and of go-grpc-middleware, as ``_slo/indicators`` has them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = dict[str, Any]

_HTTP, _GRPC, _GRPC_HANDLED = "http_server_request_duration_seconds", "grpc_server_handling_seconds", "grpc_server_handled_total"
_HTTP_WRONG = 'http_response_status_code=~"5.."'
_GRPC_WRONG = 'grpc_code=~"Unknown|DeadlineExceeded|Internal|Unavailable|DataLoss|ResourceExhausted|Unimplemented"'
_WINDOW = "5m"


def boards(services: Mapping[str, Json], teams: Mapping[str, Json], more: Iterable[Json] = ()) -> dict[str, Json]:
    """Every board by its name; ``more`` are further panels of the platform's."""
    measured = {name: service for name, service in services.items() if "metrics" in service}
    found = {"platform": _platform()}
    found["platform"]["panels"] += more
    if measured:
        found["product"] = _product(measured)
    found |= {f"service-{name}": _service(name, service) for name, service in measured.items()}
    for team in teams:
        mine = {name: service for name, service in measured.items() if service["team"] == team}
        if mine:
            found[f"team-{team}"] = _team(team, mine)
    return found


def _platform() -> Json:
    return {
        "title": "Platform",
        "description": "Whether what measures and what tells is well.",
        "panels": [
            _stat("Targets that answer", 'sum(up) / count(up)', "percentunit", above=0.99),
            _stat("Alerts that page", 'count(ALERTS{alertstate="firing", severity="page"}) or vector(0)', "short", below=1),
            _stat("Tickets", 'count(ALERTS{alertstate="firing", severity="ticket"}) or vector(0)', "short", below=1),
            _stat("Rules that fail", "sum(increase(prometheus_rule_evaluation_failures_total[15m]))", "short", below=1),
            _series("Targets that do not answer", ("count by (namespace, job) (up == 0)", "{{namespace}}/{{job}}")),
            _series("Samples taken in", ("sum by (pod) (rate(prometheus_tsdb_head_samples_appended_total[5m]))", "{{pod}}"), unit="ops"),
            _series("Series held", ("prometheus_tsdb_head_series", "{{pod}}")),
            _series(
                "Notifications", ("sum by (integration) (rate(alertmanager_notifications_total[5m]))", "{{integration}}"),
                ("sum by (integration) (rate(alertmanager_notifications_failed_total[5m]))", "{{integration}} failed"), unit="ops",
            ),
            {"title": "Alerts that fire", "show": "table", "queries": [{"expr": 'ALERTS{alertstate="firing", severity!="none"}'}]},
        ],
    }  # fmt: skip


def _service(name: str, service: Json) -> Json:
    of = _of(name, service)
    panels = [
        _series("Requests", (_rate(service, of), "requests"), (_wrong(service, of), "that fail"), unit="reqps"),
        _series("Errors", (_error_ratio(service, of), "part that fails"), unit="percentunit"),
        _series("Duration", *((_quantile(service, of, share), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)), unit="s"),
        _series("Replicas that answer", (f"sum(up{of})", "up"), (f"count(up{of})", "found")),
    ]
    own = list(_measures(name, service))
    if own:
        panels += [{"title": "What it measures of its own"}, *own]
    return {"title": f"Service {name}", "description": service["description"], "folder": service["team"], "panels": panels}


def _team(team: str, services: Mapping[str, Json]) -> Json:
    panels: list[Json] = [
        _stat("Alerts that page", f'count(ALERTS{{alertstate="firing", severity="page", team={json.dumps(team)}}}) or vector(0)', "short", below=1),
        _stat("Tickets", f'count(ALERTS{{alertstate="firing", severity="ticket", team={json.dumps(team)}}}) or vector(0)', "short", below=1),
    ]  # fmt: skip
    for name, service in services.items():
        of = _of(name, service)
        panels.append(_series(name, (_rate(service, of), "requests"), (_wrong(service, of), "that fail"), unit="reqps"))
    return {"title": f"Team {team}", "folder": team, "panels": panels}


def _product(services: Mapping[str, Json]) -> Json:
    panels: list[Json] = []
    for name, service in services.items():
        own = list(_measures(name, service))
        panels += [{"title": f"{name}: {service['description']}"}, *own] if own else []
    head = [
        _series("Requests", *((_rate(one, _of(name, one)), name) for name, one in services.items()), unit="reqps"),
        _series("Errors", *((_error_ratio(one, _of(name, one)), name) for name, one in services.items()), unit="percentunit"),
    ]
    return {"title": "Product", "description": "What the product measures of its own, by service.", "panels": [*head, *panels]}


def _measures(name: str, service: Json) -> Iterator[Json]:
    """A panel for each metric that the inventory names."""
    of = _of(name, service)
    for metric, said in (service["metrics"].get("measures") or {}).items():
        title, unit = said["title"], said["unit"]
        if said["kind"] == "counter":
            yield _series(title, (f"sum(rate({metric}{of}[{_WINDOW}]))", name), unit="ops" if unit == "short" else unit)
        elif said["kind"] == "histogram":
            shares = (0.05, 0.5, 0.95)
            yield _series(title, *((_of_buckets(metric, of, share), f"p{share * 100:g}") for share in shares), unit=unit)
        else:
            yield _series(title, (f"avg({metric}{of})", name), unit=unit)


def _of(name: str, service: Json) -> str:
    return f"{{namespace={json.dumps(service['namespace'])}, service={json.dumps(name)}}}"


def _with(of: str, matcher: str) -> str:
    return f"{of[:-1]}, {matcher}}}"


def _rate(service: Json, of: str) -> str:
    metric = _GRPC_HANDLED if service["protocol"] == "grpc" else f"{_HTTP}_count"
    return f"sum(rate({metric}{of}[{_WINDOW}]))"


def _wrong(service: Json, of: str) -> str:
    """Without errors there is no series of them: then it is nothing, wherever there are requests."""
    metric, wrong = (_GRPC_HANDLED, _GRPC_WRONG) if service["protocol"] == "grpc" else (f"{_HTTP}_count", _HTTP_WRONG)
    return f"(sum(rate({metric}{_with(of, wrong)}[{_WINDOW}])) or 0 * {_rate(service, of)})"


def _error_ratio(service: Json, of: str) -> str:
    return f"{_wrong(service, of)} / ({_rate(service, of)} > 0)"


def _quantile(service: Json, of: str, share: float) -> str:
    return _of_buckets(_GRPC if service["protocol"] == "grpc" else _HTTP, of, share)


def _of_buckets(metric: str, of: str, share: float) -> str:
    return f"histogram_quantile({share:g}, sum by (le) (rate({metric}_bucket{of}[{_WINDOW}])))"


def _series(title: str, *queries: tuple[str, str], unit: str = "short") -> Json:
    return {"title": title, "unit": unit, "queries": [{"expr": expr, "legend": legend} for expr, legend in queries]}


def _stat(title: str, expr: str, unit: str, **good: float) -> Json:
    return {"title": title, "show": "stat", "unit": unit, "good": good, "queries": [{"expr": expr}]}
