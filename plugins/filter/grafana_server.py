# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: grafana_server
short_description: What a server of Grafana is told of single sign-on and of its data sources
version_added: 0.1.0
description:
  - Makes the environment of a server of Grafana, with single sign-on by OpenID Connect and roles by groups, and the file from which it takes its
    data sources. Operators of every team edit, developers look, and who is in none of the groups does not come in.
  - Secrets are in files that the environment names, and not part of the result.
author:
  - The gantry.platform authors (@gantry-platform)
positional: _input, teams, sources
options:
  _input:
    description: How Grafana is reached and who may enter, as the model's settings have it.
    type: dict
    required: true
  teams:
    description: The teams by name, each with C(identity_groups), which has C(developers) and C(operators).
    type: dict
    required: true
  sources:
    description: Data sources by area and name, as areas contribute them, each with C(title), C(type), C(url), C(default), C(json), C(user) and C(secrets).
    type: dict
    required: true
"""

EXAMPLES = r"""
content: "{{ (settings | gantry.platform.grafana_server(teams, sources)).environment | to_json }}"
vars:
  settings:
    url: https://grafana.example
    sso:
      name: Example
      client: grafana
      scopes: [openid, email, profile]
      groups_claim: groups
      endpoints: {authorize: "https://id.example/auth", token: "https://id.example/token", userinfo: "https://id.example/userinfo"}
      roles: {admins: [platform], editors: [], viewers: []}
  teams:
    orders: {identity_groups: {developers: orders-developers, operators: orders-operators}}
  sources:
    metrics:
      prometheus: {title: Prometheus, type: prometheus, url: "http://prometheus.metrics.svc:9090", default: true}
"""

RETURN = r"""
_value:
  description: C(environment), a mapping of variables, C(sources), the file, and C(secrets), references of what sources keep secret, by the name of its file.
  type: dict
"""

from typing import Any

from ..module_utils._dashboards.server import server


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Any]:
        """By name."""
        return {"grafana_server": server}
