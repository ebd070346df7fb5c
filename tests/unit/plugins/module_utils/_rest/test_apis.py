# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every table and description beside the vendor's own document, so that who wrote both cannot be wrong in both.

The documents are the vendors' and not ours to copy: the folder that has them (``pagerduty.json``) is named in GANTRY_VENDOR_DOCUMENTS.
"""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis import pagerduty

APIS = {"pagerduty": pagerduty.API}


class Vendor:
    """An OpenAPI document."""

    def __init__(self, document):
        self._document = document
        self.paths = {self._plain(path): row for path, row in document["paths"].items()}

    @staticmethod
    def _plain(path):
        return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))

    def at(self, path):
        return self.paths.get(self._plain(path), {})

    def whole(self, schema):
        """A schema with its references followed and its parts put together."""
        while "$ref" in schema:
            target = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                part = part.replace("~1", "/")
                target = target[int(part)] if isinstance(target, list) else target[part]
            schema = target
        if "allOf" not in schema:
            return schema
        own = {key: value for key, value in schema.items() if key != "allOf"}
        found = {}
        for part in [*map(self.whole, schema["allOf"]), own]:
            more = {**found.get("properties", {}), **part.get("properties", {})}
            found = {**found, **part, "properties": more, "required": [*found.get("required", ()), *part.get("required", ())]}
        return found

    def sent(self, operation):
        return self.whole(operation["requestBody"]["content"]["application/json"]["schema"])

    def answered(self, operation):
        good = next(row for status, row in sorted(operation["responses"].items()) if status.startswith("2"))
        return self.whole(good["content"]["application/json"]["schema"])


def differences(api, vendor):
    """What the table says and the vendor does not, one line each."""
    for name, kind in api.kinds.items():
        listed, one = vendor.at(kind.path), vendor.at(f"{kind.path}/{{id}}")
        for verb, there, wanted in (
            ("GET", "get" in listed, not kind.nested),
            ("POST", "post" in listed, kind.written),
            ("PUT", "put" in one, kind.written),
            ("DELETE", "delete" in one, kind.written and kind.deletable),
        ):
            if there is not wanted and (wanted or kind.written):
                yield f"{name}: the table {'wants' if wanted else 'denies'} {verb}, which the vendor {'has' if there else 'has not'}"
        if "get" in listed:
            parameters = {vendor.whole(row)["name"] for row in listed["get"].get("parameters", ())}
            way = api.pages("")
            missing = {way.offset_word, way.limit_word, *([kind.find] if kind.find else [])} - parameters
            yield from (f"{name}: its list has no parameter {parameter}" for parameter in sorted(missing))
            if kind.rows not in vendor.answered(listed["get"]).get("properties", {}):
                yield f"{name}: its list has no {kind.rows}"
        if kind.nested and kind.nested not in vendor.whole(
            vendor.answered(vendor.at(f"{api.kinds[kind.parent].path}/{{id}}")["get"])["properties"][api.kinds[kind.parent].wrap]
        ).get("properties", {}):
            yield f"{name}: a {kind.parent} shows no {kind.nested}"
        outer = vendor.sent(listed["post"]) if "post" in listed else vendor.answered(listed["get"])
        inner = outer.get("properties", {}).get(kind.wrap)
        if inner is None and kind.written:
            yield f"{name}: its body is not in {kind.wrap}"
            continue
        if inner is not None:
            yield from of_fields(f"{name}.", api.described[name], vendor.whole(inner), vendor, kind, "")


def of_fields(where, ours, theirs, vendor, kind, path):
    """As ``differences``, of the fields of one mapping."""
    known = theirs.get("properties", {})
    for name, said in ours["properties"].items():
        field = f"{path}.{name}" if path else name
        if name not in known:
            yield f"{where}{name}: unknown to the vendor"
            continue
        other = vendor.whole(known[name])
        if bool(other.get("readOnly")) is not bool(said.get("readOnly")):
            yield f"{where}{name} is {'read-only' if other.get('readOnly') else 'writable'} for the vendor"
        types = said["type"] if isinstance(said["type"], list) else [said["type"]]
        if other.get("type") and other["type"] not in types:
            yield f"{where}{name} is of type {other['type']} for the vendor"
        if "enum" in said and not set(said["enum"]) <= set(other.get("enum", ())):
            yield f"{where}{name} may be {other.get('enum')} for the vendor"
        if "default" in said and other.get("default", said["default"]) != said["default"]:
            yield f"{where}{name} is {other['default']} for the vendor where nobody sets it"
        if field not in kind.refs and "properties" in said.get("items", {}):
            yield from of_fields(f"{where}{name}.", said["items"], vendor.whole(other["items"]), vendor, kind, field)
    needed = {name for name in theirs.get("required", ()) if not vendor.whole(known.get(name, {})).get("readOnly")}
    given = {
        *ours.get("required", ()),
        *kind.constants,
        kind.identity if not path else "",
        *(("start",) if path == "schedule_layers" else ()),
    }
    yield from (f"{where}{name} is required by the vendor" for name in sorted(needed - given) if kind.written)


def vendor_of(name):
    folder = os.environ.get("GANTRY_VENDOR_DOCUMENTS", "")
    path = Path(folder) / f"{name}.json"
    return Vendor(json.loads(path.read_text(encoding="utf-8"))) if folder and path.is_file() else None


@pytest.mark.parametrize("name", APIS)
def test_a_table_agrees_with_the_vendors_document(name):
    vendor = vendor_of(name)
    if vendor is None:
        print(f"not run: the vendor's document of {name} is not at hand; name its folder in GANTRY_VENDOR_DOCUMENTS")
        return
    assert list(differences(APIS[name], vendor)) == []


SMALL = {
    "paths": {
        "/teams": {
            "get": {
                "parameters": [{"name": "limit"}, {"name": "offset"}],
                "responses": {"200": {"content": {"application/json": {"schema": {"properties": {"teams": {}}}}}}},
            },
            "post": {"requestBody": {"content": {"application/json": {"schema": {"properties": {"team": {"$ref": "#/team"}}}}}}},
        },
        "/teams/{team_id}": {"put": {}, "delete": {}},
    },
    "team": {
        "required": ["name", "type"],
        "properties": {
            "type": {"type": "string", "enum": ["team"]},
            "name": {"type": "string"},
            "description": {"type": "string"},
            "default_role": {"type": "string", "enum": ["manager", "none"], "default": "manager"},
        },
    },
}


def small():
    kinds = {"team": pagerduty.KINDS["team"]}
    return pagerduty.Api("small", kinds, pagerduty.API.pages, "", {"team": pagerduty.API.described["team"]})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: None, []),
        (lambda d: d["paths"]["/teams/{team_id}"].pop("delete"), ["team: the table wants DELETE, which the vendor has not"]),
        (lambda d: d["paths"]["/teams"]["get"]["parameters"].pop(), ["team: its list has no parameter offset"]),
        (lambda d: d["team"]["properties"].pop("description"), ["team.description: unknown to the vendor"]),
        (lambda d: d["team"]["properties"]["description"].update(readOnly=True), ["team.description is read-only for the vendor"]),
        (
            lambda d: d["team"]["properties"]["default_role"].update(default="none"),
            ["team.default_role is none for the vendor where nobody sets it"],
        ),
        (lambda d: d["team"]["properties"]["default_role"].update(enum=["none"]), ["team.default_role may be ['none'] for the vendor"]),
        (lambda d: d["team"]["required"].append("default_role"), ["team.default_role is required by the vendor"]),
    ],
)
def test_what_a_table_has_wrong_is_told(change, said):
    document = copy.deepcopy(SMALL)
    change(document)
    assert list(differences(small(), Vendor(document))) == said
