# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The configuration of the OpenTelemetry Collector: what comes in is redacted, goes to the collector that decides about its trace, and is kept
there or not.

All spans of a trace have to meet in one collector, or one keeps what another one drops: each hands what it received to the one that the
trace's id names, itself among them (https://opentelemetry.io/docs/concepts/sampling/#tail-sampling).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._privacy.words import MODES
from .redaction import SERVICE, of_services, statements, text

Json = dict[str, Any]

GRPC, HTTP, PEERS, METRICS, HEALTH = 4317, 4318, 4319, 8888, 13133
"""Ports: OTLP in two forms, what collectors hand to each other, and what looks after them."""
_FAILED = "span.status.code == STATUS_CODE_ERROR"


def configuration(settings: Mapping[str, Any], services: Mapping[str, Json]) -> Json:
    """All of it, for a file that the collector reads.

    ``settings`` are those of the area, ``services`` those of the model with their ``tracing``. A data class of which nothing is said is strict.
    """
    modes = settings["redaction"]["classes"]
    of_service = {name: modes.get(service["data_class"], MODES[-1]) for name, service in services.items()}
    inside = "tracing.svc"
    found: Json = {
        "extensions": {"health_check": {"endpoint": f"0.0.0.0:{HEALTH}"}},
        "receivers": {
            "otlp": {"protocols": {"grpc": {"endpoint": f"0.0.0.0:{GRPC}"}, "http": {"endpoint": f"0.0.0.0:{HTTP}"}}},
            "otlp/peers": {"protocols": {"grpc": {"endpoint": f"0.0.0.0:{PEERS}"}}},
        },
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 80, "spike_limit_percentage": 20},
            "transform": {
                "error_mode": "propagate",
                "trace_statements": statements(of_service, settings["redaction"]["drop"], settings["redaction"]["keep"]),
            },
            "tail_sampling": {
                "decision_wait": settings["decision_wait"],
                "num_traces": settings["traces_held"],
                # What comes after the decision follows it.
                "decision_cache": {"sampled_cache_size": settings["traces_held"], "non_sampled_cache_size": settings["traces_held"]},
                "policies": policies(services),
            },
            "batch": {"timeout": "1s", "send_batch_size": 1024, "send_batch_max_size": 2048},
        },
        "exporters": {
            "loadbalancing": {
                "routing_key": "traceID",
                "protocol": {"otlp": {"tls": {"insecure": True}, "timeout": "5s"}},
                "resolver": {"dns": {"hostname": f"collector-peers.{inside}", "port": str(PEERS)}},
            },
            "otlphttp": {
                "endpoint": f"http://jaeger.{inside}:{HTTP}",
                "retry_on_failure": {"enabled": True, "max_elapsed_time": "300s"},
                "sending_queue": {"enabled": True, "queue_size": 1000},
            },
        },
        "service": {
            "extensions": ["health_check"],
            "telemetry": {
                "logs": {"level": "info", "encoding": "json"},
                "metrics": served("0.0.0.0", METRICS),
            },
            "pipelines": {
                "traces/received": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "transform"],
                    "exporters": ["loadbalancing"],
                },
                "traces/decided": {
                    "receivers": ["otlp/peers"],
                    "processors": ["memory_limiter", "tail_sampling", "batch"],
                    "exporters": ["otlphttp"],
                },
            },
        },
    }
    return {key: escaped(item) for key, item in found.items()}


def served(host: str, port: int) -> Json:
    """Its own metrics, under the names that its documentation has: without these words units and kinds would be part of them."""
    named = {"without_scope_info": True, "without_type_suffix": True, "without_units": True}
    return {"readers": [{"pull": {"exporter": {"prometheus": {"host": host, "port": port, **named}}}}]}


def policies(services: Mapping[str, Json]) -> list[Json]:
    """What is kept: of each service in the order of their names a part of what failed, of what took long and of the rest.

    A trace is kept as soon as one of them says so. Of a service that the model does not know only what failed is kept.
    """
    found = []
    for name, service in sorted(services.items()):
        of, own = f"{SERVICE} == {text(name)}", service["tracing"]
        slow = f"{of} and span.end_time - span.start_time > Duration({text(own['slow'])})"
        found += [
            _part(f"{name}-errors", f"{of} and {_FAILED}", own["errors"]),
            _part(f"{name}-slow", slow, own["errors"]),
            _part(f"{name}-share", of, own["share"]),
        ]
    return [*found, _part("others-errors", f"not {of_services(services)} and {_FAILED}", 100)]


def _part(name: str, condition: str, percent: float) -> Json:
    which = {"type": "ottl_condition", "ottl_condition": {"error_mode": "propagate", "span": [condition]}}
    if percent == 100:
        return {"name": name, **which}
    share = {"name": "share", "type": "probabilistic", "probabilistic": {"sampling_percentage": percent}}
    return {"name": name, "type": "and", "and": {"and_sub_policy": [{"name": "which", **which}, share]}}


def escaped(value: Any) -> Any:
    """The same, in which the collector expands nothing: what begins with a dollar would be a variable of its environment."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {escaped(key): escaped(item) for key, item in value.items()}
    return [escaped(item) for item in value] if isinstance(value, list) else value
