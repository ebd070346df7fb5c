# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the modules of the action group C(rest) are told alike; each says C(config) and its own C(url)."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Reads and plans as a real run does and writes nothing.
    support: full
  diff_mode:
    description: Shows the fields that change, in names.
    support: full
  idempotent:
    description: A run on an account that is as declared sends reads only.
    support: full
notes:
  - The record of what was written is a Secret of the cluster, one for each O(owner). While a run writes, it says who that is - two runs of one
    owner never interleave - and one that was killed is taken over from once its record was silent for 30 seconds.
  - Things bear the mark of their owner where the API has a text for it. Where the record was lost they are found by it, and not made once more.
  - O(prune.data) names what holds data as the plan does, by its id.
  - A request that makes something is sent once. Where its answer is lost, what it made is looked for by its name.
options:
  access_file:
    description:
      - JSON file with C(url), C(ca_cert) and C(token_file), as the sandbox writes one. Paths in it begin at its folder.
      - What the task says itself wins.
    type: path
  token:
    description: Token to speak with.
    type: str
  token_file:
    description: File with the token.
    type: path
  ca_cert:
    description: The certificate authority's certificate, where it is not one that the machine trusts.
    type: path
  replaceable:
    description: Ids, as a plan names them, of what may be removed and made anew for a field that cannot be changed.
    type: list
    elements: str
    default: []
  kubeconfig:
    description: Kubeconfig of the cluster that keeps the record, and that C(kube:) references mean.
    type: path
    required: true
  context:
    description: Context in that kubeconfig.
    type: str
  record_namespace:
    description: Namespace of the record. It has to be there.
    type: str
    default: gantry-system
  vault:
    description: How the Vault of C(vault:) references is reached, as for M(gantry.platform.vault_info).
    type: dict
  wait_timeout:
    description: Seconds to wait for another run of the same owner.
    type: int
    default: 120
  may_be_absent:
    description:
      - True where the same run brings the system up. In check mode one that does not answer is then planned as an empty one, with every change
        unverified and without a digest, because what cannot be known yet cannot be approved.
    type: bool
    default: false
"""
