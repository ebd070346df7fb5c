#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: slo_report
short_description: Report objectives and their error budgets
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Asks a Prometheus or Thanos for the events that the rules of the area C(slo) recorded, and says of each objective what was promised and
    attained, what of the budget is left in its rolling window and in the calendar's, how fast it goes, when it will be gone, its worst days, how
    it was before, how much of the window was measured, and how old the newest measurement is.
  - Sums are made here, of bad and total events apart; no ratio is averaged.
extends_documentation_fragment:
  - gantry.platform.prometheus
  - gantry.platform.slo
attributes:
  check_mode:
    description: Asks, and writes no file.
    support: full
  idempotent:
    description: A report has the time for which it was made; files are written each time.
    support: partial
options:
  title:
    description: What the report is called.
    type: str
    default: Error budgets
  dest:
    description: Folder for the files. Without it nothing is written.
    type: path
  name:
    description: Name of the files, without their endings.
    type: str
    default: slo-report
  formats:
    description: Which files are written, of V(json), V(markdown), V(csv), V(html) - one page that needs nothing else - and V(slack), a message in blocks.
    type: list
    elements: str
    default: [json, markdown, csv, html, slack]
seealso:
  - module: gantry.platform.slo_gate
"""

EXAMPLES = r"""
- name: Report the month
  gantry.platform.slo_report:
    url: https://thanos.platform.example
    labels: {environment: prod}
    slos: "{{ platform_model.effective.slos }}"
    policies: "{{ platform_model.effective.settings.slo.policies }}"
    dest: reports
  register: objectives

- name: Tell Slack
  ansible.builtin.uri:
    url: "{{ slack_webhook }}"
    method: POST
    body_format: json
    body: "{{ lookup('ansible.builtin.file', objectives.files.slack) | from_json }}"
"""

RETURN = r"""
report:
  description: The report as data, what the files are drawn from.
  returned: success
  type: dict
summary:
  description: How many objectives are in which state.
  returned: success
  type: str
  sample: 1 freeze; 2 slow down; 10 ok.
files:
  description: The files by format.
  returned: success
  type: dict
  sample: {html: reports/slo-report.html}
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.slo import REPORT


def main() -> None:
    """Ask, and say what was found."""
    run_module(REPORT)


if __name__ == "__main__":
    main()
