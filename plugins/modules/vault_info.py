#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_info
short_description: Read the state of a Vault
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Reads whether a Vault is initialised, unsealed and led, who its raft peers are, and when the token in use ends.
  - Works on a sealed or new Vault as well, and without a token; what only a token may see is then V(none).
extends_documentation_fragment:
  - gantry.platform.vault_auth
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
  expiring:
    description: Whether to list what ends by itself, which costs a request for each issuer of certificates.
    type: bool
    default: false
seealso:
  - module: gantry.platform.vault_init
"""

EXAMPLES = r"""
- name: Look at Vault
  gantry.platform.vault_info:
    url: https://vault.platform.example:8200
    ca_cert: /etc/ssl/internal-ca.pem
  register: vault

- name: It serves, and may lose a node
  ansible.builtin.assert:
    that:
      - not vault.health.sealed
      - vault.cluster.autopilot.failure_tolerance >= 1
"""

RETURN = r"""
health:
  description: State of the server that answered.
  returned: success
  type: dict
  sample:
    initialized: true
    sealed: false
    standby: false
    version: 1.21.1
    cluster_name: vault-cluster-6d1f2a
    cluster_id: 2a7c1c57-9d6e-8c6b-1a52-0a4b2f7c3d11
    seal_type: awskms
    recovery_seal: true
    storage_type: raft
    unseal_progress: 0
    unseal_threshold: 3
cluster:
  description: Leader, raft peers and autopilot's judgement; V(none) where the server is sealed.
  returned: success
  type: dict
  sample:
    leader: {is_self: true, address: "https://vault-0.vault-internal:8200"}
    peers:
      - {node_id: vault-0, address: "vault-0.vault-internal:8201", leader: true, voter: true}
    autopilot: {healthy: true, failure_tolerance: 1}
token:
  description: Who the token is and when it ends, never the token itself; V(none) without a valid one.
  returned: success
  type: dict
  sample:
    accessor: 8KSsWLj2nLYo8ZcSXQTTbbYp
    display_name: kubernetes-platform
    policies: [default, platform]
    ttl_seconds: 3546
    renewable: true
    expires: "2026-01-01T12:00:00Z"
expiring:
  description: What ends by itself, the nearest end first - certificates of issuers, the token in use, the licence.
  returned: with O(expiring), where the server is unsealed
  type: list
  elements: dict
  sample: [{what: pki/issuer/issuing-1, expires: "2027-03-01T10:00:00Z", days_left: 96}]
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.vault import INFO


def main() -> None:
    """Read, and say what was found."""
    run_module(INFO)


if __name__ == "__main__":
    main()
