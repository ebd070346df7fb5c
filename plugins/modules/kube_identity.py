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
    description: Renewed when it lasts fewer days than these, or a third of its time where the cluster gave less than O(days).
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

from ..module_utils._joined.identity import IDENTITY
from ..module_utils._joined.process import run_module


def main() -> None:
    """Write it where it is missing or about to end."""
    run_module(IDENTITY)


if __name__ == "__main__":
    main()
