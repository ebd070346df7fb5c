#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: github_config
short_description: Make an organization of GitHub as one document says
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Takes one document for teams and repositories of an organization, with rulesets, environments, variables, secrets, files and security
    switches of each repository, plans in names, and writes exactly what differs. A second run writes nothing.
  - Users are named by their login and never made. What the document names has to be declared or there; the rest is refused while it is
    planned, with what may have been meant.
  - Secrets are sealed with the repository's public key, for which the Python package PyNaCl is needed where this runs. GitHub never gives a
    secret back; a keyed mark in the record says whether it was changed here. What somebody changed there by hand cannot be seen.
  - A file is committed to the default branch, and a file or the set-up of code scanning that is declared no more stays as it is.
  - A repository is removed only where O(prune.data) names it.
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
      - The document. C(owner) is the organization. C(teams) are those of the organization by slug. C(repositories) has by name the settings
        of each and its C(teams) with their permission, C(rulesets), C(environments), C(variables), C(secrets), C(files) by path, C(security)
        and C(code_scanning); V(null) as the value of a name says that it must be absent.
      - An environment has C(variables) and C(secrets) of its own, and C(branches) by name or pattern that may deploy, where its
        C(deployment_branch_policy) has C(custom_branch_policies). Each of its C(reviewers) is a mapping with C(team) or C(user).
      - C(security) has V(vulnerability-alerts), V(automated-security-fixes) and V(private-vulnerability-reporting), each V({}) for on.
      - The C(value) of a secret is a mapping with C(reference), such as V(env:NAME).
      - A misspelt key, a missing or a wrong value is told with its place before anything is contacted.
    type: dict
    required: true
seealso:
  - module: gantry.platform.configure
"""

EXAMPLES = r"""
- name: Where the services are written
  gantry.platform.github_config:
    token: "{{ lookup('gantry.platform.secret', 'env:GITHUB_TOKEN') }}"
    kubeconfig: ~/.kube/hub
    owner: consciousness/prod
    prune: {mode: report}
    config:
      owner: consciousness-dev
      teams:
        cortex: {description: The engine}
      repositories:
        consciousness-engine:
          visibility: private
          delete_branch_on_merge: true
          teams: {cortex: {permission: push}}
          security: {vulnerability-alerts: {}}
          files:
            .github/CODEOWNERS: {content: "* @consciousness-dev/cortex\n"}
          environments:
            prod:
              reviewers: [{team: cortex}]
              prevent_self_review: true
              secrets:
                DEPLOYER: {value: {reference: "env:DEPLOYER_TOKEN"}}
          rulesets:
            main:
              enforcement: active
              conditions: {ref_name: {include: ["~DEFAULT_BRANCH"], exclude: []}}
              rules:
                - type: non_fast_forward
                - type: pull_request
                  parameters:
                    required_approving_review_count: 2
                    dismiss_stale_reviews_on_push: true
                    require_code_owner_review: true
                    require_last_push_approval: true
                    required_review_thread_resolution: true
"""

RETURN = r"""
plan:
  description: Every change in the order of the writes, with its impact, the fields that change and why; in check mode every change that would be made.
  returned: success
  type: list
  elements: dict
  sample:
    - id: ruleset/consciousness-engine/main
      action: update
      impact: safe
      fields: ["enforcement"]
      reason: ""
      verified: true
      set: github
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
  sample: ["repository/engine: the server made something else of homepage; the next run will see it as changed"]
requests:
  description: Number of requests by HTTP method.
  returned: success
  type: dict
  sample: {GET: 8}
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.rest import GITHUB


def main() -> None:
    """Run it here: what the action does on a local connection."""
    run_module(GITHUB)


if __name__ == "__main__":
    main()
