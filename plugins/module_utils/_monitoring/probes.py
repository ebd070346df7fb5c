# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Addresses that are asked from outside: which, how, and who is told when one does not answer.

Fields of a module are those of the blackbox exporter's own ``config/config.go``, metrics those of ``prober/handler.go``, ``prober/http.go``
and ``prober/tls.go`` (v0.28.0).
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

ALERTS = FAILS, ENDS, SLOW = ("ProbeFails", "CertificateEnds", "ProbeSlow")
JOB = "probes"
"""The job of every such series, whoever is asked."""
_FAILS, _ENDS, _SLOW = (f"docs/monitoring.md#when-{words}" for words in ("a-probe-fails", "a-certificate-ends", "a-probe-is-slow"))
_DAYS = {"page": 3, "ticket": 14}
"""How long before a certificate's end who is told; nobody gets up for a tier that does not page."""
# An HTTP request follows redirects to where an answer is; a certificate that is not valid is a failure of both.
_HTTP: Json = {"prober": "http", "timeout": "10s", "http": {"preferred_ip_protocol": "ip4"}}
_GRPC: Json = {"prober": "grpc", "timeout": "10s", "grpc": {"tls": True, "preferred_ip_protocol": "ip4"}}


def probes(services: Mapping[str, Json], settings: Json, owner: str) -> dict[str, Json]:
    """By name, what is asked: ``{target, port, module, asks, interval, labels}``; ``settings`` is ``settings.monitoring``, with its defaults.

    A service is asked under each of its names, at the path that says whether it is ready, or by the health protocol of gRPC. A name with
    a ``*`` has no address. Further names of a service come behind a dot, which nothing that is named in the inventory has.
    """
    found = {}
    for name, service in services.items():
        hosts = (service.get("hosts") or ()) if service["exposed"] and service.get("probed", True) else ()
        for number, host in enumerate(host for host in hosts if "*" not in host):
            if service["protocol"] == "grpc":
                asked: Json = {"target": f"{host}:443", "module": "grpc", "asks": _GRPC}
            else:
                asked = {"target": f"https://{host}{service['probes']['readiness']['path']}", "module": "http", "asks": _HTTP}
            labels = {"service": name, "team": service["team"], "tier": service["tier"]}
            probe = {**asked, "port": 443, "interval": settings["scrape_interval"], "labels": labels}
            found[f"{name}.{number + 1}" if number else name] = probe
    for name, said in settings["probes"].items():
        asked = {"target": said["url"], "module": "http", "asks": _HTTP}
        if said["statuses"]:
            http = {**_HTTP["http"], "valid_status_codes": said["statuses"], "follow_redirects": False}
            asked |= {"module": f"http-{name}", "asks": {**_HTTP, "http": http}}
        interval = said.get("interval", settings["scrape_interval"])
        url = urllib.parse.urlsplit(said["url"])
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        found[name] = {**asked, "port": port, "interval": interval, "labels": {"team": said.get("team", owner)}}
    return found


def alerts(asked: Mapping[str, Json], settings: Json, pages: Mapping[str, bool]) -> Iterator[Json]:
    """For each team and tier that is asked, its rules; ``pages`` says which tiers somebody gets up for."""
    for team, tier in sorted({(one["labels"]["team"], one["labels"].get("tier", "")) for one in asked.values()}):
        of = f'{{job="{JOB}", team={json.dumps(team)}, tier={json.dumps(tier)}}}'
        severity = "page" if pages.get(tier, True) else "ticket"
        labels = {"team": team, **({"tier": tier} if tier else {})}
        yield from ({**rule, "labels": labels} for rule in _alerts(of, severity, settings["blackbox"]))


def _alerts(of: str, severity: str, blackbox: Json) -> Iterator[Json]:
    yield {
        "alert": FAILS, "for": blackbox["fails_for"], "severity": severity, "expr": f"probe_success{of} == 0", "runbook": _FAILS,
        "summary": "{{ $labels.probe }} does not answer",
        "description": "{{ $labels.instance }}, asked from within the cluster, did not answer as it has to.",
    }  # fmt: skip
    for told in dict.fromkeys((severity, "ticket")):
        yield {
            "alert": ENDS, "for": "15m", "severity": told, "expr": f"probe_ssl_earliest_cert_expiry{of} - time() < {_DAYS[told]} * 86400", "runbook": _ENDS,
            "summary": "The certificate of {{ $labels.probe }} ends",
            "description": "That of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}.",
        }  # fmt: skip
    slow = blackbox["slow"].removesuffix("s")
    yield {
        "alert": SLOW, "for": "10m", "severity": "ticket", "expr": f"avg_over_time(probe_duration_seconds{of}[10m]) > {slow}", "runbook": _SLOW,
        "summary": "{{ $labels.probe }} is slow",
        "description": "{{ $labels.instance }} takes {{ $value | humanizeDuration }} to answer.",
    }  # fmt: skip


def panels() -> list[Json]:
    """What a board shows of them."""
    return [
        {
            "title": "Addresses that answer", "show": "stat", "unit": "percentunit", "good": {"above": 1},
            "queries": [{"expr": f'sum(probe_success{{job="{JOB}"}}) / count(probe_success{{job="{JOB}"}})'}],
        },
        {
            "title": "How long addresses take", "unit": "s",
            "queries": [{"expr": f'avg by (probe) (probe_duration_seconds{{job="{JOB}"}})', "legend": "{{probe}}"}],
        },
        {
            "title": "Days until certificates end", "unit": "d",
            "queries": [{"expr": f'min by (probe) (probe_ssl_earliest_cert_expiry{{job="{JOB}"}} - time()) / 86400', "legend": "{{probe}}"}],
        },
    ]  # fmt: skip
