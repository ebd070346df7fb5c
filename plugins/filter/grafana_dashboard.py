# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: grafana_dashboard
short_description: A dashboard of Grafana out of a few words
version_added: 0.1.0
description:
  - Makes the JSON of a dashboard for Grafana 11 and newer out of what is drawn, by which queries, and in which unit. Panels are laid out beside
    each other; the data source is a variable of the dashboard.
author:
  - The gantry.platform authors (@gantry-platform)
positional: _input, name
options:
  _input:
    description:
      - The board, with C(title), C(description), and C(panels). A panel has C(title) and C(queries), each with C(expr) and C(legend); C(show) is
        V(series), V(stat) or V(table), C(unit) one of Grafana's, C(good) a bound as C({above) or C({below). One with C(text) is text in Markdown, and
        one with a title alone heads what follows.
    type: dict
    required: true
  name:
    description: Its name, from which its uid follows.
    type: str
    required: true
"""

EXAMPLES = r"""
content: "{{ board | gantry.platform.grafana_dashboard('orders') | to_json }}"
vars:
  board:
    title: Orders
    panels:
      - {title: Orders, unit: ops, queries: [{expr: "sum(rate(orders_total[5m]))", legend: orders}]}
"""

RETURN = r"""
_value:
  description: The dashboard.
  type: dict
"""

from typing import Any

from ..module_utils._dashboards.grafana import dashboard


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Any]:
        """By name."""
        return {"grafana_dashboard": lambda board, name: dashboard(name, board)}
