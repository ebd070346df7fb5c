# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The configuration of Fluent Bit (4.2): lines of all containers of a node become records, which a filter in Lua makes fields of; some are counted.

Tests hold every key against the tables in Fluent Bit's source. Nothing of the inventory is part of an expression: what the filter needs is data (``rules``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._privacy import words
from .patterns import as_data
from .streams import dataset_of, part

Json = dict[str, Any]

API, METRICS = 2020, 2021
"""Ports: what Fluent Bit says of itself, and what it counts of lines."""
FOLDER, STATE = "/fluent-bit/gantry", "/var/lib/fluent-bit"
SHIPPING = "/fluent-bit/shipping"
PARSERS: dict[str, str] = {
    "klog": (
        r"\A(?<k_level>[IWEF])(?<k_date>\d{4}) (?<k_time>\d{2}:\d{2}:\d{2}\.\d+)\s+(?<k_thread>\d+) (?<k_file>[^\s:\]]+):(?<k_line>\d+)\] ?"
        r"(?<k_message>[^\n]*)"
    ),
    "combined": (
        r"\A(?<a_source>[0-9a-fA-F.:]+) \S+ (?<a_user>\S+) \[(?<a_time>[^\]]+)\] \"(?<a_method>[A-Z]+) (?<a_path>\S+) HTTP/(?<a_version>[0-9.]+)\""
        r" (?<a_status>\d{3}) (?<a_bytes>\d+|-)(?: \"(?<a_referrer>[^\"]*)\" \"(?<a_agent>[^\"]*)\")?"
    ),
    "envoy": (
        r"\A\[(?<a_time>\d{4}-[^\]]+)\] \"(?<a_method>[A-Z]+) (?<a_path>\S+) HTTP/(?<a_version>[0-9.]+)\" (?<a_status>\d{3}) (?<a_flags>\S+)"
        r"(?: \S+ \S+ \"[^\"]*\")? (?<a_received>\d+) (?<a_bytes>\d+) (?<a_duration>\d+|-) (?<a_upstream>\d+|-)"
        r" \"(?<a_source>[^\"]*)\" \"(?<a_agent>[^\"]*)\" \"(?<a_request>[^\"]*)\""
    ),
}
"""Expressions of Onigmo, by name: klog of Kubernetes, the combined format of web servers, Envoy's and Istio's own access log."""
_WORDS = {
    "technical": (
        "duration", "duration ms", "latency", "latency ms", "elapsed", "elapsed ms", "count", "total", "size", "bytes", "retries", "attempt",
        "status", "status code", "code", "method", "operation", "component", "version", "build", "host", "port", "protocol", "queue", "shard",
        "partition", "offset", "replica", "type", "kind", "state", "stage", "decision", "verb", "resource",
    ),
    "content": (
        *words.CONTENT, "conversation", "dialogue", "transcript", "utterance", "thought", "thoughts", "memory", "memories", "dream", "dreams",
        "feeling", "feelings", "perception", "content", "body", "text", "query", "answer", "reply", "response text",
    ),
    "person": (*words.PERSON, "name", "user", "user name", "customer", "patient", "person", "ip", "client", "subject", "ssn", "iban"),
    "secret": (*words.SECRET, "passphrase", "pwd", "jwt", "access key", "client secret"),
}  # fmt: skip
"""Words by which a field's name tells what it holds: those of spans, and those that the platform's services log."""
_COUNTED = {
    "service": "$service['name']", "namespace_of": "$kubernetes['namespace']", "dataset": "$event['dataset']", "team": "$gantry['team']",
    "tier": "$gantry['tier']",
}  # fmt: skip


def rules(services: Mapping[str, Json], settings: Mapping[str, Any], platform: list[str], environment: str, cluster: str) -> Json:
    """What the filter in Lua knows of the inventory. ``platform`` are namespaces of what is no service, where audit logs and alarms come from."""
    redaction = settings["redaction"]
    return {
        "environment": part(environment),
        "cluster": cluster,
        "services": {
            f"{service['namespace']}/{name}": {
                "dataset": dataset_of(service["data_class"], service["tier"]),
                "redaction": redaction["classes"].get(service["data_class"], words.MODES[-1]),
                "tier": service["tier"], "data_class": service["data_class"], "team": service["team"],
            } for name, service in services.items()
        },
        "platform": dict.fromkeys(platform, True),
        "patterns": as_data(),
        "drop": dict.fromkeys(redaction["drop"], True),
        "keep": dict.fromkeys(redaction["keep"], True),
        **{key: sorted({form for name in names for form in _forms(name)}) for key, names in _WORDS.items()},
    }  # fmt: skip


def _forms(name: str) -> set[str]:
    """How a name's parts are joined once it is in small letters: by an underscore or by nothing."""
    return {name.replace(" ", "_"), name.replace(" ", "")}


