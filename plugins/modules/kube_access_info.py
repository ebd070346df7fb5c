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

import datetime
import os

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._aws.secrets import SecretsManager
from ..module_utils._core.errors import GantryError, InputError
from ..module_utils._core.references import References
from ..module_utils._kube.form.yaml import load_yaml
from ..module_utils._kube.options import AUTH_SPEC, auth_options
from ..module_utils._kube.wire.auth import resolve_access
from ..module_utils._kube.wire.client import KubeClient
from ..module_utils._kube.wire.whoami import read_reviews, whoami


def main() -> None:
    """Ask, and say what was answered."""
    spec = {
        **AUTH_SPEC,
        "reference": {"type": "str"},
        "folder": {"type": "path", "default": ""},
        "may": {"type": "list", "elements": "dict", "default": []},
    }
    module = AnsibleModule(spec, supports_check_mode=True)
    try:
        may = read_reviews(module.params["may"])
        environment = dict(os.environ)
        params = {**module.params, **_referenced(module.params["reference"], module.params["folder"], environment)}
        access = resolve_access(auth_options(params, environment))
        client = KubeClient(access, "kube_access_info")
        found = whoami(client, access, may, datetime.datetime.now(datetime.UTC))
    except GantryError as error:
        module.fail_json(error.message, **error.details)
    module.exit_json(changed=False, **found)


def _referenced(reference: str | None, folder: str, environment: dict[str, str]) -> dict[str, object]:
    if not reference:
        return {}
    text = References(environment, folder, {"aws-sm": SecretsManager(environment)}).resolve(reference)
    try:
        kubeconfig = load_yaml(text, reference)
    except InputError:
        kubeconfig = None
    if not isinstance(kubeconfig, dict) or "clusters" not in kubeconfig:
        # No words of a parser: they would quote the secret.
        raise InputError(f"what {reference!r} refers to is no kubeconfig")
    return {"kubeconfig": kubeconfig, "host": None}


if __name__ == "__main__":
    main()
