#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kube_access_info
short_description: Read as whom a cluster lets in, and what that may do
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Asks an apiserver as whom it sees the given credentials and whether they may do what O(may) names, and reads when they end.
  - Nothing is stored by the server. Drills of the emergency access and tests of RBAC use it.
extends_documentation_fragment:
  - gantry.platform.kube_auth
attributes:
  check_mode:
    description: Reads in both modes.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
options:
  reference:
    description:
      - Reference of a kubeconfig, such as C(sops:break-glass.sops.yml#prod) or C(aws-sm:break-glass/prod), which is
        read into memory. It comes before O(kubeconfig) and O(host).
      - V(vault:) is none of the kinds, since this has to work while Vault is sealed.
    type: str
  folder:
    description: Folder in which relative paths of O(reference) begin. Without it that is the folder of the playbook.
    type: path
    default: ""
  may:
    description:
      - What is asked. Each has C(verb) and C(resource), and may have C(group), C(subresource), C(namespace) and C(name). V(*) means all.
    type: list
    elements: dict
    default: []
seealso:
  - module: gantry.platform.kube_verify
"""

EXAMPLES = r"""
- name: The emergency access opens everything, and will next month
  gantry.platform.kube_access_info:
    reference: sops:break-glass.sops.yml#prod-euw1
    may:
      - {verb: "*", group: "*", resource: "*"}
  register: emergency
  failed_when: not emergency.reviews[0].allowed or emergency.days_left < 30
"""

RETURN = r"""
user:
  description: As whom the apiserver sees the credentials.
  returned: success
  type: dict
  sample: {username: break-glass, groups: ["system:authenticated", "system:masters"]}
expires:
  description: When the client certificate ends; V(none) where there is none.
  returned: success
  type: str
  sample: "2027-03-01T10:00:00Z"
days_left:
  description: Whole days until then.
  returned: success
  type: int
  sample: 96
reviews:
  description: The rows of O(may) with the apiserver's answers.
  returned: success
  type: list
  elements: dict
  sample: [{verb: "*", group: "*", resource: "*", allowed: true, reason: ""}]
"""

from ..module_utils._joined.kube import ACCESS_INFO
from ..module_utils._joined.process import run_module


def main() -> None:
    """Ask, and say what was answered."""
    run_module(ACCESS_INFO)


if __name__ == "__main__":
    main()
