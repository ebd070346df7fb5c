# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a document may say, made from the table of an API and our description of its fields. Contacts nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .spec import Api, Json, Kind, Ref

_OURS = ("readOnly", "writeOnly")
_NAME: Json = {"type": "string", "format": "line", "minLength": 1}
_REFERENCE: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["reference"],
    "properties": {"reference": {"type": "string"}},
    "x-secret": True,
    "x-allowed": '{reference: "env:NAME" | "file:path" | "vault:path#key"}',
}


def document_schema(api: Api) -> Json:
    """The schema of a document: names in the place of ids, and nothing that only the server says."""
    parents = {kind.parent for kind in api.kinds.values()}
    sections = {
        kind.section: {"type": "object", "propertyNames": _names(api, name), "additionalProperties": _body(api, name, kind)}
        for name, kind in api.kinds.items()
        if (kind.written or name in parents) and not kind.parent
    }
    said = {**api.variables, **sections}
    return {"type": "object", "additionalProperties": False, "properties": said, "required": list(api.variables)}


def _body(api: Api, name: str, kind: Kind) -> Json:
    found = _field(api.described[name], "", kind)
    left_out = {kind.identity, *kind.also[:-1], *kind.constants}
    properties = {field: said for field, said in found["properties"].items() if field not in left_out and kind.written}
    for child, other in api.kinds.items():
        if other.parent == name:
            properties[other.section] = {
                "type": "object",
                "propertyNames": _names(api, child),
                "additionalProperties": _body(api, child, other),
            }
    required = [field for field in found.get("required", ()) if field in properties]
    return {
        "type": ["object", "null"] if kind.written else "object",
        "additionalProperties": False,
        "properties": properties,
        "required": required,
    }


def _names(api: Api, name: str) -> Json:
    """What a name may be: one of a few, or what our description says of the field that it is."""
    kind = api.kinds[name]
    if kind.names:
        return {**_NAME, "enum": list(kind.names)}
    fields = api.described[name]["properties"]
    if kind.also:
        words = " ".join(map(_word, map(fields.get, (kind.identity, *kind.also[:-1]))))
        known = f"; {kind.identity} is {', '.join(fields[kind.identity]['enum'])}" if "enum" in fields[kind.identity] else ""
        allowed = (
            f"{', '.join((kind.identity, *kind.also[:-1]))}, and {kind.also[-1]} where that tells it apart, with a space between{known}"
        )
        return {**_NAME, "pattern": f"^{words}( .+)?$", "x-allowed": allowed}
    said = fields.get(kind.identity, {})
    return {**_NAME, **{key: value for key, value in said.items() if key not in _OURS}}


def _word(said: Mapping[str, Any]) -> str:
    """A regular expression for the value of a field that has no spaces."""
    return f"({'|'.join(map(re.escape, said['enum']))})" if "enum" in said else said.get("pattern", "[^ ]+").strip("^$")


def _field(said: Mapping[str, Any], path: str, kind: Kind) -> Json:
    ref = kind.refs.get(path)
    if ref is not None:
        one = _named(ref)
        return {"type": "array", "items": one} if said.get("type") == "array" else one
    if said.get("writeOnly"):
        # A mapping of secrets has its keys from whoever writes it.
        return {"type": "object", "minProperties": 1, "additionalProperties": _REFERENCE} if said.get("type") == "object" else _REFERENCE
    found = {key: value for key, value in said.items() if key not in _OURS}
    if "items" in said:
        found["items"] = _field(said["items"], path, kind)
    if isinstance(said.get("additionalProperties"), Mapping):
        found["additionalProperties"] = _field(said["additionalProperties"], f"{path}.*", kind)
    if "properties" in said:
        inside = {name: one for name, one in said["properties"].items() if not one.get("readOnly")}
        found["properties"] = {name: _field(one, f"{path}.{name}" if path else name, kind) for name, one in inside.items()}
        found["additionalProperties"] = said.get("additionalProperties", False)
        found["required"] = [name for name in said.get("required", ()) if name in inside]
    return found


def _named(ref: Ref) -> Json:
    if len(ref.kinds) == 1:
        return _NAME
    kinds = dict.fromkeys(ref.kinds, _NAME)
    return {"type": "object", "additionalProperties": False, "minProperties": 1, "maxProperties": 1, "properties": kinds}