def lua(value: Any) -> str:
    """A value as an expression of Lua. A text is its bytes, those that are no letters and digits as numbers: whatever it says, it is data."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"[{lua(key)}]={lua(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "{" + ",".join(map(lua, value)) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return '"' + "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\{byte:03d}" for byte in str(value).encode()) + '"'


def configuration(settings: Mapping[str, Any], host: str, port: int, secured: bool) -> Json:
    """All of it, for ``fluent-bit.yaml``. With ``secured`` Logstash shows a certificate, and asks for a password."""
    return {
        "service": {
            "flush": 1, "grace": 30, "log_level": "info", "http_server": "on", "http_listen": "0.0.0.0", "http_port": API, "health_check": "on",
            "storage.path": f"{STATE}/storage", "storage.metrics": "on", "storage.backlog.mem_limit": "32M", "storage.max_chunks_up": 64,
        },
        "parsers": [{"name": name, "format": "regex", "regex": regex} for name, regex in PARSERS.items()],
        "pipeline": {
            "inputs": [
                {
                    "name": "tail", "tag": "kube.*", "path": "/var/log/containers/*.log",
                    # Its own would be read again and again.
                    "exclude_path": "/var/log/containers/*_log-collection_*.log",
                    "multiline.parser": "docker, cri", "db": f"{STATE}/positions.db", "read_from_head": "on", "skip_long_lines": "on",
                    "buffer_max_size": "256k", "mem_buf_limit": "32M", "storage.type": "filesystem", "refresh_interval": 5, "rotate_wait": 30,
                }
            ],
            "filters": [*_understood(), *_counted()],
            "outputs": [
                {"name": "prometheus_exporter", "match": "counted", "host": "0.0.0.0", "port": METRICS},
                {
                    "name": "http", "match": "kube.*", "host": host, "port": port, "uri": "/", "format": "json", "compress": "gzip",
                    "json_date_key": "@timestamp", "json_date_format": "iso8601", "workers": 1, "retry_limit": "no_limits",
                    "storage.total_limit_size": _waiting(settings["fluent_bit"]["buffer"]), "log_response_payload": "off",
                    **(_secured(host) if secured else {}),
                },
            ],
        },
    }  # fmt: skip


def _understood() -> list[Json]:
    """A line becomes fields. What reads what was said has names of its own: no line can say whose it is."""
    return [
        {
            "name": "multiline", "match": "kube.*", "multiline.key_content": "log", "multiline.parser": "go, java, python", "mode": "parser",
            "buffer": "on", "flush_ms": 1000, "emitter_storage.type": "filesystem", "emitter_mem_buf_limit": "32M",
        },
        {
            "name": "kubernetes", "match": "kube.*", "kube_tag_prefix": "kube.var.log.containers.", "merge_log": "on", "merge_log_key": "json",
            "keep_log": "on", "labels": "on", "annotations": "off", "k8s-logging.parser": "off", "k8s-logging.exclude": "off", "buffer_size": "0",
        },
        *(
            {"name": "parser", "match": "kube.*", "key_name": "log", "parser": name, "reserve_data": "on", "preserve_key": "on"}
            for name in PARSERS
        ),
        {"name": "lua", "match": "kube.*", "script": f"{FOLDER}/fields.lua", "call": "gantry", "time_as_table": "on"},
    ]  # fmt: skip


def _counted() -> list[Json]:
    """What alerts look at: lines by level, lines that have a pattern, and how long lines are. Their labels are names, never what a line says."""
    common: Json = {
        "name": "log_to_metrics", "match": "kube.*", "tag": "counted", "metric_mode": "counter", "metric_namespace": "gantry",
        "metric_subsystem": "log", "flush_interval_sec": 5,
    }  # fmt: skip
    labels = [f"{name} {field}" for name, field in _COUNTED.items()]
    return [
        {
            **common, "metric_name": "lines_total", "metric_description": "Lines by level.", "emitter_name": "lines",
            "add_label": [*labels, "level $log['level']", "outcome $event['outcome']"],
        },
        {
            **common, "metric_name": "patterns_total", "metric_description": "Lines that tell of a fault or an attack.", "emitter_name": "patterns",
            "regex": "$rule['name'] .+", "add_label": [*labels, "pattern $rule['name']"],
        },
        {
            # Counters go up by one at each line. The sum of a histogram goes up by what each has.
            **common, "metric_mode": "histogram", "metric_name": "line_bytes", "metric_description": "Bytes of lines as they were written.",
            "emitter_name": "bytes", "value_field": "$gantry['bytes']", "bucket": "1024", "add_label": labels,
        },
    ]  # fmt: skip


def _secured(host: str) -> Json:
    return {
        "tls": "on", "tls.verify": "on", "tls.verify_hostname": "on", "tls.vhost": host, "tls.ca_file": f"{SHIPPING}/ca",
        "http_user": "${SHIPPING_USERNAME}", "http_passwd": "${SHIPPING_PASSWORD}",
    }  # fmt: skip


def _waiting(quantity: str) -> str:
    """Four fifths of a volume's size, a quantity of Kubernetes, in Fluent Bit's units of 1,000: positions and lines being joined lie there too."""
    units = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}
    return f"{int(quantity[:-2]) * units[quantity[-2:]] * 4 // 5 // 1000**2}M"
