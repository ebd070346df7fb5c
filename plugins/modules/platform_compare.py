#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: platform_compare
short_description: Show what two environments or clusters say differently
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Prints every leaf in which two effective models differ, and nothing else. What one of them lacks as a whole is one difference.
  - An environment is looked at by its first cluster, and what is true of one cluster alone is left out. Two clusters are
    compared whole.
  - Both have to be in the inventories of this run.
attributes:
  action:
    description: Runs on the controller, in process.
    support: full
  check_mode:
    description: Does the same, since it changes nothing.
    support: full
  diff_mode:
    description: The differences are its result.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
options:
  a:
    description: Name of an environment or of a cluster.
    type: str
    required: true
  b:
    description: Name of another one.
    type: str
    required: true
seealso:
  - module: gantry.platform.platform_model
"""

EXAMPLES = r"""
- name: Show what production says differently from staging
  gantry.platform.platform_compare:
    a: staging
    b: prod
  run_once: true
"""

RETURN = r"""
hosts:
  description: The two clusters that were looked at.
  type: list
  elements: str
  returned: success
differences:
  description: What differs. A side that has no such value has no key.
  type: list
  elements: dict
  returned: success
  contains:
    path:
      description: The leaf.
      type: str
    a:
      description: Its value on the first side.
      type: raw
    b:
      description: Its value on the second side.
      type: raw
"""
