# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: logging_rules
short_description: What a filter of Fluent Bit knows of the services, in Lua
version_added: 0.1.0
description:
  - Makes a table of Lua out of the services and of what may leave a node. Whatever their texts say, they are data there.
author:
  - The gantry.platform authors (@gantry-platform)
positional: _input, settings, platform, environment, cluster
options:
  _input:
    description: The services by name, each with C(namespace), C(team), C(tier) and C(data_class).
    type: dict
    required: true
  settings:
    description: C(settings.logging) of the model, of which C(redaction) with C(classes), C(drop) and C(keep) counts.
    type: dict
    required: true
  platform:
    description: Namespaces of what is no service, where audit logs and alarms come from.
    type: list
    elements: str
    required: true
  environment:
    description: Name of the environment.
    type: str
    required: true
  cluster:
    description: Name of the cluster.
    type: str
    required: true
"""

EXAMPLES = r"""
content: "local rules = {{ services | gantry.platform.logging_rules(settings, ['kube-system'], 'prod', 'prod-euw1') }}"
vars:
  settings: {redaction: {classes: {internal: plain}, drop: [], keep: []}}
  services:
    orders: {namespace: shop, team: shop, tier: t1, data_class: internal}
"""

RETURN = r"""
_value:
  description: An expression of Lua.
  type: str
"""

from typing import Any

from ..module_utils._logging.pipeline import lua, rules


def logging_rules(services: dict[str, Any], settings: dict[str, Any], platform: list[str], environment: str, cluster: str) -> str:
    """The table as text."""
    return lua(rules(services, settings, platform, environment, cluster))


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Any]:
        """By name."""
        return {"logging_rules": logging_rules}
