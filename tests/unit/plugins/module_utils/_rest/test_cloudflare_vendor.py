# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cloudflare's table and description beside the vendor's own client: its typed parameters, and the addresses that it sends them to."""

from __future__ import annotations

import copy
import importlib
import inspect
import re
import types
import typing

import pytest
import typing_extensions
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.cloudflare import API
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.cloudflare_fields import FIELDS, PHASES, SETTINGS

PARAMETERS = {
    "dns_record": [
        f"dns.{name}_record_param.{name.upper()}RecordParam" for name in ("a", "aaaa", "caa", "cname", "mx", "ns", "srv", "txt")
    ],
    "monitor": ["load_balancers.monitor_edit_params.MonitorEditParams", "load_balancers.monitor_create_params.MonitorCreateParams"],
    "pool": ["load_balancers.pool_edit_params.PoolEditParams", "load_balancers.pool_create_params.PoolCreateParams"],
    "load_balancer": [
        "load_balancers.load_balancer_edit_params.LoadBalancerEditParams",
        "load_balancers.load_balancer_create_params.LoadBalancerCreateParams",
    ],
    "ruleset": ["rulesets.phase_update_params.PhaseUpdateParams"],
    "setting": ["zones.setting_edit_params.Variant1"],
}
RESOURCES = {
    "zone": "zones.zones",
    "managed_ruleset": "rulesets.rulesets",
    "monitor": "load_balancers.monitors.monitors",
    "pool": "load_balancers.pools.pools",
    "load_balancer": "load_balancers.load_balancers",
    "dns_record": "dns.records",
    "ruleset": "rulesets.phases.phases",
    "setting": "zones.settings",
}
NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", object: "object", dict: "object", list: "array"}


def typed(path):
    module, _dot, name = path.rpartition(".")
    return getattr(importlib.import_module(f"cloudflare.types.{module}"), name)


def fields(given):
    """Field → its types in the vendor's client, by the name on the wire."""
    found = {}
    for name, hint in typing_extensions.get_type_hints(given, include_extras=True).items():
        alias = re.search(r"alias='(\w+)'", str(hint))
        found[alias[1] if alias else name] = hint
    return found


def parts(hint):
    """The plain types that a hint allows, those of lists and unions told apart."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        for part in typing.get_args(hint):
            yield from parts(part)
    elif origin in (typing.Annotated, typing_extensions.Required, typing_extensions.NotRequired):
        yield from parts(typing.get_args(hint)[0])
    else:
        yield hint


def kind_of(hint):
    """The type of JSON that a hint is."""
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return NAMES[type(typing.get_args(hint)[0])]
    if typing_extensions.is_typeddict(hint) or origin is dict:
        return "object"
    if origin is not None:
        return "array"
    return NAMES.get(hint, "array" if getattr(hint, "__name__", "").startswith("Sequence") else "object")


def differences(where, said, hints):
    """What our description says of a mapping and no type of the vendor's does, one line each."""
    known = {}
    for hint in hints:
        for name, one in fields(hint).items():
            known.setdefault(name, []).extend(parts(one))
    for name, field in said["properties"].items():
        if name not in known:
            yield f"{where}.{name}: unknown to the vendor"
            continue
        kinds = {kind_of(one) for one in known[name]}
        if "type" in field and field["type"] not in kinds and not (field["type"] == "integer" and "number" in kinds):
            yield f"{where}.{name} is {', '.join(sorted(kinds))} for the vendor"
        allowed = {value for one in known[name] if typing.get_origin(one) is typing.Literal for value in typing.get_args(one)}
        if allowed and set(field.get("enum", ())) - allowed:
            yield f"{where}.{name} may not be {sorted(set(field['enum']) - allowed)} for the vendor"
        inner = [one for one in known[name] if typing_extensions.is_typeddict(one)]
        items = [part for one in known[name] if kind_of(one) == "array" for given in typing.get_args(one) for part in parts(given)]
        if "properties" in field and inner:
            yield from differences(f"{where}.{name}", field, inner)
        if "properties" in field.get("items", {}):
            yield from differences(f"{where}.{name}", field["items"], [one for one in items if typing_extensions.is_typeddict(one)])


def words(address):
    """An address with its variable parts alike; of an account or a zone the client says ``{account_or_zone}``."""
    found = re.sub(r"^/(accounts/\{\w+\}|zones/\{\w+\}(?=/)|\{account_or_zone\}/\{account_or_zone_id\})", "/of", address)
    return re.sub(r"\{\w+\}", "{}", found)


def addresses(name):
    """(verb, address) of all that the client of a resource sends."""
    text = inspect.getsource(importlib.import_module(f"cloudflare.resources.{name}"))
    sent = re.findall(r"self\._(get|get_api_list|post|put|patch|delete)\(\s*(?:path_template\(\s*)?\"(/[^\"]*)\"", text)
    return {(verb.replace("get_api_list", "get").upper(), words(address)) for verb, address in sent}


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_description_is_the_vendors(name):
    said = {key: value for key, value in FIELDS[name]["properties"].items() if key != API.kinds[name].id}
    assert list(differences(name, {"properties": said}, [typed(path) for path in PARAMETERS[name]])) == []


@pytest.mark.parametrize("name", RESOURCES)
def test_the_addresses_are_the_vendors(name):
    kind, there = API.kinds[name], addresses(RESOURCES[name])
    one = words(kind.one or f"{kind.path}/{{id}}")
    wanted = {("GET", one)} if kind.written else set()
    wanted |= {("GET", words(kind.path))} if kind.listed else set()
    if kind.written:
        wanted |= {(kind.update, one)} | ({("DELETE", one)} if kind.deletable else set())
        wanted |= set() if kind.by_name else {("POST", words(kind.path))}
    assert wanted <= there


def test_phases_and_settings_are_the_vendors():
    known = set(typing.get_args(importlib.import_module("cloudflare.types.rulesets.phase").Phase))
    assert set(PHASES) <= known
    said = set()
    package = importlib.import_module("cloudflare.types.zones")
    for given in vars(package).values():
        if inspect.isclass(given) and "id" in getattr(given, "model_fields", {}):
            said |= {value for one in parts(given.model_fields["id"].annotation) for value in typing.get_args(one)}
    assert set(SETTINGS) <= said


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda said: said["origins"]["items"]["properties"].update(wheight={"type": "number"}),
            "pool.origins.wheight: unknown to the vendor",
        ),
        (lambda said: said.update(monitor={"type": "boolean"}), "pool.monitor is string for the vendor"),
    ],
)
def test_what_is_described_wrong_is_told(change, told):
    said = copy.deepcopy(FIELDS["pool"])
    change(said["properties"])
    assert list(differences("pool", said, [typed(path) for path in PARAMETERS["pool"]])) == [told]


def test_a_word_that_the_vendor_does_not_know_is_told():
    said = copy.deepcopy(FIELDS["monitor"])
    said["properties"]["type"]["enum"].append("gopher")
    assert list(differences("monitor", said, [typed(path) for path in PARAMETERS["monitor"]])) == [
        "monitor.type may not be ['gopher'] for the vendor"
    ]
