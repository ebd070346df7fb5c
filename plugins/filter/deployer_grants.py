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
  - Reads the set files of a store and gives RBAC rules. In the namespaces that it is let into the deployer writes the kinds that are
    declared there; everywhere else it reads, and no Secret.
  - What only an administrator may apply needs no right of the deployer's; the module
    R(gantry.platform.declare,ansible_collections.gantry.platform.declare_module) gathers it.
options:
  _input:
    description: The store of a run, with all sets declared.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Show what the deployer would be granted
  ansible.builtin.debug:
    msg: "{{ platform_model.store | gantry.platform.deployer_grants }}"
"""

RETURN = r"""
_value:
  description:
    - RBAC rules as C(cluster) and C(namespace), the C(namespaces) that the deployer is let into, and C(accounts), those ServiceAccounts
      in them (C(namespace/name)) that may more than it.
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._core.errors import GantryError
from ..module_utils._kube.access.grants import grants
from ..module_utils._kube.declare.store import read_store


def deployer_grants(store: str) -> dict[str, Any]:
    """The grants for all sets of a store."""
    try:
        return grants(read_store(store))
    except GantryError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Any]:
        return {"deployer_grants": deployer_grants}
