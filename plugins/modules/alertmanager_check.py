#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alertmanager_check
short_description: Check configurations of Alertmanager, their templates and whom they tell
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Has amtool read configurations, render each of their templates, and walk their routes with the labels of alerts, and fails with everything
    that is not right.
  - Alertmanager itself reads a configuration with a broken template, and then fails at every notification.
  - With O(service) it checks what an Alertmanager in a cluster runs with, through the apiserver. That needs the right to C(get)
    C(services/proxy) of the name C(<name>:<port>). Alertmanager never tells its secrets.
  - Walks know no time intervals and no inhibition; amtool does not look at those.
requirements:
  - amtool
extends_documentation_fragment:
  - gantry.platform.kube_auth
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
  configs:
    description: Files with configurations. The templates that they name are read as well.
    type: list
    elements: path
    default: []
  service:
    description: The Service of an Alertmanager whose configuration is checked as it runs.
    type: dict
    suboptions:
      namespace:
        description: Its namespace.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
      port:
        description: The name of its port.
        type: str
        required: true
  templates:
    description: Files with templates, or patterns of such, in the place of those that configurations name.
    type: list
    elements: path
    default: []
  routes:
    description: Which alerts have to reach whom.
    type: list
    elements: dict
    default: []
    suboptions:
      labels:
        description: The labels of an alert.
        type: dict
        required: true
      receivers:
        description: Receivers that it reaches, in the order of the routes, and no others.
        type: list
        elements: str
        required: true
  amtool:
    description: Path of amtool. Without it the first on PATH.
    type: path
  without_amtool:
    description: What happens where there is none. V(warn) checks nothing, says so, and counts RV(checked=0).
    type: str
    choices: [fail, warn]
    default: fail
  wait_timeout:
    description: Seconds in which what runs behind O(service) may become right.
    type: int
    default: 0
seealso:
  - module: gantry.platform.prometheus_check
  - module: gantry.platform.alertmanager_silence
"""

EXAMPLES = r"""
- name: A configuration that tells the right people is deployed, and no other
  gantry.platform.alertmanager_check:
    configs: [alertmanager.yml]
    routes:
      - {labels: {team: cortex, severity: page}, receivers: [automation, cortex-pagerduty]}
      - {labels: {team: cortex, severity: none}, receivers: [nobody]}

- name: What runs tells them too
  gantry.platform.alertmanager_check:
    service: {namespace: monitoring, name: alertmanager, port: web}
    amtool: .gantry/sandbox/bin/amtool
    routes:
      - {labels: {team: cortex, severity: page}, receivers: [monitoring/platform/automation, monitoring/platform/cortex_pagerduty-slack]}
"""

RETURN = r"""
checked:
  description: How many configurations were read.
  returned: success
  type: int
  sample: 1
rendered:
  description: How many templates were rendered, each for alerts that fire and for those that have ended.
  returned: success
  type: int
  sample: 12
routed:
  description: How many walks through routes ended where they have to.
  returned: success
  type: int
  sample: 2
problems:
  description: What is not right, each with file, line and place.
  returned: always
  type: list
  elements: str
  sample: []
verdicts:
  description: What was proven, in words.
  returned: success
  type: list
  elements: dict
"""

from ..module_utils._joined.amtool import CHECK
from ..module_utils._joined.process import run_module


def main() -> None:
    """Have all of it read, rendered and walked, and say what is wrong."""
    run_module(CHECK)


if __name__ == "__main__":
    main()
