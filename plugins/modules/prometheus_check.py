#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_check
short_description: Check rules, configurations and queries with promtool
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Has promtool read rules, configurations and queries before they are declared, and fails with everything that it refuses.
  - A cluster takes any text for an expression; the servers then go on with what they had.
requirements:
  - promtool
attributes:
  check_mode:
    description: Reads in both modes.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
options:
  rules:
    description: Rule files as data, and objects of kind PrometheusRule.
    type: list
    elements: dict
    default: []
  queries:
    description: Expressions, such as those of dashboards.
    type: list
    elements: str
    default: []
  configs:
    description: Files with configurations of Prometheus; what they name is read as well.
    type: list
    elements: path
    default: []
  lint:
    description: Whether rules fail as well that can be read but cannot be meant, such as one that is there twice.
    type: bool
    default: true
  promtool:
    description: Path of promtool. Without it the first on PATH.
    type: path
"""

EXAMPLES = r"""
- name: Nothing is declared that Prometheus would not read
  gantry.platform.prometheus_check:
    rules: "{{ lookup('ansible.builtin.file', 'rules.yaml') | from_yaml_all }}"
    queries: ["sum by (service) (rate(http_server_request_duration_seconds_count[5m]))"]
"""

RETURN = r"""
checked:
  description: How many rule files, queries and configurations were read.
  returned: success
  type: int
  sample: 2
problems:
  description: What promtool refuses.
  returned: always
  type: list
  elements: str
  sample: []
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.promtool import CHECK


def main() -> None:
    """Have all of it read, and say what is wrong."""
    run_module(CHECK)


if __name__ == "__main__":
    main()
