# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: deployer_grants
short_description: The least rights with which a deployer can apply the sets of a store
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Reads the set files of a store and gives RBAC rules. What is cluster-scoped is granted by name, what is namespaced by kind.
  - Rights by which the deployer could come to more than it is given are withheld, even where a declared role has them.
options:
  _input:
    description: The store of a run, with all sets declared.
    type: path
    required: true
  role:
    description: Name of the ClusterRole that the deployer gets in each namespace.
    type: str
    default: gantry-deployer-namespace
  binding:
    description: Name of the RoleBinding by which it enters a namespace.
    type: str
    default: gantry-deployer
"""

EXAMPLES = r"""
- name: Show what the deployer would be granted
  ansible.builtin.debug:
    msg: "{{ platform_model.store | gantry.platform.deployer_grants }}"
"""

RETURN = r"""
_value:
  description:
    - RBAC rules as C(cluster) and C(namespace), the declared C(namespaces), and C(withheld), a sentence for each object that only an
      administrator can write.
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._core.errors import GantryError
from ..module_utils._kube.grants import grants
from ..module_utils._kube.setfile import read_store


def deployer_grants(store: str, role: str = "gantry-deployer-namespace", binding: str = "gantry-deployer") -> dict[str, Any]:
    """The grants for all sets of a store."""
    try:
        return grants(read_store(store), role, binding)
    except GantryError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Any]:
        return {"deployer_grants": deployer_grants}
