#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticsearch_config
short_description: Make Elasticsearch or OpenSearch as one document says
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Takes one document for lifecycle policies (ILM, and ISM of OpenSearch), ingest pipelines, component and index templates, data streams,
    repositories and policies of snapshots (SLM), roles and users, plans in names, and writes exactly what differs. A second run writes nothing.
  - Settings are compared in one form, whether they are nested or not, with or without C(index.), as text or as numbers.
  - What an index template is composed of has to be declared or there; the rest is refused while it is planned, with what may have been meant.
  - A data stream holds its documents, and goes only where O(prune.data) names it.
  - OpenSearch has C(ism_policies) in the place of C(ilm_policies), and no C(slm_policies), C(roles) and
    C(users) of this form. A change of an ISM policy is refused by the server
    where somebody else changed it meanwhile. A real OpenSearch was asked about templates and data streams alone; the build that tests have has no ISM.
  - The C(password) of a user is a reference, and never given back; the record keeps a keyed mark of it, so that a change is seen.
  - O(token) is an API key, or a user and the password as V(user:password).
extends_documentation_fragment:
  - gantry.platform.rest
  - gantry.platform.reconcile
  - gantry.platform.reconcile.owner
  - gantry.platform.reconcile.prune
options:
  url:
    description: Address of the API, such as V(https://logs.consciousness.example:9200).
    type: str
  config:
    description:
      - The document. Its parts are C(ilm_policies), C(ism_policies), C(ingest_pipelines), C(component_templates), C(index_templates),
        C(data_streams), C(snapshot_repositories), C(slm_policies), C(roles) and C(users), each
        a mapping keyed by name; V(null) as the value of a name says that it must be absent.
      - A misspelt key, a missing or a wrong value is told with its place before anything is contacted.
    type: dict
    required: true
seealso:
  - module: gantry.platform.configure
"""

EXAMPLES = r"""
- name: How logs are kept
  gantry.platform.elasticsearch_config:
    url: https://logs.consciousness.example:9200
    token: "{{ lookup('gantry.platform.secret', 'env:ELASTICSEARCH_API_KEY') }}"
    kubeconfig: ~/.kube/hub
    owner: consciousness/prod
    config:
      ilm_policies:
        logs-t0:
          policy:
            phases:
              hot: {actions: {rollover: {max_age: 1d}}}
              delete: {min_age: 90d, actions: {delete: {}}}
      component_templates:
        logs-settings: {template: {settings: {number_of_shards: 2, index.lifecycle.name: logs-t0}}}
      index_templates:
        logs: {index_patterns: [logs-*], composed_of: [logs-settings], priority: 200, data_stream: {}}
"""

RETURN = r"""
plan:
  description: Every change in the order of the writes, with its impact, the fields that change and why; in check mode every change that would be made.
  returned: success
  type: list
  elements: dict
  sample:
    - id: index_template/logs
      action: update
      impact: safe
      fields: ["priority"]
      reason: ""
      verified: true
      set: elasticsearch
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
  sample: [{id: index_template/by-hand, path: it is declared nowhere, manager: "", time: ""}]
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
  sample: ["index_template/logs: the server made something else of template; the next run will see it as changed"]
requests:
  description: Number of requests by HTTP method.
  returned: success
  type: dict
  sample: {GET: 8}
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.rest import ELASTICSEARCH


def main() -> None:
    """Run it here: what the action does on a local connection."""
    run_module(ELASTICSEARCH)


if __name__ == "__main__":
    main()
