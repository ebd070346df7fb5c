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
    "folder": {"type": "object", "required": ["title"], "properties": {"title": _TEXT}},
    "team": {"type": "object", "required": ["name"], "properties": {"name": _TEXT, "email": {"type": "string", "default": ""}}},
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
