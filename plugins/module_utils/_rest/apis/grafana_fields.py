# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The fields of Grafana's HTTP API that this collection uses, in our own words; tests compare them with the vendor's own client.

A JSON Schema of each kind. It is Python and no JSON, since a module takes nothing else along to another machine.
"""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
FIELDS: dict[str, dict[str, Any]] = {
    "user": {"type": "object", "properties": {"email": _TEXT}},
    "folder": {"type": "object", "required": ["title"], "properties": {"title": _TEXT, "uid": _TEXT}},
    "team": {"type": "object", "required": ["name"], "properties": {"name": _TEXT, "email": {"type": "string", "default": ""}}},
    "members": {
        "type": "object",
        "properties": {name: {"type": "array", "items": _TEXT, "default": []} for name in ("members", "admins")},
    },
    "permissions": {
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["permission"],
                    "properties": {
                        "role": {"type": "string", "enum": ["Viewer", "Editor"]},
                        "teamId": {"type": "integer"},
                        "userId": {"type": "integer"},
                        # https://grafana.com/docs/grafana/latest/developers/http_api/folder_permissions/
                        "permission": {
                            "type": "integer",
                            "enum": [1, 2, 4],
                            "x-allowed": "1 (view), 2 (edit) or 4 (edit, and say who may)",
                        },
                    },
                },
            }
        },
    },
    "datasource": {
        "type": "object",
        "required": ["name", "type"],
        "properties": {
            "name": _TEXT,
            "type": _TEXT,
            "url": _TEXT,
            "access": {"type": "string", "enum": ["proxy", "direct"]},
            "database": {"type": "string", "default": ""},
            "user": {"type": "string", "default": ""},
            "basicAuth": {"type": "boolean", "default": False},
            "basicAuthUser": {"type": "string", "default": ""},
            "withCredentials": {"type": "boolean", "default": False},
            "isDefault": {"type": "boolean", "default": False},
            "jsonData": {"type": "object"},
            "secureJsonData": {"type": "object", "writeOnly": True},
        },
    },
}
