#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kube_identity
short_description: Give a user a kubeconfig of its own, as an administrator
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Writes a kubeconfig by which O(user) gets into the cluster of the given credentials, with a client certificate that the cluster signs, or
    with a token where the user is a ServiceAccount (C(system:serviceaccount:<namespace>:<name>)).
  - What is there already and lasts long enough is left alone. A file that holds somebody else is never written over.
  - Gives no right. The key is made on the machine where this runs, and is in the file alone.
extends_documentation_fragment:
  - gantry.platform.kube_auth
attributes:
  check_mode:
    description: Says whether it would write.
    support: full
  diff_mode:
    description: What it writes is secret.
    support: none
  idempotent:
    description: Renews what is about to end, and nothing else.
    support: full
options:
  user:
    description: Name of the user.
    type: str
    required: true
  dest:
    description: The kubeconfig to write, with mode 0600.
    type: path
    required: true
  days:
    description: How long it lasts. The cluster may give less.
    type: int
    default: 90
  renew_before:
    description: Renewed when it lasts fewer days than these.
    type: int
    default: 30
requirements:
  - cryptography, for client certificates
seealso:
  - module: gantry.platform.kube_access_info
"""

EXAMPLES = r"""
- name: A kubeconfig for the deployer
  gantry.platform.kube_identity:
    kubeconfig: ~/.kube/administrator
    user: gantry:deployer
    dest: ~/.kube/deployer
"""

RETURN = r"""
expires:
  description: When the identity ends.
  returned: success
  type: str
  sample: "2027-03-01T10:00:00+00:00"
"""

import datetime
import json
import os

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._core.errors import GantryError, InputError
from ..module_utils._kube.access.identity import ends, make
from ..module_utils._kube.form.yaml import load_yaml
from ..module_utils._kube.options import AUTH_SPEC, auth_options
from ..module_utils._kube.wire.auth import resolve_access
from ..module_utils._kube.wire.client import KubeClient
from ..module_utils._kube.wire.kubeconfig import choose, load_kubeconfig


def main() -> None:
    """Write it where it is missing or about to end."""
    spec = {
        **AUTH_SPEC,
        "user": {"type": "str", "required": True},
        "dest": {"type": "path", "required": True},
        "days": {"type": "int", "default": 90},
        "renew_before": {"type": "int", "default": 30},
    }
    module = AnsibleModule(spec, supports_check_mode=True)
    given = module.params
    now = datetime.datetime.now(datetime.UTC)
    try:
        expires = _held(given["dest"], given["user"])
        due = expires is None or expires - now < datetime.timedelta(days=given["renew_before"])
        if due and not module.check_mode:
            expires = _renewed(given, now)
    except GantryError as error:
        module.fail_json(error.message, **error.details)
    module.exit_json(changed=due, expires=expires.isoformat() if expires else "")


def _held(path: str, user: str) -> datetime.datetime | None:
    """When what is there ends; none where nothing is. Raises InputError where it is somebody else's."""
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as handle:
        found = ends(load_yaml(handle.read(), path), user)
    if found is None:
        raise InputError(
            f"{path} is a kubeconfig of somebody else, or not made here, and is left alone; name another file, or move it away"
        )
    return found


def _renewed(given: dict[str, object], now: datetime.datetime) -> datetime.datetime | None:
    options = auth_options(given, dict(os.environ))
    config, origin = load_kubeconfig(options.kubeconfig, options.environment)
    if config is None:
        raise InputError("the administrator's kubeconfig is missing: set kubeconfig")
    chosen = choose(config, origin, options.context)
    client = KubeClient(resolve_access(options), "kube_identity")
    try:
        made = make(client, chosen.cluster, str(given["user"]), int(str(given["days"])), now)
    finally:
        client.close()
    path = str(given["dest"])
    os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    temporary = f"{path}.{os.getpid()}"
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        json.dump(made, handle)
    os.replace(temporary, path)
    return ends(made, str(given["user"]))


if __name__ == "__main__":
    main()
