# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How a task reaches a cluster; options named like kubernetes.core's."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig, several paths as in E(KUBECONFIG), or its content as a mapping.
      - Without it and without O(host) the cluster that the task runs in is used, then E(KUBECONFIG), then C(~/.kube/config).
      - Certificates, tokens, token files and exec plugins are supported. Falls back to E(K8S_AUTH_KUBECONFIG).
    type: raw
  context:
    description: The context of the kubeconfig. Falls back to E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description: URL of the apiserver, instead of a kubeconfig. Falls back to E(K8S_AUTH_HOST).
    type: str
  api_key:
    description: Bearer token. Falls back to E(K8S_AUTH_API_KEY).
    type: str
  ca_cert:
    description: Path of the certificate authority's certificate. Falls back to E(K8S_AUTH_CA_CERT) or E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  client_cert:
    description: Path of the client certificate. Falls back to E(K8S_AUTH_CLIENT_CERT) or E(K8S_AUTH_CERT_FILE).
    type: path
    aliases: [cert_file]
  client_key:
    description: Path of the client certificate's key. Falls back to E(K8S_AUTH_CLIENT_KEY) or E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  validate_certs:
    description: Whether the apiserver's certificate is checked. Falls back to E(K8S_AUTH_VERIFY_SSL); true unless set.
    type: bool
    aliases: [verify_ssl]
  proxy:
    description: URL of an HTTP proxy, V(http://host:port). Falls back to E(K8S_AUTH_PROXY).
    type: str
"""
