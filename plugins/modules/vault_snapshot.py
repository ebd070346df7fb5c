#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_snapshot
short_description: Take, check and put back snapshots of a Vault
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Takes a snapshot of the raft storage into a file that only its owner may read, and proves it whole by recomputing its digests. A
    snapshot that is damaged never replaces one that is whole.
  - Puts one back only where the cluster is named.
extends_documentation_fragment:
  - gantry.platform.vault_auth
attributes:
  check_mode:
    description: Says whether a snapshot would be taken or put back; checks digests in both modes.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  idempotent:
    description: V(saved) leaves a whole snapshot alone that is younger than O(max_age); V(restored) always changes.
    support: partial
options:
  state:
    description:
      - V(saved) takes a snapshot, V(verified) checks the file alone and contacts nobody, V(restored) replaces all that the cluster holds.
    type: str
    choices: [saved, verified, restored]
    default: saved
  path:
    description: The snapshot's file, on the machine where the task runs.
    type: path
    required: true
  max_age:
    description: Seconds. A whole snapshot that is younger stays, and no other is taken.
    type: int
    default: 0
  confirm:
    description: Name or id of the cluster that is replaced, for V(restored).
    type: str
    default: ""
  force:
    description: Put back a snapshot of another cluster. The keys of that one hold afterwards.
    type: bool
    default: false
seealso:
  - module: gantry.platform.vault_init
"""

EXAMPLES = r"""
- name: One snapshot a day
  gantry.platform.vault_snapshot:
    url: https://vault.platform.example:8200
    path: /srv/backup/vault.snap
    max_age: 86400

- name: After the loss of all nodes
  gantry.platform.vault_snapshot:
    url: https://vault.platform.example:8200
    state: restored
    path: /srv/backup/vault.snap
    confirm: vault-cluster-6d1f2a
    force: true
"""

RETURN = r"""
snapshot:
  description: What the file says - raft's position, bytes and digest. V(none) in check mode where none was taken yet.
  returned: success
  type: dict
  sample: {index: 412, term: 3, size: 18734, sha256: 9f2b1c0e7d3a5b6c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e}
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.vault import SNAPSHOT


def main() -> None:
    """Take it, check it or put it back."""
    run_module(SNAPSHOT)


if __name__ == "__main__":
    main()
