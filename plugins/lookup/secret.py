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
  - Resolves the references of an inventory, those of a Vault and those that work before there is one.
  - V(vault:path#key) is a key of a secret in a Vault.
  - V(env:NAME) is a variable of Ansible's environment, V(file:path) the text of a file. Paths begin at the playbook's folder, in a role at
    the role's.
  - V(sops:file#key) is a value in a YAML, JSON or dotenv file that SOPS encrypted; the key is a dotted path, such as V(database.password)
    or V(users.0.password). The program C(sops) has to be on E(PATH), or be named by E(ANSIBLE_SOPS_BINARY); it finds its keys by its own
    environment, such as E(SOPS_AGE_KEY_FILE).
  - V(aws-sm:name) is a secret of AWS Secrets Manager, by name or ARN, and V(aws-sm:name#key) one key of a secret that is JSON. The Python
    package C(boto3) is needed; region, credentials and endpoint come from Ansible's environment (E(AWS_REGION), E(AWS_PROFILE),
    E(AWS_ENDPOINT_URL) …), for an ARN the region from the ARN.
  - Our own modules take references themselves and never need it. It is for modules of others, in a task with C(no_log).
  - One connection for each process of Ansible; a secret is read, and a file decrypted, once by each. Nothing is kept elsewhere.
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
    description: The certificate authority's certificate, as a path or as PEM text.
    type: str
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

- name: The first token, before there is a Vault
  ansible.builtin.uri:
    url: https://dns.platform.example/api/zones
    headers:
      Authorization: "Bearer {{ lookup('gantry.platform.secret', 'sops:secrets/bootstrap.yml#dns.token') }}"
  no_log: true

- name: One key of a secret of AWS Secrets Manager
  ansible.builtin.uri:
    url: https://registry.platform.example/api/v2.0/health
    user: platform
    password: "{{ lookup('gantry.platform.secret', 'aws-sm:platform/registry#password') }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description: The values, in the order of the references.
  type: list
  elements: str
"""

import os
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ..module_utils._core.errors import GantryError
from ..module_utils._core.redaction import Secrets
from ..module_utils._joined.references import references_for

_OPTIONS = ("access_file", "url", "token", "token_file", "namespace", "ca_cert")
_readers: dict[tuple[Any, ...], Callable[[str], str]] = {}


class LookupModule(LookupBase):
    """Asks a Vault only where a reference names one."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """The values of the references in ``terms``."""
        self.set_options(var_options=variables, direct=kwargs)
        options = {name: self.get_option(name) for name in _OPTIONS}
        secrets = Secrets()
        references = references_for(os.environ, self.get_basedir(variables or {}), secrets=secrets, vault=options, keep=_kept)
        try:
            return [references.resolve(str(term)) for term in terms]
        except GantryError as error:
            raise AnsibleError(secrets.scrubbed(error.message)) from error


def _kept(make: Callable[[], Callable[[str], str]], *what: Any) -> Callable[[str], str]:
    """A resolver of a scheme; what reads is made when it is first asked, and kept for later calls with the same ``what``."""

    def resolve(rest: str) -> str:
        # A fork of Ansible gets this table empty, or with connections that only another process uses.
        key = (os.getpid(), *what)
        if key not in _readers:
            _readers[key] = make()
        return _readers[key](rest)

    return resolve
