#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dashboard_page
short_description: Draw dashboards as a page, without a Grafana
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Asks a Prometheus or Thanos what the panels of dashboards ask it, and draws each as the JSON says that Grafana is given, on one page that needs
    nothing else. So a dashboard is looked at before it is deployed, and where Grafana itself is what does not work.
  - Says which panels had no data. Where a query is refused, or ended because it took too long, its panel says so, the page is written, and the
    task fails. A server that is not there is an error, and there is no page.
  - Drawn are rows and panels of the types C(text), C(stat), C(gauge), C(bargauge), C(timeseries) and C(table), and their place. Other types are
    named in their place. What a dashboard asks by its own variables is not replaced.
  - Followed are the unit, decimals, display name, thresholds, mappings, ends, fixed colour and text for no value of C(fieldConfig.defaults), and
    of C(fieldConfig.overrides) by C(byName), C(byNames), C(byRegexp), C(byFrameRefID) and C(byType), where C(custom.hidden) and
    C(custom.hideFrom) hide as well; C(reduceOptions) of panels that show values, the C(calcs) of a legend, and of a table's transformations
    C(merge), and what C(organize) takes out or renames. Lines of different units have an axis each.
  - What of these settings is not followed is told with its place, in the panel and as a warning. Looks alone, such as the width of lines, are
    passed over.
  - A native histogram is described, not drawn, with how many samples it has, and of the last one how many observations and their average.
extends_documentation_fragment:
  - gantry.platform.prometheus
attributes:
  check_mode:
    description: Asks, and writes no file. A O(dest) that cannot be written is an error all the same.
    support: full
  idempotent:
    description: A page has the time for which it was drawn; it is written each time.
    support: none
options:
  dashboards:
    description: Dashboards as the filter P(gantry.platform.grafana_dashboard#filter) makes them, by names which become those of links.
    type: dict
    required: true
  title:
    description: What the page is called.
    type: str
    default: Dashboards
  range:
    description: How much time is drawn, V(5m) to V(90d).
    type: str
    default: 6h
  dest:
    description: File of the page. Folders above it are made. Where it cannot be written, nothing is asked.
    type: path
    required: true
seealso:
  - module: gantry.platform.grafana_config
  - module: gantry.platform.slo_report
"""

EXAMPLES = r"""
- name: Draw a board
  gantry.platform.dashboard_page:
    url: https://thanos.platform.example
    dashboards:
      orders: "{{ board | gantry.platform.grafana_dashboard('orders') }}"
    dest: reports/orders.html
  vars:
    board:
      title: Orders
      panels:
        - title: Requests
          unit: reqps
          queries: [{expr: "sum(rate(http_requests_total[5m]))", legend: requests}]
"""

RETURN = r"""
file:
  description: The page.
  returned: success
  type: str
  sample: reports/orders.html
summary:
  description: How many dashboards and panels were drawn, and how many of these had no data.
  returned: success
  type: str
  sample: 20 dashboards, 154 panels, 3 without data
silent:
  description: Titles of the panels without data, by dashboard. A native histogram is data.
  returned: success
  type: dict
  sample: {orders: [Errors]}
unanswered:
  description: Queries that the server refused or ended, each with its expression and why.
  returned: success
  type: list
  elements: str
"""

from ..module_utils._joined.boards import BOARDS
from ..module_utils._joined.process import run_module


def main() -> None:
    """Ask, and draw."""
    run_module(BOARDS)


if __name__ == "__main__":
    main()
