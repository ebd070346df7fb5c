#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: slo_gate
short_description: Ask whether error budgets let a change out
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Looks at the error budgets of services and passes, warns or fails by their policies, before something is deployed.
  - The worst objective decides. What nobody measured, or nobody measures any more, is not taken for well.
extends_documentation_fragment:
  - gantry.platform.prometheus
  - gantry.platform.slo
attributes:
  check_mode:
    description: Reads in both modes.
    support: full
  idempotent:
    description: Changes nothing.
    support: full
options:
  services:
    description: Services that something is deployed of. Without any all objectives count.
    type: list
    elements: str
    default: []
  freeze:
    description: What a policy that says C(freeze) means.
    type: str
    choices: [pass, warn, fail]
    default: fail
  slow_down:
    description: What a policy that says C(slow_down) means.
    type: str
    choices: [pass, warn, fail]
    default: warn
  unknown:
    description: What an objective means of which nothing was measured.
    type: str
    choices: [pass, warn, fail]
    default: warn
  stale:
    description: What an objective means whose newest measurement is older than O(max_age).
    type: str
    choices: [pass, warn, fail]
    default: fail
seealso:
  - module: gantry.platform.slo_report
"""

EXAMPLES = r"""
- name: Nothing new for a memory that forgets
  gantry.platform.slo_gate:
    url: https://thanos.platform.example
    slos: "{{ platform_model.effective.slos }}"
    policies: "{{ platform_model.effective.settings.slo.policies }}"
    services: [memory-store]
"""

RETURN = r"""
state:
  description: The worst state of the objectives - V(ok), V(slow_down), V(unknown), V(stale) or V(freeze).
  returned: always
  type: str
  sample: ok
says:
  description: What that asks of people.
  returned: always
  type: str
  sample: Changes go out as usual.
objectives:
  description:
    - Every objective that counted, with its state and the part of its budget that is left, when it was measured last (C(newest), seconds of
      Unix time, none where it never was), how many seconds ago that is (C(age)), and whether that is too long (C(stale)).
  returned: always
  type: list
  elements: dict
  sample: [{name: memory-store-quality, service: memory-store, state: ok, left: 0.61, newest: 1795953600, age: 42, stale: false}]
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.slo import GATE


def main() -> None:
    """Ask, and say whether."""
    run_module(GATE)


if __name__ == "__main__":
    main()
