# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The configuration of Jaeger 2, which is a collector with a store and a page (https://www.jaegertracing.io/docs/2.13/deployment/configuration/)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .collector import HEALTH, HTTP, METRICS, escaped, served

Json = dict[str, Any]

PAGE, QUERY_GRPC = 16686, 16685
CERTIFICATE = "/etc/jaeger/storage/ca.crt"
"""Where the authority of the store lies, where one is named."""
PASSWORD = "/etc/jaeger/storage/password"
"""A file: what the environment gives is expanded once more, and a password may have a dollar."""


def configuration(storage: Mapping[str, Any]) -> Json:
    """All of it; who logs in to the store is what the environment of the container says, and by which password a file."""
    backend = escaped(_backend(storage))
    if storage["kind"] != "memory":
        login = {"username": "${env:STORAGE_USERNAME}", "password_file": PASSWORD}
        backend[storage["kind"]]["auth"] = {"basic": login}
    return {
        "extensions": {
            "healthcheckv2": {"use_v2": True, "http": {"endpoint": f"0.0.0.0:{HEALTH}"}},
            "jaeger_storage": {"backends": {"traces": backend}},
            "jaeger_query": {
                "storage": {"traces": "traces"},
                "http": {"endpoint": f"0.0.0.0:{PAGE}"},
                "grpc": {"endpoint": f"0.0.0.0:{QUERY_GRPC}"},
            },
        },
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"0.0.0.0:{HTTP}"}}}},
        "processors": {"batch": {}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "traces"}},
        "service": {
            "extensions": ["healthcheckv2", "jaeger_storage", "jaeger_query"],
            "telemetry": {
                "resource": {"service.name": "jaeger"},
                "metrics": served("0.0.0.0", METRICS),
                "logs": {"level": "info", "encoding": "json"},
            },
            "pipelines": {"traces": {"receivers": ["otlp"], "processors": ["batch"], "exporters": ["jaeger_storage_exporter"]}},
        },
    }


def _backend(storage: Mapping[str, Any]) -> Json:
    if storage["kind"] == "memory":
        return {"memory": {"max_traces": storage["traces"]}}
    trusted = {"tls": {"ca_file": CERTIFICATE}} if "ca" in storage else {}
    day = {"date_layout": "2006-01-02", "rollover_frequency": "day"}
    indices = {"index_prefix": storage["prefix"], "spans": day, "services": day}
    return {storage["kind"]: {"server_urls": [storage["url"]], "indices": indices, **trusted}}
