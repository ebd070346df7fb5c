#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudflare_config
short_description: Make an account of Cloudflare as one document says
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Takes one document for DNS records, settings and rulesets of zones, and for load balancers with their pools and monitors, plans in names,
    and writes exactly what differs. A second run writes nothing.
  - Zones are named and never made. What the document names has to be declared or there; the rest is refused while it is planned, with what
    may have been meant.
  - A ruleset is all rules of a phase of a zone, in their order; rules that somebody added there by hand are named and taken out. Rules of
    other phases stay as they are.
  - A setting of a zone cannot be removed; one that is declared no more stays as it is.
  - What was never declared stays as it is, fields of declared things among it.
extends_documentation_fragment:
  - gantry.platform.rest
  - gantry.platform.reconcile
  - gantry.platform.reconcile.owner
  - gantry.platform.reconcile.prune
options:
  url:
    description: Address of the API, where it is not Cloudflare's own.
    type: str
  config:
    description:
      - The document. C(account) is the account's id. C(monitors) and C(pools) are those of the account by name, C(zones) has by the zone's
        name its C(settings), C(records), C(load_balancers) and C(rulesets); V(null) as the value of a name says that it must be absent.
      - A record is named by its type and its whole name, C(A www.consciousness.example); where there are several of one type and name, by its
        content as well, C(TXT consciousness.example v=spf1 -all).
      - A ruleset is named by its phase, such as V(http_request_firewall_custom). The C(id) in the C(action_parameters) of a rule that
        executes a managed ruleset is that one's name.
      - A misspelt key, a missing or a wrong value is told with its place before anything is contacted.
    type: dict
    required: true
seealso:
  - module: gantry.platform.configure
"""

EXAMPLES = r"""
- name: What stands before the clusters
  gantry.platform.cloudflare_config:
    token: "{{ lookup('gantry.platform.secret', 'env:CLOUDFLARE_TOKEN') }}"
    kubeconfig: ~/.kube/hub
    owner: consciousness/prod
    prune: {mode: report}
    config:
      account: 0123456789abcdef0123456789abcdef
      monitors:
        ready: {type: https, path: /ready, expected_codes: "200"}
      pools:
        eu: {monitor: ready, origins: [{name: eu-1, address: 192.0.2.1}]}
      zones:
        consciousness.example:
          settings:
            ssl: {value: strict}
          records:
            A www.consciousness.example: {content: 192.0.2.1, proxied: true}
          load_balancers:
            api.consciousness.example: {default_pools: [eu], fallback_pool: eu, proxied: true}
          rulesets:
            http_request_firewall_managed:
              rules:
                - ref: managed
                  action: execute
                  expression: "true"
                  action_parameters: {id: Cloudflare Managed Ruleset}
                  enabled: true
"""

RETURN = r"""
plan:
  description: Every change in the order of the writes, with its impact, the fields that change and why; in check mode every change that would be made.
  returned: success
  type: list
  elements: dict
  sample:
    - id: dns_record/consciousness.example/A www.consciousness.example
      action: update
      impact: disruptive
      fields: ["content"]
      reason: ""
      verified: true
      set: cloudflare
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
  sample: [{id: pool/by-hand, path: it is declared nowhere, manager: "", time: ""}]
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
  sample: ["pool/eu: the server made something else of latitude; the next run will see it as changed"]
requests:
  description: Number of requests by HTTP method.
  returned: success
  type: dict
  sample: {GET: 8}
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.rest import CLOUDFLARE


def main() -> None:
    """Run it here: what the action does on a local connection."""
    run_module(CLOUDFLARE)


if __name__ == "__main__":
    main()
