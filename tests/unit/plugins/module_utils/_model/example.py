# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small inventory that is right, as layers; tests change one thing of it."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.gantry.platform.plugins.module_utils._model.build import InventoryError, Model, build
from ansible_collections.gantry.platform.plugins.module_utils._model.checks import Situation
from ansible_collections.gantry.platform.plugins.module_utils._model.contract import variables
from ansible_collections.gantry.platform.plugins.module_utils._model.derive import Access
from ansible_collections.gantry.platform.plugins.module_utils._model.layers import Layer, Place

DIGEST = "sha256:" + "0" * 64
ACCESS = Access(project="/project", home="/home/me")

VALUES: dict[str, Any] = {
    "platform_settings": {"product": "mind", "domain": "mind.example", "owner": "mind", "registries": ["images.mind.example"]},
    "platform_teams": {
        "cortex": {"description": "Thinks", "cost_center": "cognition", "identity_groups": {"developers": "d", "operators": "o"}},
    },
    "platform_services": {
        "engine": {"team": "cortex", "tier": "t0", "data_class": "internal", "description": "Thinks", "dependencies": ["store"]},
        "store": {"team": "cortex", "tier": "t1", "data_class": "internal", "description": "Remembers"},
    },
    "platform_slos": {"engine-latency": {"service": "engine", "indicator": "latency", "objective": 99, "threshold": "250ms"}},
    "platform_security": {"data_classes": {"internal": {"description": "Ours"}}},
    "platform_recovery": {"tiers": {"t0": {"rto": "15m", "rpo": "1m", "priority": 9}, "t1": {"rto": "1h", "rpo": "15m", "priority": 7}}},
    "platform_environment": {"name": "prod", "stage": "production", "profile": "standard"},
    "platform_release": {"services": {"engine": {"digest": DIGEST}, "store": {"digest": DIGEST}}},
    "platform_cluster": {
        "provider": "eks",
        "region": "eu-west-1",
        "version": "1.36",
        "network": {"node_cidr": "10.1.0.0/16", "pod_cidr": "10.2.0.0/16", "service_cidr": "10.3.0.0/16"},
    },
}


def inventory(**changes: Any) -> dict[str, Any]:
    """The inventory with some of its variables replaced; None takes one away."""
    values = {**copy.deepcopy(VALUES), **changes}
    return {variable: value for variable, value in values.items() if value is not None}


def layers(values: dict[str, Any]) -> list[Layer]:
    """One layer for each variable; the place of a key is the file ``<variable>``, its line the depth of the key."""
    return [
        Layer(variables()[name][0], name, variables()[name][1], value, _places(value, variables()[name][1], name))
        for name, value in values.items()
    ]


def _places(value: Any, path: Any, name: str) -> dict[Any, Place]:
    found = {path: Place(name, 1)}
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found[(*path, key)] = Place(name, len(path) + 2)
        found.update({below: place for below, place in _places(item, (*path, key), name).items() if below != (*path, key)})
    return found


def model(values: dict[str, Any] | None = None, access: Access = ACCESS, **situation: Any) -> Model:
    """The effective model of the cluster ``prod-a``."""
    return build(layers(inventory() if values is None else values), Situation(**{"host": "prod-a", **situation}), access)


def errors(values: dict[str, Any], **situation: Any) -> list[str]:
    """What is wrong with an inventory, one line each; empty where nothing is."""
    try:
        model(values, **situation)
    except InventoryError as error:
        return [str(finding) for finding in error.findings]
    return []
