#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pagerduty_config
short_description: Make an account of PagerDuty as one document says
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Takes one document for teams, schedules, escalation policies, services and their integrations, and event orchestrations, plans in names,
    and writes exactly what differs. A second run reads each thing once, or pages of lists where there are many, and writes nothing.
  - Users are named by their e-mail address and are never written. What the document names has to be declared or there; the rest is refused
    while it is planned, with what may have been meant.
  - Layers of a schedule keep their order, whatever order they are read in, and their start. PagerDuty never forgets a layer; one that is
    declared no more is ended. A change of layers resets who is on call, and is C(disruptive).
  - A service holds its incidents, and goes only where O(prune.data) names it.
  - What was never declared stays as it is, fields of declared things among it.
extends_documentation_fragment:
  - gantry.platform.rest
  - gantry.platform.reconcile
  - gantry.platform.reconcile.owner
  - gantry.platform.reconcile.prune
options:
  url:
    description: Address of the API, where it is not PagerDuty's own of the service region US.
    type: str
  config:
    description:
      - The document. Its parts are C(teams), C(schedules), C(escalation_policies) and C(services), each a mapping keyed by name; V(null) as
        the value of a name says that it must be absent. A service has its C(integrations), keyed by name as well. C(event_orchestrations) have
        C(paths.router), whose rules name services.
      - A target of an escalation rule is C({user) - e-mail address C(}) or C({schedule) - name C(}).
      - A misspelt key, a missing or a wrong value is told with its place before anything is contacted.
    type: dict
    required: true
seealso:
  - module: gantry.platform.configure
"""

EXAMPLES = r"""
- name: Who is called
  gantry.platform.pagerduty_config:
    token: "{{ lookup('gantry.platform.secret', 'env:PAGERDUTY_TOKEN') }}"
    kubeconfig: ~/.kube/hub
    owner: consciousness/prod
    prune: {mode: report}
    config:
      teams:
        cortex: {description: The engine and what it thinks with}
      schedules:
        cortex-primary:
          time_zone: Europe/Berlin
          schedule_layers:
            - name: week
              rotation_virtual_start: "2026-01-05T09:00:00+01:00"
              rotation_turn_length_seconds: 604800
              users: [ann@consciousness.example, bob@consciousness.example]
      escalation_policies:
        cortex-t0:
          teams: [cortex]
          escalation_rules:
            - escalation_delay_in_minutes: 5
              targets: [{schedule: cortex-primary}]
            - escalation_delay_in_minutes: 15
              targets: [{user: ann@consciousness.example}]
      services:
        consciousness-engine:
          escalation_policy: cortex-t0
          integrations:
            alertmanager: {type: events_api_v2_inbound_integration}
"""

RETURN = r"""
plan:
  description: Every change in the order of the writes, with its impact, the fields that change and why; in check mode every change that would be made.
  returned: success
  type: list
  elements: dict
  sample:
    - id: escalation_policy/tier-0
      action: update
      impact: safe
      fields: ["escalation_rules"]
      reason: ""
      verified: true
      set: pagerduty
counts:
  description: Number of changes by action, and of what is right already.
  returned: success
  type: dict
  sample: {create: 0, update: 1, replace: 0, delete: 0, adopt: 0, blocked: 0, conflict: 0, unchanged: 120}
foreign:
  description: What is there and declared nowhere, unless O(prune.mode=none).
  returned: success
  type: list
  elements: dict
  sample: [{id: team/by-hand, path: it is declared nowhere, manager: "", time: ""}]
diff:
  description: The fields that change, before and after. Values of secrets are shown as set, changed or unset.
  returned: success, with C(--diff)
  type: list
  elements: dict
digest:
  description: Identifies the plan for an approval. Empty where what cannot be known yet is part of it.
  returned: success
  type: str
  sample: sha256:9f2b1c0e7d3a5b6c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e
warnings:
  description: What the server said, and what looks wrong without being refused.
  returned: success
  type: list
  elements: str
  sample: ["service/engine: description did not stick"]
requests:
  description: Number of requests by HTTP method.
  returned: success
  type: dict
  sample: {GET: 8}
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.rest import PAGERDUTY


def main() -> None:
    """Run it here: what the action does on a local connection."""
    run_module(PAGERDUTY)


if __name__ == "__main__":
    main()
