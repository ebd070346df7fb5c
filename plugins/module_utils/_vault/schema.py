# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The form of the document that says how a Vault shall be configured. In Python: a module takes no other files along."""

from __future__ import annotations

from typing import Any

DOCUMENT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "What a Vault shall be configured like",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "namespaces": {"type": "object", "propertyNames": {"$ref": "#/$defs/path"}, "additionalProperties": {"$ref": "#/$defs/entry"}},
        "plugins": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "auth": {"$ref": "#/$defs/entries"},
                "database": {"$ref": "#/$defs/entries"},
                "secret": {"$ref": "#/$defs/entries"},
            },
        },
        "audit": {
            "type": "object",
            "propertyNames": {"$ref": "#/$defs/path"},
            "additionalProperties": {
                "type": ["object", "null"],
                "additionalProperties": False,
                "required": ["type"],
                "properties": {
                    "type": {"type": "string", "enum": ["file", "syslog", "socket"]},
                    "description": {"type": "string"},
                    "local": {"type": "boolean"},
                    "options": {"type": "object"},
                },
            },
        },
        "auth": {"type": "object", "propertyNames": {"$ref": "#/$defs/path"}, "additionalProperties": {"$ref": "#/$defs/mount"}},
        "engines": {"type": "object", "propertyNames": {"$ref": "#/$defs/path"}, "additionalProperties": {"$ref": "#/$defs/mount"}},
        "policies": {
            "type": "object",
            "propertyNames": {"$ref": "#/$defs/name"},
            "additionalProperties": {"type": ["object", "string", "null"]},
        },
        "password_policies": {
            "type": "object",
            "propertyNames": {"$ref": "#/$defs/name"},
            "additionalProperties": {"type": ["string", "null"]},
        },
        "identity": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "entities": {
                    "type": "object",
                    "propertyNames": {"$ref": "#/$defs/name"},
                    "additionalProperties": {
                        "type": ["object", "null"],
                        "additionalProperties": False,
                        "properties": {
                            "policies": {"type": "array", "items": {"type": "string"}},
                            "metadata": {"type": "object"},
                            "disabled": {"type": "boolean"},
                            "aliases": {"type": "object", "additionalProperties": {"type": "string"}},
                        },
                    },
                },
                "groups": {
                    "type": "object",
                    "propertyNames": {"$ref": "#/$defs/name"},
                    "additionalProperties": {
                        "type": ["object", "null"],
                        "additionalProperties": False,
                        "properties": {
                            "type": {"type": "string", "enum": ["internal", "external"]},
                            "policies": {"type": "array", "items": {"type": "string"}},
                            "metadata": {"type": "object"},
                            "member_entities": {"type": "array", "items": {"type": "string"}},
                            "member_groups": {"type": "array", "items": {"type": "string"}},
                            "alias": {
                                "type": "object",
                                "additionalProperties": False,
                                "required": ["mount", "name"],
                                "properties": {"mount": {"type": "string"}, "name": {"type": "string"}},
                            },
                        },
                    },
                },
                "oidc": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "config": {"$ref": "#/$defs/entry"},
                        "keys": {"$ref": "#/$defs/entries"},
                        "assignments": {"$ref": "#/$defs/entries"},
                        "scopes": {"$ref": "#/$defs/entries"},
                        "clients": {"$ref": "#/$defs/entries"},
                        "providers": {"$ref": "#/$defs/entries"},
                        "roles": {"$ref": "#/$defs/entries"},
                    },
                },
            },
        },
        "quotas": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"rate_limit": {"$ref": "#/$defs/entries"}, "lease_count": {"$ref": "#/$defs/entries"}},
        },
        "entries": {"type": "object", "propertyNames": {"$ref": "#/$defs/path"}, "additionalProperties": {"$ref": "#/$defs/entry"}},
    },
    "$defs": {
        "name": {
            "type": "string",
            "pattern": "^[^\\x00-\\x1f\\x7f]*[^\\s\\x00-\\x1f\\x7f]$",
            "x-allowed": "a name of printable characters without a blank at its end",
        },
        "path": {
            "type": "string",
            "pattern": "^[^\\x00-\\x1f\\x7f]*[^\\s\\x00-\\x1f\\x7f]$",
            "x-allowed": "a path of printable characters without a blank at its end",
        },
        "entry": {"type": ["object", "null"]},
        "entries": {"type": "object", "propertyNames": {"$ref": "#/$defs/name"}, "additionalProperties": {"$ref": "#/$defs/entry"}},
        "mount": {
            "type": ["object", "null"],
            "required": ["type"],
            "properties": {
                "type": {"type": "string", "minLength": 1},
                "description": {"type": "string"},
                "local": {"type": "boolean"},
                "seal_wrap": {"type": "boolean"},
                "options": {"type": "object"},
                "plugin_version": {"type": "string"},
                "tune": {"type": "object"},
                "entries": {"type": "object", "propertyNames": {"$ref": "#/$defs/path"}, "additionalProperties": {"$ref": "#/$defs/entry"}},
            },
        },
    },
}
