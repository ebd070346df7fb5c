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
      - Without it and without O(host) that of E(KUBECONFIG) is used, then C(~/.kube/config), then the cluster that the task runs in.
      - Certificates, tokens, token files, exec plugins and impersonation (C(as), C(as-groups), C(as-uid), C(as-user-extra)) are
        supported; what is not (C(auth-provider), passwords) is refused by its name.
      - The task and the environment are never mixed. A task that names O(kubeconfig), O(context) or O(host) takes nothing from
        C(K8S_AUTH_*) variables; one that names none of these options takes everything from them.
    type: raw
  context:
    description: The context of the kubeconfig. E(K8S_AUTH_CONTEXT) where the task names none of these options.
    type: str
  host:
    description: URL of the apiserver, instead of a kubeconfig. E(K8S_AUTH_HOST) where the task names none of these options.
    type: str
  api_key:
    description: Bearer token. E(K8S_AUTH_API_KEY) where the task names none of these options.
    type: str
  ca_cert:
    description:
      - Path of the certificate authority's certificate. E(K8S_AUTH_CA_CERT) or E(K8S_AUTH_SSL_CA_CERT) where the task names none of
        these options.
    type: path
    aliases: [ssl_ca_cert]
  client_cert:
    description:
      - Path of the client certificate. E(K8S_AUTH_CLIENT_CERT) or E(K8S_AUTH_CERT_FILE) where the task names none of these options.
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - Path of the client certificate's key. E(K8S_AUTH_CLIENT_KEY) or E(K8S_AUTH_KEY_FILE) where the task names none of these options.
    type: path
    aliases: [key_file]
  validate_certs:
    description:
      - Whether the apiserver's certificate is checked; true unless set. That it is not is a warning of every run.
      - E(K8S_AUTH_VERIFY_SSL) where the task names none of these options.
    type: bool
    aliases: [verify_ssl]
  proxy:
    description: URL of an HTTP proxy, V(http://host:port). E(K8S_AUTH_PROXY) where the task names none of these options.
    type: str
  impersonate_user:
    description: User to appear as. E(K8S_AUTH_IMPERSONATE_USER) where the task names none of these options.
    type: str
  impersonate_groups:
    description: Groups to appear in. E(K8S_AUTH_IMPERSONATE_GROUPS), with commas between, where the task names none of these options.
    type: list
    elements: str
"""
