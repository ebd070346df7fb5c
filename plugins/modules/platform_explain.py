#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: platform_explain
short_description: Say where an effective value of the model comes from
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Prints an effective value and every layer that spoke about it, the one that holds last.
  - A layer is named by file and line, as a default of the schema, as a profile, or by the rule that derived the value.
attributes:
  action:
    description: Runs on the controller, in process.
    support: full
  check_mode:
    description: Does the same, since it changes nothing.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
options:
  query:
    description:
      - A path in the effective model, or a JMESPath query on it. Names with a dash stand in double quotes in all but a plain path.
    type: str
    required: true
  hosts:
    description: The hosts that are asked, in a task with C(run_once). Those that agree are shown once. Without it the task's own host.
    type: list
    elements: str
seealso:
  - module: gantry.platform.platform_model
"""

EXAMPLES = r"""
- name: Say why the memory store recovers as it does
  gantry.platform.platform_explain:
    query: services.memory-store.recovery
    hosts: "{{ ansible_play_hosts_all }}"
  run_once: true
"""

RETURN = r"""
value:
  description: The value of the query, of the first host that has one.
  type: raw
  returned: success
hosts:
  description: The hosts that gave an answer, those of one answer together.
  type: list
  elements: list
  returned: success
said:
  description: What every layer said about each leaf of that value, in order. Empty where the query computes its value.
  type: list
  elements: dict
  returned: success
  contains:
    path:
      description: The leaf.
      type: str
    layer:
      description: One of default, profile, shared, environment, cluster and rule.
      type: str
    source:
      description: File and line, or the rule in words.
      type: str
    origins:
      description: For a rule, what it derived the value from, with file and line.
      type: list
      elements: str
    value:
      description: What it said.
      type: raw
    removed:
      description: Whether it removed what the layers before it had said.
      type: bool
"""
