#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_revoke
short_description: End access that Vault has given
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Revokes leases by prefix (and with them the logins that Vault made, at the database itself), tokens by accessor, and disables
    entities. What is not there any more is left out, so that a second run does nothing.
  - Entities are disabled first, so that nobody makes anew what is revoked.
  - All of it is disruptive, so that O(allowed_impact) without V(disruptive) refuses it before the first write.
extends_documentation_fragment:
  - gantry.platform.vault_auth
  - gantry.platform.reconcile
attributes:
  check_mode:
    description: Plans and guards as a real run does, and revokes nothing.
    support: full
  diff_mode:
    description: Shows what is disabled and what ends.
    support: full
  idempotent:
    description: What is revoked is not there to be revoked again.
    support: full
options:
  leases:
    description: Prefixes of leases, such as V(database/creds/memory-store), or V(auth/kubernetes/login) for all tokens of a method.
    type: list
    elements: str
    default: []
  accessors:
    description: Accessors of tokens.
    type: list
    elements: str
    default: []
  entities:
    description: Names of entities to disable. No token of a disabled entity is accepted.
    type: list
    elements: str
    default: []
  force:
    description: Forget leases whose credentials cannot be revoked where they are, such as those of a database that is gone.
    type: bool
    default: false
seealso:
  - module: gantry.platform.vault_config
"""

EXAMPLES = r"""
- name: A service was broken into
  gantry.platform.vault_revoke:
    url: https://vault.platform.example:8200
    entities: [memory-store]
    leases: [database/creds/memory-store]
"""

RETURN = r"""
plan:
  description: Every change in the order of the writes, with its impact, the fields that change and why; in check mode every change that would be made.
  returned: success
  type: list
  elements: dict
  sample:
    - {id: leases/database/creds/memory-store, action: delete, impact: disruptive, fields: [], reason: 4 leases, verified: true, set: vault}
counts:
  description: Number of changes by action, and of what is right already.
  returned: success
  type: dict
  sample: {create: 0, update: 1, replace: 0, delete: 0, adopt: 0, blocked: 0, conflict: 0, unchanged: 3}
diff:
  description: The fields that change, before and after. Values of secrets are shown as set, changed or unset.
  returned: success, with C(--diff)
  type: list
  elements: dict
warnings:
  description: What the server said, and what looks wrong without being refused.
  returned: success
  type: list
  elements: str
digest:
  description: Identifies the plan for an approval. Empty where what cannot be known yet is part of it.
  returned: success
  type: str
  sample: sha256:9f2b1c0e7d3a5b6c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e
requests:
  description: Number of requests by HTTP method.
  returned: success
  type: dict
  sample: {GET: 4, PUT: 1}
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.vault import REVOKE


def main() -> None:
    """Revoke what is there."""
    run_module(REVOKE)


if __name__ == "__main__":
    main()
