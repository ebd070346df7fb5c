#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_config
short_description: Make Grafana as one document says
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Takes one document for folders, teams and data sources, with who is in a team and who may do what in a folder,
    plans in names, and writes exactly what differs. A second run writes nothing.
  - Secrets of a data source are never given back by Grafana; the record keeps a keyed mark of each, so that a change of one is seen.
  - A folder holds dashboards and alert rules, and goes only where O(prune.data) names it.
  - What was never declared stays as it is, keys of C(jsonData) among it.
extends_documentation_fragment:
  - gantry.platform.rest
  - gantry.platform.reconcile
  - gantry.platform.reconcile.owner
  - gantry.platform.reconcile.prune
options:
  url:
    description: Address of the API, such as V(https://grafana.consciousness.example/api).
    type: str
  config:
    description:
      - The document. Its parts are C(folders), C(teams) and C(datasources), each a mapping keyed by title or name; V(null) as the value of a name
        says that it must be absent.
      - C(parts) of a folder has C(permissions), whose C(items) are all who may do something there besides administrators, each a C(role) or the
        name of a team as C(teamId), and a C(permission), 1 to view, 2 to edit, 4 to say as well who may. C(parts) of a team has C(members), which
        has the e-mail addresses of its C(members) and of its C(admins); they have come in once, or have no account yet.
      - What C(parts) say is written whole. Whoever is not in it any more is let go of; other folders and teams stay as they are.
      - C(secureJsonData) of a data source is a mapping of references, C({reference) - C(vault:path#key}).
      - A misspelt key, a missing or a wrong value is told with its place before anything is contacted.
    type: dict
    required: true
seealso:
  - module: gantry.platform.configure
"""

EXAMPLES = r"""
- name: Where dashboards read
  gantry.platform.grafana_config:
    url: https://grafana.consciousness.example/api
    token: "{{ lookup('gantry.platform.secret', 'env:GRAFANA_TOKEN') }}"
    kubeconfig: ~/.kube/hub
    owner: consciousness/prod
    config:
      folders:
        Services: {}
        cortex:
          uid: team-cortex
          parts:
            permissions: {items: [{teamId: cortex, permission: 2}, {role: Editor, permission: 1}, {role: Viewer, permission: 1}]}
      teams:
        cortex:
          email: cortex@consciousness.example
          parts:
            members: {members: [ann@consciousness.example]}
      datasources:
        prometheus:
          type: prometheus
          url: http://prometheus.monitoring:9090
          access: proxy
          isDefault: true
          jsonData: {timeInterval: 30s, httpHeaderName1: X-Scope-OrgID}
          secureJsonData:
            httpHeaderValue1: {reference: "vault:prod/grafana#tenant"}
"""

RETURN = r"""
plan:
  description: Every change in the order of the writes, with its impact, the fields that change and why; in check mode every change that would be made.
  returned: success
  type: list
  elements: dict
  sample:
    - id: datasource/prometheus
      action: update
      impact: safe
      fields: ["url"]
      reason: ""
      verified: true
      set: grafana
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
  sample: [{id: datasource/by-hand, path: it is declared nowhere, manager: "", time: ""}]
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
  sample: ["datasource/prometheus: the server made something else of url; the next run will see it as changed"]
requests:
  description: Number of requests by HTTP method.
  returned: success
  type: dict
  sample: {GET: 8}
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.rest import GRAFANA


def main() -> None:
    """Run it here: what the action does on a local connection."""
    run_module(GRAFANA)


if __name__ == "__main__":
    main()
