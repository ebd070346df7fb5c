# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: secret
short_description: The value that a secret reference stands for
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Resolves V(vault:path#key), V(env:NAME) and V(file:path), the references of an inventory.
  - Our own modules take references themselves and never need it. It is for modules of others, in a task with C(no_log).
  - One connection for each process of Ansible, and each secret of a Vault is read once by it.
options:
  _terms:
    description: References.
    type: list
    elements: str
    required: true
  access_file:
    description: JSON file with C(url), C(ca_cert), C(token_file) and C(namespace), as the sandbox writes one.
    type: path
  url:
    description: Address of Vault.
    type: str
    env:
      - name: VAULT_ADDR
  token:
    description: Token to speak with.
    type: str
    env:
      - name: VAULT_TOKEN
  token_file:
    description: File with the token, alone or as M(gantry.platform.vault_init) delivered it.
    type: path
  namespace:
    description: Namespace, where the server has them.
    type: str
    env:
      - name: VAULT_NAMESPACE
  ca_cert:
    description: Path of the certificate authority's certificate.
    type: path
    env:
      - name: VAULT_CACERT
seealso:
  - module: gantry.platform.vault_config
"""

EXAMPLES = r"""
- name: A module of others needs a password
  ansible.builtin.uri:
    url: https://grafana.platform.example/api/admin/stats
    user: admin
    password: "{{ lookup('gantry.platform.secret', 'vault:kv/grafana#password', url='https://vault.platform.example:8200') }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description: The values, in the order of the references.
  type: list
  elements: str
"""

import os
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ..module_utils._core.errors import GantryError
from ..module_utils._core.references import References
from ..module_utils._vault.client import VaultClient, resolve_vault
from ..module_utils._vault.secrets import SecretReader

_OPTIONS = ("access_file", "url", "token", "token_file", "namespace", "ca_cert")
_readers: dict[tuple[Any, ...], SecretReader] = {}


class LookupModule(LookupBase):
    """Asks a Vault only where a reference names one."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """The values of the references in ``terms``."""
        self.set_options(var_options=variables, direct=kwargs)
        options = {name: self.get_option(name) for name in _OPTIONS}

        def from_vault(rest: str) -> str:
            # A fork of Ansible gets this table empty, or with connections that only another process uses.
            key = (os.getpid(), *options.values())
            if key not in _readers:
                _readers[key] = SecretReader(VaultClient(resolve_vault(options, os.environ), "lookup secret"))
            return _readers[key](rest)

        try:
            references = References(os.environ, self.get_basedir(variables or {}), {"vault": from_vault})
            return [references.resolve(str(term)) for term in terms]
        except GantryError as error:
            raise AnsibleError(error.message) from error
