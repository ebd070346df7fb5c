#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kube_verify
short_description: Check what must be true of live Kubernetes objects
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Checks a batch of expectations on live objects with few requests and fails with what was expected and what was found.
  - Reads only. Values of Secrets are not looked at.
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
  store:
    description: Folder with set files, whose expectations are checked.
    type: path
  sets:
    description: Sets of the store to check. Without it all.
    type: list
    elements: str
  expectations:
    description:
      - Expectations given here. Each has C(name), C(meaning) (in words), C(api_version), C(kind), C(namespace),
        and C(object) (a name) or C(selector) (a label selector; without both, all objects of the kind).
      - C(condition) is JMESPath over each object and must be true. C(count) is the exact number of objects; without it, one or more.
      - With C(path) the C(port) (its name) of the Service C(object) is asked by GET, through the apiserver, and C(condition) is about the
        JSON that it answers. That needs the right to C(get) C(services/proxy) of the name C(<object>:<port>).
    type: list
    elements: dict
  wait_timeout:
    description: Seconds in which expectations may become true.
    type: int
    default: 0
seealso:
  - module: gantry.platform.kube_apply
"""

EXAMPLES = r"""
- name: The engine serves from three pods at least
  gantry.platform.kube_verify:
    expectations:
      - name: engine-available
        meaning: consciousness-engine has enough pods to lose one zone
        api_version: apps/v1
        kind: Deployment
        namespace: cortex
        object: consciousness-engine
        condition: status.availableReplicas >= `3`

- name: Prometheus has its metrics
  gantry.platform.kube_verify:
    expectations:
      - name: engine-measured
        meaning: Prometheus has the metrics of consciousness-engine
        api_version: v1
        kind: Service
        namespace: monitoring
        object: prometheus
        port: web
        path: /api/v1/targets?state=active
        condition: "length(data.activeTargets[?labels.job=='consciousness-engine' && health=='up']) > `0`"
"""

RETURN = r"""
verdicts:
  description: One row for each expectation, on failure for each that does not hold.
  returned: always
  type: list
  elements: dict
  sample:
    - name: engine-available
      meaning: consciousness-engine has enough pods to lose one zone
      passed: true
      expected: "Deployment consciousness-engine in cortex: status.availableReplicas >= `3`"
      found: holds for 1
      source: set workloads
"""

from ..module_utils._joined.kube import VERIFY
from ..module_utils._joined.process import run_module


def main() -> None:
    """The check in a process of its own."""
    run_module(VERIFY)


if __name__ == "__main__":
    main()
