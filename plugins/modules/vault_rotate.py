#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_rotate
short_description: Renew credentials and keys of a Vault by age
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Renews root credentials of databases, static database roles, transit keys, generated secrets, secret ids of AppRole, and issuers of
    certificates, each once it is older than it may be. The age is what the server says, so that a run that comes too early does nothing.
  - Each renewal is in the record before the next begins, so that the next run ends what was stopped. One that cannot be renewed does not
    keep the others from it; the task fails in the end and says what was renewed.
  - New values never leave the server and this process; they are in no result, output or log.
  - A database's root credential that was renewed is noted in the record of M(gantry.platform.vault_config), which then never puts the
    declared one back.
extends_documentation_fragment:
  - gantry.platform.vault_auth
  - gantry.platform.vault_auth.record
  - gantry.platform.reconcile
  - gantry.platform.reconcile.owner
attributes:
  check_mode:
    description: Plans and guards as a real run does, and renews nothing.
    support: full
  diff_mode:
    description: Shows since when each was as it was. New values are shown nowhere.
    support: full
  idempotent:
    description: What was renewed is not due again before its time.
    support: full
options:
  rotate:
    description:
      - What to renew - C(database_roots), C(database_static_roles), C(transit_keys), C(secrets), C(secret_ids) and C(issuers), each a mapping
        of C(<mount>/<name>) to its options. Every entry has C(max_age), a duration such as C(720h).
      - C(secrets) are those of a KV engine, which is asked for its mount and version; version 1 keeps no time, so that what is there already
        counts from the first run on. C(keys) names their generated keys, each with C(policy) (a password policy) or
        C(bytes) of randomness. A key that is missing is generated at once; other keys of the secret stay.
      - C(secret_ids) have C(deliver), the KV secret that gets C(secret_id), and may have C(metadata). The one before stays valid for as long
        again.
      - C(issuers) get a new issuer C(<name>-<time>) made of C(issuer), as in M(gantry.platform.vault_config), which becomes the default.
      - C(from) of one of C(secrets) names what it was before. Where the new one is not there yet it gets what the old one holds.
    type: dict
    required: true
  whole:
    description:
      - Patterns such as V(kv/+/generated), one V(+) for one name. All such secrets are named in O(rotate); others that are there are listed under
        RV(foreign), and a new one beside them has the impact V(destroys_data).
    type: list
    elements: str
    default: []
seealso:
  - module: gantry.platform.vault_config
"""

EXAMPLES = r"""
- name: Renew what is due
  gantry.platform.vault_rotate:
    url: https://vault.platform.example:8200
    rotate:
      database_roots:
        database/memory: {max_age: 720h}
      transit_keys:
        transit/personal: {max_age: 2160h}
      secrets:
        kv/cortex/session:
          max_age: 720h
          keys:
            signing_key: {bytes: 48}
            password: {policy: strong}
"""

RETURN = r"""
plan:
  description: Every change in the order of the writes, with its impact, the fields that change and why; in check mode every change that would be made.
  returned: success
  type: list
  elements: dict
  sample:
    - {id: transit/keys/personal, action: update, impact: safe, fields: [], reason: "91 days old, 90 days allowed", verified: true, set: vault}
counts:
  description: Number of changes by action, and of what is right already.
  returned: success
  type: dict
  sample: {create: 0, update: 1, replace: 0, delete: 0, adopt: 0, blocked: 0, conflict: 0, unchanged: 3}
foreign:
  description: Secrets of the patterns of O(whole) that are there and named nowhere.
  returned: success
  type: list
  elements: dict
  sample: [{id: kv/former-name/generated, path: it is declared nowhere, manager: "", time: ""}]
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
from ..module_utils._joined.vault import ROTATE


def main() -> None:
    """Run it here: what the action does on a local connection."""
    run_module(ROTATE)


if __name__ == "__main__":
    main()
