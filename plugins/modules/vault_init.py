#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_init
short_description: Initialise a Vault once, unseal it, wait until it serves
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Initialises a Vault that never was, delivers its keys to a file that only its owner may read, and waits until the server is
    unsealed and has a leader. Does nothing to a Vault that serves.
  - With automatic unsealing (a cloud's KMS, transit) the keys are recovery keys and the server opens itself. Without it a sealed
    server is unsealed with the keys in O(keys_file).
  - Keys and the root token are never in a result, an output, a log or an argument.
extends_documentation_fragment:
  - gantry.platform.vault_auth
attributes:
  check_mode:
    description: Says what would be done.
    support: full
  diff_mode:
    description: There is nothing to show but the steps, which are in the result.
    support: none
  idempotent:
    description: A Vault that serves is left alone.
    support: full
options:
  keys_file:
    description:
      - Where the keys and the root token of a new Vault go, as JSON. It is made, for its owner alone, before the server is asked,
        and must not exist where the Vault is new.
      - On the machine where the task runs. When that machine is thrown away after the run, take O(pgp_keys), or move the file to
        where it stays as the run's next step.
    type: path
    required: true
  shares:
    description: Number of keys.
    type: int
    default: 5
  threshold:
    description: Number of keys that are needed together.
    type: int
    default: 3
  pgp_keys:
    description: Public PGP keys in base64, one for each share. The server encrypts each share for its holder.
    type: list
    elements: str
    default: []
  root_token_pgp_key:
    description: Public PGP key in base64 that the root token is encrypted with.
    type: str
    default: ""
  unseal:
    description: Whether a sealed server without automatic unsealing is unsealed with the keys in O(keys_file).
    type: bool
    default: true
  wait_timeout:
    description: Seconds in which the server must answer, be unsealed and have a leader; for each of them.
    type: int
    default: 60
seealso:
  - module: gantry.platform.vault_info
"""

EXAMPLES = r"""
- name: Initialise Vault once; every key holder can open only a share
  gantry.platform.vault_init:
    url: https://vault.platform.example:8200
    ca_cert: /etc/ssl/internal-ca.pem
    keys_file: "{{ playbook_dir }}/../vault-keys.json"
    shares: 3
    threshold: 2
    pgp_keys: "{{ vault_key_holders }}"
    root_token_pgp_key: "{{ vault_key_holders[0] }}"
"""

RETURN = r"""
steps:
  description: What was done, or would be.
  returned: success
  type: list
  elements: str
  sample: ["initialise with 5 recovery keys, 3 needed"]
keys_file:
  description: Where the keys of a new Vault are.
  returned: where it was initialised
  type: str
  sample: /srv/platform/vault-keys.json
health:
  description: State of the server afterwards, as M(gantry.platform.vault_info) says it.
  returned: success
  type: dict
  sample: {initialized: true, sealed: false, seal_type: transit, version: 1.21.1}
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.vault import INIT


def main() -> None:
    """Bring it up, and say what that took."""
    run_module(INIT)


if __name__ == "__main__":
    main()
