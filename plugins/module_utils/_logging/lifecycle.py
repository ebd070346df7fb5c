# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""How long logs are kept, as Elasticsearch's API takes it: a policy, a template and its settings for every stream, and its snapshots.

Policies are ILM's: the one way that a basic licence has. A policy counts from the moment at which an index is closed. What a data class does not
allow to be kept until then is taken off every phase alike (``streams``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .streams import KINDS, part

Json = dict[str, Any]

READER = "gantry-reader"
"""The user by whom boards read, and its role."""
CONFIDENTIAL = ("audit", "security")
"""Streams that no board reads: whoever may look at one could ask for everything that it reads."""
PRIORITY = 300
"""Above the templates that Elasticsearch itself has for ``logs-*-*``."""
_PRIORITIES = {"hot": 100, "warm": 50, "cold": 0}
"""In which order indices come back after a restart."""
_SHARD = "50gb"
REPOSITORY = "gantry-logs"
_KEYWORD: Json = {"type": "keyword", "ignore_above": 1024}
_WORDS = (
    "agent.name", "container.image.name", "data_stream.dataset", "data_stream.namespace", "data_stream.type", "error.code", "error.type",
    "event.action", "event.category", "event.dataset", "event.kind", "event.module", "event.outcome", "http.request.id", "http.request.method",
    "http.version", "kubernetes.container.name", "kubernetes.namespace", "kubernetes.node.name", "kubernetes.pod.name", "log.level",
    "log.logger", "log.origin.file.name", "orchestrator.cluster.name", "rule.name", "service.name", "span.id", "trace.id",
    "url.path", "user.name", "user_agent.original",
)  # fmt: skip
"""Fields of the Elastic Common Schema that are looked for as a whole."""
_MAPPED: dict[str, Json] = {
    **{name: _KEYWORD for name in _WORDS},
    "@timestamp": {"type": "date"},
    "message": {"type": "match_only_text"},
    "error.message": {"type": "match_only_text"},
    "error.stack_trace": {"type": "wildcard"},
    "event.duration": {"type": "long"},
    "http.response.status_code": {"type": "integer"},
    "http.response.body.bytes": {"type": "long"},
    "log.origin.file.line": {"type": "integer"},
    "source.ip": {"type": "ip", "ignore_malformed": True},
    # What else a line had: one field, however many names services think of.
    "labels": {"type": "flattened", "ignore_above": 1024},
    "gantry": {
        "properties": {
            "team": _KEYWORD,
            "tier": _KEYWORD,
            "data_class": _KEYWORD,
            "redacted": {"type": "integer"},
            "bytes": {"type": "long"},
        }
    },
}


def document(
    streams: Mapping[str, Json],
    environment: str,
    copies: Mapping[str, int],
    snapshots: Mapping[str, Any] | None = None,
    reader: Mapping[str, Any] | None = None,
) -> Json:
    """What ``elasticsearch_config`` takes. ``copies`` are by kind of node, ``snapshots`` and ``reader`` are those of the area's settings."""
    namespace = part(environment)
    found: Json = {
        "ilm_policies": {},
        "component_templates": {"gantry-logs-fields": {"template": {"mappings": _mappings()}}},
        "index_templates": {},
        "data_streams": {},
    }
    for dataset, stream in sorted(streams.items()):
        name = f"gantry-logs-{dataset}"
        found["ilm_policies"][name] = {"policy": {"phases": phases(stream, copies)}}
        found["component_templates"][name] = {
            "template": {
                "settings": {
                    "index.lifecycle.name": name,
                    "index.number_of_replicas": copies["hot"],
                    "index.number_of_shards": 1,
                    "index.codec": "best_compression",
                }
            }
        }
        found["index_templates"][name] = {
            "index_patterns": [f"logs-{dataset}-{namespace}"],
            "composed_of": ["gantry-logs-fields", name],
            "priority": PRIORITY,
            "data_stream": {},
        }
        found["data_streams"][f"logs-{dataset}-{namespace}"] = {}
    if snapshots:
        found["snapshot_repositories"] = {REPOSITORY: _repository(snapshots["bucket"])}
        found["slm_policies"] = {
            f"gantry-logs-{dataset}": _snapshots(dataset, f"logs-{dataset}-{namespace}", stream["snapshots"], snapshots["at"])
            for dataset, stream in sorted(streams.items())
            if stream["snapshots"]
        }
    if reader:
        names = [f"logs-{dataset}-{namespace}" for dataset in sorted(streams) if dataset not in CONFIDENTIAL]
        # https://grafana.com/docs/grafana/latest/datasources/elasticsearch/: what it asks for, and nothing that writes.
        may = {"names": names, "privileges": ["read", "view_index_metadata"]}
        found["roles"] = {READER: {"cluster": ["monitor"], "indices": [may]}}
        found["users"] = {READER: {"roles": [READER], "password": {"reference": reader["password"]}}}
    return found


def _repository(bucket: Mapping[str, Any]) -> Json:
    """Where snapshots lie. Whose region and endpoint that is, the servers know, and their keystore has the credentials."""
    return {"type": bucket["type"], "settings": {"bucket": bucket["name"], "base_path": bucket["prefix"]}}


def _snapshots(dataset: str, stream: str, days: int, at: str) -> Json:
    """Without a least number of snapshots: with one, the last ones would never go."""
    hour, minute = (int(one) for one in at.split(":"))
    return {
        "name": f"<{dataset.replace('.', '-')}-{{now/d}}>",
        "schedule": f"0 {minute} {hour} * * ?",
        "repository": REPOSITORY,
        "config": {"indices": [stream], "include_global_state": False, "ignore_unavailable": False, "partial": False},
        "retention": {"expire_after": f"{days}d"},
    }


def phases(stream: Json, copies: Mapping[str, int]) -> Json:
    """The phases of a policy."""
    days = stream["days"]
    earlier = sum(days.values()) * 24 - stream["delete"]
    found: Json = {
        "hot": {
            "min_age": "0ms",
            "actions": {
                "rollover": {"max_age": f"{stream['rollover']}h", "max_primary_shard_size": _SHARD},
                "set_priority": {"priority": _PRIORITIES["hot"]},
            },
        }
    }
    past = days["hot"]
    for kind in KINDS[1:]:
        if days[kind]:
            actions: Json = {"allocate": {"number_of_replicas": copies[kind]}, "set_priority": {"priority": _PRIORITIES[kind]}}
            if kind == "warm":
                actions["forcemerge"] = {"max_num_segments": 1}
            found[kind] = {"min_age": f"{past * 24 - earlier}h", "actions": actions}
        past += days[kind]
    found["delete"] = {"min_age": f"{stream['delete']}h", "actions": {"delete": {}}}
    return found


def _mappings() -> Json:
    """The fields, nested as their names say."""
    found: Json = {"dynamic": "false", "properties": {}}
    for name, kind in _MAPPED.items():
        *outer, last = name.split(".")
        inner = found
        for word in outer:
            inner = inner["properties"].setdefault(word, {"properties": {}})
        inner["properties"][last] = kind
    return found
