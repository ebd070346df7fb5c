# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The fields of Elasticsearch's and OpenSearch's REST API that this collection uses, in our own words; tests compare them with the vendors' clients.

A JSON Schema of each kind. It is Python and no JSON, since a module takes nothing else along to another machine.
"""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_TEXTS: dict[str, Any] = {"type": "array", "items": _TEXT}
_ANY: dict[str, Any] = {"type": "object"}
_TEMPLATE: dict[str, Any] = {"type": "object", "properties": {"settings": _ANY, "mappings": _ANY, "aliases": _ANY}}
_STATE: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": _TEXT, "actions": {"type": "array", "items": _ANY}, "transitions": {"type": "array", "items": _ANY}},
}
FIELDS: dict[str, dict[str, Any]] = {
    "ilm_policy": {"type": "object", "required": ["policy"], "properties": {"name": _TEXT, "policy": _ANY}},
    "ism_policy": {
        "type": "object",
        "required": ["policy"],
        "properties": {
            "name": _TEXT,
            "policy": {
                "type": "object",
                "required": ["default_state", "states"],
                "properties": {
                    "description": _TEXT,
                    "default_state": _TEXT,
                    "error_notification": _ANY,
                    "ism_template": {"type": "array", "items": _ANY},
                    "states": {"type": "array", "minItems": 1, "items": _STATE},
                },
            },
        },
    },
    "snapshot_repository": {
        "type": "object",
        "required": ["type", "settings"],
        "properties": {"name": _TEXT, "type": _TEXT, "settings": _ANY},
    },
    "slm_policy": {
        "type": "object",
        "required": ["name", "schedule", "repository"],
        "properties": {
            "policy_id": _TEXT,
            "name": _TEXT,
            "schedule": _TEXT,
            "repository": _TEXT,
            "config": _ANY,
            "retention": _ANY,
        },
    },
    "ingest_pipeline": {
        "type": "object",
        "required": ["processors"],
        "properties": {
            "name": _TEXT,
            "description": _TEXT,
            "processors": {"type": "array", "items": _ANY},
            "on_failure": {"type": "array", "items": _ANY},
            "version": {"type": "integer"},
        },
    },
    "component_template": {
        "type": "object",
        "required": ["template"],
        "properties": {"name": _TEXT, "template": _TEMPLATE, "version": {"type": "integer"}, "_meta": _ANY},
    },
    "index_template": {
        "type": "object",
        "required": ["index_patterns"],
        "properties": {
            "name": _TEXT,
            "index_patterns": {"type": "array", "minItems": 1, "items": _TEXT},
            "template": _TEMPLATE,
            "composed_of": {**_TEXTS, "default": []},
            "priority": {"type": "integer", "minimum": 0},
            "data_stream": _ANY,
            "version": {"type": "integer"},
            "_meta": _ANY,
        },
    },
    "data_stream": {"type": "object", "properties": {"name": _TEXT}},
    "role": {
        "type": "object",
        "properties": {
            "name": _TEXT,
            "cluster": {**_TEXTS, "default": []},
            "indices": {"type": "array", "items": _ANY, "default": []},
            "run_as": {**_TEXTS, "default": []},
            "metadata": _ANY,
        },
    },
    "user": {
        "type": "object",
        "required": ["roles", "password"],
        "properties": {
            "name": _TEXT,
            "roles": _TEXTS,
            "password": {"type": "string", "writeOnly": True},
            "full_name": {"type": "string"},
            "enabled": {"type": "boolean", "default": True},
        },
    },
}
