# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every table and description beside the vendor's own document, so that who wrote both cannot be wrong in both.

The documents are the vendors' and not ours to copy: the folder that has them (``pagerduty.json``, ``github.json``) is named in
GANTRY_VENDOR_DOCUMENTS.
"""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
import os
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis import github, pagerduty
from ansible_collections.gantry.platform.plugins.module_utils._rest.spec import Kind
from nacl.public import PrivateKey

APIS = {"github": github.API, "pagerduty": pagerduty.API}
ROW = {"sha": "1", "key_id": "1", "key": base64.b64encode(bytes(PrivateKey.generate().public_key)).decode()}
"""What a hook may want of what is there."""
EMPTY = {"array": [], "object": {}}
AS_IT_IS = next(one.default for one in dataclasses.fields(Kind) if one.name == "live")


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
        for key in ("oneOf", "anyOf"):
            if key in schema:
                own = {name: value for name, value in schema.items() if name != key}
                return self.whole({"allOf": [self._either([self.whole(part) for part in schema[key]]), own]})
        if "allOf" not in schema:
            return schema
        own = {key: value for key, value in schema.items() if key != "allOf"}
        found = {}
        for part in [*map(self.whole, schema["allOf"]), own]:
            more = self._both(found.get("properties", {}), part.get("properties", {}))
            items = self._both(
                {key: found[key] for key in ("items",) if key in found}, {key: part[key] for key in ("items",) if key in part}
            )
            found = {**found, **part, **items, "properties": more, "required": [*found.get("required", ()), *part.get("required", ())]}
        return found

    @staticmethod
    def _either(parts):
        """What may be said where one of several is meant: required is only what all require."""
        found = {
            **parts[0],
            "required": [name for name in parts[0].get("required", ()) if all(name in p.get("required", ()) for p in parts)],
        }
        names = dict.fromkeys(name for part in parts for name in part.get("properties", {}))
        alike = {name: [part["properties"][name] for part in parts if name in part.get("properties", {})] for name in names}
        found["properties"] = {name: one[0] if len(one) == 1 else {"oneOf": one} for name, one in alike.items()}
        if all("enum" in part for part in parts):
            found["enum"] = [value for part in parts for value in part["enum"]]
        if any(part.get("type") != found.get("type") for part in parts):
            found.pop("type", None)
        return found

    def _both(self, one, other):
        """Schemas by name. What both have is what both say of its inside, and the latter of all else."""

        def inside(schema):
            return bool({"properties", "items"} & set(self.whole(schema)))

        return {
            **one,
            **{
                name: {"allOf": [one[name], said]} if name in one and inside(one[name]) and inside(said) else said
                for name, said in other.items()
            },
        }

    def sent(self, operation):
        return self.whole(operation["requestBody"]["content"]["application/json"]["schema"]) if "requestBody" in operation else {}

    def answered(self, operation):
        good = next(row for status, row in sorted(operation["responses"].items()) if status.startswith("2"))
        return self.whole(good["content"]["application/json"]["schema"]) if "content" in good else {}


def differences(api, vendor):
    """What the table says and the vendor does not, one line each."""
    for name, kind in api.kinds.items():
        place = kind.one or f"{kind.path}/{{id}}"
        ones = [vendor.at(place.replace("{id}", one)) for one in kind.names] or [vendor.at(place)]
        listed = vendor.at(kind.path)
        for one in ones:
            bare = "delete" in one and not one["delete"].get("requestBody", {}).get("required")
            for verb, there, wanted in (
                ("GET", "get" in listed, not kind.nested if kind.listed else None),
                ("POST", "post" in listed, kind.written and not kind.by_name if kind.listed else None),
                ("GET of one", "get" in one, True if kind.alone and (kind.written or not kind.listed) else None),
                (kind.update, kind.update.lower() in one, kind.written),
                ("DELETE", bare, kind.written and kind.deletable),
            ):
                if wanted is not None and there is not wanted and (wanted or kind.written):
                    yield f"{name}: the table {'wants' if wanted else 'denies'} {verb}, which the vendor {'has' if there else 'has not'}"
        if "get" in listed and kind.listed:
            yield from of_list(name, api, kind, vendor, listed["get"])
        if kind.nested and kind.nested not in vendor.whole(
            vendor.answered(vendor.at(f"{api.kinds[kind.parent].path}/{{id}}")["get"])["properties"][api.kinds[kind.parent].wrap]
        ).get("properties", {}):
            yield f"{name}: a {kind.parent} shows no {kind.nested}"
        writes = [(listed["post"], True)] if "post" in listed and kind.listed and not kind.by_name else []
        writes += [(one[kind.update.lower()], False) for one in ones if "requestBody" in one.get(kind.update.lower(), {})]
        for write, makes in writes:
            outer = vendor.sent(write)
            inner = outer.get("properties", {}).get(kind.wrap) if kind.wrap else outer
            if inner is None and kind.written:
                yield f"{name}: its body is not in {kind.wrap}"
            elif inner is not None:
                yield from of_body(name, api, kind, vendor.whole(inner), vendor, makes)
        if kind.alone and not kind.wrap and "get" in ones[0]:
            yield from of_answer(name, api, kind, vendor.answered(ones[0]["get"]))


def of_list(name, api, kind, vendor, operation):
    """As ``differences``, of the list of a kind."""
    parameters = {vendor.whole(row)["name"] for row in operation.get("parameters", ())}
    way = kind.way or api.pages("")
    wanted = {getattr(way, "offset_word", way.limit_word), way.limit_word, *kind.asks, *([kind.find] if kind.find else [])}
    yield from (f"{name}: its list has no parameter {parameter}" for parameter in sorted(wanted - parameters))
    answered = vendor.answered(operation)
    if kind.rows and kind.rows not in answered.get("properties", {}):
        yield f"{name}: its list has no {kind.rows}"
    if not kind.rows and answered.get("type") != "array":
        yield f"{name}: its list is none"
    elif not kind.rows and not kind.alone:
        yield from of_answer(name, api, kind, vendor.whole(answered["items"]))


def of_answer(name, api, kind, theirs):
    """As ``differences``, of what one is read as: the id, and every field that is compared as it is read."""
    read = {field for field, said in api.described[name]["properties"].items() if not said.get("writeOnly")}
    seen = {kind.id} if not kind.by_name and not kind.names else set()
    shown = theirs.get("properties", {})
    if kind.live is AS_IT_IS:
        seen |= read
    yield from (f"{name}.{field} is never shown by the vendor" for field in sorted(seen - set(shown)))


def of_body(name, api, kind, theirs, vendor, makes):
    """As ``differences``, of what is sent, behind the table's hook."""
    ours = api.described[name]
    sample = {field: EMPTY.get(str(said.get("type")), "x") for field, said in ours["properties"].items() if not said.get("readOnly")}
    said = {} if kind.by_name else {kind.identity: "x"}
    wire = set(kind.body({**sample, **said, **kind.constants}, {} if makes else ROW)) - set(kind.constants)
    known = set(theirs.get("properties", {}))
    by_hook = wire - set(sample) - {kind.identity}
    yield from (f"{name}: its hook sends {field}, unknown to the vendor" for field in sorted(by_hook - known))
    yield from (f"{name}.{field} may be said when it is made" for field in sorted(kind.later & known if makes else ()))
    described = {
        field: said
        for field, said in ours["properties"].items()
        if (field in wire or said.get("readOnly") and not kind.placed) and not (makes and field in kind.later)
    }
    yield from of_fields(f"{name}.", {**ours, "properties": described}, theirs, vendor, kind, "", by_hook)


def of_fields(where, ours, theirs, vendor, kind, path, by_hook=frozenset()):
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
        if "properties" in said:
            yield from of_fields(f"{where}{name}.", said, other, vendor, kind, field)
    needed = {name for name in theirs.get("required", ()) if not vendor.whole(known.get(name, {})).get("readOnly")}
    given = {
        *ours.get("required", ()),
        *kind.constants,
        *by_hook,
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
        "/teams/{team_id}": {"get": {}, "put": {}, "delete": {}},
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
