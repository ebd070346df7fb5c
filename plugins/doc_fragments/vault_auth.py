# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How a task reaches a Vault; options named like community.hashi_vault's."""

    DOCUMENTATION = r"""
options:
  access_file:
    description:
      - JSON file with C(url), C(ca_cert), C(token_file) and C(namespace), as the sandbox writes one. Paths in it begin at its folder.
      - What the task says itself wins.
    type: path
  url:
    description: Address of Vault, V(https://host:8200). Falls back to E(VAULT_ADDR).
    type: str
  token:
    description: Token to speak with. Falls back to O(token_file), then E(VAULT_TOKEN).
    type: str
  token_file:
    description: File with the token, alone or as M(gantry.platform.vault_init) delivered it.
    type: path
  namespace:
    description: Namespace, where the server has them. Falls back to E(VAULT_NAMESPACE).
    type: str
  ca_cert:
    description: The certificate authority's certificate, as a path or as PEM text. Falls back to E(VAULT_CACERT).
    type: str
  tls_server_name:
    description: Name that the server's certificate is checked against. Falls back to E(VAULT_TLS_SERVER_NAME).
    type: str
  validate_certs:
    description: Whether the server's certificate is checked; true unless E(VAULT_SKIP_VERIFY) says otherwise.
    type: bool
"""

    RECORD = r"""
options:
  record_mount:
    description: Mount of the KV version 2 engine that holds the record. M(gantry.platform.vault_config) makes it where it is missing.
    type: str
    default: gantry
  wait_timeout:
    description:
      - Seconds to wait for another run of the same owner. Before the first write the record says who runs until when; a run that was killed
        is taken over from once its record was silent for 30 seconds.
    type: int
    default: 120
"""
