#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_config
short_description: Make a Vault as one document says
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Takes one document for a whole Vault (auth methods, secret engines, policies, identity, quotas, audit devices, plugins …), reads what
    is there, plans by path, and writes exactly what differs. A second run writes nothing, which Vault's own audit log shows.
  - Values are compared as the server itself describes its fields, so that C(90m) and 5400, or a list and a text with commas, are the same.
  - Secrets are references and nothing else. Those that Vault does not give back are compared by keyed marks in a record, a KV secret in
    O(record_mount), so that a changed one is written and an unchanged one is not. Results, diffs and errors never hold a value.
  - A root credential that was rotated is never put back, unless O(reset_root) names its path.
  - On a local connection the action plugin of this name runs the engine in Ansible's own process.
  - Works on OpenBao as well, as far as that has the same API. It was not tested there.
notes:
  - O(prune) with O(prune.mode=report) lists under RV(foreign) what of its own is declared no more, and what was never ours in the collections
    that the document uses. With O(prune.mode=delete) what is ours goes, a mount or an auth method only where O(prune.data) names it.
  - The one word that O(prune) once was (V(within_mounts), V(mounts) …) is taken, with a deprecation, until version 1.0.0.
extends_documentation_fragment:
  - gantry.platform.vault_auth
  - gantry.platform.vault_auth.record
  - gantry.platform.reconcile
  - gantry.platform.reconcile.owner
  - gantry.platform.reconcile.prune
attributes:
  check_mode:
    description: Reads and plans as a real run does and writes nothing.
    support: full
  diff_mode:
    description: Shows the fields that change, secrets as set, changed or unset.
    support: full
  idempotent:
    description: A run on a Vault that is as declared sends reads only.
    support: full
options:
  config:
    description:
      - The document. Every part is a mapping keyed by name; V(null) as the value of a name says that it must be absent.
      - Keys are C(namespaces), C(plugins), C(audit), C(auth), C(engines), C(policies), C(password_policies), C(identity), C(quotas), and
        C(entries) for any other path of the API.
      - A policy is HCL, or a mapping of paths to lists of capabilities.
      - A mount has C(type), C(tune), and the parts of its type, such as C(config) and C(roles); C(entries) takes any other path below it.
      - A secret is a mapping with the key C(reference) and C(env:NAME), C(file:path), C(sops:file#key), C(aws-sm:name#key),
        C(vault:path#key) or, with O(kubeconfig), C(kube:namespace/name#key) as its value. C(secret_version)
        beside it has it written anew when it counts up.
      - Text that looks like a credential, wherever it stands, is refused with the reference to write instead.
      - Only the fields that are declared are compared.
    type: dict
    required: true
  kubeconfig:
    description: Kubeconfig of the cluster that C(kube:) references mean.
    type: path
  context:
    description: Context in that kubeconfig.
    type: str
  removable:
    description:
      - Deprecated, and removed in version 1.0.0; names of O(prune.data). No mount that is only declared no more goes by it.
    type: list
    elements: str
  reset_root:
    description: Paths whose declared root credential is written although it was rotated, or nobody recorded what it was set to.
    type: list
    elements: str
    default: []
  removal_limits:
    description: Deprecated, and removed in version 1.0.0; O(prune.max_count) and O(prune.max_percent).
    type: dict
    suboptions:
      max_count:
        description: As O(prune.max_count).
        type: int
        default: 20
      max_percent:
        description: As O(prune.max_percent).
        type: int
        default: 25
  removal_limits_variable:
    description: Deprecated, and removed in version 1.0.0; O(variables) names that of O(prune).
    type: str
  known_policies:
    description: Policies that another task declares. A role or group that names one that is neither here, there, nor in Vault is warned of.
    type: list
    elements: str
    default: []
  may_be_absent:
    description:
      - True where the same run brings Vault up. In check mode a Vault that does not answer, or was never initialised, is then planned as an empty
        one, with every change unverified and without a digest, because what cannot be known yet cannot be approved.
    type: bool
    default: false
seealso:
  - module: gantry.platform.vault_init
  - module: gantry.platform.vault_info
"""

EXAMPLES = r"""
- name: Configure Vault
  gantry.platform.vault_config:
    url: https://vault.platform.example:8200
    ca_cert: /etc/ssl/internal-ca.pem
    prune: {mode: delete}
    config:
      audit:
        file: {type: file, options: {file_path: /vault/audit/audit.log}}
      policies:
        memory-store:
          "kv/data/cortex/memory-store/*": [read]
          "database/creds/memory-store": [read]
      auth:
        kubernetes:
          type: kubernetes
          config: {kubernetes_host: "https://kubernetes.default.svc"}
          roles:
            memory-store:
              bound_service_account_names: [memory-store]
              bound_service_account_namespaces: [cortex]
              audience: vault
              token_policies: [memory-store]
              token_ttl: 1h
      engines:
        kv: {type: kv, options: {version: "2"}}
        database:
          type: database
          connections:
            memory:
              plugin_name: postgresql-database-plugin
              connection_url: "postgresql://{% raw %}{{username}}:{{password}}{% endraw %}@memory-db:5432/memory"
              username: vault
              password: {reference: "env:MEMORY_DB_ROOT_PASSWORD"}
              allowed_roles: [memory-store]
"""

RETURN = r"""
plan:
  description: Every change in the order of the writes, with its impact, the fields that change and why; in check mode every change that would be made.
  returned: success
  type: list
  elements: dict
  sample:
    - id: auth/kubernetes/role/memory-store
      action: update
      impact: safe
      fields: ["token_policies[=admin]"]
      reason: ""
      verified: true
      set: vault
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
  sample: [{id: sys/policies/acl/by-hand, path: it is declared nowhere, manager: "", time: ""}]
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
  sample: ["auth/kubernetes/role/x names the policy 'raeder', which nobody has"]
requests:
  description: Number of requests by HTTP method.
  returned: success
  type: dict
  sample: {GET: 134}
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.vault import CONFIG


def main() -> None:
    """Run it here: what the action does on a local connection."""
    run_module(CONFIG)


if __name__ == "__main__":
    main()
