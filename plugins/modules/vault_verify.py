#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_verify
short_description: Check who gets into a Vault and what that opens
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Checks a Vault as its users meet it. Services log in with real tokens of their ServiceAccounts, read what is theirs, and must be refused
    what is their neighbours'; dynamic logins are made and revoked; policies are judged by Vault's own C(sys/capabilities).
  - It changes no configuration. Tokens and leases that it needs live for two minutes at most and are revoked before it ends.
  - O(policies) need a token that may create tokens, O(logins) a kubeconfig that may create tokens of the ServiceAccounts.
extends_documentation_fragment:
  - gantry.platform.vault_auth
attributes:
  check_mode:
    description: Is skipped, because logins make tokens.
    support: none
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: none
  idempotent:
    description: Changes nothing that lasts.
    support: full
options:
  peers:
    description: Number of voting raft peers that there must be, and be healthy; 0 does not look.
    type: int
    default: 0
  policies:
    description:
      - Test cases by name. C(policies) is what a token has; C(may) and C(may_not) map paths to the capabilities it must have or lack.
    type: dict
    default: {}
  logins:
    description:
      - Test cases by name. C(namespace), C(service_account) and C(role) say who logs in, C(mount) (V(kubernetes)) and C(audience) (V(vault))
        how; C(may_read) and C(may_not_read) are paths of the API, C(credentials) paths of dynamic logins.
    type: dict
    default: {}
  kubeconfig:
    description: Kubeconfig of the cluster whose ServiceAccounts log in.
    type: path
  context:
    description: Context in that kubeconfig.
    type: str
seealso:
  - module: gantry.platform.vault_config
  - module: gantry.platform.kube_verify
"""

EXAMPLES = r"""
- name: Each service reads what is its own, and nothing else
  gantry.platform.vault_verify:
    url: https://vault.platform.example:8200
    kubeconfig: ~/.kube/config
    peers: 3
    policies:
      no-deletes:
        policies: [memory-store]
        may: {"kv/data/cortex/memory-store/db": [read]}
        may_not: {"kv/data/cortex/memory-store/db": [update, delete], "sys/policies/acl/memory-store": [read]}
    logins:
      memory-store:
        namespace: cortex
        service_account: memory-store
        role: memory-store
        may_read: [kv/data/cortex/memory-store/db]
        may_not_read: [kv/data/trust/consent-ledger/db]
        credentials: [database/creds/memory-store]
"""

RETURN = r"""
verdicts:
  description: One row for each check.
  returned: always
  type: list
  elements: dict
  sample:
    - name: refused-memory-store
      meaning: cortex/memory-store is refused kv/data/trust/consent-ledger/db
      passed: true
      expected: it is refused
      found: it is refused
      source: ""
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.vault import VERIFY


def main() -> None:
    """Run it here: what the action does on a local connection."""
    run_module(VERIFY)


if __name__ == "__main__":
    main()
