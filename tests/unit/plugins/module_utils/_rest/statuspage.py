# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small API in the manner of a status page, in tests alone: what one more takes is a table and a description."""

from __future__ import annotations

from ansible_collections.gantry.platform.plugins.module_utils._core.pages import Numbered
from ansible_collections.gantry.platform.plugins.module_utils._rest.spec import Api, Kind, Ref

_TEXT = {"type": "string"}
FIELDS = {
    "group": {
        "type": "object",
        "required": ["name"],
        "properties": {"name": _TEXT, "description": {"type": "string", "default": ""}, "collapsed": {"type": "boolean", "default": True}},
    },
    "component": {
        "type": "object",
        "required": ["name", "group_id"],
        "properties": {
            "name": _TEXT,
            "description": {"type": "string", "default": ""},
            "group_id": _TEXT,
            "showcase": {"type": "boolean", "default": False},
            "start_date": _TEXT,
        },
    },
    "webhook": {
        "type": "object",
        "required": ["endpoint"],
        "properties": {"endpoint": _TEXT, "email": _TEXT, "secret": {"type": "string", "writeOnly": True}},
    },
}
API = Api(
    "statuspage",
    {
        "group": Kind("groups", "/pages/{page}/component-groups", "component_group", update="PATCH", mark="description"),
        "component": Kind(
            "components",
            "/pages/{page}/components",
            "component",
            update="PATCH",
            mark="description",
            refs={"group_id": Ref(("group",))},
            fixed=frozenset({"start_date"}),
        ),
        "webhook": Kind("webhooks", "/pages/{page}/subscribers", "subscriber", identity="endpoint", update="PATCH"),
    },
    lambda url: Numbered(),
    "OAuth {token}",
    FIELDS,
    variables={"page": {"type": "string", "minLength": 1}},
)
